"""What an S3 operation takes and answers, as our own values (S3 API Reference).

Promises times in whole microseconds of UTC and locks in our words; nothing here speaks to a store itself, operations
come as a function. Knows no vendor library.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Protocol

from storage.blobs import BlobInfo, Lock, VersionInfo, decode_metadata
from storage.checksum import from_header
from storage.errors import ClockSkewed, Missing, Permanent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Call(Protocol):
    """Calls one S3 operation by its name in the API; errors are storage.errors'."""

    def __call__(self, operation: str, /, **arguments: object) -> Mapping[str, Any]:
        """Give the parsed answer."""
        ...


def blob_info(key: str, answer: Mapping[str, Any]) -> BlobInfo:
    """Read the answer to HeadObject."""
    return BlobInfo(
        key=key,
        version_id=str(answer.get("VersionId", "null")),
        size=int(answer["ContentLength"]),
        sha256=from_header(answer.get("ChecksumSHA256")),
        metadata=decode_metadata(answer.get("Metadata", {})),
        lock=lock_of(answer),
        hold=answer.get("ObjectLockLegalHoldStatus") == "ON",
        modified_us=us(answer["LastModified"]),
    )


def lock_of(answer: Mapping[str, Any]) -> Lock | None:
    """Return the lock that an answer names, None when it names none."""
    mode, until = answer.get("ObjectLockMode"), answer.get("ObjectLockRetainUntilDate")
    if mode is None or until is None:
        return None
    return Lock.until("compliance" if mode == "COMPLIANCE" else "governance", us(until))


def lock_headers(lock: Lock | None) -> dict[str, object]:
    """Return the arguments that put with a lock; none for None."""
    if lock is None:
        return {}
    return {"ObjectLockMode": lock.mode.upper(), "ObjectLockRetainUntilDate": date(lock.retain_until_us)}


def retention_of(lock: Lock) -> dict[str, object]:
    """Return the Retention argument of PutObjectRetention."""
    return {"Mode": lock.mode.upper(), "RetainUntilDate": date(lock.retain_until_us)}


def version_info(row: Mapping[str, Any], *, is_delete_marker: bool) -> VersionInfo:
    """Read one row of ListObjectVersions."""
    return VersionInfo(
        key=row["Key"],
        version_id=row["VersionId"],
        size=int(row.get("Size", 0)),
        modified_us=us(row["LastModified"]),
        is_latest=bool(row["IsLatest"]),
        is_delete_marker=is_delete_marker,
    )


def check_bucket(call: Call, bucket: str) -> None:
    """Keep a lost bucket from looking like a lost blob, for HEAD answers 404 to both: Permanent without a bucket."""
    try:
        call("HeadBucket", Bucket=bucket)
    except Missing as error:
        raise Permanent("there is no such bucket") from error


def server_time_us(call: Call, bucket: str, now_us: Callable[[], int]) -> int:
    """Ask the store for its time: the Date of an answer, whole seconds (RFC 9110, section 6.6.1).

    A store that refuses us for our clock has told its own. Raises StoreError.
    """
    try:
        answer = call("HeadBucket", Bucket=bucket)
    except ClockSkewed as refused:
        if refused.skew_us is None:
            raise
        return now_us() - refused.skew_us
    told = server_date_us(answer["ResponseMetadata"]["HTTPHeaders"])
    if told is None:
        raise Permanent("the store's answers carry no date")
    return told


def server_date_us(headers: Mapping[str, str]) -> int | None:
    """Read the Date header, None when it is absent or no date."""
    try:
        return us(parsedate_to_datetime(headers["date"]))
    except (KeyError, ValueError):
        return None


def us(moment: datetime) -> int:
    """Return an aware time as µs since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def date(moment_us: int) -> datetime:
    """Return µs since 1970 as an aware time."""
    return _EPOCH + moment_us * _MICROSECOND
