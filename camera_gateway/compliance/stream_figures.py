"""The recorded stream, the clock and the picture of one camera in figures. Pure.

Works on the books of days: what the segments themselves say of size, frames, codec and clock.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from camera_gateway.clock import US, rfc3339
from camera_gateway.compliance.context import unknown, written
from camera_gateway.compliance.lengths import after
from camera_gateway.compliance.measure import books_in
from camera_gateway.compliance.methods import Measured, Method
from camera_gateway.domain.intervals import clip, intersect, total
from camera_gateway.domain.standard import Aggregate, Length, Unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from camera_gateway.compliance.context import Context
    from camera_gateway.domain.measured import CameraRecord, DayBook
    from camera_gateway.domain.standard import Rule

USUAL = Aggregate("p5", 60, Length(1, Unit.DAY))
"""How a rate is made one figure where the rule does not say: the worst day's 5th percentile of minutes."""
_NOTHING = "nothing was recorded in the period"
CODEC_NAMES = {"avc1": "h264", "avc3": "h264", "hvc1": "h265", "hev1": "h265"}
IMPAIRMENTS = {
    # metric: the kinds of impairments that it is about
    "image.dark": frozenset({"black", "dark"}),
    "image.blurred": frozenset({"blurred"}),
    "image.obstructed": frozenset({"covered", "black"}),
    "image.view_changed": frozenset({"moved"}),
}


def resolution(books: Sequence[DayBook]) -> Measured:
    """Return the smallest picture that was recorded, with how long each size was."""
    seconds: dict[tuple[int, int], int] = {}
    for book in books:
        for size, us in book.sizes.items():
            seconds[size] = seconds.get(size, 0) + us
    if not seconds:
        return unknown(_NOTHING, Method.PARAMETER_SETS)
    width, height = min(seconds, key=lambda size: (size[0] * size[1], size))
    data = {"sizes": {f"{w}x{h}": us / US for (w, h), us in sorted(seconds.items())}}
    return Measured({"width": width, "height": height}, f"{width}x{height}", Method.PARAMETER_SETS, data=data)


def frame_rate(books: Sequence[DayBook], how: Aggregate | None) -> Measured:
    """Return frames per second, made one figure as the rule says; the worst of its spans counts."""
    how = how or USUAL
    worst: tuple[float, str, int] | None = None
    windows = 0
    for first, rates in _spans(books, how.over):
        values = _windows(rates, how.window_s // 60)
        windows += len(values)
        if values:
            figure = _one(values, how.fn)
            if worst is None or figure < worst[0]:
                worst = figure, first, len(values)
    if worst is None:
        return unknown("too little was recorded in the period to count frames", Method.FRAMES)
    figure, first, _ = worst
    evidence = f"{how.fn} of {windows} windows of {how.window_s} s" + (
        "" if how.over is None else f", worst span of {how.over} from {first}"
    )
    data = {"fn": how.fn, "window_s": how.window_s, "over": str(how.over or ""), "windows": windows, "worst": first}
    return Measured(figure, f"{figure:.2f} 1/s", Method.FRAMES, evidence, data)


def _spans(books: Sequence[DayBook], over: Length | None) -> Iterable[tuple[str, array[int]]]:
    """Yield the rates of each span of `over`, with its first day; 0 where there are too few seconds to say."""
    if not books:
        return
    calendar = over if over is not None and over.on_calendar else None
    first, rates = books[0].day, array("H")
    for book in books:
        if calendar is not None and book.day >= after(first, calendar):
            yield first.isoformat(), rates
            first, rates = book.day, array("H")
        rates.extend(book.rates)
    yield first.isoformat(), rates


def _windows(rates: array[int], minutes: int) -> list[int]:
    """Return the rates of windows that have any, in rising order: sorting and cutting is the machine's work."""
    if minutes > 1:
        known = [rate for rate in rates if rate]
        return sorted(
            sum(part) // len(part) for part in (known[i : i + minutes] for i in range(0, len(known), minutes))
        )
    ordered = sorted(rates)
    return ordered[bisect_right(ordered, 0) :]


def _one(values: list[int], function: str) -> float:
    if function == "mean":
        return sum(values) / len(values) / 100
    if function in {"min", "max"}:
        return (min if function == "min" else max)(values) / 100
    return values[(len(values) - 1) * 5 // 100] / 100


def codecs(books: Sequence[DayBook]) -> Measured:
    """Return the names of the codecs that were recorded."""
    strings = sorted({codec for book in books for codec in book.codecs})
    if not strings:
        return unknown(_NOTHING, Method.BITSTREAM)
    names = tuple(sorted({CODEC_NAMES.get(text.partition(".")[0], text) for text in strings}))
    return Measured(names, written(names), Method.BITSTREAM, data={"strings": strings})


def sound(books: Sequence[DayBook]) -> Measured:
    """Return whether sound was recorded, all of the time."""
    silent = sum(book.audio.get("", 0) for book in books)
    whole = sum(sum(book.audio.values()) for book in books)
    if not whole:
        return unknown(_NOTHING, Method.BITSTREAM)
    return Measured(silent == 0, "no" if silent else "yes", Method.BITSTREAM, data={"silent_s": silent / US})


def bitrate(books: Sequence[DayBook]) -> Measured:
    """Return bits per second of media, over the whole period."""
    media = sum(book.media_us for book in books)
    if not media:
        return unknown(_NOTHING, Method.BITRATE)
    value = round(sum(book.size_bytes for book in books) * 8 * US / media)
    return Measured(value, f"{value} bit/s", Method.BITRATE)


def gop(books: Sequence[DayBook]) -> Measured:
    """Return the longest stretch between two keyframes."""
    if not any(book.segments for book in books):
        return unknown(_NOTHING, Method.BITSTREAM)
    value = max(book.gop_max_us for book in books) / US
    return Measured(value, f"{value:.2f} s", Method.BITSTREAM)


def clock_offset(camera: CameraRecord, context: Context, books: Sequence[DayBook]) -> Measured:
    """Return how far the camera's clock was off at most, by its own reports, else as somebody has compared it."""
    told = [b for b in books if b.offset_min_us is not None and b.offset_max_us is not None]
    known = context.institution.clock.get("synchronised")
    gateway = "not known" if known is None else "synchronised" if known else "NOT synchronised"
    if told:
        edges = [edge for b in told for edge in (b.offset_min_us or 0, b.offset_max_us or 0)]
        value = max(edges, key=abs) / US
        segments, reporting = sum(b.segments for b in books), sum(b.offsets for b in books)
        evidence = (
            f"RTCP sender reports of {reporting} of {segments} segments, the largest difference; "
            f"whether the camera takes its time from NTP is not known; the gateway's own clock: {gateway}"
        )
        data = {"offset_s": value, "segments": segments, "reporting": reporting, "gateway_clock": known}
        return Measured(abs(value), f"{value:+.3f} s", Method.SENDER_REPORTS, evidence, data)
    by_hand = context.valid(camera.facts, "time.offset_s")
    if by_hand is not None and isinstance(by_hand.value, float):
        evidence = f"compared by {by_hand.declared_by} on {rfc3339(by_hand.declared_us)[:10]}: {by_hand.evidence}"
        data = {"offset_s": by_hand.value, "gateway_clock": known, "fact": by_hand.number}
        return Measured(abs(by_hand.value), f"{by_hand.value:+.3f} s", Method.CLOCK_BY_HAND, evidence, data)
    why = "the camera sends no sender reports, and nobody has compared its clock by hand (declare time.offset_s)"
    return unknown(why, Method.SENDER_REPORTS, gateway_clock=known)


def pixel_density(camera: CameraRecord, context: Context, books: Sequence[DayBook]) -> Measured:
    """Return the pixels on a metre: one half is measured, the other declared."""
    size = resolution(books)
    if size.value is None:
        return unknown(_NOTHING, Method.SCENE)
    scene = context.valid(camera.facts, "scene.width_m")
    if scene is None or not isinstance(scene.value, float) or scene.value <= 0:
        return unknown("the width of the scene is not declared, or not any more (declare scene.width_m)", Method.SCENE)
    width = size.value["width"]
    value = width / scene.value
    evidence = (
        f"{width} px as recorded over {written(scene.value)} m, declared by {scene.declared_by} "
        f"on {rfc3339(scene.declared_us)[:10]}"
    )
    data = {"width": width, "scene_m": scene.value, "fact": scene.number, "declared_by": scene.declared_by}
    return Measured(value, f"{value:.1f} px/m", Method.SCENE, evidence, data)


def impaired(camera: CameraRecord, context: Context, rule: Rule) -> Measured:
    """Return whether, or for which share of the recorded time, the picture was bad in one way."""
    looks = camera.looks
    if looks is None or looks.taken == 0:
        return unknown("nobody has looked at the picture in the period", Method.LOOKS)
    kinds = IMPAIRMENTS[rule.metric or ""]
    if rule.metric == "image.view_changed" and looks.compared == 0:
        return unknown("there is no approved picture to compare with", Method.LOOKS, looks=looks.taken)
    start, end = context.period.start_us, context.period.end_us
    spans = clip(((i.start_us, i.end_us or end) for i in camera.impaired if i.kind in kinds), start, end)
    bad = total(intersect(spans, clip(camera.recorded, start, end)))
    whole = total(clip(camera.recorded, start, end))
    data: dict[str, Any] = {"looks": looks.taken, "failed": looks.failed, "bad_s": bad / US, "kinds": sorted(kinds)}
    evidence = f"{looks.taken} looks in the period; {', '.join(sorted(kinds))} for {bad / US:.0f} s"
    if isinstance(rule.value, bool):
        return Measured(bool(spans), "yes" if spans else "no", Method.LOOKS, evidence, data)
    share = bad / whole if whole else 0.0
    return Measured(share, f"{share:.4f}", Method.LOOKS, evidence, data)


def night_picture(camera: CameraRecord, context: Context, _rule: Rule) -> Measured:
    """Return whether the picture is usable at night: seen by looks in the dark hours, else as somebody declares."""
    looks = camera.looks
    if looks is not None and looks.at_night:
        good = looks.at_night - looks.bad_at_night
        evidence = f"{good} of {looks.at_night} looks between 22:00 and 05:00 saw more than black"
        data = {"looks": looks.at_night, "bad": looks.bad_at_night}
        return Measured(looks.bad_at_night == 0, f"{good} of {looks.at_night}", Method.LOOKS, evidence, data)
    fact = context.valid(camera.facts, "image.day_night")
    if fact is None:
        return unknown("nobody has looked at the picture at night, and nobody declares it", Method.LOOKS)
    evidence = f"declared by {fact.declared_by} on {rfc3339(fact.declared_us)[:10]}: {fact.evidence}"
    return Measured(fact.value, written(fact.value), Method.DECLARED, evidence, {"fact": fact.number})


def books_of(camera: CameraRecord, context: Context) -> list[DayBook]:
    """Return the books of the period that is judged."""
    return books_in(camera, context.period.start_us, context.period.end_us)
