"""Delay instead of lock-out: how long a user name and an address have to wait before the next attempt is looked at.

Promises that nobody is ever locked out for good, that an attempt which comes too early costs nothing (no hash, no
catalogue) and does not lengthen the wait, that attempts under way count as failed until they are not, and that memory
is bounded. Knows nothing of passwords.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from camera_gateway.clock import US
from camera_gateway.errors import Refused

if TYPE_CHECKING:
    from camera_gateway.clock import Clock

SLOWER = "slower"


class Slower(Refused):
    """Too early: come again after `wait_s` seconds."""

    code = SLOWER

    def __init__(self, wait_s: float, *, first: bool) -> None:
        super().__init__("too many attempts", hint=f"wait {max(1, round(wait_s))} s and try again", code=SLOWER)
        self.wait_s = wait_s
        self.first = first
        """Whether it is the first attempt to be sent away in this wait: that one is worth an audit row."""


@dataclass(frozen=True, slots=True)
class Rule:
    """So many failures are free; each further one doubles the wait from `first_s` to `longest_s`.

    Failures are forgotten after `memory_s` without another.
    """

    free: int
    first_s: float
    longest_s: float
    memory_s: float = 900.0

    def wait_s(self, failures: int) -> float:
        """Return the wait after so many failures, seconds."""
        beyond = failures - self.free
        # 2 ** 20 s are past every longest wait, and a large exponent would not be a float
        return 0.0 if beyond < 0 else min(self.longest_s, self.first_s * 2.0 ** min(beyond, 20))


USER = Rule(free=5, first_s=1.0, longest_s=30.0)
"""An account: 5 failures in 15 minutes, then up to half a minute between attempts: 2,880 a day at most."""
ADDRESS = Rule(free=20, first_s=1.0, longest_s=60.0)
"""An address: a whole institution may stand behind one."""
CODE = Rule(free=5, first_s=2.0, longest_s=900.0, memory_s=86_400.0)
"""Codes of the second factor, for who knows the password: about 100 a day; three in a million are right at a time."""


@dataclass(slots=True)
class _Count:
    failures: int = 0
    last_us: int = 0
    sent_away: bool = False


class Counter:
    """Failures by key under one rule; the longest unused keys are forgotten beyond `most`."""

    def __init__(self, rule: Rule, clock: Clock, most: int = 20_000) -> None:
        self._rule = rule
        self._clock = clock
        self._most = most
        self._counts: OrderedDict[str, _Count] = OrderedDict()

    def demand(self, key: str) -> None:
        """Raise `Slower` while this key has to wait."""
        count = self._living(key)
        if count is None:
            return
        wait_s = self._rule.wait_s(count.failures)
        left_s = wait_s - (self._clock.monotonic_us() - count.last_us) / US
        if left_s > 0:
            first, count.sent_away = not count.sent_away, True
            raise Slower(left_s, first=first)

    def failed(self, key: str) -> None:
        """Count one failure."""
        count = self._living(key) or _Count()
        self._counts[key] = count
        self._counts.move_to_end(key)
        count.failures += 1
        count.last_us = self._clock.monotonic_us()
        count.sent_away = False
        while len(self._counts) > self._most:
            self._counts.popitem(last=False)

    def take_back(self, key: str) -> None:
        """Uncount one failure that was none."""
        count = self._counts.get(key)
        if count is not None:
            count.failures -= 1
            if count.failures <= 0:
                del self._counts[key]

    def forget(self, key: str) -> None:
        """Forget every failure of a key."""
        self._counts.pop(key, None)

    def __len__(self) -> int:
        return len(self._counts)

    def _living(self, key: str) -> _Count | None:
        count = self._counts.get(key)
        if count is not None and self._clock.monotonic_us() - count.last_us >= self._rule.memory_s * US:
            del self._counts[key]
            return None
        return count


class Attempt:
    """One attempt that was let in. It counts as failed until `passed` or `void`."""

    def __init__(self, own: tuple[Counter, str], shared: tuple[Counter, str] | None) -> None:
        """Take what is the account's (or its device's) own count, and the one that it shares with others."""
        self._own, self._shared = own, shared
        for counter, key in self._counts():
            counter.failed(key)

    def passed(self) -> None:
        """Forget the account's failures. The address keeps its others: one good account must not clear guesses."""
        counter, key = self._own
        counter.forget(key)
        if self._shared is not None:
            counter, key = self._shared
            counter.take_back(key)

    def void(self) -> None:
        """Take this attempt back: it was no guess."""
        for counter, key in self._counts():
            counter.take_back(key)

    def _counts(self) -> list[tuple[Counter, str]]:
        return [self._own] if self._shared is None else [self._own, self._shared]


class Throttle:
    """Attempts by account and by address; a device that is known has a count of its own."""

    def __init__(self, clock: Clock, user: Rule = USER, address: Rule = ADDRESS) -> None:
        self._users = Counter(user, clock)
        self._addresses = Counter(address, clock)

    def enter(self, user: str, address: str, device: str | None = None) -> Attempt:
        """Let an attempt in, or raise `Slower`. Any text may be a user here; it is kept nowhere else.

        `device`: the count of a browser that this user has signed in with before (OWASP calls it a device cookie);
        then neither a flood on the account nor one from the same address counts.
        """
        if device is not None:
            self._users.demand(device)
            return Attempt((self._users, device), None)
        source = source_of(address)
        self._users.demand(user)
        self._addresses.demand(source)
        return Attempt((self._users, user), (self._addresses, source))


def source_of(address: str) -> str:
    """Return what counts as one source: an IPv4 address, or an IPv6 /64, of which a subscriber has at least one."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
