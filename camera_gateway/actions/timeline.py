"""The verb that tells a camera's time as a timeline draws it: footage, gaps, holds, incidents, impairments, activity.

Promises every second of the span as `footage coverage` counts it, and an answer that stays small: segments that
follow each other are one span, and beyond two days short gaps are left to the sums per hour. Shows no picture.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

from camera_gateway.access.permissions import Act
from camera_gateway.access.rights import place_of, rights_of
from camera_gateway.actions.footage import Background, Span, background, check_span, measured
from camera_gateway.catalogue import holds as hold_rows
from camera_gateway.catalogue import incidents as incident_rows
from camera_gateway.catalogue.looks import impairments_in_span
from camera_gateway.catalogue.watching_rows import TimelineRow, timeline_rows
from camera_gateway.clock import US, rfc3339
from camera_gateway.domain.coverage import SEAM_US, KeptSpan
from camera_gateway.domain.footage import RECORDED, STORED
from camera_gateway.domain.ids import CameraId
from camera_gateway.domain.intervals import clip, total
from camera_gateway.errors import InvalidInput
from camera_gateway.handover.status_file import read_statuses

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.incidents import Incident
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.coverage import Gap
    from camera_gateway.domain.people import Actor
    from camera_gateway.domain.picture import Impairment
    from camera_gateway.domain.retention import Hold

HOUR_US = 3_600 * US
DAY_US = 24 * HOUR_US
LONGEST_US = 62 * DAY_US
FINE_US = 2 * DAY_US
"""Up to here every gap is told; beyond, those of `COARSE_US` and more, and every hour has its sums."""
COARSE_US = 60 * US
ACTIVITY_STEPS_US = (60 * US, 300 * US, 900 * US, HOUR_US)
ACTIVITY_POINTS = 1_000
MOST_GAPS = 2_000
FACTS = ("clock_method", "video_codec", "audio_codec", "width", "height")


async def timeline(gateway: Gateway, actor: Actor, args: Span) -> dict[str, Any]:
    """Tell the timeline of a span of at most 62 days."""
    check_span(args)
    if args.to_us - args.from_us > LONGEST_US:
        raise InvalidInput("a timeline spans 62 days at most", hint="ask for a part of it")
    now_us = gateway.clock.now_us()
    # status before catalogue: a segment sealed in between is then seen twice, never not at all
    recorders = read_statuses(gateway.data_dir / "status")
    camera_id = CameraId(args.camera)

    def work(tx: Transaction) -> tuple[list[TimelineRow], Background, list[Hold], list[Incident], list[Impairment]]:
        rows = timeline_rows(tx, camera_id, args.from_us, args.to_us)
        behind = background(tx, camera_id, args)
        # who may not list holds and incidents is not told of them here either
        place = place_of(tx, behind.camera)
        rights = rights_of(tx, actor)
        holds = hold_rows.active_holds(tx) if rights.decide(Act.HOLD_PLACE, place).allowed else []
        incidents = incident_rows.list_incidents(tx) if rights.decide(Act.INCIDENT_REPORT, place).allowed else []
        return rows, behind, holds, incidents, impairments_in_span(tx, camera_id, args.from_us, args.to_us)

    rows, behind, holds, incidents, impairments = await gateway.read(work)
    kept = [KeptSpan(row.start_us, row.end_us, row.state, row.locked) for row in rows]
    result, open_from_us = measured(gateway, args, behind, recorders, kept, now_us)
    recorded = [row for row in rows if row.state in RECORDED]
    coarse = args.to_us - args.from_us > FINE_US
    gaps = [gap for gap in result.gaps if not coarse or gap.end_us - gap.start_us >= COARSE_US]
    if len(gaps) > MOST_GAPS:
        least = sorted(gap.end_us - gap.start_us for gap in gaps)[-MOST_GAPS]
        gaps = [gap for gap in gaps if gap.end_us - gap.start_us > least]
    spans = [*_spans(recorded, COARSE_US if coarse else SEAM_US, joins_runs=coarse)]
    if open_from_us is not None and open_from_us < args.to_us:
        spans.append({"from": rfc3339(open_from_us), "to": rfc3339(min(now_us, args.to_us)), "state": "open"})
    institution = behind.camera.institution
    answer: dict[str, Any] = {
        "camera": camera_id,
        "from": rfc3339(args.from_us),
        "to": rfc3339(args.to_us),
        "zone": behind.camera.zone.value,
        "time_zone": behind.site.time_zone,
        "spans": spans,
        "gaps": [_gap(gap) for gap in gaps],
        "gaps_left_out": len(result.gaps) - len(gaps),
        "holds": [_hold(h) for h in holds if h.covers(institution, camera_id, args.from_us, args.to_us)],
        "incidents": [
            {"id": i.id, "at": rfc3339(i.at_us), "text": i.text, "hold": f"hold-{i.hold}"}
            for i in incidents
            if args.from_us <= i.at_us < args.to_us and _concerns(i, args, institution)
        ],
        "impairments": [
            {
                "kind": each.kind,
                "from": rfc3339(each.start_us),
                "to": rfc3339(min(now_us, args.to_us) if each.end_us is None else each.end_us),
                "open": each.end_us is None,
            }
            for each in impairments
        ],
        "activity_is": "bitrate over the camera's median in this span",
        "activity": _activity(recorded, args),
    }
    if coarse:
        answer["hours"] = _hours(recorded, result.gaps, args, min(args.to_us, result.end_us))
    return answer


def _spans(rows: Sequence[TimelineRow], seam_us: int, *, joins_runs: bool) -> Iterator[dict[str, Any]]:
    """Yield stretches of one state, format and (unless coarse) run; `segment` is the first one's."""
    group: list[TimelineRow] = []
    for row in rows:
        last = group[-1] if group else None
        if last is not None and not (
            row.start_us - last.end_us <= seam_us
            and _state(row) == _state(last)
            and (joins_runs or row.run == last.run)
            and all(getattr(row, name) == getattr(last, name) for name in FACTS)
        ):
            yield _span(group)
            group = []
        group.append(row)
    if group:
        yield _span(group)


def _state(row: TimelineRow) -> str:
    return "stored" if row.state in STORED else "spooled"


def _span(group: Sequence[TimelineRow]) -> dict[str, Any]:
    first, last = group[0], group[-1]
    return {
        "from": rfc3339(first.start_us),
        "to": rfc3339(max(row.end_us for row in group)),
        "state": _state(first),
        "run": first.run if first.run == last.run else None,
        "segment": first.segment,
        "segments": len(group),
        "clock_method": first.clock_method,
        "uncertainty_s": max(row.wall_uncertainty_us for row in group) / US,
        "video": first.video_codec,
        "audio": first.audio_codec,
        "width": first.width,
        "height": first.height,
    }


def _gap(gap: Gap) -> dict[str, Any]:
    return {
        "from": rfc3339(gap.start_us),
        "to": rfc3339(gap.end_us),
        "cause": gap.cause.value,
        "detail": gap.detail,
        "required": gap.required,
    }


def _concerns(incident: Incident, args: Span, owner: str) -> bool:
    return args.camera in incident.cameras if incident.cameras else incident.institution == owner


def _hold(hold: Hold) -> dict[str, Any]:
    return {
        "id": hold.id,
        "from": rfc3339(hold.start_us),
        "to": None if hold.end_us is None else rfc3339(hold.end_us),
        "case": hold.case,
        "reason": hold.reason,
    }


def _activity(rows: Sequence[TimelineRow], args: Span) -> list[dict[str, Any]]:
    """Return bitrate over the median bitrate, one value per step: what moves costs bits. Nothing of a lone segment."""
    step_us = next((s for s in ACTIVITY_STEPS_US if (args.to_us - args.from_us) // s <= ACTIVITY_POINTS), HOUR_US)
    sums: dict[int, list[int]] = {}
    for row in rows:
        if row.media_duration_us > 0:
            place = sums.setdefault(max(row.start_us, args.from_us) // step_us, [0, 0])
            place[0] += row.size_bytes
            place[1] += row.media_duration_us
    rates = {place: size / lasted for place, (size, lasted) in sums.items()}
    if len(rates) < 2:  # noqa: PLR2004 - one has nothing to be compared with
        return []
    usual = median(rates.values())
    return [
        {"at": rfc3339(max(place * step_us, args.from_us)), "value": round(rate / usual, 2)}
        for place, rate in sorted(rates.items())
        if usual
    ]


def _hours(rows: Sequence[TimelineRow], gaps: Sequence[Gap], args: Span, end_us: int) -> list[dict[str, Any]]:
    """Return, for each hour of UTC that the span touches: seconds stored, recorded, missing, and the main cause."""
    stored = _by_hour(((r.start_us, r.end_us) for r in rows if r.state in STORED), args)
    recorded = _by_hour(((r.start_us, r.end_us) for r in rows), args)
    missing: dict[int, dict[str, int]] = {}
    for gap in gaps:
        for hour, length_us in _by_hour(((gap.start_us, gap.end_us),), args).items():
            causes = missing.setdefault(hour, {})
            causes[gap.cause.value] = causes.get(gap.cause.value, 0) + length_us
    result = []
    for hour in range(args.from_us // HOUR_US, -(-end_us // HOUR_US)):
        causes = missing.get(hour, {})
        result.append(
            {
                "at": rfc3339(hour * HOUR_US),
                "stored_s": round(stored.get(hour, 0) / US, 1),
                "recorded_s": round(recorded.get(hour, 0) / US, 1),
                "missing_s": round(sum(causes.values()) / US, 1),
                "cause": max(causes, key=lambda cause: causes[cause]) if causes else None,
            }
        )
    return result


def _by_hour(spans: Iterable[tuple[int, int]], args: Span) -> dict[int, int]:
    result: dict[int, list[tuple[int, int]]] = {}
    for start_us, end_us in spans:
        start, end = max(start_us, args.from_us), min(end_us, args.to_us)
        for hour in range(start // HOUR_US, -(-end // HOUR_US)):
            result.setdefault(hour, []).append((start, end))
    return {hour: total(clip(each, hour * HOUR_US, (hour + 1) * HOUR_US)) for hour, each in result.items()}
