"""What watching over HTTP keeps between requests: decoders, what was decoded a moment ago, and live edges.

Promises that only so many requests decode or stream at once: beyond, `Unavailable` with the time to come back. Holds
no rights; made by `roles` and by tests.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from camera_gateway.errors import NotFound, Unavailable
from camera_gateway.footage.live import LiveFeed
from camera_gateway.footage.playback import Playback
from camera_gateway.footage.reader import IntegrityFailed
from camera_gateway.media.rendition import RenditionError
from camera_gateway.media.workshop import Busy
from storage.spool_entries import is_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor
    from pathlib import Path

    from camera_gateway.clock import Clock
    from camera_gateway.footage.reader import Reader
    from camera_gateway.media.workshop import Workshop

T = TypeVar("T")

STREAMS = 32
"""Answers with footage under way at once."""
SHORT_BYTES = 4 << 20
"""An answer up to here is read in one go, so that a slow reader keeps memory and no connection to the store."""
LONG_STREAMS = 4
"""Longer answers under way at once: each holds a connection that uploads need, too."""
FORGOTTEN_US = 300_000_000
"""After so long without anybody watching no decoded picture stays in memory."""
FEED_LASTS_US = 60_000_000
"""A live edge that nobody has looked at for so long is forgotten."""


class Watching:
    """The long-lived half of watching. `decoders` are threads, as many as may decode or wait for it."""

    def __init__(self, reader: Reader, workshop: Workshop, decoders: Executor, spool: Path, clock: Clock) -> None:
        self.playback = Playback(reader, workshop)
        self._workshop = workshop
        self._decoders = decoders
        self._spool = spool
        self._clock = clock
        self._feeds: dict[str, tuple[LiveFeed, int]] = {}
        self._streams = self._long = 0
        self._used_us = clock.monotonic_us()

    async def decoded(self, work: Callable[..., T], *args: Any) -> T:  # noqa: ANN401 - passed on untouched
        """Do what may decode in a thread, and turn its failures into those that a person reads."""
        self._used_us = self._clock.monotonic_us()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._decoders, lambda: work(*args))
        except Busy as error:
            raise Unavailable("all decoders are busy", hint=f"try again in {error.retry_s} s", code="busy") from error
        except RenditionError as error:
            raise NotFound(
                f"this footage cannot be shown here ({error.cause})", hint="fetch the original", code="undecodable"
            ) from error
        except IntegrityFailed as error:
            raise NotFound(f"this footage is gone or damaged ({error.detail})", code="damaged") from error

    def feed(self, camera: str) -> LiveFeed:
        """Return the live edge of a camera."""
        now_us = self._clock.monotonic_us()
        self._feeds = {name: (f, at) for name, (f, at) in self._feeds.items() if now_us - at < FEED_LASTS_US}
        if not is_plain(camera):
            raise NotFound("no such camera")
        feed, _ = self._feeds.get(camera, (LiveFeed(self._spool / camera), 0))
        self._feeds[camera] = (feed, now_us)
        return feed

    def tidy(self) -> None:
        """Let go of decoders and of pictures that nobody has asked for lately. Waits for processes to end."""
        self._workshop.tidy()
        if self._clock.monotonic_us() - self._used_us > FORGOTTEN_US:
            self.playback.forget()

    @property
    def workshop(self) -> Workshop:
        """The jailed decoders."""
        return self._workshop

    @contextmanager
    def streaming(self, size: int) -> Iterator[None]:
        """Count an answer of `size` bytes under way; `Unavailable` when there are enough."""
        long = int(size > SHORT_BYTES)
        if self._streams >= STREAMS or self._long + long > LONG_STREAMS:
            raise Unavailable("too many people watch at once", hint="try again in a few seconds", code="busy")
        self._streams += 1
        self._long += long
        try:
            yield
        finally:
            self._streams -= 1
            self._long -= long
