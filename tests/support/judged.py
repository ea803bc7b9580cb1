"""Records of cameras and institutions for tests of judging, made of segments as the catalogue has them. Pure."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from camera_gateway.clock import from_datetime
from camera_gateway.compliance.daybook import Listing, SegmentFacts, closed, day_book
from camera_gateway.compliance.evaluate import evaluate
from camera_gateway.compliance.measure import Period, days_of
from camera_gateway.compliance.standards import load_directory
from camera_gateway.domain.coverage import Gap, KeptSpan, coverage
from camera_gateway.domain.footage import GapCause
from camera_gateway.domain.intervals import normalise, subtract
from camera_gateway.domain.measured import CameraRecord, Declared, InstitutionRecord
from camera_gateway.settings.locate import config_directory

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from camera_gateway.domain.facts import FactValue
    from camera_gateway.domain.finding import Finding
    from camera_gateway.domain.standard import Standard

S = 1_000_000
MINUTE = 60 * S
HOUR = 60 * MINUTE
DAY = 24 * HOUR
ZONE = "Asia/Almaty"
STANDARDS = load_directory(config_directory() / "standards")
EVER = Listing(frozenset(), 0)
"""A listing that is older than every read-back: whatever is stored was seen."""


def at(text: str, time_zone: str = ZONE) -> int:
    """Return the µs of a local time, "2026-11-22 10:00"."""
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(time_zone)))


def segments(start_us: int, end_us: int, length_us: int = 15 * MINUTE, **facts: Any) -> list[SegmentFacts]:  # noqa: ANN401 - fields of a segment
    """Return stored segments that follow each other without a seam, 25 frames a second."""
    usual = {
        "state": "stored", "locked": True, "width": 1920, "height": 1080, "gop_max_us": 2 * S,
        "clock_offset_us": 10_000, "size_bytes": 30_000_000, "video_codec": "avc1.640028", "audio_codec": "mp4a.40.2",
    }  # fmt: skip
    found = []
    for begin in range(start_us, end_us, length_us):
        end = min(begin + length_us, end_us)
        values = {
            "start_us": begin, "end_us": end, "stored_us": end + 30 * S, "media_duration_us": end - begin,
            "frames": (end - begin) * 25 // S,
        }  # fmt: skip
        found.append(SegmentFacts(**{**usual, **values, **facts}))
    return found


def camera(
    made: Sequence[SegmentFacts],
    gaps: Iterable[Gap] = (),
    *,
    start_us: int,
    now_us: int,
    listing: Listing = EVER,
    cuts: Iterable[int] = (),
    time_zone: str = ZONE,
    created_us: int | None = None,
    **fields: Any,  # noqa: ANN401 - fields of the record
) -> CameraRecord:
    """Return the record that gathering makes of these segments and gap records."""
    created = start_us if created_us is None else created_us
    ordered = sorted(made)
    edges = sorted({start_us, now_us, *cuts})
    books = []
    at_row = 0
    for day, begin, end in days_of(time_zone, start_us, now_us):
        spans = sorted({max(begin, start_us), min(end, now_us), *(e for e in edges if begin < e < min(end, now_us))})
        for a, b in pairwise(spans):
            first = at_row
            while at_row < len(ordered) and ordered[at_row].start_us < b:
                at_row += 1
            books.append(day_book(day, a, b, ordered[first:at_row], listing))
    records = list(gaps)
    off = normalise((g.start_us, g.end_us) for g in records if g.cause is GapCause.SCHEDULE_OFF)
    life = (max(start_us, created), now_us)
    spans = [KeptSpan(s.start_us, s.end_us, s.state, s.locked) for s in ordered]
    result = coverage(*life, subtract([life], off), spans, records)

    def joined(name: str) -> list[tuple[int, int]]:
        return closed(span for book in books for span in getattr(book, name))

    off = normalise([*off, *((g.start_us, g.end_us) for g in result.gaps if g.cause is GapCause.SCHEDULE_OFF)])
    made_of: dict[str, Any] = {
        "id": "c1", "name": "Camera 1", "zone": "entrance", "role": None, "time_zone": time_zone,
        "created_us": created, "retired_us": None, "from_us": life[0], "to_us": life[1],
        "scheduled": subtract([life], off), "gaps": result.gaps, "books": tuple(books), "listed_us": now_us,
        "oldest_us": ordered[0].start_us if ordered else None, "living": None,
    }  # fmt: skip
    for name in ("recorded", "put", "stored", "locked", "present"):
        made_of[name] = joined(name)
    return CameraRecord(**{**made_of, **fields})


def institution(*cameras: CameraRecord, now_us: int, **fields: Any) -> InstitutionRecord:  # noqa: ANN401 - fields of the record
    """Return a children's home with these cameras."""
    usual: dict[str, Any] = {
        "id": "i1", "name": "Home", "kind": "childrens_home", "time_zone": ZONE, "at_us": now_us, "cameras": cameras,
    }  # fmt: skip
    return InstitutionRecord(**{**usual, **fields})


def fact(name: str, value: FactValue, until_us: int | None = None, number: int = 1) -> dict[str, Declared]:
    """Return one declared fact, as records hold them."""
    return {name: Declared(number, name, value, "act 7", "shell:alia", 0, until_us)}


def judge(
    standard: str,
    record: InstitutionRecord,
    start_us: int,
    end_us: int | None = None,
    standards: Sequence[Standard] = STANDARDS,
) -> list[Finding]:
    """Judge a record over a period that ends, unless it is said, at the moment of judging."""
    period = Period(start_us, record.at_us if end_us is None else end_us, record.at_us)
    return evaluate(standards, standard, record, period)


def of_rule(findings: Iterable[Finding], rule: str, scope: str | None = None) -> Finding:
    """Return the one finding of a rule, or that of one scope."""
    found = [f for f in findings if f.rule == rule and scope in {None, f.scope}]
    assert len(found) == 1, [(f.rule, f.scope) for f in found]
    return found[0]
