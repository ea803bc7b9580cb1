"""Heads of the audit chain in the bucket: each hour number and digest of its last row, signed and locked.

Promises that a head is never replaced, so that an audit log that was written anew later contradicts every head before
it; the signature says which installation it was. The form is that of a seal's head (docs/formats/bucket.md). Holds
nothing of what the rows say. Synchronous; knows keys and bytes, and no question of what is due.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from camera_gateway.clock import to_datetime
from camera_gateway.domain.naming import audit_prefix, utc_day
from camera_gateway.errors import InvalidInput
from camera_gateway.evidence.manifest import instant, parse_instant
from camera_gateway.evidence.package import head_text
from camera_gateway.evidence.seal import END_OF_HEAD
from camera_gateway.evidence.sealed_files import foreign
from storage.errors import Missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from camera_gateway.evidence.sealed_files import SealedFiles
    from camera_gateway.evidence.signing import PublicKey, SigningKey

VERSION = "1"
_TEXT = re.compile(
    rf"audit-head-version: {VERSION}\n"
    r"institution: (?P<institution>\S+)   gateway: (?P<gateway>\S+)\n"
    r"at: (?P<at>\S+)\n"
    r"audit-head-sha256: (?P<sha256>[0-9a-f]{64})   rows: (?P<rows>\d+)\n"
    r"key: ed25519 (?P<key>SHA256:[0-9a-f]{64})\n"
    rf"{END_OF_HEAD}\n"
)


@dataclass(frozen=True, slots=True)
class AuditHead:
    """The last row of the audit log at a time (µs UTC): its number, which is how many rows there are, and its digest.

    `key` is the fingerprint of the key that signs.
    """

    institution: str
    gateway: str
    at_us: int
    rows: int
    sha256: str
    key: str

    def text(self) -> bytes:
        """Return what is signed."""
        head = head_text(
            (
                {"audit-head-version": VERSION},
                {"institution": self.institution, "gateway": self.gateway},
                {"at": instant(self.at_us)},
                {"audit-head-sha256": self.sha256, "rows": str(self.rows)},
                {"key": f"ed25519 {self.key}"},
            )
        )
        return f"{head}\n{END_OF_HEAD}\n".encode()


def parse_head(data: bytes, where: str) -> AuditHead:
    """Parse a head; `InvalidInput` names `where` unless it is exactly as `AuditHead.text` writes it."""
    match = _TEXT.fullmatch(data.decode(errors="replace"))
    if match is None:
        raise InvalidInput(f"{where}: not a head of an audit log")
    try:
        at_us = parse_instant(match["at"])
    except ValueError as error:
        raise InvalidInput(f"{where}: {error}") from error
    return AuditHead(match["institution"], match["gateway"], at_us, int(match["rows"]), match["sha256"], match["key"])


def head_key(institution: str, at_us: int, suffix: str = "txt") -> str:
    """Return the key of the head of the hour in which `at_us` lies."""
    return f"{audit_prefix(institution)}{to_datetime(at_us):%Y-%m-%dT%H}/HEAD.{suffix}"


def anchor(files: SealedFiles, head: AuditHead, key: SigningKey) -> AuditHead:
    """Put the head of its hour, signed; return the one that is there then: this one, or an earlier one of that hour.

    Raises `WrongFound` when what is there is not this installation's, and `StoreError`s.
    """
    at, day = head_key(head.institution, head.at_us), utc_day(head.at_us)
    text = files.put(at, head.text(), day)
    there = parse_head(text, at)
    if (there.institution, there.gateway, there.key) != (head.institution, head.gateway, head.key):
        if there.key == head.key:
            raise foreign(at)
        return there  # of the key before this one, in the hour in which the key was changed
    files.put_own(head_key(head.institution, head.at_us, "sig"), key.sign(text), day)
    return there


def contradictions(
    files: SealedFiles, institution: str, keys: Mapping[str, PublicKey], digest_at: Callable[[int], str | None]
) -> Iterator[tuple[str, AuditHead | None, str]]:
    """Yield key, head and what is wrong (nothing: "") of each head in the bucket, in order of time.

    `digest_at` says the digest that a row of the catalogue has now, None without such a row. Raises `StoreError`s.
    """
    for blob in files.store.list(audit_prefix(institution)):
        if blob.key.endswith(".txt"):
            text = files.read(blob.key)
            try:
                head = parse_head(text, blob.key)
            except InvalidInput as error:
                yield blob.key, None, error.message
                continue
            yield blob.key, head, _wrong(files, blob.key, text, head, keys, digest_at)


def _wrong(
    files: SealedFiles,
    key: str,
    text: bytes,
    head: AuditHead,
    keys: Mapping[str, PublicKey],
    digest_at: Callable[[int], str | None],
) -> str:
    try:
        signature = files.read(key.removesuffix("txt") + "sig")
    except Missing:
        return "not signed"
    if head.key not in keys or not keys[head.key].verifies(signature, text):
        return "its signature does not fit: text or signature was changed, or the key is not known here"
    now = digest_at(head.rows)
    if now is None:
        return f"names {head.rows} rows, and the catalogue has fewer: its end was cut off"
    return "" if now == head.sha256 else f"row {head.rows} or one before it is not the one that was anchored"
