"""Streaming SHA-256 and how S3 writes it down.

One hash names a blob everywhere: 64 lower-case hexadecimal digits in our own records, base64 of the
32 bytes in the `x-amz-checksum-sha256` header.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

CHUNK_BYTES = 1 << 20
"""How much is read at once when a file is hashed."""

_HEX = re.compile(r"[0-9a-f]{64}")
_DIGEST_BYTES = 32


class Writable(Protocol):
    """Whatever takes bytes: a file, a socket's file, another HashingWriter."""

    def write(self, data: bytes, /) -> object:
        """Take all of `data`."""
        ...


class HashingWriter:
    """Passes bytes on to `target` and hashes those that it took."""

    __slots__ = ("_hash", "_target", "size")

    def __init__(self, target: Writable) -> None:
        self._target = target
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        """Write first, then hash: bytes that the target refused are not counted."""
        self._target.write(data)
        self._hash.update(data)
        self.size += len(data)
        return len(data)

    @property
    def sha256(self) -> str:
        """SHA-256 of what was written so far, in hex."""
        return self._hash.hexdigest()


def sha256_of(data: bytes) -> str:
    """SHA-256 of `data`, in hex."""
    return hashlib.sha256(data).hexdigest()


def sha256_of_chunks(chunks: Iterable[bytes]) -> str:
    """SHA-256 of all `chunks` one after another, in hex."""
    running = hashlib.sha256()
    for chunk in chunks:
        running.update(chunk)
    return running.hexdigest()


def sha256_of_file(path: Path) -> str:
    """SHA-256 of the file's bytes, in hex; raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_hex(sha256: str) -> str:
    """Give `sha256` back if it is 64 lower-case hex digits, else raise ValueError."""
    if not _HEX.fullmatch(sha256):
        raise ValueError("a SHA-256 is written as 64 lower-case hexadecimal digits")
    return sha256


def to_header(sha256: str) -> str:
    """Hex to the base64 of `x-amz-checksum-sha256` (Amazon S3 API, PutObject)."""
    return base64.b64encode(bytes.fromhex(check_hex(sha256))).decode("ascii")


def from_header(value: str | None) -> str | None:
    """Read `x-amz-checksum-sha256` as hex; None when absent or not the hash of one whole body.

    A multipart upload answers with the hash of its parts' hashes and a `-N` at the end: that is
    no hash of the content, so it is not believed here.
    """
    if not value:
        return None
    try:
        digest = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None
    return digest.hex() if len(digest) == _DIGEST_BYTES else None
