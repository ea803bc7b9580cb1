"""Reading ahead: order, errors where they belong, bounded memory, and threads that end."""

from __future__ import annotations

import threading
from functools import partial
from itertools import repeat
from typing import TYPE_CHECKING

import pytest

from camera_gateway.footage.ahead import AHEAD_BYTES, READERS, read_ahead

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECE = bytes(1 << 20)


def source(number: int, pieces: int = 3) -> Iterator[bytes]:
    yield from (f"{number}.{piece}".encode() for piece in range(pieces))


def test_every_source_comes_whole_and_in_its_order() -> None:
    with read_ahead([partial(source, number) for number in range(7)]) as coming:
        found = [list(pieces) for pieces in coming]
    assert found == [list(source(number)) for number in range(7)]


def test_nothing_is_nothing() -> None:
    with read_ahead([]) as coming:
        assert list(coming) == []


def test_an_error_is_raised_where_its_bytes_would_have_been_and_the_others_come() -> None:
    def broken() -> Iterator[bytes]:
        yield b"begun"
        raise ValueError("torn")

    with read_ahead([partial(source, 0), broken, partial(source, 2)]) as coming:
        assert list(next(coming)) == list(source(0))
        torn = next(coming)
        assert next(torn) == b"begun"
        with pytest.raises(ValueError, match="torn"):
            next(torn)
        assert list(next(coming)) == list(source(2))


def test_no_more_is_in_memory_than_was_said_and_no_more_sources_are_begun() -> None:
    given: list[int] = []
    full = threading.Event()

    def endless(number: int) -> Iterator[bytes]:
        for _ in range(10_000):
            given.append(number)
            if len(given) >= READERS * (AHEAD_BYTES // len(PIECE)):
                full.set()
            yield PIECE

    with read_ahead([partial(endless, number) for number in range(9)]) as coming:
        pieces = next(coming)
        assert next(pieces) == PIECE
        assert full.wait(20)
        assert set(given) == set(range(READERS))
        assert len(given) <= READERS * (AHEAD_BYTES // len(PIECE) + 1) + 1


def test_threads_end_when_the_reader_lets_go() -> None:
    before = threading.active_count()
    with read_ahead([partial(repeat, PIECE) for _ in range(3)]) as coming:
        assert next(next(coming)) == PIECE
        assert threading.active_count() > before
    assert threading.active_count() == before
