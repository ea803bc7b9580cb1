"""What a recorder counts of its camera, for the status: packets, pictures, bytes, sessions.

Promises totals that only grow, and rates over the last seconds. Must not know why something is counted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from camera_gateway.domain.footage import GapCause
    from camera_gateway.ingest.commands import Append

US = 1_000_000
RATE_WINDOW = 5
"""Seconds over which frame and bit rate are averaged."""


@dataclass(slots=True)
class Counts:
    """Totals since the recorder knows the camera."""

    reconnects: int = 0
    by_cause: dict[str, int] = field(default_factory=dict)
    received: int = 0
    """Packets of the sessions that are over."""
    lost: int = 0
    jumps: int = 0
    frames: int = 0
    bytes: int = 0
    _recent: list[tuple[int, int, int]] = field(default_factory=list)

    def fragment(self, command: Append) -> None:
        """Count what a fragment holds."""
        self.frames += len(command.video.sizes)
        self.bytes += command.size_bytes

    def session(self, packets: tuple[int, int], jumps: int) -> None:
        """Count the packets (received, lost) and the jumps of a session that is over."""
        self.received += packets[0]
        self.lost += packets[1]
        self.jumps += jumps

    def reconnect(self, cause: GapCause) -> None:
        """Count a session that ended by itself."""
        self.reconnects += 1
        self.by_cause[cause] = self.by_cause.get(cause, 0) + 1

    def second(self, now_us: int) -> None:
        """Note where the totals are, once a second."""
        self._recent.append((now_us, self.frames, self.bytes))
        del self._recent[: -RATE_WINDOW - 1]

    def rates(self) -> tuple[float, int]:
        """Return frames and bits per second of late."""
        if len(self._recent) > 1:
            (t0, f0, b0), (t1, f1, b1) = self._recent[0], self._recent[-1]
            if t1 > t0:
                return round((f1 - f0) * US / (t1 - t0), 2), round((b1 - b0) * 8 * US / (t1 - t0))
        return 0.0, 0
