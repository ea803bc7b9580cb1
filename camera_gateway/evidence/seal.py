"""The text of a seal: what is signed of a site's UTC day (docs/formats/seal.md). Pure.

Promises one text for one seal and one seal for one text: what `text` writes `parse_seal` reads back, and a text that
would be written in any other way is no seal. Holds the chain's rule (invariant S2). Knows no key and no store.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from camera_gateway.domain.naming import seal_name
from camera_gateway.errors import InvalidInput
from camera_gateway.evidence.manifest import instant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Mapping

SEAL_VERSION = 1
END_OF_HEAD = "---"
NONE = "-"
WITNESS_NONE = "NONE"
_BETWEEN = "   "
_HASH_LINE = re.compile(r"(?P<sha256>[0-9a-f]{64})  (?P<name>[A-Za-z0-9._-]+)")
_ADDENDUM = re.compile(r"a(?P<number>[1-9]\d{0,3})")
_HEAD: tuple[tuple[str, ...], ...] = (
    ("seal-version",),
    ("site", "institution", "gateway", "software", "ffmpeg", "config-sha256"),
    ("day-utc", "utc-offset", "time-source"),
    ("sealed-at", "addendum"),
    ("prev-seal-sha256", "prev-seal"),
    ("audit-head-sha256", "rows"),
    ("worm",),
    ("witness",),
    ("key", "next-key"),
    ("rfc6962-root",),
)
"""The names of the head, line by line."""


@dataclass(frozen=True, slots=True)
class Previous:
    """The seal before this one: its file's name and the SHA-256 of its text."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Seal:
    """One seal; `files` are names and hashes of what is sealed.

    `addendum` 0 is the seal of the day itself, which follows the site's last one; an addendum follows what it adds to.
    """

    site: str
    institution: str
    gateway: str
    software: str
    ffmpeg: str
    config_sha256: str
    day: date
    utc_offset: str
    time_source: str
    sealed_at_us: int
    addendum: int
    previous: Previous | None
    audit_head_sha256: str
    audit_rows: int
    worm: str
    """`proven TIME`, or `UNPROVEN` and why: what the canary saw the store refuse."""
    witness: str
    """The second party that gets a copy, `NONE` without one."""
    key: str
    """Fingerprint of the key that signs."""
    next_key: str | None
    """Fingerprint of the key that will sign from the next seal on, announced here."""
    files: Mapping[str, str]

    @property
    def name(self) -> str:
        """The name of the text's file."""
        return seal_name(self.day, "txt", self.addendum)

    def text(self) -> bytes:
        """Return what is signed. A value that would not be read back as it is, is a `ValueError`."""
        previous = self.previous
        values = {
            "seal-version": str(SEAL_VERSION),
            "site": self.site,
            "institution": self.institution,
            "gateway": self.gateway,
            "software": self.software,
            "ffmpeg": self.ffmpeg,
            "config-sha256": self.config_sha256,
            "day-utc": self.day.isoformat(),
            "utc-offset": self.utc_offset,
            "time-source": self.time_source,
            "sealed-at": instant(self.sealed_at_us),
            "addendum": f"a{self.addendum}" if self.addendum else NONE,
            "prev-seal-sha256": NONE if previous is None else previous.sha256,
            "prev-seal": NONE if previous is None else previous.name,
            "audit-head-sha256": self.audit_head_sha256,
            "rows": str(self.audit_rows),
            "worm": self.worm,
            "witness": self.witness,
            "key": f"ed25519 {self.key}",
            "next-key": NONE if self.next_key is None else f"ed25519 {self.next_key}",
            "rfc6962-root": NONE,
        }
        for name, value in values.items():
            if plain(value) != value or not value:
                msg = f"{name} cannot be written in a seal: {value!r}"
                raise ValueError(msg)
        head = [_BETWEEN.join(f"{name}: {values[name]}" for name in line) for line in _HEAD]
        body = [f"{sha256}  {name}" for name, sha256 in sorted(self.files.items())]
        if wrong := [line for line in body if _HASH_LINE.fullmatch(line) is None]:
            msg = f"not a name and a hash: {wrong[0]!r}"
            raise ValueError(msg)
        return ("\n".join([*head, END_OF_HEAD, *body]) + "\n").encode()


def plain(text: str) -> str:
    """Return `text` as a seal can hold it: one line, printable, single blanks."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def parse_seal(data: bytes, where: str) -> Seal:
    """Parse a seal's text; `InvalidInput` names `where` unless it is exactly as `Seal.text` writes it."""
    try:
        head, _, body = data.decode().partition(f"\n{END_OF_HEAD}\n")
        values = _head(head)
        seal = Seal(
            site=values["site"],
            institution=values["institution"],
            gateway=values["gateway"],
            software=values["software"],
            ffmpeg=values["ffmpeg"],
            config_sha256=values["config-sha256"],
            day=date.fromisoformat(values["day-utc"]),
            utc_offset=values["utc-offset"],
            time_source=values["time-source"],
            sealed_at_us=parse_instant(values["sealed-at"]),
            addendum=_addendum(values["addendum"]),
            previous=_previous(values["prev-seal"], values["prev-seal-sha256"]),
            audit_head_sha256=values["audit-head-sha256"],
            audit_rows=int(values["rows"]),
            worm=values["worm"],
            witness=values["witness"],
            key=values["key"].removeprefix("ed25519 "),
            next_key=None if values["next-key"] == NONE else values["next-key"].removeprefix("ed25519 "),
            files=_files(body),
        )
        same = seal.text() == data
    except (ValueError, KeyError) as error:
        raise InvalidInput(f"{where}: not a seal ({error})") from error
    if not same:
        raise InvalidInput(f"{where}: not in the form in which a seal is written")
    return seal


def follows(seal: Seal, previous: Previous | None) -> bool:
    """Whether a seal names exactly what came before it (invariant S2)."""
    return seal.previous == previous


def as_previous(text: bytes, seal: Seal) -> Previous:
    """Return what the next seal says of this one."""
    return Previous(seal.name, hashlib.sha256(text).hexdigest())


def _head(text: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for line, names in zip(text.split("\n"), _HEAD, strict=True):
        for field, name in zip(line.split(_BETWEEN), names, strict=True):
            found, _, value = field.partition(": ")
            if found != name:
                msg = f"{name} is not where it belongs"
                raise ValueError(msg)
            values[name] = value
    if values["seal-version"] != str(SEAL_VERSION):
        msg = f"version {values['seal-version']} is not known"
        raise ValueError(msg)
    return values


def _addendum(text: str) -> int:
    if text == NONE:
        return 0
    match = _ADDENDUM.fullmatch(text)
    if match is None:
        msg = f"{text!r} is no addendum"
        raise ValueError(msg)
    return int(match["number"])


def _previous(name: str, sha256: str) -> Previous | None:
    return None if (name, sha256) == (NONE, NONE) else Previous(name, sha256)


def _files(body: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in body.split("\n")[:-1]:
        match = _HASH_LINE.fullmatch(line)
        if match is None or match["name"] in found:
            msg = f"not a name and a hash: {line!r}"
            raise ValueError(msg)
        found[match["name"]] = match["sha256"]
    return found
