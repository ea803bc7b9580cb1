"""The time by which something may be deleted: two sources that agree, or none (invariant R7).

The system's clock is held to the store's, and its run since the start to the monotonic clock, so that a step of
either is seen. Promises the earlier of the two times: an error then keeps, and never deletes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from camera_gateway.errors import Refused, Unavailable
from storage.errors import StoreError

if TYPE_CHECKING:
    from camera_gateway.clock import Clock
    from storage.blobs import BlobStore

APART_US = 300_000_000
"""How far the two may be from each other."""


class TwoClocks:
    """Make one at the start of the process: what the clock does from then on is watched."""

    def __init__(self, clock: Clock, store: BlobStore) -> None:
        self._clock = clock
        self._store = store
        self._offset_us = clock.now_us() - clock.monotonic_us()

    def now_us(self) -> int:
        """Return a time that both sources have reached, µs UTC.

        Raises `Refused` (code "clock") when they disagree or a clock has stepped, `Unavailable` without the store.
        """
        try:
            theirs_us = self._store.server_time_us()
        except StoreError as error:
            raise Unavailable(
                f"the store's time cannot be asked ({error.code}); without it nothing is deleted",
                hint="see: camera-gateway doctor",
            ) from error
        ours_us = self._clock.now_us()
        hint = "nothing is deleted; set the clock right, then restart the service"
        stepped_us = ours_us - self._clock.monotonic_us() - self._offset_us
        if abs(stepped_us) > APART_US:
            raise Refused(
                f"this clock has jumped by {stepped_us / 1e6:+.0f} s since the start", hint=hint, code="clock"
            )
        if abs(ours_us - theirs_us) > APART_US:
            apart_s = (ours_us - theirs_us) / 1e6
            raise Refused(f"this clock and the store's are {apart_s:+.0f} s apart", hint=hint, code="clock")
        return min(ours_us, theirs_us)
