"""Codes and values in a reader's language: Kazakh, Russian, English.

Promises that every text of a language file is a text of the others with the same places to fill in (a test holds them
to it), and that a time is shown by the clocks of the report's zone. Texts are data in `compliance/texts`.
"""

from __future__ import annotations

import functools
import tomllib
from datetime import UTC, date, datetime
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any

from camera_gateway.clock import US, to_datetime
from camera_gateway.compliance.documents.model import Type
from camera_gateway.domain.schedule import zone
from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from camera_gateway.compliance.documents.model import Document, Fact, Value

LANGUAGES = ("kk", "ru", "en")
_NOTHING = "–"
_PPM_PER_PERCENT = 10_000
_MINUTE_US = 60 * US
_STEPS = ((1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB"))


@functools.cache
def texts_of(language: str) -> Mapping[str, Mapping[str, str]]:
    """Return a language's texts by family; `InvalidInput` for a language that there is none of."""
    if language not in LANGUAGES:
        raise InvalidInput(f"no reports in language {language[:8]!r}", hint=f"use one of: {', '.join(LANGUAGES)}")
    file = files("camera_gateway.compliance") / "texts" / f"{language}.toml"
    found: dict[str, dict[str, str]] = tomllib.loads(file.read_text(encoding="utf-8"))
    return found


class Words:
    """A language and a time zone."""

    __slots__ = ("_texts", "_zone", "language")

    def __init__(self, language: str, time_zone: str) -> None:
        self.language = language
        self._texts = texts_of(language)
        self._zone = zone(time_zone)

    def text(self, family: str, code: str, **values: str) -> str:
        """Return the text of a code, its places filled in; a code that no text is known for is shown as it is."""
        found = self._texts.get(family, {}).get(code)
        return code if found is None else Template(found).safe_substitute(values)

    def shown(self, value: Value, kind: Type, family: str = "") -> str:  # noqa: PLR0911 - one per type
        """Return a cell as a reader sees it."""
        if value is None or value == "":
            return _NOTHING
        if isinstance(value, list):
            return ", ".join(self.shown(one, kind, family) for one in value) or _NOTHING
        if kind is Type.CODE:
            return self.text(family, str(value))
        if isinstance(value, dict):
            return self._composed(value, kind)
        if kind is Type.TIME:
            return self.moment(str(value))
        if kind is Type.DATE:
            return self.day(str(value))
        if isinstance(value, int):
            return self._number(value, kind)
        return " ".join(str(value).split())

    def _composed(self, value: Mapping[str, Any], kind: Type) -> str:
        """Return what is a sentence or a figure in parts; English stands as it was written."""
        if self.language == "en" or kind not in {Type.SAYING, Type.FIGURE}:
            return words_in(value, self.language)
        if "code" in value:
            return "; ".join(self._part(part) for part in (value, *value.get("more", ())))
        number = str(value["number"]).replace("-", "−").replace(".", ",")
        unit = None if value["unit"] is None else self.text("measure", value["unit"])
        op = {">=": "≥", "<=": "≤", "==": "="}.get(value["op"] or "", value["op"])
        return " ".join(part for part in (op, number, unit) if part)

    def _part(self, part: Mapping[str, Any]) -> str:
        """Return a part of a saying, its values filled in."""
        filled = {name: self.shown(one, Type(kind), *family) for name, (kind, one, *family) in part["values"].items()}
        return self.text("evidence", part["code"], **filled)

    def _number(self, value: int, kind: Type) -> str:
        if kind is Type.DURATION:
            return self.duration(value)
        if kind is Type.SHARE:
            # cut, not rounded: all but a second of a month is not the whole of it
            return f"{self._decimal(value * 100 // _PPM_PER_PERCENT / 100, 2)} %"
        if kind is Type.BYTES:
            return self.size(value)
        if kind is Type.YES:
            return self.text("ui", "yes" if value else "no")
        return self.count(value)

    def fact(self, fact: Fact) -> str:
        """Return the value of a fact as a reader sees it."""
        return self.shown(fact.value, fact.type, fact.family)

    def local(self, moment: str) -> datetime:
        """Return an RFC 3339 moment by the clocks of the zone."""
        return datetime.fromisoformat(moment).astimezone(self._zone)

    def moment(self, moment: str) -> str:
        """Return a moment to the second, with its day."""
        return self.local(moment).strftime("%Y-%m-%d %H:%M:%S" if self.language == "en" else "%d.%m.%Y %H:%M:%S")

    def moment_us(self, moment_us: int) -> str:
        """Return a moment of µs UTC likewise."""
        return self.moment(to_datetime(moment_us).isoformat())

    def day(self, day: str) -> str:
        """Return a day."""
        return day if self.language == "en" else date.fromisoformat(day).strftime("%d.%m.%Y")

    def offset(self, moment_us: int) -> str:
        """Return how far the zone's clocks are from UTC at a moment, for example "+05:00"."""
        text = to_datetime(moment_us).astimezone(self._zone).strftime("%z")
        return f"{text[:3]}:{text[3:5]}"

    def duration(self, length_us: int) -> str:
        """Return a length: days, hours, minutes and seconds, as far as they are wanted; below a minute thousandths."""
        sign, length_us = ("−" if length_us < 0 else ""), abs(length_us)
        if length_us < _MINUTE_US and length_us % US:
            return f"{sign}{self._decimal(length_us / US, 3)} {self.text('unit', 's')}"
        minutes, seconds = divmod((length_us + US // 2) // US, 60)
        hours, minutes = divmod(minutes, 60)
        days, hours = divmod(hours, 24)
        parts = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s")]
        shown = [f"{number} {self.text('unit', unit)}" for number, unit in parts if number]
        return sign + (" ".join(shown) or f"0 {self.text('unit', 's')}")

    def size(self, size_bytes: int) -> str:
        """Return bytes in the decimal unit that suits them."""
        for step, unit in _STEPS:
            if size_bytes >= step:
                return f"{self._decimal(size_bytes / step, 1)} {self.text('unit', unit)}"
        return f"{size_bytes} {self.text('unit', 'B')}"

    def count(self, number: int) -> str:
        """Return a whole number, its thousands set apart by a narrow space."""
        return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")

    def _decimal(self, number: float, digits: int) -> str:
        text = f"{number:.{digits}f}"
        return text if self.language == "en" else text.replace(".", ",")


def words_in(words: Mapping[str, Any], language: str) -> str:
    """Return a sentence in a language; where it is missing, in the nearest that there is."""
    nearest = {"kk": ("kk", "ru", "en"), "ru": ("ru", "kk", "en"), "en": ("en", "ru", "kk")}[language]
    return next((str(words[one]) for one in nearest if words.get(one)), _NOTHING)


def words_for(document: Document, language: str) -> Words:
    """Return the words for a document."""
    return Words(language, document.time_zone)


def installation_text(words: Words, finding: str) -> str:
    """Return a finding of the installation: its name, which is the same everywhere, and what it means."""
    meaning = words.text("installation", finding)
    return finding if meaning == finding else f"{finding} – {meaning}"


def as_utc(moment_us: int) -> datetime:
    """Return a moment as a datetime in UTC."""
    return to_datetime(moment_us).astimezone(UTC)
