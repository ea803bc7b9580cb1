"""What one fake camera is: its path, clip, credentials, clock and faults.

Values only, read from JSON or from the command line.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


class SettingsError(Exception):
    """A configuration that cannot be used, with the reason in one line."""


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong with an otherwise good camera; nothing by default.

    `answer_status` refuses every DESCRIBE with that status; `drop_after_s` cuts the connection
    and `stall_after_s` stops sending, both counted from PLAY; `lose_every` loses the packets of
    every n-th video access unit (its sequence numbers are used up, the ledger does not list it).
    """

    answer_status: int | None = None
    drop_after_s: float | None = None
    stall_after_s: float | None = None
    lose_every: int | None = None


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """One camera.

    `auth` is one scheme or several joined by `+` (none, basic, digest, digest-sha-256).
    `clock_offset_s` is how far the camera's clock is ahead of the system's: it skews the sender
    reports, never the pictures. `near_wrap` starts sequence numbers and time stamps just before
    they wrap. `max_sessions` is answered with 453 beyond; None means no limit.
    """

    path: str
    clip: Path
    aliases: tuple[str, ...] = ()
    name: str = "fake camera"
    auth: str = "none"
    user: str = "admin"
    password: str = field(default="", repr=False)
    audio: bool = True
    sender_reports: bool = True
    clock_offset_s: float = 0.0
    session_timeout_s: int = 60
    rtcp_is_keepalive: bool = False
    burst: bool = False
    near_wrap: bool = False
    max_sessions: int | None = None
    faults: Faults = Faults()


def read_config(path: Path) -> list[CameraSettings]:
    """Cameras of a JSON file: `{"cameras": [{"path", "clip", …, "faults": {…}}]}`.

    Keys are the fields of CameraSettings; clip paths are relative to the file; `password_file`
    may stand for `password`. Raises SettingsError.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        entries = document["cameras"]
        return [_camera(entry, path.parent) for entry in entries]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SettingsError(f"{path}: {type(error).__name__}: {error}") from error


def _camera(entry: dict[str, Any], folder: Path) -> CameraSettings:
    entry = dict(entry)
    if "password_file" in entry:
        entry["password"] = read_password(folder / entry.pop("password_file"))
    unknown = set(entry) - {f.name for f in fields(CameraSettings)}
    if unknown:
        raise SettingsError(f"unknown keys: {', '.join(sorted(unknown))}")
    entry["clip"] = (folder / entry["clip"]).resolve()
    entry["aliases"] = tuple(entry.get("aliases", ()))
    entry["faults"] = Faults(**entry.get("faults", {}))
    return CameraSettings(**entry)


def read_password(path: Path) -> str:
    """Read the first line of a file."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
    return lines[0] if lines else ""
