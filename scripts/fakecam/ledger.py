"""What was really sent: one JSON line per access unit, written for comparison with a bucket.

A unit is listed when its last byte was handed to the kernel's socket, in order; a
session has a `start` line and an `end` line. Lines are buffered and written each
second and at the end.
"""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from fakecam.layout import Unit


class Ledger:
    """Appends to a file, or to nowhere when there is no path."""

    def __init__(self, path: Path | None) -> None:
        self._file: IO[str] | None = path.open("a", encoding="ascii") if path else None
        self._lines: list[str] = []

    @property
    def wanted(self) -> bool:
        """Whether anybody reads it: a session spares itself the lines otherwise."""
        return self._file is not None

    def session_started(self, camera: str, session: str, tracks: list[str], utc_us: int) -> None:
        """PLAY was answered."""
        self._event("start", camera, session, utc_us, {"tracks": tracks})

    def session_ended(self, camera: str, session: str, utc_us: int, *, reason: str, unsent: int) -> None:
        """Nothing follows for this session; `unsent` units were made but never fully handed over."""
        self._event("end", camera, session, utc_us, {"reason": reason, "unsent": unsent})

    def sent(self, head: str, index: int, unit: Unit, rtp: int, utc_us: int) -> None:
        """One unit: its index in the clip, its RTP time without wrap, when it was handed over.

        `head` is the line's beginning, made once by `unit_head`.
        """
        self._lines.append(
            f'{head}"unit":{index},"rtp":{rtp},"sent_us":{utc_us},"sha256":"{unit.sha256}",'
            f'"size":{unit.size},"key":{"true" if unit.key else "false"}}}\n'
        )

    def flush(self) -> None:
        """Write what has gathered."""
        if self._file is not None and self._lines:
            self._file.write("".join(self._lines))
            self._file.flush()
            self._lines.clear()

    def close(self) -> None:
        """Flush and close."""
        self.flush()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _event(self, event: str, camera: str, session: str, utc_us: int, more: dict[str, object]) -> None:
        if self._file is None:
            return
        line = {"event": event, "camera": camera, "session": session, "utc_us": utc_us}
        self._lines.append(json.dumps(line | more) + "\n")


def unit_head(camera: str, session: str, track: str) -> str:
    """Make the constant beginning of a track's lines."""
    return json.dumps({"event": "unit", "camera": camera, "session": session, "track": track})[:-1] + ", "
