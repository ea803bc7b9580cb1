"""One table of a standard's file with its place: what is taken from it is checked, and errors name the line. Pure.

Must not know what a key means; only what kind of value it may have, and which keys there are.
"""

from __future__ import annotations

import difflib
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from camera_gateway.compliance.lengths import parse_length
from camera_gateway.compliance.lines import Block
from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Collection
    from enum import StrEnum

    from camera_gateway.domain.standard import Length

    E = TypeVar("E", bound=StrEnum)

LANGUAGES = ("en", "ru", "kk")
DOCUMENT = "see docs/formats/standard.md"


def nearest(word: str, known: Collection[str]) -> str:
    """Return a hint that names the known word that looks most like this one, or all of them where they are few."""
    near = difflib.get_close_matches(word, known, 1)
    return f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(known))}"


class Part:
    """One table of the file."""

    def __init__(self, name: str, raw: dict[str, Any], block: Block, where: str, known: Collection[str]) -> None:
        self.raw, self.where = raw, where
        self._name, self._block = name, block
        for key in raw:
            if key not in known:
                self.fail(key, f"{key} is not a key that is known here", hint=nearest(key, known))

    def fail(self, key: str | None, what: str, *, hint: str = DOCUMENT) -> NoReturn:
        """Raise the error at the line of a key."""
        where = f"{self.where}: " if self.where else ""
        raise InvalidInput(f"{self._name}, line {self._block.line_of(key)}: {where}{what}", hint=hint)

    def one_of(self, kind: type[E], key: str) -> E:
        """Return a value of one of our enums."""
        if key not in self.raw:
            self.fail(key, f"{key} is missing", hint=f"use one of: {', '.join(kind)}")
        try:
            return kind(self.raw[key])
        except ValueError:
            self.fail(key, f"{key}: {self.raw[key]!r} is not known", hint=f"use one of: {', '.join(kind)}")

    def text(self, key: str, default: str = "") -> str:
        """Return a text."""
        value = self.raw.get(key, default)
        if not isinstance(value, str):
            self.fail(key, f"{key} must be a text")
        return value

    def flag(self, key: str) -> bool:
        """Return a switch, off where it does not stand."""
        value = self.raw.get(key, False)
        if not isinstance(value, bool):
            self.fail(key, f"{key} must be true or false")
        return value

    def texts(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self.raw.get(key, default)
        value = [value] if isinstance(value, str) else value
        if not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
            self.fail(key, f"{key} must be a list of texts")
        return tuple(value)

    def day(self, key: str) -> date | None:
        """Return a date."""
        value = self.raw.get(key)
        if value is not None and (not isinstance(value, date) or isinstance(value, datetime)):
            self.fail(key, f"{key} must be a date", hint="write it without quotes: 2026-07-12")
        return value

    def length(self, key: str, raw: object = None) -> Length:
        """Return a length of time; `raw` where it stands inside a table."""
        value = self.raw.get(key) if raw is None else raw
        try:
            return parse_length(value if isinstance(value, str) else str(value))
        except ValueError as error:
            self.fail(key, f"{key}: {error}")

    def seconds(self, key: str) -> int | None:
        """Return a length in seconds; None where it does not stand."""
        return None if key not in self.raw else self.length(key).seconds

    def inner(self, key: str, known: Collection[str]) -> Part:
        """Return a table that stands in a value."""
        value = self.raw.get(key)
        if not isinstance(value, dict):
            self.fail(key, f"{key} must be a table", hint=f"write {key} = {{ … }}")
        return Part(self._name, value, Block(self._block.line_of(key), {}), f"{self.where}: {key}".lstrip(": "), known)

    def inners(self, key: str, known: Collection[str]) -> list[Part]:
        """Return a list of tables that stands in a value."""
        value = self.raw.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            self.fail(key, f"{key} must be a list of tables")
        block = Block(self._block.line_of(key), {})
        return [Part(self._name, v, block, f"{self.where}: {key}".lstrip(": "), known) for v in value]

    def title(self, fallback: str) -> dict[str, str]:
        """Return the title by language."""
        value = self.raw.get("title", fallback)
        value = {"en": value} if isinstance(value, str) else value
        if not isinstance(value, dict) or not value.get("en") or not set(value) <= set(LANGUAGES):
            self.fail("title", "title must be a text, or a table with en and, as they are there, ru and kk")
        return {language: str(value[language]) for language in LANGUAGES if language in value}
