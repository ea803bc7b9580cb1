"""What a refusing answer of an S3 store means in our words: by its code, else by its HTTP status.

Promises that every answer becomes one of storage.errors, that a message names operation, status and code and nothing
more, and that a refusal for our clock is told from one for our keys. Knows no vendor library: an answer is plain data.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from storage.blobs import SECOND_US
from storage.errors import (
    ClockSkewed,
    Corrupt,
    Denied,
    Exists,
    Locked,
    Missing,
    Permanent,
    StoreError,
    Transient,
)
from storage.s3_answers import server_date_us

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# S3 API Reference, "Error Responses"; other stores' words where they differ.
_BY_CODE: Mapping[str, type[StoreError]] = MappingProxyType(
    {
        "NoSuchKey": Missing,
        "NoSuchVersion": Missing,
        "NoSuchUpload": Missing,
        "NoSuchObjectLockConfiguration": Missing,
        "MethodNotAllowed": Missing,  # HEAD or GET of a delete marker by its version id
        "NoSuchBucket": Permanent,
        "PreconditionFailed": Exists,
        "BucketAlreadyOwnedByYou": Exists,
        "BadDigest": Corrupt,
        "InvalidDigest": Corrupt,
        "XAmzContentSHA256Mismatch": Corrupt,
        "XAmzContentChecksumMismatch": Corrupt,
        "ObjectLocked": Locked,
        "AccessDenied": Denied,
        "InvalidAccessKeyId": Denied,
        "SignatureDoesNotMatch": Denied,
        "ExpiredToken": Denied,
        "RequestTimeTooSkewed": ClockSkewed,
        "ConditionalRequestConflict": Transient,
        "OperationAborted": Transient,
        "RequestTimeout": Transient,
        "IncompleteBody": Transient,
        "SlowDown": Transient,
        "Throttling": Transient,
    }
)
_BY_STATUS: Mapping[int, type[StoreError]] = MappingProxyType(
    {
        403: Denied,
        404: Missing,
        405: Missing,
        408: Transient,
        412: Exists,
        425: Transient,
        429: Transient,
    }
)
_SERVER_ERROR = 500
_SKEW_REFUSED_US = 14 * 60 * SECOND_US
"""Amazon S3 refuses beyond 15 minutes; an answer to HEAD has no words, only the Date tells."""


class BeyondTheEnd(Permanent):
    """A range begins at or after the end of the blob (416)."""


def answered(operation: str, response: Mapping[str, Any], now_us: Callable[[], int]) -> StoreError:
    """Return the error that a parsed answer (`Error`, `ResponseMetadata`) stands for."""
    code = str(response.get("Error", {}).get("Code", ""))
    details = response.get("ResponseMetadata", {})
    status = int(details.get("HTTPStatusCode", 0))
    word = f"{operation}: {status} {code}"
    if code == "InvalidRange":
        return BeyondTheEnd(word)
    kind = _BY_CODE.get(code) or _BY_STATUS.get(status)
    if kind is None:
        kind = Transient if status >= _SERVER_ERROR else Permanent
    theirs_us = server_date_us(details.get("HTTPHeaders", {}))
    skew_us = None if theirs_us is None else now_us() - theirs_us
    if code == "403" and skew_us is not None and abs(skew_us) > _SKEW_REFUSED_US:
        kind = ClockSkewed
    if kind is ClockSkewed:
        return ClockSkewed(word, skew_us=skew_us)
    return kind(word, ambiguous=kind is Transient)
