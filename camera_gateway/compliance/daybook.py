"""Segments of a local day into its `DayBook`, and a book into JSON and back. Pure.

Promises that no microsecond of recorded, put, stored, locked or present time is lost or added: what a month of books
says is what its segments say. Seams up to one frame are closed, as coverage does.
"""

from __future__ import annotations

import base64
import sys
import zlib
from array import array
from typing import TYPE_CHECKING, Any, NamedTuple

from camera_gateway.domain.coverage import SEAM_US
from camera_gateway.domain.footage import PUT, RECORDED, STORED
from camera_gateway.domain.measured import WINDOW_US, DayBook

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import date

    from camera_gateway.domain.intervals import Interval

LEAST_OF_WINDOW_US = 10_000_000
"""A window with less footage than this says nothing of the frame rate."""
_MOST = 65_535


class SegmentFacts(NamedTuple):
    """One segment, as far as a judgement needs it."""

    start_us: int
    end_us: int
    state: str
    locked: bool
    stored_us: int | None
    width: int
    height: int
    frames: int
    media_duration_us: int
    gop_max_us: int
    clock_offset_us: int | None
    size_bytes: int
    video_codec: str
    audio_codec: str | None


class Listing(NamedTuple):
    """What the bucket itself has of a camera: the start of each object, and when it was asked."""

    starts: AbstractSet[int]
    at_us: int

    def shows(self, segment: SegmentFacts) -> bool:
        """Whether a stored segment is there: listed, or read back only after the listing was made."""
        return segment.start_us in self.starts or (segment.stored_us or 0) >= self.at_us


def closed(spans: Iterable[Interval], seam_us: int = SEAM_US) -> list[Interval]:
    """Return the union of spans, with silences up to a seam closed."""
    result: list[Interval] = []
    last_start, last_end = 0, -1
    for start, end in sorted(s for s in spans if s[1] > s[0]):
        if last_end >= 0 and start - last_end <= seam_us:
            last_end = max(last_end, end)
            continue
        if last_end >= 0:
            result.append((last_start, last_end))
        last_start, last_end = start, end
    if last_end >= 0:
        result.append((last_start, last_end))
    return result


def day_book(
    day: date, start_us: int, end_us: int, segments: Sequence[SegmentFacts], listing: Listing | None
) -> DayBook:
    """Sum up the segments that start in [start, end), which lies on a local day."""
    living = [s for s in segments if s.state in RECORDED]
    stored = [s for s in living if s.state in STORED]
    shown = [] if listing is None else [s for s in stored if listing.shows(s)]
    kinds: dict[tuple[int, int, str, str | None], int] = {}
    first = start_us // WINDOW_US
    windows = -(-end_us // WINDOW_US) - first
    frames, lengths = [0] * windows, [0] * windows
    for s in living:
        us = s.media_duration_us
        kind = s.width, s.height, s.video_codec, s.audio_codec
        kinds[kind] = kinds.get(kind, 0) + us
        window = s.start_us // WINDOW_US - first
        frames[window] += s.frames
        lengths[window] += us
    sizes: dict[tuple[int, int], int] = {}
    codecs: dict[str, int] = {}
    audio: dict[str, int] = {}
    for (width, height, codec, sound), us in kinds.items():
        sizes[width, height] = sizes.get((width, height), 0) + us
        codecs[codec] = codecs.get(codec, 0) + us
        audio[sound or ""] = audio.get(sound or "", 0) + us
    rates = array("H", bytes(2 * windows))
    for number, us in enumerate(lengths):
        if us >= LEAST_OF_WINDOW_US:
            rates[number] = min(_MOST, max(1, frames[number] * 100_000_000 // us))
    offsets = [s.clock_offset_us for s in living if s.clock_offset_us is not None]
    recorded = _spans(living)

    def spans(chosen: list[SegmentFacts]) -> tuple[Interval, ...]:
        return recorded if len(chosen) == len(living) else _spans(chosen)  # mostly all of it is: computed once

    return DayBook(
        day=day,
        start_us=start_us,
        end_us=end_us,
        recorded=recorded,
        put=spans([s for s in living if s.state in PUT]),
        stored=spans(stored),
        locked=spans([s for s in stored if s.locked]),
        present=spans(shown),
        unseen=0 if listing is None else len(stored) - len(shown),
        listed_us=None if listing is None else listing.at_us,
        segments=len(living),
        size_bytes=sum(s.size_bytes for s in living),
        media_us=sum(s.media_duration_us for s in living),
        sizes=sizes,
        codecs=codecs,
        audio=audio,
        gop_max_us=max((s.gop_max_us for s in living), default=0),
        offset_min_us=min(offsets, default=None),
        offset_max_us=max(offsets, default=None),
        offsets=len(offsets),
        rates=rates,
    )


def _spans(segments: Iterable[SegmentFacts]) -> tuple[Interval, ...]:
    return tuple(closed([(s.start_us, s.end_us) for s in segments]))


_SPANS = ("recorded", "put", "stored", "locked", "present")
_PLAIN = ("unseen", "listed_us", "segments", "size_bytes", "media_us", "codecs", "audio", "gop_max_us")
_OFFSETS = ("offset_min_us", "offset_max_us", "offsets")


def book_as_json(book: DayBook) -> dict[str, Any]:
    """Return a book as JSON can hold it; a set of seconds that equals the one before it is not repeated."""
    values: dict[str, Any] = {name: getattr(book, name) for name in (*_PLAIN, *_OFFSETS)}
    before: tuple[Interval, ...] | None = None
    for name in _SPANS:
        spans = getattr(book, name)
        values[name] = "=" if spans == before else [edge for span in spans for edge in span]
        before = spans
    values["sizes"] = {f"{w}x{h}": us for (w, h), us in book.sizes.items()}
    values["rates"] = base64.b64encode(zlib.compress(_little(book.rates).tobytes(), 6)).decode()
    return values


def book_from_json(day: date, start_us: int, end_us: int, values: dict[str, Any]) -> DayBook:
    """Return the book that `book_as_json` wrote."""
    spans: dict[str, tuple[Interval, ...]] = {}
    before: tuple[Interval, ...] = ()
    for name in _SPANS:
        edges = values[name]
        if edges != "=":
            before = tuple(zip(edges[::2], edges[1::2], strict=True))
        spans[name] = before
    rates = array("H")
    rates.frombytes(zlib.decompress(base64.b64decode(values["rates"])))
    plain: dict[str, Any] = {name: values[name] for name in (*_PLAIN, *_OFFSETS)}
    return DayBook(
        day=day,
        start_us=start_us,
        end_us=end_us,
        recorded=spans["recorded"],
        put=spans["put"],
        stored=spans["stored"],
        locked=spans["locked"],
        present=spans["present"],
        **plain,
        sizes={_size(text): us for text, us in values["sizes"].items()},
        rates=_little(rates),
    )


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    return int(width), int(height)


def _little(rates: array[int]) -> array[int]:
    """Return the same numbers with the byte order that is written down."""
    if sys.byteorder == "big":
        rates = array("H", rates)
        rates.byteswap()
    return rates
