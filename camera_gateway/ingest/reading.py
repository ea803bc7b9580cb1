"""The read strategy: one timer per process reads every due socket into one shared buffer.

System calls and wake-ups cost more than bytes (design note in docs/design): a socket is read once per tick, never
when it becomes readable. Promises: a bound on the bytes of one camera per tick, the unfinished frame kept, end and
error of a connection told once. Replaceable: nobody else may read a camera's socket while it is here.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from camera_gateway.clock import Clock

BUFFER_BYTES = 1 << 20
"""Most that one camera may deliver per tick: 40 Mbit/s at 200 ms; beyond it is read again in the next slot."""
LOW_WATER_BYTES = 256 * 1024
"""SO_RCVLOWAT, for its side effect: the kernel lets the receive buffer grow to twice this (tcp_set_rcvlowat), so
that a camera with a small send buffer is not throttled between ticks. SO_RCVBUF would do the opposite: it fixes the
size and is capped by net.core.rmem_max."""

SLOT_CAMERAS = 8
"""Cameras read in one wake-up, while slots are free: about 4 ms in which the loop does nothing else."""


class Sink(Protocol):
    """Who takes a socket's bytes."""

    def received(self, buffer: bytearray, length: int, arrival_us: int) -> int:
        """Take `buffer[:length]`, read at `arrival_us` (monotonic); return how much was consumed."""
        ...

    def closed(self, reason: str) -> None:
        """Hear that the connection is over; nothing follows."""
        ...


class Reading:
    """One socket that is being read."""

    __slots__ = ("active", "quick", "rest", "sink", "slot", "sock")

    def __init__(self, sock: socket.socket, sink: Sink, rest: bytes, slot: int, *, quick: bool) -> None:
        self.sock = sock
        self.sink = sink
        self.rest = rest
        self.slot = slot
        self.quick = quick
        self.active = True


class Reader:
    """Reads sockets on a wheel of slots: a quick one in every slot, any other in one slot of each turn."""

    def __init__(self, clock: Clock, *, quick_ms: int = 20, slow_ms: int = 200) -> None:
        self._clock = clock
        self._slot_s = quick_ms / 1000
        self._wheel: list[list[Reading]] = [[] for _ in range(max(1, slow_ms // quick_ms))]
        self._quick: list[Reading] = []
        self._hungry: list[Reading] = []
        self._at = 0
        self._due_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._buffer = bytearray(BUFFER_BYTES)
        self._view = memoryview(self._buffer)
        self.quick_us = quick_ms * 1000
        self.slow_us = max(quick_ms, slow_ms) * 1000
        self.longest_slot_us = 0
        """The longest that one slot has held up the loop."""

    def add(self, sock: socket.socket, sink: Sink, *, rest: bytes = b"", quick: bool = True) -> Reading:
        """Read `sock` (non-blocking, connected) from now on; `rest` is an unfinished frame read of it before."""
        with contextlib.suppress(OSError):  # a hint to the kernel
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, LOW_WATER_BYTES)
        slot = self._slot()
        reading = Reading(sock, sink, rest, slot, quick=quick)
        self._wheel[slot].append(reading)
        if quick:
            self._quick.append(reading)
        if self._timer is None:
            self._due_s = asyncio.get_running_loop().time()
            self._schedule()
        elif quick:
            self._hurry()
        return reading

    def _slot(self) -> int:
        """Return the slot for one more camera: waking up costs more than reading, so slots are filled first."""
        for slot, there in enumerate(self._wheel):
            if len(there) < SLOT_CAMERAS:
                return slot
        return min(range(len(self._wheel)), key=lambda n: len(self._wheel[n]))

    def quicken(self, reading: Reading, *, quick: bool) -> None:
        """Read it in every slot, or once per turn."""
        if not reading.active or reading.quick == quick:
            return
        reading.quick = quick
        if quick:
            self._quick.append(reading)
            self._hurry()
        else:
            self._quick.remove(reading)

    def remove(self, reading: Reading) -> None:
        """Stop reading it. Harmless to repeat; the socket stays open."""
        if reading.active:
            reading.active = False
            self._wheel[reading.slot].remove(reading)
            if reading.quick:
                self._quick.remove(reading)

    def close(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _hurry(self) -> None:
        """Bring the timer forward: it may be waiting for a far slot."""
        loop = asyncio.get_running_loop()
        if self._timer is not None and self._timer.when() > loop.time() + self._slot_s:
            skipped = int((self._due_s - loop.time()) / self._slot_s)
            self._at = (self._at - skipped) % len(self._wheel)
            self._due_s -= skipped * self._slot_s
            self._timer.cancel()
            self._timer = loop.call_at(self._due_s, self._turn)

    def _schedule(self) -> None:
        """Set the timer to the next slot that has something to read; to none when nothing is left."""
        loop = asyncio.get_running_loop()
        slots = len(self._wheel)
        ahead = 1
        if not self._quick and not self._hungry:
            while ahead <= slots and not self._wheel[(self._at + ahead) % slots]:
                ahead += 1
            if ahead > slots:
                self._timer = None
                return
        self._at = (self._at + ahead) % slots
        # a late turn is not made up for: the next one reads what came since
        self._due_s = max(self._due_s + ahead * self._slot_s, loop.time())
        self._timer = loop.call_at(self._due_s, self._turn)

    def _turn(self) -> None:
        began_us = self._clock.monotonic_us()
        due = [*self._wheel[self._at], *self._hungry, *self._quick]
        self._hungry.clear()
        seen: set[int] = set()
        for reading in due:
            if reading.active and id(reading) not in seen:
                seen.add(id(reading))
                self._read(reading)
        self.longest_slot_us = max(self.longest_slot_us, self._clock.monotonic_us() - began_us)
        self._schedule()

    def _read(self, reading: Reading) -> None:
        kept = len(reading.rest)
        if kept:
            self._buffer[:kept] = reading.rest
        try:
            count = reading.sock.recv_into(self._view[kept:] if kept else self._view)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._end(reading, error.strerror or type(error).__name__)
            return
        if count == 0:
            self._end(reading, "the camera closed the connection")
            return
        length = kept + count
        consumed = reading.sink.received(self._buffer, length, self._clock.monotonic_us())
        if not reading.active:
            return
        reading.rest = bytes(self._view[consumed:length])
        if length == BUFFER_BYTES:
            if consumed == 0:
                self._end(reading, "a frame without end")
                return
            self._hungry.append(reading)

    def _end(self, reading: Reading, reason: str) -> None:
        self.remove(reading)
        reading.sink.closed(reason)
