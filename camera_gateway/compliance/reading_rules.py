"""One `[[rule]]` of a standard's file into a `Rule`. Pure.

Promises what `reading` promises; each kind of rule has its own demands, and keys that mean nothing for a kind are not
silently passed over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from camera_gateway.compliance import keys
from camera_gateway.compliance.lengths import parse_length
from camera_gateway.compliance.parts import DOCUMENT, nearest
from camera_gateway.domain.facts import FACTS, is_custom
from camera_gateway.domain.standard import (
    HOUSE,
    Aggregate,
    Basis,
    DayRule,
    Duty,
    Excuse,
    HoldWindow,
    Length,
    Process,
    RequiredZone,
    Rule,
    RuleKind,
    Severity,
    Verified,
    When,
)

if TYPE_CHECKING:
    from collections.abc import Collection
    from dataclasses import dataclass

    from camera_gateway.compliance.parts import Part
else:
    from dataclasses import dataclass

_OUTSIDE = frozenset({Basis.LAW, Basis.CONTRACT})
"""Whose demand is somebody else's: a figure of the house profile must be asked for by its word."""
_COMMON = frozenset(
    [
        "id",
        "clause",
        "title",
        "note",
        "kind",
        "scope",
        "when",
        "evidence",
        "probe",
        "severity",
        "verified",
        "source",
        "source_url",
        "text_needed",
        "in_force_from",
        "in_force_to",
        "supersedes",
        "model_verified",
        "modelled_on",
        "except",
    ]
)
_OF_KIND: dict[RuleKind, frozenset[str]] = {
    RuleKind.MEASURED: frozenset(
        ["metric", "op", "value", "unit", "by", "table", "aggregate", "day", "schedule", "accruing_until"]
    ),
    RuleKind.DECLARED: frozenset({"metric", "op", "value", "unit"}),
    RuleKind.COVERAGE: frozenset({"required_zones", "forbidden_zones", "day"}),
    RuleKind.PROCESS: frozenset(
        {"trigger", "threshold", "deadline", "every", "also_every", "report_within", "process"}
    ),
    RuleKind.HOLD: frozenset({"from", "to", "until"}),
    RuleKind.INCLUDE: frozenset({"include"}),
}
_INSTALLED = "installed_at + "


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule may point to in its file."""

    basis: Basis
    sources: frozenset[str]
    groups: frozenset[str]


def read_rule(part: Part, context: Context) -> Rule:
    """Read one rule; `InvalidInput` that names its line and clause."""
    raw = part.raw
    if not isinstance(raw.get("id"), str) or not raw["id"]:
        part.fail("id", "a rule has no id")
    kind = part.one_of(RuleKind, "kind")
    for key in raw:
        if key not in _COMMON and key not in _OF_KIND[kind]:
            part.fail(key, f"{key} means nothing for a rule of kind {kind}")
    if "verified" not in raw:
        part.fail(
            "verified", "verified is missing", hint="say how the figure was seen: verbatim, secondary, unverified"
        )
    text_needed = part.flag("text_needed")
    if text_needed and ("value" in raw or "table" in raw):
        part.fail("text_needed", "a rule with a figure needs no text", hint="drop text_needed, or the figure")
    for key in part.texts("source"):
        if key not in context.sources:
            part.fail("source", f"source {key!r} is not in this file", hint=nearest(key, context.sources))
    is_camera = raw.get("metric") in keys.CAMERA_METRICS
    scope = part.text("scope", "camera" if kind is RuleKind.MEASURED and is_camera else "institution")
    if scope not in keys.SCOPES:
        part.fail("scope", f"scope {scope!r} is not known", hint=nearest(scope, keys.SCOPES))
    figure = _figure(part, kind, context, text_needed=text_needed)
    return Rule(
        id=raw["id"],
        clause=part.text("clause", "?"),
        title=part.title(raw["id"]),
        kind=kind,
        verified=part.one_of(Verified, "verified"),
        scope=scope,
        text_needed=text_needed,
        severity=part.one_of(Severity, "severity") if "severity" in raw else None,
        note=part.text("note"),
        source=part.texts("source"),
        source_url=part.text("source_url"),
        in_force_from=part.day("in_force_from"),
        in_force_to=part.day("in_force_to"),
        supersedes=part.texts("supersedes"),
        when=_when(part, context.groups),
        excuses=frozenset(_excuse(part, word) for word in part.texts("except")),
        evidence=part.texts("evidence"),
        probe=part.texts("probe"),
        modelled_on=part.texts("modelled_on"),
        model_verified=part.one_of(Verified, "model_verified") if "model_verified" in raw else None,
        **figure,
    )


def _figure(part: Part, kind: RuleKind, context: Context, *, text_needed: bool) -> dict[str, Any]:
    """Return what is a rule's own by its kind."""
    if kind in {RuleKind.MEASURED, RuleKind.DECLARED}:
        return _threshold(part, kind, context, text_needed=text_needed)
    if kind is RuleKind.COVERAGE:
        required = tuple(_zone(inner) for inner in part.inners("required_zones", keys.OF_ZONE))
        forbidden = part.texts("forbidden_zones")
        for name in forbidden:
            _known(part, "forbidden_zones", name, keys.ZONES_NAMED)
        if not required and not forbidden and not text_needed:
            part.fail("required_zones", "no zone is required or forbidden", hint="name them, or text_needed = true")
        share = _day(part, ("min_recorded_ratio",), context.basis) if "day" in part.raw else None
        return {"required_zones": required, "forbidden_zones": forbidden, "day": share}
    if kind is RuleKind.PROCESS:
        return {"process": _process(part)}
    if kind is RuleKind.HOLD:
        first, last = part.day("from"), part.day("to")
        if first is None or last is None or last < first:
            part.fail("from", "a hold has a day from, a day to that is not before it, and until")
        return {"hold": HoldWindow(first, last, part.text("until", "further orders"))}
    if not part.text("include"):
        part.fail("include", "include names the id of another standard")
    return {"include": part.text("include")}


def _threshold(part: Part, kind: RuleKind, context: Context, *, text_needed: bool) -> dict[str, Any]:
    raw = part.raw
    metric, operator = part.text("metric"), part.text("op")
    if not metric:
        part.fail("metric", "metric is missing")
    if kind is RuleKind.MEASURED:
        _known(part, "metric", metric, keys.METRICS)
    elif metric not in FACTS and not is_custom(metric):
        part.fail("metric", f"metric {metric!r} is no fact that can be declared", hint=nearest(metric, FACTS))
    if operator not in keys.OPERATORS:
        part.fail("op", f"op {operator!r} is missing or not known", hint=f"use one of: {' '.join(keys.OPERATORS)}")
    if "value" not in raw and "table" not in raw and not text_needed:
        part.fail(None, "no value", hint="add it, or text_needed = true")
    if metric == "archive.complete_days" and "day" not in raw and not text_needed:
        part.fail(None, "day is missing: what makes a day complete", hint='write it, or the word "house" for each')
    if metric == "archive.oldest_age" and raw.get("unit", "d") not in keys.UNITS_OF_AGE:
        part.fail("unit", "unit of an age must be d, w, mo or y")
    return {
        "metric": metric,
        "op": operator,
        "value": _value(part, metric, operator, context.basis),
        "unit": part.text("unit") or None,
        "by": part.text("by") or None,
        "table": _table(part, text_needed=text_needed),
        "aggregate": _aggregate(part),
        "day": _day(part, tuple(sorted(keys.OF_DAY)), context.basis) if "day" in raw else None,
        "duty": _duty(part),
        "accruing": _accruing(part),
    }


def _value(part: Part, metric: str, operator: str, basis: Basis) -> Any:  # noqa: ANN401 - a figure of any type
    value = part.raw.get("value")
    if value is None:
        return None
    if value == HOUSE:
        if basis is Basis.HOUSE:
            part.fail("value", "the house profile cannot take a figure from itself")
        return value
    if operator in {"in", "not_in"} and not isinstance(value, list):
        part.fail("value", f"value must be a list, because op is {operator}")
    if metric == "stream.resolution" and not _is_size(value):
        part.fail("value", "value must be { width = …, height = … }")
    if isinstance(value, dict) and metric != "stream.resolution":
        part.fail("value", "value must be a figure")
    return tuple(value) if isinstance(value, list) else value


def _table(part: Part, *, text_needed: bool) -> dict[str, float]:
    table = part.raw.get("table", {})
    if bool(table) != ("by" in part.raw) and not text_needed:
        part.fail("table", "by and table belong together")
    if not isinstance(table, dict) or not all(isinstance(v, int | float) for v in table.values()):
        part.fail("table", "table must give a figure for each name")
    return {str(k): float(v) for k, v in table.items()}


def _is_size(value: object) -> bool:
    return (
        isinstance(value, dict)
        and set(value) == {"width", "height"}
        and all(isinstance(v, int) for v in value.values())
    )


def _known(part: Part, key: str, word: str, known: Collection[str]) -> None:
    if word not in known:
        part.fail(key, f"{key} {word!r} is not known", hint=nearest(word, known))


def _when(part: Part, groups: frozenset[str]) -> When:
    if "when" not in part.raw:
        return When()
    inner = part.inner("when", keys.OF_WHEN)
    for group in inner.texts("group"):
        if group not in groups:
            inner.fail(None, f"group {group!r} is not in this file", hint=nearest(group, groups))
    for zone in inner.texts("zone"):
        _known(inner, "zone", zone, keys.ZONES_NAMED)
    return When(inner.texts("group"), inner.texts("zone"), inner.texts("camera_role"), inner.texts("institution"))


def _excuse(part: Part, word: str) -> Excuse:
    _known(part, "except", word, [e.value for e in Excuse])
    return Excuse(word)


def _zone(part: Part) -> RequiredZone:
    name, least = part.text("zone"), part.raw.get("min_cameras", 1)
    _known(part, "zone", name, keys.ZONES_NAMED)
    if not isinstance(least, int) or least < 1:
        part.fail(None, "min_cameras must be a number above 0")
    return RequiredZone(name, least, part.flag("each"))


def _aggregate(part: Part) -> Aggregate | None:
    if "aggregate" not in part.raw:
        return None
    inner = part.inner("aggregate", keys.OF_AGGREGATE)
    function = inner.text("fn", "p5")
    _known(inner, "fn", function, keys.FUNCTIONS)
    window = inner.length("window").seconds if "window" in inner.raw else 60
    if window % 60:
        inner.fail(None, "window must be whole minutes", hint="frames are counted by the minute")
    return Aggregate(function, window, inner.length("over") if "over" in inner.raw else None)


def _day(part: Part, demanded: tuple[str, ...], basis: Basis) -> DayRule:
    """Read what makes a day complete; a law says of each figure what it is, if only that it is the house's."""
    inner = part.inner("day", keys.OF_DAY)
    for key in sorted(keys.OF_DAY):
        value = inner.raw.get(key)
        if value is None and basis in _OUTSIDE and key in demanded:
            inner.fail(None, f"{key} is missing", hint='give the figure of the text, or the word "house"')
        if value is not None and value != HOUSE and (not isinstance(value, int | float) or isinstance(value, bool)):
            inner.fail(None, f'{key} must be a figure or the word "house"')
        if value == HOUSE and basis is Basis.HOUSE:
            inner.fail(None, f"{key}: the house profile cannot take a figure from itself")
    return DayRule(inner.raw.get("min_recorded_ratio"), inner.raw.get("max_gap_s"))


def _duty(part: Part) -> Duty | None:
    if "schedule" not in part.raw:
        return None
    inner = part.inner("schedule", keys.OF_SCHEDULE)
    until = inner.text("to", "24:00")
    latest = inner.text("max_to") or None
    if until.startswith("event:") and latest is None:
        inner.fail(None, "to is an event, so max_to must say how late it can be")
    return Duty(inner.text("tz", "local"), inner.text("from", "00:00"), until, latest, inner.text("on", "daily"))


def _accruing(part: Part) -> Length | None:
    text = part.text("accruing_until")
    if not text:
        return None
    if not text.startswith(_INSTALLED):
        part.fail("accruing_until", f"{text!r} is not understood", hint='write "installed_at + 30d"')
    try:
        return parse_length(text.removeprefix(_INSTALLED))
    except ValueError:
        part.fail("accruing_until", f"{text!r} is not understood", hint='write "installed_at + 30d"')


def _process(part: Part) -> Process:
    raw = part.raw
    unstated = False
    deadline: int | None = None
    if isinstance(raw.get("deadline"), dict):
        unstated = part.inner("deadline", keys.OF_DEADLINE).flag("unstated")
    else:
        deadline = part.seconds("deadline")
    also = raw.get("also_every", {})
    if not isinstance(also, dict):
        part.fail("also_every", "also_every names processes", hint='write also_every = { review_sample = "7d" }')
    every: Length | None = part.length("every") if "every" in raw else None
    if "threshold" in raw and "trigger" not in raw:
        part.fail("threshold", "a threshold belongs to a trigger", hint=DOCUMENT)
    trigger = part.text("trigger") or None
    return Process(
        register=part.text("process") or trigger or str(raw["id"]),
        trigger=trigger,
        threshold_s=part.seconds("threshold"),
        deadline_s=deadline,
        unstated=unstated,
        every=every,
        also_every={name: part.length("also_every", length) for name, length in also.items()},
        report_within_s=part.seconds("report_within"),
    )
