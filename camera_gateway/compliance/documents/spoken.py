"""Findings, rules and standards for pages: what they say in English, said in the other languages as a report would.

Promises that a page and a paper have the same words, because both take them from the same texts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from camera_gateway.compliance.documents.model import Type
from camera_gateway.compliance.documents.sayings import cameras_of, evidence_of, figure_of, said
from camera_gateway.compliance.documents.words import Words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from camera_gateway.compliance.documents.model import Value

TRANSLATED = ("kk", "ru")
"""English stands in the finding itself."""


def spoken_finding(finding: Mapping[str, Any], time_zone: str) -> dict[str, Any]:
    """Return a finding with `said`: what is required, measured and shown by it, by language."""
    asked = (finding.get("data") or {}).get("required")
    required, measured = cameras_of(finding) or (
        figure_of(str(finding["required"]), asked),
        figure_of(str(finding["measured"])),
    )
    said_ = {"required": required, "measured": measured}
    return {**finding, "said": _in_languages(said_, evidence_of(finding), "evidence", time_zone)}


def spoken_rule(rule: Mapping[str, Any], time_zone: str) -> dict[str, Any]:
    """Return a rule of a standard with `said`: what it requires, and its note, by language."""
    required = figure_of(str(rule["required"]), rule)
    note = said(str(rule["note"])) if rule["note"] else None
    return {**rule, "said": _in_languages({"required": required}, note, "note", time_zone)}


def spoken_standard(standard: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a standard is called with `said`: its edition, and whose it is, by language."""
    sayings = {name: said(str(standard[name])) for name in ("edition", "authority") if standard.get(name)}
    words = [Words(language, "UTC") for language in TRANSLATED]  # days stand in it, no moments
    shown = {w.language: {name: w.shown(one, Type.SAYING) for name, one in sayings.items()} for w in words}
    return {**standard, "said": shown}


def _in_languages(
    figures: Mapping[str, Value], saying: Value, name: str, time_zone: str
) -> dict[str, dict[str, str | None]]:
    found: dict[str, dict[str, str | None]] = {}
    for language in TRANSLATED:
        words = Words(language, time_zone)
        shown: dict[str, str | None] = {key: words.shown(value, Type.FIGURE) for key, value in figures.items()}
        found[language] = {**shown, name: None if saying is None else words.shown(saying, Type.SAYING)}
    return found
