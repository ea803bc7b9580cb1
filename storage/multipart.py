"""Resumable multipart upload of a large file, with a journal beside it.

Promises put-if-absent of the whole, a checksum on every part, the hash of the whole compared before
the upload is completed, and that a restart goes on where the journal says (U8: what cannot go on is
aborted). The store's own checksum of such a blob is a hash of hashes, so its receipt carries none:
read it back whole. Speaks S3 operations through a function; knows no vendor library.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from storage.checksum import sha256_of, to_header
from storage.errors import Corrupt, Exists, Missing, StoreError, Transient
from storage.files import atomic_replace, fsync_directory
from storage.s3_answers import us
from storage.spool import JOURNAL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from storage.s3_answers import Call

PART_BYTES = 16 << 20
"""Amazon S3: parts of 5 MiB to 5 GiB, at most 10,000 of them; this allows 156 GiB."""


class PacedBody:
    """A request body that asks `pace` before each piece, and remembers why reading it failed.

    A vendor library takes any error while it sends for one of the network; `error` tells.
    """

    def __init__(self, file: IO[bytes], pace: Callable[[int], None] | None) -> None:
        self._file = file
        self._pace = pace
        self.error: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes."""
        try:
            data = self._file.read(size)
            if self._pace is not None and data:
                self._pace(len(data))
        except (OSError, StoreError) as error:
            self.error = error
            raise
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move, as files do."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Say where the next read begins."""
        return self._file.tell()


@dataclass(slots=True)
class _Journal:
    """What has been sent: enough to go on after a restart."""

    key: str
    sha256: str
    size: int
    part_bytes: int
    upload_id: str
    parts: dict[str, dict[str, str]] = field(default_factory=dict)

    def same_as(self, other: _Journal) -> bool:
        """Whether both are about the same bytes under the same key, cut the same way."""
        mine = (self.key, self.sha256, self.size, self.part_bytes)
        return mine == (other.key, other.sha256, other.size, other.part_bytes)


def journal_path(source: Path) -> Path:
    """Where the journal of a file's upload lies."""
    return source.with_name(source.name + JOURNAL)


def upload(
    call: Call,
    *,
    bucket: str,
    key: str,
    source: Path,
    size: int,
    sha256: str,
    headers: Mapping[str, object],
    pace: Callable[[int], None] | None = None,
    part_bytes: int = PART_BYTES,
) -> str:
    """Send `source` in parts and complete it if the key is still free; the version id.

    `headers` are the arguments of CreateMultipartUpload besides bucket and key. Raises Exists,
    Corrupt, and Transient when a begun upload was lost: the next attempt starts a new one.
    """
    try:
        call("HeadObject", Bucket=bucket, Key=key)
    except Missing:
        pass
    else:
        _give_up(call, bucket, source)
        raise Exists("put: the key is taken")
    place = {"Bucket": bucket, "Key": key}
    journal = _resume_or_begin(call, place, source, _Journal(key, sha256, size, part_bytes, ""), headers)
    place["UploadId"] = journal.upload_id
    try:
        _send_parts(call, place, source, journal, pace)
        answer = call(
            "CompleteMultipartUpload",
            **place,
            IfNoneMatch="*",
            MultipartUpload={"Parts": _completed(journal)},
        )
    except Missing as error:
        journal_path(source).unlink(missing_ok=True)
        raise Transient("put: the upload is gone; begin again", ambiguous=True) from error
    except (Corrupt, Exists):
        _give_up(call, bucket, source)
        raise
    journal_path(source).unlink(missing_ok=True)
    fsync_directory(source.parent)
    return str(answer.get("VersionId", "null"))


def abort_stale(call: Call, bucket: str, older_than_us: int) -> int:
    """Abort the uploads of a bucket that began before that time (µs since 1970); how many."""
    count = 0
    marks: dict[str, object] = {}
    while True:
        answer = call("ListMultipartUploads", Bucket=bucket, **marks)
        for row in answer.get("Uploads", ()):
            if us(row["Initiated"]) < older_than_us:
                with contextlib.suppress(Missing):
                    call("AbortMultipartUpload", Bucket=bucket, Key=row["Key"], UploadId=row["UploadId"])
                    count += 1
        if not answer.get("IsTruncated"):
            return count
        marks = {"KeyMarker": answer["NextKeyMarker"], "UploadIdMarker": answer["NextUploadIdMarker"]}


def _resume_or_begin(
    call: Call, place: Mapping[str, str], source: Path, wanted: _Journal, headers: Mapping[str, object]
) -> _Journal:
    found = _load(source)
    if found is not None and found.same_as(wanted):
        return found
    if found is not None:
        _give_up(call, place["Bucket"], source)
    answer = call("CreateMultipartUpload", **place, ChecksumAlgorithm="SHA256", **headers)
    wanted.upload_id = str(answer["UploadId"])
    _save(source, wanted)
    return wanted


def _send_parts(
    call: Call,
    place: Mapping[str, str],
    source: Path,
    journal: _Journal,
    pace: Callable[[int], None] | None,
) -> None:
    """Send what the journal lacks; Corrupt unless the whole file has the promised hash."""
    whole = hashlib.sha256()
    number = 0
    with source.open("rb") as file:
        while data := file.read(journal.part_bytes):
            number += 1
            whole.update(data)
            digest = sha256_of(data)
            known = journal.parts.get(str(number))
            if known is not None and known["sha256"] == digest:
                continue
            answer = call(
                "UploadPart",
                **place,
                PartNumber=number,
                Body=PacedBody(io.BytesIO(data), pace),
                ChecksumSHA256=to_header(digest),
            )
            journal.parts[str(number)] = {"etag": str(answer["ETag"]), "sha256": digest}
            _save(source, journal)
    if whole.hexdigest() != journal.sha256:
        raise Corrupt("put: the checksum does not match")


def _completed(journal: _Journal) -> list[dict[str, object]]:
    return [
        {
            "PartNumber": number,
            "ETag": journal.parts[str(number)]["etag"],
            "ChecksumSHA256": to_header(journal.parts[str(number)]["sha256"]),
        }
        for number in sorted(map(int, journal.parts))
    ]


def _give_up(call: Call, bucket: str, source: Path) -> None:
    """Abort what the journal names, then forget it; the sweep of stale uploads is the net."""
    found = _load(source)
    if found is not None:
        with contextlib.suppress(Missing):
            call("AbortMultipartUpload", Bucket=bucket, Key=found.key, UploadId=found.upload_id)
        journal_path(source).unlink(missing_ok=True)


def _load(source: Path) -> _Journal | None:
    """Read the journal; one that cannot be read is as good as none."""
    try:
        fields = json.loads(journal_path(source).read_bytes())
        return _Journal(**fields)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):
        return None


def _save(source: Path, journal: _Journal) -> None:
    fields = {name: getattr(journal, name) for name in _Journal.__slots__}
    atomic_replace(journal_path(source), json.dumps(fields).encode())
