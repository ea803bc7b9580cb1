"""Crashes at a chosen step: what kill -9 between two instructions leaves behind.

A `Fuse` counts the steps that have an effect outside the process (store, catalogue, disk) and blows before or after
the chosen one. What is wrapped is real; only the moment is chosen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from camera_gateway.domain.people import SYSTEM
from camera_gateway.footage.books import Books
from storage.files import RealFiles

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.people import Actor

T = TypeVar("T")


class Killed(BaseException):
    """The process is gone."""


class Fuse:
    """Blows at `blow_at` (counted from 0; None: never). Steps are counted twice: before and after their effect."""

    def __init__(self, blow_at: int | None = None) -> None:
        self.blow_at = blow_at
        self.steps: list[str] = []

    def around(self, what: str, work: Callable[[], T]) -> T:
        self._burn(f"before {what}")
        result = work()
        self._burn(f"after {what}")
        return result

    def _burn(self, what: str) -> None:
        self.steps.append(what)
        if self.blow_at is not None and len(self.steps) > self.blow_at:
            raise Killed(what)


class FusedStore:
    """A store whose every call is a step."""

    def __init__(self, store: Any, fuse: Fuse) -> None:  # noqa: ANN401 - any store of the contract
        self._store = store
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - passed through
        found = getattr(self._store, name)
        if not callable(found):
            return found
        return lambda *args, **kwargs: self._fuse.around(f"store.{name}", lambda: found(*args, **kwargs))


class FusedBooks(Books):
    """Books whose every commit is a step."""

    def __init__(self, books: Books, fuse: Fuse) -> None:
        super().__init__(books._catalogue, books._thread)
        self._fuse = fuse

    def write(self, work: Callable[[Transaction], T], actor: Actor = SYSTEM) -> T:
        plain = super().write
        return self._fuse.around("commit", lambda: plain(work, actor))


class FusedFiles(RealFiles):
    """Files whose every change of a name is a step."""

    def __init__(self, fuse: Fuse) -> None:
        self._fuse = fuse

    def unlink(self, path: Path) -> None:
        plain = super().unlink
        self._fuse.around(f"unlink {path.suffix}", lambda: plain(path))

    def rename(self, source: Path, target: Path) -> None:
        plain = super().rename
        self._fuse.around(f"rename {target.suffix}", lambda: plain(source, target))
