"""What the uplink carries: measured from what nothing caps, not lowered by an outage, measured anew when asked."""

from __future__ import annotations

from camera_gateway.clock import HeldClock
from camera_gateway.upload.throughput import MEASURE_BYTES, Throughput

MB = 1_000_000


class Line:
    """Sends pieces of a megabyte over a line of so many bits per second."""

    def __init__(self) -> None:
        self.clock = HeldClock()
        self.seen = Throughput(self.clock)
        self.firsts = 0

    async def send(self, megabytes: int, bps: int) -> None:
        for _ in range(megabytes):
            self.firsts += self.seen.add(MB)
            await self.clock.advance(MB * 8 / bps)


def figure(line: Line) -> int | None:
    return line.seen.bps


async def test_a_figure_needs_megabytes_and_seconds_without_a_cap() -> None:
    line = Line()
    await line.send(20, 8 * MB)
    assert figure(line) is None  # capped: it shows nothing of the line
    line.seen.free(is_free=True)
    await line.send(MEASURE_BYTES // MB, 8 * MB)
    assert figure(line) is None
    await line.send(1, 8 * MB)
    assert figure(line) == 8 * MB
    assert (line.firsts, line.seen.is_whole) == (1, True)
    await line.send(1, 8 * MB)
    assert line.firsts == 1
    fast = Line()
    fast.seen.free(is_free=True)
    await fast.send(20, 800 * MB)
    assert figure(fast) is None  # under two seconds say little


async def test_time_without_a_transfer_is_not_the_lines() -> None:
    line = Line()
    line.seen.free(is_free=True)
    await line.send(10, 8 * MB)
    line.seen.free(is_free=False)
    await line.clock.advance(3_600)
    line.seen.free(is_free=True)
    await line.send(10, 8 * MB)
    assert line.seen.bps == 8 * MB


async def test_an_outage_does_not_lower_the_figure() -> None:
    line = Line()
    line.seen.free(is_free=True)
    await line.send(10, 8 * MB)
    line.seen.settle(arrived=True)
    for _ in range(5):  # attempts that end in a time-out
        line.seen.add(MB)
        await line.clock.advance(60)
        line.seen.settle(arrived=False)
    assert line.seen.bps == 8 * MB
    await line.send(2, 8 * MB)
    assert line.seen.bps == 8 * MB


async def test_what_is_old_counts_less_and_a_new_measurement_counts_alone() -> None:
    line = Line()
    line.seen.free(is_free=True)
    await line.send(150, 8 * MB)
    line.seen.settle(arrived=True)
    await line.send(40, 4 * MB)
    mixed = line.seen.bps or 0
    assert 4 * MB < mixed < 6 * MB
    line.seen.begin_anew()
    assert line.seen.bps == mixed  # holds until there is a better one
    assert not line.seen.is_whole
    await line.send(MEASURE_BYTES // MB + 1, 2 * MB)
    assert line.seen.bps == 2 * MB
    assert line.seen.age_us == MB * 8 * 1_000_000 // (2 * MB)
