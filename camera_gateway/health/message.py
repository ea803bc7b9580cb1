"""What a message about one or several alerts says: what, where, since when, what to do. Pure.

Promises ids of cameras and names of institutions, never a name of a person, a text that somebody wrote, an address or
a secret; the time of the site, with its offset; one message for however many alerts a channel is told of at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from camera_gateway.clock import US, to_datetime
from camera_gateway.domain.alert import NoticeKind
from camera_gateway.health.words import CODES_IN_WORDS, LABELS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_NAMED = 12
MOST_TOLD = 20
_MINUTE_US = 60 * US


@dataclass(frozen=True, slots=True)
class Told:
    """One alert as a message tells of it. `institution` is its name, "" for the installation."""

    id: str
    code: str
    kind: NoticeKind
    institution: str
    time_zone: str
    since_us: int
    until_us: int | None
    detail: Mapping[str, Any] = field(default_factory=dict)


def message(told: Sequence[Told], language: str, portal_url: str | None) -> tuple[str, str]:
    """Return title and text for alerts that one channel is told of together."""
    labels = LABELS[language]
    link = "" if portal_url is None else f"\n\n{portal_url}alerts"
    if len(told) == 1:
        return f"Camera Gateway: {_title(told[0], language)}", _text(told[0], language) + link
    parts = [f"* {_title(each, language)}\n{_text(each, language)}" for each in told[:MOST_TOLD]]
    if len(told) > MOST_TOLD:
        parts.append(labels["more"].format(count=len(told) - MOST_TOLD))
    return labels["several"].format(count=len(told)), "\n\n".join(parts) + link


def trial(language: str) -> tuple[str, str]:
    """Return title and text of a message that only shows that a channel works."""
    labels = LABELS[language]
    return f"{labels['test']}Camera Gateway", labels["test-text"]


def _title(told: Told, language: str) -> str:
    title, _ = CODES_IN_WORDS[language][told.code]
    where = f" – {told.institution}" if told.institution else ""
    return f"{LABELS[language][told.kind.value]}{title.format_map(_Figures(told.detail, LABELS[language]))}{where}"


def _text(told: Told, language: str) -> str:
    labels, detail = LABELS[language], told.detail
    _, advice = CODES_IN_WORDS[language][told.code]
    lines = [f"{labels['where']}: {_where(told, labels)}"]
    named = [key for key in ("sites", "cameras") if detail.get(key)]
    lines += [f"{labels[key]}: {_some(detail[key], labels)}" for key in named]
    lines.append(f"{labels['since']}: {_local(told.since_us, told.time_zone)}")
    until_us = told.until_us
    if until_us is not None:
        lines.append(f"{labels['until']}: {_local(until_us, told.time_zone)}")
        lines.append(f"{labels['lasted']}: {_length(until_us - told.since_us, labels)}")
    if told.kind is not NoticeKind.RESOLVED:
        lines.append(f"{labels['do']}: {advice.format_map(_Figures(detail, labels))}")
    lines.append(f"{labels['alert']}: {told.id} ({told.code})")
    return "\n".join(lines)


class _Figures(dict[str, Any]):
    """Figures for a template; one that an older version did not write down is a dash."""

    def __init__(self, detail: Mapping[str, Any], labels: Mapping[str, str]) -> None:
        what = detail.get("what", "–")
        super().__init__({"figure": 0.0, **detail, "what": labels.get(f"what.{what}", what)})

    def __missing__(self, key: str) -> str:
        return "–"


def _where(told: Told, labels: Mapping[str, str]) -> str:
    place = told.detail.get("site") or told.detail.get("where")
    name = told.institution or labels["installation"]
    return f"{name} ({place})" if place else name


def _some(ids: Sequence[str], labels: Mapping[str, str]) -> str:
    text = ", ".join(ids[:MOST_NAMED])
    return text if len(ids) <= MOST_NAMED else f"{text} {labels['more'].format(count=len(ids) - MOST_NAMED)}"


def _local(us: int, time_zone: str) -> str:
    return to_datetime(us).astimezone(ZoneInfo(time_zone)).strftime("%Y-%m-%d %H:%M:%S %z")


def _length(us: int, labels: Mapping[str, str]) -> str:
    minutes = max(0, us) // _MINUTE_US
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "min")]
    told = [f"{number} {labels[f'unit.{unit}']}" for number, unit in parts if number]
    return " ".join(told) or f"0 {labels['unit.min']}"
