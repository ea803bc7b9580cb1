from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from storage.checksum import sha256_of
from storage.errors import Missing, Paused
from storage.limited import Limited, TokenBucket
from storage.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable


class HeldTime:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.during: Callable[[], None] | None = None

    def clock(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now_s += seconds
        if self.during is not None:
            during, self.during = self.during, None
            during()


@pytest.fixture
def held() -> HeldTime:
    return HeldTime()


def bucket(held: HeldTime, rate_bps: int | None) -> TokenBucket:
    return TokenBucket(rate_bps, clock=held.clock, sleep=held.sleep)


@pytest.mark.parametrize("piece", [100, 16_384, 1_000_000])
def test_the_average_keeps_to_the_rate_whatever_the_pieces(held: HeldTime, piece: int) -> None:
    tokens = bucket(held, 8_000_000)
    total = 0
    while total < 20_000_000:
        tokens.take(piece)
        total += piece
    took_s = held.now_s - 100
    assert 20 - 0.3 - piece / 1_000_000 <= took_s <= 20.3


def test_no_limit_never_waits(held: HeldTime) -> None:
    tokens = bucket(held, None)
    for _ in range(100):
        tokens.take(1 << 30)
    assert held.now_s == 100


def test_a_quiet_time_saves_up_no_more_than_a_quarter_second(held: HeldTime) -> None:
    tokens = bucket(held, 8_000)
    held.now_s += 3600
    for _ in range(11):
        tokens.take(100)
    assert held.now_s - 3700 == pytest.approx(0.75, abs=0.3)


def test_a_rate_of_zero_ends_the_transfer_instead_of_holding_a_thread(held: HeldTime) -> None:
    with pytest.raises(Paused):
        bucket(held, 0).take(1)


def test_a_rate_that_is_lowered_to_zero_reaches_those_who_wait(held: HeldTime) -> None:
    tokens = bucket(held, 8)
    tokens.take(1_000_000)
    held.during = lambda: tokens.set_rate_bps(0)
    with pytest.raises(Paused):
        tokens.take(1)


def test_a_limit_that_is_lifted_reaches_those_who_wait(held: HeldTime) -> None:
    tokens = bucket(held, 8)
    tokens.take(1_000_000)
    held.during = lambda: tokens.set_rate_bps(None)
    tokens.take(1)
    assert held.now_s < 101


def test_a_negative_rate_is_refused(held: HeldTime) -> None:
    with pytest.raises(ValueError, match="negative"):
        bucket(held, -1)
    with pytest.raises(ValueError, match="negative"):
        bucket(held, 1).set_rate_bps(-1)


def test_a_paused_upload_does_not_keep_an_auditor_from_reading(held: HeldTime) -> None:
    inner = MemoryStore(lambda: 0)
    store = Limited(inner, upload=bucket(held, None), download=bucket(held, None))
    store.put("a", b"data", sha256=sha256_of(b"data"))
    store.set_rate_bps(0)
    with pytest.raises(Paused):
        store.put("b", b"data", sha256=sha256_of(b"data"))
    with pytest.raises(Missing):
        inner.head("b")
    assert b"".join(store.get("a")) == b"data"
    store.set_rate_bps(None)
    store.put("b", b"data", sha256=sha256_of(b"data"))


def test_put_and_get_are_paced_and_pass_the_caller_s_pace_on(held: HeldTime) -> None:
    store = Limited(MemoryStore(lambda: 0), upload=bucket(held, 8_000), download=bucket(held, 16_000))
    seen: list[int] = []
    data = bytes(4_000)
    store.put("a", data, sha256=sha256_of(data), pace=seen.append)
    store.put("b", data, sha256=sha256_of(data))
    assert held.now_s - 100 == pytest.approx(4, abs=0.3)
    b"".join(store.get("a", pace=seen.append))
    b"".join(store.get("b"))
    assert held.now_s - 100 == pytest.approx(6, abs=0.6)
    assert seen == [4_000, 4_000]
