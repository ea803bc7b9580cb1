"""Which apparatus answers at a camera's address: what it says of itself, and whether that is still the same. Pure.

Serial number and MAC address tell one apparatus from another; without them the name of its RTSP server, its model and
its picture's parameter sets are clues (threat model, M4). Firmware changes with every update and never counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from enum import StrEnum

LONGEST = 200
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_NO_MAC = frozenset({"00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"})
_NO_SERIAL = frozenset({"0", "00000000", "none", "unknown", "n/a", "null", "serialnumber", "123456789"})
"""What firmware says that has no serial number: it would make one apparatus of all."""


class IdentityCause(StrEnum):
    """The closed list of what gives a changed apparatus away, the surest first."""

    SERIAL_CHANGED = "serial-changed"
    MAC_CHANGED = "mac-changed"
    MODEL_CHANGED = "model-changed"
    SERVER_CHANGED = "server-changed"
    STREAM_CHANGED = "stream-changed"


@dataclass(frozen=True, slots=True)
class Identity:
    """What is known of an apparatus; None where nothing is. `sps` is a digest of its picture's parameter sets."""

    vendor: str | None = None
    model: str | None = None
    firmware: str | None = None
    serial: str | None = None
    mac: str | None = None
    server: str | None = None
    sps: str | None = None

    @property
    def known(self) -> bool:
        """Whether anything is known at all."""
        return any(getattr(self, each.name) is not None for each in fields(self))

    def as_dict(self) -> dict[str, str | None]:
        """Return the fields by name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def over(self, older: Identity) -> Identity:
        """Return this identity, and what the older one knew where this one knows nothing."""
        return Identity(
            **{key: value if value is not None else getattr(older, key) for key, value in self.as_dict().items()}
        )


@dataclass(frozen=True, slots=True)
class IdentityChange:
    """An apparatus that is not the one before: the surest sign, and what was and is."""

    cause: IdentityCause
    before: str
    after: str


def told(text: str | None) -> str | None:
    """Return what an apparatus says as one printable line of at most `LONGEST` characters; None for nothing."""
    if text is None:
        return None
    line = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(line.split())[:LONGEST] or None


def serial_of(text: str | None) -> str | None:
    """Return a serial number; None for what stands in its place where there is none."""
    found = told(text)
    return None if found is None or found.lower() in _NO_SERIAL else found


def mac_of(text: str | None) -> str | None:
    """Return a MAC address as 00:11:22:aa:bb:cc; None for what is none."""
    bare = re.sub(r"[^0-9a-f]", "", (text or "").lower())
    mac = ":".join(bare[at : at + 2] for at in range(0, len(bare), 2))
    return mac if _MAC.fullmatch(mac) and mac not in _NO_MAC else None


def changed(before: Identity, after: Identity) -> IdentityChange | None:
    """Return the surest sign that `after` is another apparatus than `before`; None where nothing says so.

    Serial and MAC decide where both sides know one of them: one that is equal outweighs every clue, one that differs
    is a change. Clues count only where neither decides.
    """
    same = False
    for name, cause in (("serial", IdentityCause.SERIAL_CHANGED), ("mac", IdentityCause.MAC_CHANGED)):
        was, now = getattr(before, name), getattr(after, name)
        if was is not None and now is not None:
            if was != now:
                return IdentityChange(cause, was, now)
            same = True
    if same:
        return None
    for name, cause in (
        ("model", IdentityCause.MODEL_CHANGED),
        ("server", IdentityCause.SERVER_CHANGED),
        ("sps", IdentityCause.STREAM_CHANGED),
    ):
        was, now = getattr(before, name), getattr(after, name)
        if was is not None and now is not None and was != now:
            return IdentityChange(cause, was, now)
    return None
