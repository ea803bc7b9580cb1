"""Password hashing: Argon2id (RFC 9106) over a keyed digest of the password, in a small pool of slow threads.

Promises that an attempt costs the same whether the user exists or not, that at most `slots` hashes are computed at a
time and few wait, and that hashing leaves the processor to whoever else wants it: ten thousand attempts cannot
starve the service or the recorder. Knows no user and keeps no password.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
import unicodedata
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
from argon2.low_level import ARGON2_VERSION, Type, hash_secret, verify_secret

from camera_gateway.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from camera_gateway.settings.vault import Vault

T = TypeVar("T")

_SALT_BYTES = 16
_TAG_BYTES = 32
_PEPPER = "password"
BUSY = "busy"
NICENESS = 10
"""Hashing runs at a lower priority (nice(2), per thread on Linux): recording and pages go first."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one hash costs: memory in KiB, passes over it, lanes.

    The default is above the least that OWASP names for Argon2id (19 MiB, 2 passes): 64 MiB and 3 passes took 180 ms
    on a 2-core virtual machine with nothing else to do, within the 100 to 250 ms that a person does not notice.
    """

    memory_kib: int = 65_536
    passes: int = 3
    lanes: int = 1


class Passwords:
    """Hashes and verifies. `slots` 1: on the smallest machine one core always stays free."""

    def __init__(self, vault: Vault, cost: Cost | None = None, *, slots: int = 1, waiting: int = 16) -> None:
        """Take at most `slots` at a time, and let `waiting` more wait; whoever comes then is told to come later."""
        self._vault = vault
        self._cost = cost or Cost()
        self._threads = ThreadPoolExecutor(slots, "password", initializer=_step_back)
        self._room = slots + waiting
        self._inside = 0
        self._counting = threading.Lock()
        self.computed = 0
        """How many hashes have been computed: what tests and the measure of a flood look at."""

    async def hash(self, password: str) -> str:
        """Return a new hash with its parameters and salt (PHC string). `Unavailable` (code "busy") when full."""
        return await self._run(lambda: self._hash(password))

    async def verify(self, kept: str | None, password: str) -> bool:
        """Whether a password is the one of a hash; None takes as long and is never right. `Unavailable` when full."""
        return await self._run(lambda: self._verify(kept, password))

    def outdated(self, kept: str) -> bool:
        """Whether a hash was made at another cost than today's."""
        cost = self._cost
        return not kept.startswith(f"$argon2id$v={ARGON2_VERSION}$m={cost.memory_kib},t={cost.passes},p={cost.lanes}$")

    def close(self) -> None:
        """Finish what is being computed and let the threads go."""
        self._threads.shutdown(cancel_futures=True)

    async def _run(self, work: Callable[[], T]) -> T:
        if self._inside >= self._room:
            raise Unavailable("too many people sign in at this moment", hint="try again in a few seconds", code=BUSY)
        self._inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._inside -= 1

    def _hash(self, password: str) -> str:
        cost = self._cost
        self._count()
        salt = secrets.token_bytes(_SALT_BYTES)
        return hash_secret(
            self._secret(password), salt, cost.passes, cost.memory_kib, cost.lanes, _TAG_BYTES, Type.ID
        ).decode("ascii")

    def _verify(self, kept: str | None, password: str) -> bool:
        self._count()
        try:
            verify_secret((kept or self._nobodys()).encode("ascii"), self._secret(password), Type.ID)
        except VerifyMismatchError:
            return False
        except (VerificationError, InvalidHashError) as error:
            raise Unavailable("a password hash in the catalogue cannot be read", hint="see: check") from error
        return kept is not None

    def _nobodys(self) -> str:
        """Return a hash that no password is known for, of the same cost: chance in place of a computed tag."""
        cost = self._cost
        salt, tag = (_unpadded(secrets.token_bytes(length)) for length in (_SALT_BYTES, _TAG_BYTES))
        return f"$argon2id$v={ARGON2_VERSION}$m={cost.memory_kib},t={cost.passes},p={cost.lanes}${salt}${tag}"

    def _secret(self, password: str) -> bytes:
        """Return what is hashed: the password as one Unicode form (NIST SP 800-63B 3.1.1.2), under the pepper."""
        return self._vault.keyed(_PEPPER, normal(password).encode("utf-8", "surrogatepass"))

    def _count(self) -> None:
        with self._counting:
            self.computed += 1


def normal(password: str) -> str:
    """Return the form of a password that is compared: NFKC, so that two keyboards' ways of writing it are one."""
    return unicodedata.normalize("NFKC", password)


def _unpadded(data: bytes) -> str:
    return b64encode(data).decode("ascii").rstrip("=")


def _step_back() -> None:
    """Lower this thread's priority; where that is not possible, everything works, only less politely."""
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
    except OSError:
        return
