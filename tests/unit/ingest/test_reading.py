"""The read strategy: everything arrives in order, nobody starves, ends are told once."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from camera_gateway.clock import SystemClock
from camera_gateway.ingest.reading import BUFFER_BYTES, STAMP_US, Reader

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Taker:
    """Consumes whole lines only, as a receiver consumes whole frames."""

    data: bytearray = field(default_factory=bytearray)
    ends: list[str] = field(default_factory=list)
    reads: int = 0
    arrivals: list[int] = field(default_factory=list)
    something: asyncio.Event = field(default_factory=asyncio.Event)

    def received(self, buffer: bytearray, length: int, arrival_us: int) -> int:
        assert arrival_us > 0
        self.arrivals.append(arrival_us)
        self.reads += 1
        whole = buffer.rfind(b"\n", 0, length) + 1
        self.data += buffer[:whole]
        self.something.set()
        return whole

    def closed(self, reason: str) -> None:
        self.ends.append(reason)
        self.something.set()


@pytest.fixture
def pairs() -> Iterator[list[tuple[socket.socket, socket.socket]]]:
    made = []
    listener = socket.create_server(("127.0.0.1", 0))
    for _ in range(12):
        ours = socket.create_connection(listener.getsockname())
        theirs, _ = listener.accept()
        ours.settimeout(0)
        made.append((ours, theirs))
    yield made
    for pair in made:
        for sock in pair:
            sock.close()
    listener.close()


async def until(taker: Taker, size: int) -> None:
    async with asyncio.timeout(10):
        while len(taker.data) < size and not taker.ends:
            taker.something.clear()
            await taker.something.wait()


async def test_split_frames_are_kept_and_put_together(pairs: list[tuple[socket.socket, socket.socket]]) -> None:
    reader = Reader(SystemClock(), quick_ms=5, slow_ms=10)
    taker = Taker()
    ours, theirs = pairs[0]
    reader.add(ours, taker, rest=b"unfin")
    for piece in (b"ished\nsec", b"on", b"d\nthird\n"):
        theirs.sendall(piece)
        await asyncio.sleep(0.02)
    await until(taker, 24)
    assert taker.data == b"unfinished\nsecond\nthird\n"
    reader.close()


async def test_one_that_sends_without_end_does_not_starve_the_others(
    pairs: list[tuple[socket.socket, socket.socket]],
) -> None:
    reader = Reader(SystemClock(), quick_ms=5, slow_ms=20)
    takers = [Taker() for _ in pairs]
    for (ours, _), taker in zip(pairs, takers, strict=True):
        reader.add(ours, taker, quick=False)
    loop = asyncio.get_running_loop()
    line = b"x" * 999 + b"\n"
    pairs[0][1].settimeout(0)
    flood = asyncio.ensure_future(loop.sock_sendall(pairs[0][1], line * 20_000))  # noqa: TID251 - a test's own child
    for _, theirs in pairs[1:]:
        theirs.sendall(b"hello\n")
    for taker in takers[1:]:
        await until(taker, 6)
    await flood
    await until(takers[0], 20_000_000)
    assert takers[0].data == line * 20_000
    assert takers[0].reads >= 20_000_000 // BUFFER_BYTES
    reader.close()


async def test_the_end_of_a_connection_is_told_once(pairs: list[tuple[socket.socket, socket.socket]]) -> None:
    reader = Reader(SystemClock(), quick_ms=5, slow_ms=10)
    taker, other = Taker(), Taker()
    reading = reader.add(pairs[0][0], taker)
    reader.add(pairs[1][0], other)
    pairs[0][1].sendall(b"last\nhalf")
    pairs[0][1].shutdown(socket.SHUT_WR)
    await until(taker, 10**9)
    assert bytes(taker.data) == b"last\n"
    assert taker.ends == ["the camera closed the connection"]
    reader.remove(reading)
    pairs[1][1].sendall(b"still\n")
    await until(other, 6)
    assert len(taker.ends) == 1
    reader.close()


async def test_a_reset_is_told_with_its_reason(pairs: list[tuple[socket.socket, socket.socket]]) -> None:
    reader = Reader(SystemClock(), quick_ms=5, slow_ms=10)
    taker = Taker()
    reader.add(pairs[0][0], taker, quick=False)
    pairs[0][1].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    pairs[0][1].close()
    await until(taker, 1)
    assert taker.ends == ["Connection reset by peer"]
    reader.close()


async def test_a_removed_socket_is_left_alone(pairs: list[tuple[socket.socket, socket.socket]]) -> None:
    reader = Reader(SystemClock(), quick_ms=5, slow_ms=10)
    taker, other = Taker(), Taker()
    reading = reader.add(pairs[0][0], taker)
    reader.add(pairs[1][0], other)
    reader.remove(reading)
    reader.remove(reading)
    pairs[0][1].sendall(b"unheard\n")
    pairs[1][1].sendall(b"heard\n")
    await until(other, 6)
    assert taker.reads == 0
    reader.close()


async def test_cameras_share_slots_and_a_new_one_is_read_quickly(
    pairs: list[tuple[socket.socket, socket.socket]],
) -> None:
    reader = Reader(SystemClock(), quick_ms=5, slow_ms=2000)
    takers = [Taker() for _ in pairs]
    for (ours, _), taker in zip(pairs[:-1], takers[:-1], strict=True):
        reader.add(ours, taker, quick=False)
    await asyncio.sleep(0.02)
    loop = asyncio.get_running_loop()
    began = loop.time()
    reading = reader.add(pairs[-1][0], takers[-1], quick=True)
    pairs[-1][1].sendall(b"soon\n")
    await until(takers[-1], 5)
    assert loop.time() - began < 0.5
    reader.quicken(reading, quick=False)
    reader.quicken(reading, quick=True)
    pairs[-1][1].sendall(b"again\n")
    await until(takers[-1], 11)
    assert loop.time() - began < 1.0
    reader.close()


class Wall(SystemClock):
    """A wall clock that may be set."""

    def __init__(self) -> None:
        self.step_us = 0

    def now_us(self) -> int:
        return super().now_us() + self.step_us


@pytest.mark.parametrize("step_us", [0, -3_600_000_000, 400_000])
async def test_a_read_knows_when_its_last_byte_came_and_a_clock_that_is_set_does_not_move_it(
    pairs: list[tuple[socket.socket, socket.socket]], step_us: int
) -> None:
    clock = Wall()
    reader = Reader(clock, quick_ms=100, slow_ms=100)
    taker = Taker()
    reading = reader.add(pairs[0][0], taker)
    for number in range(10):  # the kernel begins to stamp packets some time after the first socket asked for it
        pairs[0][1].sendall(b"begins\n")
        await until(taker, 7 * (number + 1))
        if reader.known_within_us(reading) == STAMP_US:
            break
    before_us, given = clock.monotonic_us(), len(taker.data)
    pairs[0][1].sendall(b"one\n")
    pairs[0][1].sendall(b"two\n")
    sent_us = clock.monotonic_us()
    clock.step_us = step_us
    await until(taker, given + 8)
    read_us = clock.monotonic_us()
    if step_us:
        assert sent_us < taker.arrivals[-1] <= read_us
        assert reader.known_within_us(reading) == reader.quick_us
    else:
        assert before_us - STAMP_US <= taker.arrivals[-1] <= sent_us + STAMP_US
        assert reader.known_within_us(reading) == STAMP_US
    reader.close()


async def test_without_a_stamp_the_time_of_the_read_counts(
    pairs: list[tuple[socket.socket, socket.socket]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("camera_gateway.ingest.reading.SO_TIMESTAMPNS", -1)
    reader = Reader(SystemClock(), quick_ms=30, slow_ms=70)
    taker = Taker()
    reading = reader.add(pairs[0][0], taker, quick=False)
    pairs[0][1].sendall(b"one\n")
    sent_us = SystemClock().monotonic_us()
    await until(taker, 4)
    assert taker.arrivals[-1] > sent_us + 5_000
    assert reader.known_within_us(reading) == 70_000
    reader.close()
