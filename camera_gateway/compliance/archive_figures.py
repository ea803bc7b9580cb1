"""The archive of one camera as figures with their evidence: what a rule on it is compared with. Pure.

Promises that where the bucket was not listed the figure is unknown, whatever the catalogue says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from camera_gateway.clock import US, rfc3339, to_datetime
from camera_gateway.compliance.context import unknown, written_s
from camera_gateway.compliance.duties import owed
from camera_gateway.compliance.lengths import days_in
from camera_gateway.compliance.measure import books_in, days_back, expected, holes, is_complete, spans_of, uptime
from camera_gateway.compliance.methods import Measured, Method
from camera_gateway.domain.footage import GapCause
from camera_gateway.domain.intervals import intersect, total
from camera_gateway.domain.schedule import zone
from camera_gateway.domain.standard import HOUSE, Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from camera_gateway.compliance.context import Context
    from camera_gateway.compliance.measure import Day
    from camera_gateway.domain.intervals import Interval
    from camera_gateway.domain.measured import CameraRecord
    from camera_gateway.domain.standard import Rule

NAMED_DAYS = 5
"""Incomplete days that a finding names in words; its data has them all."""
_UNLISTED = "the bucket has not been listed, so nothing can be said of what is in it"
_LONGEST_GOP_US = 30 * US


def asked_for(camera: CameraRecord, context: Context, rule: Rule) -> tuple[list[Interval], str]:
    """Return the time that a rule asks for in the period, and why it asks for none."""
    asked = expected(camera, context.period.start_us, context.period.end_us, rule.excuses)
    if rule.duty is None:
        return asked, "nothing was scheduled in the period, or all of it was deleted because its time was over"
    duty, why = owed(rule.duty, camera, context)
    return intersect(asked, duty), why or "nothing was scheduled in the hours that the rule is about"


def recorded_ratio(camera: CameraRecord, context: Context, rule: Rule) -> Measured:
    """Return the share of what was asked for that is stored and present."""
    if camera.listed_us is None:
        return unknown(_UNLISTED, Method.LISTED_RATIO)
    asked, why = asked_for(camera, context, rule)
    length = total(asked)
    if not length:
        return unknown(why, Method.LISTED_RATIO)
    kept = total(intersect(asked, camera.present))
    value = kept / length
    causes = _by_cause(camera, holes(camera, asked))
    expired = total(
        intersect(spans_of(camera.gaps, {GapCause.EXPIRED}), [(context.period.start_us, context.period.end_us)])
    )
    evidence = f"{written_s(kept / US)} of {written_s(length / US)}, bucket listed {rfc3339(camera.listed_us)}"
    if causes:
        evidence += "; missing: " + ", ".join(f"{cause} {written_s(us / US)}" for cause, us in causes.items())
    data = {
        "expected_s": length / US,
        "kept_s": kept / US,
        "missing_s": {cause: us / US for cause, us in causes.items()},
        "expired_s": expired / US,
        "listed_at": rfc3339(camera.listed_us),
    }
    return Measured(value, f"{value:.4f}", Method.LISTED_RATIO, evidence, data)


def _by_cause(camera: CameraRecord, missing: list[Interval]) -> dict[str, int]:
    """Return the missing time by cause; what is recorded and was not seen in the bucket has a name of its own."""
    causes: dict[str, int] = {}
    left = total(missing)
    for gap in camera.gaps:
        us = total(intersect(missing, [(gap.start_us, gap.end_us)])) if missing else 0
        if us:
            causes[gap.cause.value] = causes.get(gap.cause.value, 0) + us
            left -= us
    if left > 0:
        causes["not-in-bucket"] = left
    return dict(sorted(causes.items()))


def gap_figure(camera: CameraRecord, context: Context, rule: Rule) -> Measured:
    """Return the longest hole, their sum or their number; holes up to one GOP are seams."""
    if camera.listed_us is None:
        return unknown(_UNLISTED, Method.LISTED_GAPS)
    asked, why = asked_for(camera, context, rule)
    if not asked:
        return unknown(why, Method.LISTED_GAPS)
    books = books_in(camera, context.period.start_us, context.period.end_us)
    tolerance = min(max((b.gop_max_us for b in books), default=0), _LONGEST_GOP_US)
    lengths = [end - start for start, end in holes(camera, asked, tolerance)]
    figures = {
        "archive.max_gap": max(lengths, default=0) / US,
        "archive.gap_total": sum(lengths) / US,
        "archive.gap_count": len(lengths),
    }
    value = figures[rule.metric or ""]
    words = str(value) if rule.metric == "archive.gap_count" else f"{value:.3f} s"
    data = {"tolerance_s": tolerance / US, "listed_at": rfc3339(camera.listed_us), "holes": len(lengths)}
    evidence = f"{len(lengths)} holes longer than {tolerance / US:.1f} s, bucket listed {rfc3339(camera.listed_us)}"
    return Measured(value, words, Method.LISTED_GAPS, evidence, data)


def up_share(camera: CameraRecord, context: Context, rule: Rule) -> Measured:
    """Return the share of watched time in which the camera delivered; what nobody could watch stands apart."""
    found = uptime(camera, context.period.start_us, context.period.end_us, rule.excuses)
    data = {
        "required_s": found.required_us / US,
        "up_s": found.up_us / US,
        "down_s": found.down_us / US,
        "observer_down_s": found.unseen_us / US,
        "excused_s": found.excused_us / US,
    }
    evidence = (
        f"down for {written_s(found.down_us / US)} of {written_s((found.up_us + found.down_us) / US)} watched; "
        f"nobody watched for {written_s(found.unseen_us / US)}"
    )
    if found.share is None:
        return Measured(None, "–", Method.UPTIME, f"nobody could watch the camera in the period; {evidence}", data)
    return Measured(found.share, f"{found.share:.4f}", Method.UPTIME, evidence, data)


def complete_days(camera: CameraRecord, context: Context, rule: Rule, wanted: float) -> tuple[Result, Measured]:
    """Judge how many whole days the archive reaches back; a young archive without a hole is accruing."""
    if camera.listed_us is None:
        return Result.UNKNOWN, unknown(_UNLISTED, Method.LISTED_DAYS)
    if camera.retired_us is not None:
        why = f"the camera was retired on {rfc3339(camera.retired_us)[:10]}"
        return Result.NOT_APPLICABLE, Measured(None, "–", Method.LISTED_DAYS, why)
    ratio, taken_ratio = _of_house(rule, context, "min_recorded_ratio")
    gap_s, taken_gap = _of_house(rule, context, "max_gap_s")
    days = days_back(camera, context.period.at_us, rule.excuses)
    run = 0
    while run < len(days) and is_complete(days[run], ratio, gap_s):
        run += 1
    bad = [day for day in days if not is_complete(day, ratio, gap_s)]
    evidence = _day_words(ratio, gap_s) + f", bucket listed {rfc3339(camera.listed_us)}"
    if taken_ratio or taken_gap:
        evidence += "; the text gives no such figure, it is the house profile's"
    if bad:
        more = len(bad) - NAMED_DAYS
        evidence += f"; incomplete: {', '.join(d.date.isoformat() for d in bad[:NAMED_DAYS])}"
        evidence += f" and {more} more" if more > 0 else ""
    data: dict[str, Any] = {
        "complete_days": run,
        "incomplete": [d.date.isoformat() for d in bad],
        "first_day": days[-1].date.isoformat() if days else None,
        "min_recorded_ratio": ratio,
        "max_gap_s": gap_s,
        "house": sorted(k for k, v in (("min_recorded_ratio", taken_ratio), ("max_gap_s", taken_gap)) if v),
        "unseen_segments": sum(book.unseen for book in camera.books),
        "listed_at": rfc3339(camera.listed_us),
    }
    if run < wanted and not bad and _young(camera, context, rule, wanted, days):
        data["goal_on"] = _goal(camera, wanted)
        return Result.ACCRUING, Measured(run, f"{run} d", Method.LISTED_DAYS, evidence, data)
    if days and not any(day.expected_us for day in days):
        why = "nothing was scheduled on any of these days"
        return Result.UNKNOWN, Measured(run, f"{run} d", Method.LISTED_DAYS, why, data)
    result = Result.PASS if run >= wanted else Result.FAIL
    return result, Measured(run, f"{run} d", Method.LISTED_DAYS, evidence, data)


def _of_house(rule: Rule, context: Context, key: str) -> tuple[float | None, bool]:
    """Return a condition of the day rule, and whether it was taken from the house profile."""
    given = None if rule.day is None else getattr(rule.day, key)
    if given == HOUSE:
        return context.house_day(key), True
    return (None if given is None else float(given)), False


def _day_words(ratio: float | None, gap_s: float | None) -> str:
    conditions = []
    if ratio is not None:
        conditions.append(f"{ratio:.2%} kept".replace(".00%", "%"))
    if gap_s is not None:
        conditions.append(f"no hole over {gap_s:g} s")
    return "each day " + (" with ".join(conditions) or "whatever is kept")


def _young(camera: CameraRecord, context: Context, rule: Rule, wanted: float, days: Sequence[Day]) -> bool:
    """Whether the camera has not been there for as long as it must keep, or as the rule allows."""
    in_time = rule.accruing is None or context.period.at_us < camera.created_us + rule.accruing.seconds * US
    return in_time and len(days) < wanted


def _goal(camera: CameraRecord, wanted: float) -> str:
    tz = zone(camera.time_zone)
    first = to_datetime(camera.created_us).astimezone(tz).date()
    return first.fromordinal(first.toordinal() + int(wanted)).isoformat()


def oldest_age(camera: CameraRecord, context: Context, _rule: Rule) -> Measured:
    """Return how old the oldest object is that no hold keeps: for ceilings only."""
    if camera.listed_us is None:
        return unknown(_UNLISTED, Method.LISTED_OLDEST)
    if camera.oldest_us is None:
        return Measured(0.0, "0 d", Method.LISTED_OLDEST, "the bucket holds nothing of it that no hold keeps")
    days = (context.period.at_us - camera.oldest_us) / US / 86_400
    data = {"oldest": rfc3339(camera.oldest_us), "days": days, "listed_at": rfc3339(camera.listed_us)}
    evidence = f"from {rfc3339(camera.oldest_us)}, bucket listed {rfc3339(camera.listed_us)}"
    return Measured(days, f"{days:.1f} d", Method.LISTED_OLDEST, evidence, data)


def age_wanted(figure: float, camera: CameraRecord, context: Context, rule: Rule) -> float:
    """Return a figure of age in days, as the calendar counts months and years back from the day of judging."""
    today = to_datetime(context.period.at_us).astimezone(zone(camera.time_zone)).date()
    return days_in(figure, rule.unit or "d", today)
