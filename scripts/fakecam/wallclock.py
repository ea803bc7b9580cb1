"""The fake cameras' clock: wall time that never steps.

Read once from the system clock, then carried by the monotonic clock, so that a
step of the system clock neither bursts nor stalls a stream. Knows nothing of
the gateway: fake cameras are independent code.
"""

from __future__ import annotations

import time

NS_PER_S = 1_000_000_000
#: Seconds from 1900 (NTP, RFC 5905) to 1970 (Unix).
NTP_UNIX_S = 2_208_988_800


class WallClock:
    """UTC nanoseconds since 1970, anchored at construction."""

    __slots__ = ("_anchor_ns",)

    def __init__(self) -> None:
        # The system clock is what a camera with good NTP would show; the gateway's Clock may
        # not be imported here.
        self._anchor_ns = time.time_ns() - time.monotonic_ns()  # noqa: TID251 - see above

    def now_ns(self) -> int:
        """UTC now, in nanoseconds since 1970."""
        return self._anchor_ns + time.monotonic_ns()


def ntp64(utc_ns: int) -> int:
    """Make a 64-bit NTP timestamp (RFC 3550, section 4) of UTC nanoseconds since 1970."""
    seconds, rest_ns = divmod(utc_ns, NS_PER_S)
    return ((seconds + NTP_UNIX_S) << 32 | (rest_ns << 32) // NS_PER_S) & 0xFFFF_FFFF_FFFF_FFFF
