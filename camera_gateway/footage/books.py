"""The catalogue as services see it that run on threads of their own.

Promises that every transaction runs on the catalogue's one thread (invariant D9) while the caller waits. Must be
used from other threads than that one and never from the event loop; knows no table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from camera_gateway.domain.people import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor
    from contextlib import AbstractContextManager

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.people import Actor

T = TypeVar("T")


class OpenCatalogue(Protocol):
    """The part of `Catalogue` that is needed here."""

    def write(self, actor: Actor) -> AbstractContextManager[Transaction]:
        """Open a write transaction."""
        ...

    def read(self) -> AbstractContextManager[Transaction]:
        """Open a read transaction."""
        ...


class Books:
    """Reads and writes the catalogue on `thread`, an executor with exactly one thread."""

    def __init__(self, catalogue: OpenCatalogue, thread: Executor) -> None:
        self._catalogue = catalogue
        self._thread = thread

    def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in a read transaction and return what it returns."""

        def inside() -> T:
            with self._catalogue.read() as tx:
                return work(tx)

        return self._thread.submit(inside).result()

    def write(self, work: Callable[[Transaction], T], actor: Actor = SYSTEM) -> T:
        """Run `work` in a write transaction that is committed before this returns."""

        def inside() -> T:
            with self._catalogue.write(actor) as tx:
                return work(tx)

        return self._thread.submit(inside).result()
