"""Books of days: read from the catalogue where a day is summed up already, else made of its segments; and the keeping.

A kept day rests on a listing of the bucket. Where a newer listing shows the same objects, it is as good as new; where
it shows others, or a segment has changed since, the day is summed up again.
"""

from __future__ import annotations

import hashlib
import json
from array import array
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from camera_gateway.catalogue.camera_days import KeptDay, forget_days, keep_day, kept_days, listed_days, seen_again
from camera_gateway.catalogue.judged_segments import starting_in
from camera_gateway.clock import to_datetime
from camera_gateway.compliance.daybook import (
    Listing,
    SegmentFacts,
    book_as_json,
    book_from_json,
    day_book,
)
from camera_gateway.compliance.editions import midnight
from camera_gateway.compliance.measure import days_of
from camera_gateway.domain.people import SYSTEM
from camera_gateway.domain.schedule import zone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.camera import Camera
    from camera_gateway.domain.ids import CameraId
    from camera_gateway.domain.measured import DayBook

FRESH_US = 36 * 3_600 * 1_000_000
"""So old may the listing be that a kept day rests on, where nobody asks for a new one."""
KEPT_DAYS = 95
NEVER = Listing(frozenset(), 0)


def digest_of(starts: Sequence[int]) -> str:
    """Return the digest of what a listing shows of a day."""
    return hashlib.sha256(array("q", sorted(starts)).tobytes()).hexdigest()[:32]


def by_day(listing: Listing, spans: Sequence[tuple[date, int, int]]) -> list[list[int]]:
    """Divide what a listing shows into spans that follow each other."""
    starts = sorted(listing.starts)
    found: list[list[int]] = []
    at = 0
    for _, begin, end in spans:
        while at < len(starts) and starts[at] < begin:
            at += 1
        first = at
        while at < len(starts) and starts[at] < end:
            at += 1
        found.append(starts[first:at])
    return found


def books_of(
    tx: Transaction,
    camera: CameraId,
    time_zone: str,
    span: tuple[int, int],
    cuts: Sequence[int],
    listing: Listing | None,
) -> tuple[DayBook, ...]:
    """Return the books of [start, now), cut at local midnights and at `cuts`.

    With a listing, every book rests on it. Without one, which is for days that `wants_listing` wants none for, whole
    days are read as they are kept, and what was stored today counts as seen: it was read back today.
    """
    start_us, now_us = span
    kept = {day.start_us: day for day in kept_days(tx, camera, start_us, now_us)}
    spans = list(days_of(time_zone, start_us, now_us))
    seen = [] if listing is None else by_day(listing, spans)
    books = []
    for number, (day, begin, end) in enumerate(spans):
        edges = sorted({max(begin, start_us), min(end, now_us), *(e for e in cuts if begin < e < min(end, now_us))})
        whole = edges == [begin, end]
        known = kept.get(begin) if whole else None
        if known is not None and known.end_us == end:
            fresh = _as_good(known, seen[number] if seen else None, listing, now_us)
            if fresh is not None:
                books.append(fresh)
                continue
        for a, b in pairwise(edges):
            rows = [*map(SegmentFacts._make, starting_in(tx, camera, a, b))]
            books.append(day_book(day, a, b, rows, listing or Listing(frozenset(), begin)))
    return tuple(books)


def _as_good(known: KeptDay, seen: list[int] | None, listing: Listing | None, now_us: int) -> DayBook | None:
    """Return a kept day where it may be used: as old as that is allowed, or seen again just now."""
    if listing is None:
        if now_us - known.listed_us > FRESH_US:
            return None
        listed_us = known.listed_us
    elif seen is not None and digest_of(seen) == known.seen:
        listed_us = listing.at_us
    else:
        return None
    values = json.loads(known.book)
    values["listed_us"] = listed_us
    return book_from_json(date.fromisoformat(known.day), known.start_us, known.end_us, values)


def wants_listing(tx: Transaction, camera: Camera, time_zone: str, span: tuple[int, int], cuts: Sequence[int]) -> bool:
    """Whether the bucket is to be listed: a day that has ended is not kept as it is now, or is asked for in part."""
    start_us, now_us = span
    kept = listed_days(tx, camera.id, start_us, now_us)
    for _, begin, end in days_of(time_zone, max(start_us, camera.created_us), now_us):
        if end > now_us:
            break
        kept_end_us, listed_us = kept.get(begin, (None, 0))
        whole = not any(begin < cut < end for cut in cuts)
        if not whole or kept_end_us != end or now_us - listed_us > FRESH_US:
            return True
    return False


async def keep_books(gateway: Gateway, camera: Camera, time_zone: str, listing: Listing) -> int:
    """Sum up the days of a camera that have ended, as a listing shows them; return how many had to be made anew.

    Each day is made in the write transaction that keeps it, so that nothing changes in between.
    """
    tz = zone(time_zone)
    today = to_datetime(gateway.clock.now_us()).astimezone(tz).date()
    first_us = max(midnight(today - timedelta(days=KEPT_DAYS), tz), _midnight_before(camera.created_us, time_zone))
    spans = list(days_of(time_zone, first_us, midnight(today, tz)))
    made = 0
    for (day, begin, end), starts in zip(spans, by_day(listing, spans), strict=True):
        seen = digest_of(starts)

        def work(tx: Transaction, day: date = day, begin: int = begin, end: int = end, seen: str = seen) -> bool:
            known = kept_days(tx, camera.id, begin, begin + 1)
            if known and known[0].seen == seen and known[0].end_us == end:
                seen_again(tx, camera.id, known[0], listing.at_us)
                return False
            rows = [*map(SegmentFacts._make, starting_in(tx, camera.id, begin, end))]
            book = day_book(day, begin, end, rows, listing)
            text = json.dumps(book_as_json(book), separators=(",", ":"))
            keep_day(tx, camera.id, KeptDay(begin, end, day.isoformat(), seen, listing.at_us, text))
            return True

        made += await gateway.write(SYSTEM, work)
    await gateway.write(SYSTEM, lambda tx: forget_days(tx, camera.id, first_us))
    return made


def _midnight_before(at_us: int, time_zone: str) -> int:
    return next(iter(days_of(time_zone, at_us, at_us + 1)))[1]
