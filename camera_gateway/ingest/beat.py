"""The second's work, done as a tick of reads ends: to wake up once more for it costs more than what it does.

Promises a beat a second on average, each at most `slack_s` early or late, ticks or not.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from camera_gateway.supervision import Stop

EVERY_S = 1.0


class Beat:
    """Awaited by whoever looks after things once a second; told of ticks by whoever has them."""

    def __init__(self, slack_s: float) -> None:
        self._slack_s = slack_s
        self._due_s = 0.0
        self._event = asyncio.Event()

    def tick(self) -> None:
        """Hear that a tick is over."""
        if asyncio.get_running_loop().time() >= self._due_s - self._slack_s:
            self._event.set()

    async def end_with(self, stop: Stop) -> None:
        """Beat at once when the end is asked for; runs beside."""
        await stop.wait()
        self._event.set()

    async def wait(self) -> None:
        """Wait for the next beat; one that was missed is not made up for."""
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        self._due_s = max((self._due_s or now_s) + EVERY_S, now_s + EVERY_S / 2)
        self._event.clear()
        timer = loop.call_at(self._due_s + self._slack_s, self._event.set)
        await self._event.wait()
        timer.cancel()
