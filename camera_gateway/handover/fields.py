"""Reading a JSON object field by field, with the type each field must have.

The files between the roles are written by our own other half, which may be of another version, or be cut by a crash:
whatever does not fit is one `InvalidInput` that names the file and the field, never a wrong value further in.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping


class Fields:
    """One JSON object of the file `where`. Every method raises `InvalidInput` when the field does not fit."""

    __slots__ = ("_values", "_where")

    def __init__(self, values: object, where: str) -> None:
        if not isinstance(values, dict):
            raise InvalidInput(f"{where}: not a JSON object")
        self._values: Mapping[str, Any] = values
        self._where = where

    @classmethod
    def parse(cls, data: bytes, where: str) -> Fields:
        """Parse a file's bytes."""
        try:
            return cls(json.loads(data), where)
        except ValueError as error:
            raise InvalidInput(f"{where}: damaged or cut short", hint="it is written anew by its owner") from error

    def text(self, name: str) -> str:
        """Return a text."""
        value = self._values.get(name)
        if isinstance(value, str):
            return value
        raise self._wrong(name, "a text")

    def optional_text(self, name: str) -> str | None:
        """Return a text or None."""
        return None if self._values.get(name) is None else self.text(name)

    def integer(self, name: str) -> int:
        """Return an integer."""
        value = self._values.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise self._wrong(name, "an integer")

    def optional_integer(self, name: str) -> int | None:
        """Return an integer or None."""
        return None if self._values.get(name) is None else self.integer(name)

    def number(self, name: str) -> float:
        """Return a number."""
        value = self._values.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        raise self._wrong(name, "a number")

    def flag(self, name: str) -> bool:
        """Return true or false."""
        value = self._values.get(name)
        if isinstance(value, bool):
            return value
        raise self._wrong(name, "true or false")

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self._values.get(name)
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return tuple(value)
        raise self._wrong(name, "a list of texts")

    def counts(self, name: str) -> dict[str, int]:
        """Return an object of integers."""
        inner = self.inner(name)
        return {key: inner.integer(key) for key in inner.names()}

    def inner(self, name: str) -> Fields:
        """Return an object within this one."""
        return Fields(self._values.get(name), f"{self._where}: {name}")

    def each(self, name: str) -> list[Fields]:
        """Return a list of objects."""
        value = self._values.get(name)
        if not isinstance(value, list):
            raise self._wrong(name, "a list")
        return [Fields(item, f"{self._where}: {name}[{at}]") for at, item in enumerate(value)]

    def names(self) -> list[str]:
        """Return the fields' names."""
        return list(self._values)

    def demand_version(self, version: int) -> None:
        """Raise unless the object says that it is of this version."""
        if self._values.get("version") != version:
            raise InvalidInput(
                f"{self._where}: not version {version}", hint="both roles must be of one release: restart them"
            )

    def _wrong(self, name: str, wanted: str) -> InvalidInput:
        return InvalidInput(f"{self._where}: {name} is not {wanted}", hint="it is written anew by its owner")
