"""Where the streams of a vendor's devices are: `config/cameras/vendors.toml` as values, and which vendor is meant.

Promises paths without accounts, in the order in which they are to be tried. Reads one shipped file; knows no network.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FILE = "cameras/vendors.toml"
OTHER = "other"
_KEYS = {"id", "title", "names", "ports", "onvif_ports", "main", "sub", "source"}


@dataclass(frozen=True, slots=True)
class Vendor:
    """One maker of cameras. Paths hold `{channel}` (from 1), `{channel0}` (from 0) or `{channel2}` (two digits)."""

    id: str
    title: str
    names: tuple[str, ...]
    ports: tuple[int, ...]
    onvif_ports: tuple[int, ...]
    main: tuple[str, ...]
    sub: tuple[str, ...]
    source: str

    def paths(self, channel: int = 1, stream: str = "main") -> tuple[str, ...]:
        """Return the paths of a channel, to be tried in this order; none twice."""
        words = {"channel": str(channel), "channel0": str(channel - 1), "channel2": f"{channel:02d}"}
        forms = self.sub if stream == "sub" else self.main
        return tuple(dict.fromkeys(form.format_map(words) for form in forms))


@dataclass(frozen=True, slots=True)
class Vendors:
    """All that are known."""

    all: tuple[Vendor, ...]

    def get(self, text: str) -> Vendor:
        """Return the vendor that a person names by id or by one of its names; `InvalidInput` names those known."""
        wanted = text.strip().lower()
        for vendor in self.all:
            if wanted == vendor.id or wanted in vendor.names:
                return vendor
        known = ", ".join(vendor.id for vendor in self.all)
        raise InvalidInput(f"vendor {text[:40]!r} is not known", hint=f"use one of: {known}")

    def guess(self, words: Iterable[str | None]) -> Vendor | None:
        """Return the vendor that a device's own words name; None when they name none."""
        text = " ".join(word for word in words if word).lower()
        for vendor in self.all:
            if any(re.search(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", text) for name in vendor.names):
                return vendor
        return None

    @property
    def other(self) -> Vendor:
        """The entry for devices of which nothing is known."""
        return self.get(OTHER)


def load_vendors(config: Path) -> Vendors:
    """Read the shipped file below `config`; `InvalidInput` names the vendor that is not as it should be."""
    path = config / FILE
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise InvalidInput(f"{path}: {error}", hint="install the package again") from error
    return Vendors(tuple(_vendor(path, each) for each in found.get("vendor", [])))


def _vendor(path: Path, entry: dict[str, Any]) -> Vendor:
    if set(entry) != _KEYS:
        raise InvalidInput(f"{path}: vendor {entry.get('id')}: keys {sorted(set(entry) ^ _KEYS)}")
    for form in (*entry["main"], *entry["sub"]):
        if not form.startswith("/") or re.search(r"user|pass|pwd|@", form):
            raise InvalidInput(f"{path}: vendor {entry['id']}: {form} is no path without an account")
    return Vendor(
        id=entry["id"],
        title=entry["title"],
        names=tuple(entry["names"]),
        ports=tuple(entry["ports"]),
        onvif_ports=tuple(entry["onvif_ports"]),
        main=tuple(entry["main"]),
        sub=tuple(entry["sub"]),
        source=entry["source"],
    )
