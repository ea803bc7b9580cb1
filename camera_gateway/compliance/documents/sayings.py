"""What a finding says in English, said by code and figures, so that a report can say it in the reader's language. Pure.

A saying keeps the English sentence, and beside it a code with the figures that the finding's own data has. Where no
code fits, the sentence stays as it is in every language: words that a person has written are never translated.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from camera_gateway.compliance.documents.model import Value

_US = 1_000_000
_FIGURE = re.compile(r"(?P<number>[-+]?\d+(?:\.\d+)?)(?: (?P<unit>[^\d\s]\S*|1/s))?")
Typed = tuple[str, "Value"]
"""A value with the name of its type (see `model.Type`)."""

_REASONS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), code)
    for pattern, code in (
        (r"nothing was recorded in the period", "nothing-recorded"),
        (r"too little was recorded in the period to count frames", "too-little-recorded"),
        (r"nobody could watch the camera in the period.*", "nobody-watched"),
        (r"nobody has looked at the picture.*", "nobody-looked"),
        (r"there is no approved picture to compare with", "no-reference"),
        (r"the camera sends no sender reports.*", "no-sender-reports"),
        (r"the bucket has not been listed.*", "not-listed"),
        (r"no drill was held in the period", "no-drill"),
        (r"no camera is registered(?: there)?", "no-camera"),
        (r"nothing was scheduled.*", "nothing-scheduled"),
        (r"the canary has not tried the store yet", "no-canary"),
        (r"the width of the scene is not declared.*", "no-scene"),
        (r"(?P<what>\S+) is not declared", "not-declared"),
        (r"the register has no (?P<what>\S+)(?: .*)?", "not-in-register"),
        (r"no camera was lost for more than .*", "nothing-lost"),
        (r"nothing measures (?P<what>\S+)", "not-measured"),
        (r"declared by (?P<who>\S+) on (?P<day>[\d-]{10}): (?P<words>.*)", "declared"),
        (r"cameras there: (?P<what>.*)", "cameras-there"),
    )
)
_DAYS = {"day": "date"}
_OF_ZONE = ((">=", "least"), (None, "living"))


def evidence_of(finding: Mapping[str, Any]) -> Value:
    """Return the evidence of a finding; None where it only says the method again."""
    english = str(finding.get("evidence") or "")
    if not english or english == finding.get("method"):
        return None
    data, method = finding.get("data") or {}, str(finding.get("method_code"))
    by_figures = _BY_FIGURES.get(method)
    if by_figures is not None:
        needs, code, values = by_figures
        if needs <= data.keys():
            return _saying(english, code, values(data))
    for pattern, code in _REASONS:
        found = pattern.fullmatch(english)
        if found is not None:
            typed = {name: (_DAYS.get(name, "text"), text) for name, text in found.groupdict().items()}
            return _saying(english, code, typed)
    return english


def figure_of(english: str, required: Mapping[str, Any] | None = None) -> Value:
    """Return a figure with its unit, as typed parts; what is not a number with a unit stays the text that it is."""
    text = english
    op = None
    if required is not None and required.get("op") is not None and text.startswith(f"{required['op']} "):
        op, text = str(required["op"]), text.removeprefix(f"{required['op']} ")
    found = _FIGURE.fullmatch(text)
    if found is None:
        return english
    return {"en": english, "op": op, "number": found["number"], "unit": found["unit"]}


def cameras_of(finding: Mapping[str, Any]) -> tuple[Value, Value] | None:
    """Return what a zone must have and has, in cameras; None of a finding that is not about a zone's cameras."""
    data = finding.get("data") or {}
    if finding.get("method_code") != "living-cameras" or not {"least", "living"} <= data.keys():
        return None
    least, living = ({"op": op, "number": str(data[key]), "unit": "cameras"} for op, key in _OF_ZONE)
    return {**least, "en": str(finding["required"])}, {**living, "en": str(finding["measured"])}


def _saying(english: str, code: str, values: Mapping[str, Typed]) -> Value:
    return {"en": english, "code": code, "values": {name: list(typed) for name, typed in sorted(values.items())}}


def _us(seconds: float) -> Typed:
    return "duration_us", round(seconds * _US)


def _days(data: Mapping[str, Any]) -> dict[str, Typed]:
    return {
        "run": ("count", int(data["complete_days"])),
        "bad": ("count", len(data["incomplete"])),
        "which": ("date", list(data["incomplete"])[:5]),
        "listed": ("time", data["listed_at"]),
    }


_BY_FIGURES: Mapping[str, tuple[set[str], str, Callable[[Mapping[str, Any]], dict[str, Typed]]]] = {
    # method: what the data must have, the code, and the figures
    "listed-days": ({"complete_days", "incomplete", "listed_at"}, "days", _days),
    "listed-ratio": (
        {"kept_s", "expected_s", "listed_at"},
        "ratio",
        lambda d: {"kept": _us(d["kept_s"]), "whole": _us(d["expected_s"]), "listed": ("time", d["listed_at"])},
    ),
    "listed-gaps": (
        {"holes", "tolerance_s", "listed_at"},
        "holes",
        lambda d: {
            "holes": ("count", d["holes"]),
            "tolerance": _us(d["tolerance_s"]),
            "listed": ("time", d["listed_at"]),
        },
    ),
    "listed-oldest": (
        {"oldest", "listed_at"},
        "oldest",
        lambda d: {"oldest": ("time", d["oldest"]), "listed": ("time", d["listed_at"])},
    ),
    "uptime-by-gaps": (
        {"up_s", "down_s", "observer_down_s"},
        "uptime",
        lambda d: {
            "down": _us(d["down_s"]),
            "watched": _us(d["up_s"] + d["down_s"]),
            "unseen": _us(d["observer_down_s"]),
        },
    ),
    "frames-by-minute": (
        {"windows", "window_s"},
        "windows",
        lambda d: {"windows": ("count", d["windows"]), "window": _us(d["window_s"])},
    ),
    "sender-reports": (
        {"segments", "reporting"},
        "reports",
        lambda d: {"reporting": ("count", d["reporting"]), "segments": ("count", d["segments"])},
    ),
    "living-cameras": (
        {"living", "registered", "uncovered_s"},
        "zone",
        lambda d: {
            "living": ("count", d["living"]),
            "registered": ("count", d["registered"]),
            "uncovered": _us(d["uncovered_s"]),
        },
    ),
    "losses-and-reports": (
        {"losses", "reported", "late", "pending"},
        "losses",
        lambda d: {name: ("count", d[name]) for name in ("losses", "reported", "late", "pending")},
    ),
}
SAID = frozenset({code for _, code in _REASONS} | {code for _, code, _ in _BY_FIGURES.values()})
"""Every code of a saying."""
