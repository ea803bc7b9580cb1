"""What watching over HTTP keeps between requests: decoders, what was decoded a moment ago, and live edges.

Promises that only so many requests decode or stream at once, overall and for each user: beyond, `Unavailable` with the
time to come back; who has gone away waits no longer. Holds no rights; made by `roles` and by tests.
"""

from __future__ import annotations

import asyncio
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from camera_gateway.api.places import Places
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

DECODED = 7
"""Requests at once that decode or wait for it."""
DECODED_EACH = 5
"""Of one user: four cameras side by side, and a still."""
GONE_S = 0.25
"""How often it is looked whether who waits for a decoder is still there."""
STREAMS = 32
"""Answers with footage under way at once."""
STREAMS_EACH = 16
SHORT_BYTES = 4 << 20
"""An answer up to here is read in one go, so that a slow reader keeps memory and no connection to the store."""
LONG_STREAMS = 4
"""Longer answers under way at once: each holds a connection that uploads need, too."""
LONG_EACH = 2
FORGOTTEN_US = 300_000_000
"""After so long without anybody watching no decoded picture stays in memory."""
FEED_LASTS_US = 60_000_000
"""A live edge that nobody has looked at for so long is forgotten."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who waits for an answer: the user whose share it is, and whether they have hung up."""

    user: str
    gone: Callable[[], bool]


class Watching:
    """The long-lived half of watching. `decoders` are threads, a few: what waits for one can still leave the line."""

    def __init__(self, reader: Reader, workshop: Workshop, decoders: Executor, spool: Path, clock: Clock) -> None:
        self.playback = Playback(reader, workshop)
        self._workshop = workshop
        self._decoders = decoders
        self._spool = spool
        self._clock = clock
        self._feeds: dict[str, tuple[LiveFeed, int]] = {}
        self._decoding = Places(DECODED, DECODED_EACH, "all decoders are busy")
        crowd = "too many people watch at once"
        self._streams, self._long = Places(STREAMS, STREAMS_EACH, crowd), Places(LONG_STREAMS, LONG_EACH, crowd)
        self._used_us = clock.monotonic_us()

    async def decoded(self, asker: Asker, work: Callable[..., T], *args: Any) -> T:  # noqa: ANN401 - passed on
        """Do what may decode in a thread. Raises as `told` does, and `Unavailable` when enough wait."""
        self._used_us = self._clock.monotonic_us()
        self._decoding.take(asker.user)
        # the place is held until the thread is done with it, also when nobody waits for the answer any more
        try:
            job = self._decoders.submit(work, *args)
        except BaseException:
            self._decoding.leave(asker.user)
            raise
        job.add_done_callback(lambda _: self._decoding.leave(asker.user))
        done = asyncio.wrap_future(job)
        try:
            while not (await asyncio.wait((done,), timeout=GONE_S))[0]:
                if asker.gone():
                    raise ConnectionResetError
            with told():
                return done.result()
        finally:
            done.cancel()  # takes what has not begun out of the line

    @property
    def decoding(self) -> int:
        """Requests that decode or wait for it."""
        return self._decoding.taken

    @property
    def under_way(self) -> int:
        """Answers with footage under way."""
        return self._streams.taken

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
    def streaming(self, user: str, size: int) -> Iterator[None]:
        """Count an answer of `size` bytes under way; `Unavailable` when there are enough."""
        with ExitStack() as held:
            for places in (self._streams, self._long) if size > SHORT_BYTES else (self._streams,):
                places.take(user)
                held.callback(places.leave, user)
            yield


@contextmanager
def told() -> Iterator[None]:
    """Turn what reading and decoding raise into what a person reads."""
    try:
        yield
    except Busy as error:
        raise Unavailable("all decoders are busy", hint=f"try again in {error.retry_s} s", code="busy") from error
    except RenditionError as error:
        raise NotFound(
            f"this footage cannot be shown here ({error.cause})", hint="fetch the original", code="undecodable"
        ) from error
    except IntegrityFailed as error:
        raise NotFound(f"this footage is gone or damaged ({error.detail})", code="damaged") from error
