"""The read strategy: one timer per process reads every due socket into one shared buffer.

System calls and wake-ups cost more than bytes: a socket is read once per tick, never when it becomes readable, and
all sockets at one tick, because the first after a pause costs three times what the next ones do (cold caches). When
the last byte of a read arrived is told by the kernel (SO_TIMESTAMPNS), so that a rare read knows it no worse.
Promises: a bound on the bytes of one camera per tick, the unfinished frame kept, end and error of a connection told
once. Replaceable: nobody else may read a camera's socket while it is here.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from struct import Struct
from typing import TYPE_CHECKING, Protocol

from camera_gateway.clock import both_us

if TYPE_CHECKING:
    from collections.abc import Callable

    from camera_gateway.clock import Clock

US = 1_000_000
BUFFER_BYTES = 1 << 20
"""Most that one camera may deliver per tick: 28 Mbit/s at 300 ms; beyond it is read again at the next quick one."""
LOW_WATER_BYTES = 256 * 1024
"""SO_RCVLOWAT, for its side effect: the kernel lets the receive buffer grow to twice this (tcp_set_rcvlowat), so
that a camera with a small send buffer is not throttled between ticks. SO_RCVBUF would do the opposite: it fixes the
size and is capped by net.core.rmem_max."""

SO_TIMESTAMPNS = 35
"""Of Linux (asm-generic/socket.h; its SCM of the same number carries a timespec): Python does not name it."""
TIMESPEC = Struct("@qq")
ANCILLARY_BYTES = socket.CMSG_SPACE(TIMESPEC.size)
STAMP_US = 1_000
"""How far a stamp may be off: a network card that gathers packets for a moment, and our look at two clocks."""

GROUP = 8
"""Cameras read at a stretch before the loop may do something else: about 2 ms."""


class Sink(Protocol):
    """Who takes a socket's bytes."""

    def received(self, buffer: bytearray, length: int, arrival_us: int) -> int:
        """Take `buffer[:length]`, the last of which arrived at `arrival_us` (monotonic); return what was consumed."""
        ...

    def closed(self, reason: str) -> None:
        """Hear that the connection is over; nothing follows."""
        ...


class Reading:
    """One socket that is being read."""

    __slots__ = ("active", "hungry", "quick", "read_us", "rest", "sink", "sock", "stamped")

    def __init__(self, sock: socket.socket, sink: Sink, rest: bytes, *, quick: bool) -> None:
        self.sock = sock
        self.sink = sink
        self.rest = rest
        self.quick = quick
        self.stamped = False
        """Whether the kernel tells when what is read arrived."""
        self.read_us = 0
        """When it was read last: nothing of the next read can have arrived before."""
        self.hungry = False
        """More waits than one read takes."""
        self.active = True


class Reader:
    """Reads quick sockets at every tick, the others at every n-th."""

    def __init__(
        self,
        clock: Clock,
        *,
        quick_ms: int = 20,
        slow_ms: int = 300,
        gather: Callable[[bool], None] = lambda _: None,
    ) -> None:
        """`gather` is called with True before a tick's reads and with False after them."""
        self._clock = clock
        self._gather = gather
        self._quick_s = quick_ms / 1000
        self._slow_s = max(quick_ms, slow_ms) / 1000
        self._all: list[Reading] = []
        self._slow_due_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._wall_offset_us = 0
        """Wall minus monotonic time as this tick began."""
        self._turn: list[Reading] = []
        """What is still to be read of the tick that runs."""
        self._buffer = bytearray(BUFFER_BYTES)
        self._view = memoryview(self._buffer)
        self.quick_us = quick_ms * 1000
        self.slow_us = max(quick_ms, slow_ms) * 1000

    def add(self, sock: socket.socket, sink: Sink, *, rest: bytes = b"", quick: bool = True) -> Reading:
        """Read `sock` (non-blocking, connected) from now on; `rest` is an unfinished frame read of it before."""
        with contextlib.suppress(OSError):  # a hint to the kernel
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, LOW_WATER_BYTES)
        reading = Reading(sock, sink, rest, quick=quick)
        reading.read_us = self._clock.monotonic_us()
        with contextlib.suppress(OSError):  # without it the time of the read counts
            sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._all.append(reading)
        self._hurry()
        return reading

    def quicken(self, reading: Reading, *, quick: bool) -> None:
        """Read it at every tick, or at every n-th."""
        reading.quick = quick
        self._hurry()

    def known_within_us(self, reading: Reading) -> int:
        """Return how far from the truth the arrivals of its reads may be."""
        if reading.stamped:
            return STAMP_US
        return self.quick_us if reading.quick else self.slow_us

    def remove(self, reading: Reading) -> None:
        """Stop reading it. Harmless to repeat; the socket stays open."""
        if reading.active:
            reading.active = False
            self._all.remove(reading)

    def close(self) -> None:
        """Stop the timer."""
        self._all.clear()
        self._turn.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _hurry(self) -> None:
        """Bring the timer forward where it waits for longer than a quick tick, as it may from now on not."""
        loop = asyncio.get_running_loop()
        if self._turn:
            return
        if self._timer is not None:
            if self._timer.when() <= loop.time() + self._quick_s:
                return
            self._timer.cancel()
        self._timer = loop.call_later(self._quick_s, self._tick)

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        if now_s >= self._slow_due_s:
            # a late tick is not made up for: the next one reads what came since
            self._slow_due_s = max(self._slow_due_s + self._slow_s, now_s + self._slow_s / 2)
            self._turn = self._all.copy()
        else:
            self._turn = [reading for reading in self._all if reading.quick or reading.hungry]
        self._turn.reverse()
        wall_us, mono_us = both_us(self._clock)
        self._wall_offset_us = wall_us - mono_us
        self._gather(True)  # noqa: FBT003 - begins
        self._group()

    def _group(self) -> None:
        """Read some of the tick's sockets, then let the loop look around before the next ones."""
        loop = asyncio.get_running_loop()
        turn = self._turn
        for _ in range(min(GROUP, len(turn))):
            reading = turn.pop()
            if reading.active:
                self._read(reading)
        if turn:
            loop.call_soon(self._group)
            return
        self._gather(False)  # noqa: FBT003 - ends
        self._timer = None
        if self._all:
            soon = any(reading.quick or reading.hungry for reading in self._all)
            due_s = min(loop.time() + self._quick_s, self._slow_due_s) if soon else self._slow_due_s
            self._timer = loop.call_at(max(due_s, loop.time()), self._tick)

    def _read(self, reading: Reading) -> None:
        kept = len(reading.rest)
        if kept:
            self._buffer[:kept] = reading.rest
        try:
            free = self._view[kept:] if kept else self._view
            count, ancillary, _, _ = reading.sock.recvmsg_into((free,), ANCILLARY_BYTES)
        except (BlockingIOError, InterruptedError):
            reading.hungry = False
            return
        except OSError as error:
            self._end(reading, error.strerror or type(error).__name__)
            return
        if count == 0:
            self._end(reading, "the camera closed the connection")
            return
        length = kept + count
        consumed = reading.sink.received(self._buffer, length, self._arrival_us(reading, ancillary))
        if not reading.active:
            return
        reading.rest = bytes(self._view[consumed:length])
        reading.hungry = length == BUFFER_BYTES
        if reading.hungry and consumed == 0:
            self._end(reading, "a frame without end")

    def _arrival_us(self, reading: Reading, ancillary: list[tuple[int, int, bytes]]) -> int:
        """Return when the last byte of a read arrived, monotonic: by the kernel's stamp, else now.

        The stamp is wall time, which may have stepped since; and it must lie between the read before and this one.
        """
        now_us, before_us = self._clock.monotonic_us(), reading.read_us
        reading.read_us = now_us
        for _, kind, data in ancillary:
            if kind == SO_TIMESTAMPNS and len(data) == TIMESPEC.size:
                seconds, nanoseconds = TIMESPEC.unpack(data)
                arrival_us = seconds * US + nanoseconds // 1000 - self._wall_offset_us
                reading.stamped = before_us - STAMP_US <= arrival_us <= now_us + STAMP_US
                return min(max(arrival_us, before_us), now_us) if reading.stamped else now_us
        reading.stamped = False
        return now_us

    def _end(self, reading: Reading, reason: str) -> None:
        self.remove(reading)
        reading.sink.closed(reason)
