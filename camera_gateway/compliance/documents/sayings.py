"""What a finding says in English, said by codes and values, so that a reader sees it in the reader's language. Pure.

A saying keeps the English sentence, and beside it a code with its values for each part of it. Words that a person has
written are never translated: they stand in a value as they are, and a sentence without any code stays as it is.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

from camera_gateway.compliance.documents.phrases import FAMILIES, OPEN, PHRASES, PLACES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from camera_gateway.compliance.documents.model import Value

_US = 1_000_000
_SECONDS = {"d": 86_400, "h": 3_600, "min": 60, "s": 1}
_FIGURE = re.compile(r"(?P<number>[-+]?\d+(?:\.\d+)?(?:x\d+)?)(?: (?P<unit>[^\d\s]\S*|1/s))?")
_PLACE = re.compile(r"\\\$([a-z]+\d?)")
_OF = re.compile(r"((?:camera|institution):\S+): (.*)", re.DOTALL)
_TOGETHER = re.compile(r"(.*) \((\d+ [a-z_]+(?:, \d+ [a-z_]+)*)\)")
_OF_ZONE = ((">=", "least"), (None, "living"))
FIGURES = "figure-"
"""How the codes of what is asked or was measured begin; all others are evidence."""


def _pattern(phrase: str) -> re.Pattern[str]:
    def place(found: re.Match[str]) -> str:
        return f"(?P<{found[1]}>{PLACES[found[1].rstrip('0123456789')]})"

    return re.compile(_PLACE.sub(place, re.escape(phrase)), re.DOTALL)


_PATTERNS = {code: _pattern(phrase) for code, phrase in PHRASES.items()}
_WHOLE = ("figure-number", "figure-words")
"""What stands before counts and is no other figure in words."""
_FIGURES = tuple(code for code in PHRASES if code.startswith(FIGURES) and code not in _WHOLE)
_CLOSED = tuple(code for code in PHRASES if not code.startswith(FIGURES) and code not in OPEN)
SAID = frozenset(PHRASES)
"""Every code of a saying."""


def evidence_of(finding: Mapping[str, Any]) -> Value:
    """Return the evidence of a finding; None where it only says the method again."""
    english = str(finding.get("evidence") or "")
    return None if not english or english == finding.get("method") else said(english)


def said(english: str) -> Value:
    """Return a sentence of a judgement as a saying; the text itself where none of it is known."""
    about = _OF.fullmatch(english)
    parts = _sentence(about[2]) if about else _sentence(english)
    if about and parts:
        parts = [*_one(about[1], _CLOSED), *parts]
    return _saying(english, parts)


def figure_of(english: str, required: Mapping[str, Any] | None = None) -> Value:
    """Return a figure with its unit, as typed parts, or its words as a saying; else the text that it is."""
    text = english
    op = None
    if required is not None and required.get("op") is not None and text.startswith(f"{required['op']} "):
        op, text = str(required["op"]), text.removeprefix(f"{required['op']} ")
    found = _FIGURE.fullmatch(text)
    if found is not None:
        return {"en": english, "op": op, "number": found["number"], "unit": found["unit"]}
    together = _TOGETHER.fullmatch(english)
    if together is None:
        return _saying(english, _parts(english, ", ", _FIGURES))
    counts = _parts(together[2], ", ", _FIGURES)
    return _saying(english, [*_measured(together[1]), *counts])


def _measured(text: str) -> list[dict[str, Any]]:
    """Return the parts of a figure that stands before counts: in words, or a number with its unit."""
    found = _FIGURE.fullmatch(text)
    if found is not None:
        return [_part("figure-number", {"number": text})]
    return _parts(text, ", ", _FIGURES) or [_part("figure-words", {"words": text})]


def cameras_of(finding: Mapping[str, Any]) -> tuple[Value, Value] | None:
    """Return what a zone must have and has, in cameras; None of a finding that is not about a zone's cameras."""
    data = finding.get("data") or {}
    if finding.get("method_code") != "living-cameras" or not {"least", "living"} <= data.keys():
        return None
    least, living = ({"op": op, "number": str(data[key]), "unit": "cameras"} for op, key in _OF_ZONE)
    return {**least, "en": str(finding["required"])}, {**living, "en": str(finding["measured"])}


def _saying(english: str, parts: list[dict[str, Any]]) -> Value:
    if not parts:
        return english
    first, *more = parts
    return {"en": english, **first, **({"more": more} if more else {})}


def _sentence(english: str) -> list[dict[str, Any]]:
    """Return the parts of a sentence; what a person wrote may hold anything, but ours stands around it."""
    pieces = english.split("; ")
    tail: list[dict[str, Any]] = []
    if any(_PATTERNS[code].fullmatch(english) for code in OPEN):
        while len(pieces) > 1 and (last := _one(pieces[-1], _CLOSED)):
            tail[:0] = last
            pieces.pop()
        if whole := _one("; ".join(pieces), OPEN):
            return [*whole, *tail]
    return _parts(english, "; ", _CLOSED)


def _parts(english: str, between: str, codes: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the parts of a text that are between separators; none where one of them is not known."""
    if whole := _one(english, codes):
        return whole
    found = [_one(piece, codes) for piece in english.split(between)]
    return [part for parts in found for part in parts] if all(found) else []


@functools.lru_cache(maxsize=4096)
def _code(text: str, codes: tuple[str, ...]) -> tuple[str, tuple[tuple[str, str], ...]] | None:
    for code in codes:
        found = _PATTERNS[code].fullmatch(text)
        if found is not None:
            return code, tuple(found.groupdict().items())
    return None


def _one(text: str, codes: tuple[str, ...]) -> list[dict[str, Any]]:
    found = _code(text, codes)
    return [] if found is None else [_part(found[0], dict(found[1]))]


def _part(code: str, values: Mapping[str, str]) -> dict[str, Any]:
    return {"code": code, "values": {name: _typed(name, text) for name, text in sorted(values.items())}}


def _typed(name: str, text: str) -> list[Value]:  # noqa: PLR0911 - one per type
    """Return a value with the name of its type (see `model.Type`), and its family where it is a code."""
    place = name.rstrip("0123456789")
    if place in FAMILIES:
        several = place in {"kinds", "impairments"}
        return ["code", list(text.split(", ")) if several else text, FAMILIES[place]]
    if place == "count":
        return ["count", int(text)]
    if place == "length":
        return ["duration_us", _length_us(text)]
    if place == "share":
        return ["share_ppm", round(float(text.removesuffix("%")) * 10_000)]
    if place in {"time", "date"}:
        return [place, text]
    if place == "dates":
        return ["date", list(text.split(", "))]
    if place == "losses":
        return ["saying", [_saying(one, _one(one, ("loss",))) for one in text.split(", ")]]
    if place in {"number", "term"}:
        return ["figure", _number(text)]
    return ["text", text]


def _number(text: str) -> Value:
    number, unit = text.rstrip("smhdwoy "), text.lstrip("+-.0123456789 ")
    found = _FIGURE.fullmatch(text)
    if found is not None:
        number, unit = found["number"], found["unit"] or ""
    return {"en": text, "op": None, "number": number, "unit": {"m": "min"}.get(unit, unit) or None}


def _length_us(text: str) -> int:
    words: Iterable[str] = iter(text.split(" "))
    return round(sum(float(number) * _SECONDS[unit] for number, unit in zip(words, words, strict=True)) * _US)
