"""Delay instead of lock-out, held to a clock that stands still."""

from __future__ import annotations

import pytest

from camera_gateway.access.throttle import ADDRESS, CODE, USER, Counter, Rule, Slower, Throttle, source_of
from camera_gateway.clock import HeldClock


def let_in(throttle: Throttle, user: str = "alia", address: str = "192.0.2.7") -> bool:
    try:
        throttle.enter(user, address)
    except Slower:
        return False
    return True


def wait_s(throttle: Throttle, user: str = "alia", address: str = "192.0.2.7") -> float:
    with pytest.raises(Slower) as caught:
        throttle.enter(user, address)
    return caught.value.wait_s


async def test_five_failures_are_free_then_the_wait_doubles_up_to_half_a_minute() -> None:
    clock = HeldClock()
    throttle = Throttle(clock)
    for _ in range(5):
        throttle.enter("alia", "192.0.2.7")
    waits = []
    for _ in range(8):
        waits.append(wait_s(throttle))
        await clock.advance(waits[-1])
        throttle.enter("alia", "192.0.2.7")
    assert waits == [1, 2, 4, 8, 16, 30, 30, 30]


async def test_an_attempt_that_comes_too_early_does_not_lengthen_the_wait() -> None:
    clock = HeldClock()
    throttle = Throttle(clock)
    for _ in range(8):
        if not let_in(throttle):
            await clock.advance(wait_s(throttle))
            throttle.enter("alia", "192.0.2.7")
    left = wait_s(throttle)
    for _ in range(1_000):
        assert wait_s(throttle) == left
    await clock.advance(left)
    assert let_in(throttle)


async def test_ten_thousand_attempts_on_an_account_are_a_handful_that_is_looked_at() -> None:
    clock = HeldClock()
    throttle = Throttle(clock)
    looked_at = 0
    for number in range(10_000):  # a hundred a second, each from an address of its own
        looked_at += let_in(throttle, address=f"198.51.{number // 256}.{number % 256}")
        if number % 100 == 99:
            await clock.advance(1)
    assert looked_at <= 5 + 5 + 3


async def test_ten_thousand_accounts_from_one_address_are_a_handful_too() -> None:
    clock = HeldClock()
    throttle = Throttle(clock)
    looked_at = 0
    for number in range(10_000):
        looked_at += let_in(throttle, user=f"user-{number}")
        if number % 100 == 99:
            await clock.advance(1)
    assert looked_at <= 20 + 6 + 2


async def test_attempts_under_way_count_as_failed_until_they_are_not() -> None:
    throttle = Throttle(HeldClock())
    under_way = [throttle.enter("alia", f"192.0.2.{number}") for number in range(5)]
    assert not let_in(throttle, address="192.0.2.99")
    under_way[0].void()
    assert let_in(throttle, address="192.0.2.99")


async def test_a_right_password_clears_the_account_but_not_the_address() -> None:
    throttle = Throttle(HeldClock())
    for number in range(19):
        throttle.enter(f"user-{number}", "192.0.2.7")
    throttle.enter("mine", "192.0.2.7").passed()
    assert let_in(throttle, "another")
    assert not let_in(throttle, "yet-another"), "signing in to an account of one's own must not clear one's guesses"
    for _ in range(4):
        throttle.enter("alia", "203.0.113.1")
    throttle.enter("alia", "203.0.113.1").passed()
    assert [let_in(throttle, "alia", "203.0.113.1") for _ in range(5)] == [True] * 5


async def test_nobody_is_locked_out_and_failures_are_forgotten() -> None:
    clock = HeldClock()
    throttle = Throttle(clock)
    while let_in(throttle):
        pass
    await clock.advance(USER.memory_s)
    assert [let_in(throttle) for _ in range(5)] == [True] * 5
    for rule in (USER, ADDRESS, CODE):
        assert rule.wait_s(10_000) == rule.longest_s < rule.memory_s


async def test_the_first_who_is_sent_away_in_each_wait_is_told_from_the_flood() -> None:
    clock = HeldClock()
    throttle = Throttle(clock)
    for _ in range(5):
        throttle.enter("alia", "192.0.2.7")
    firsts = []
    for _ in range(100):
        with pytest.raises(Slower) as caught:
            throttle.enter("alia", "192.0.2.7")
        firsts.append(caught.value.first)
    assert firsts == [True] + [False] * 99
    await clock.advance(1)
    throttle.enter("alia", "192.0.2.7")
    with pytest.raises(Slower) as caught:
        throttle.enter("alia", "192.0.2.7")
    assert caught.value.first


def test_memory_is_bounded_and_the_longest_unused_is_forgotten_first() -> None:
    counter = Counter(Rule(1, 1, 1), HeldClock(), most=100)
    for number in range(1_000):
        counter.failed(f"key-{number}")
    assert len(counter) == 100
    counter.demand("key-0")
    with pytest.raises(Slower):
        counter.demand("key-999")


def test_codes_of_the_second_factor_are_counted_more_strictly() -> None:
    # with a code of six digits and three that are right at a time, a day of guessing must be hopeless
    a_day = CODE.free + 86_400 / CODE.longest_s + 10
    assert a_day * 3 / 1_000_000 < 0.001


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_a_subscriber_is_one_source(address: str, source: str) -> None:
    assert source_of(address) == source
