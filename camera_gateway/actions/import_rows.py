"""Rows of an import while they are tried: what is wrong with each, and what would be created.

Plain values shared by the imports of cameras and of institutions. Promises that a result never holds a secret cell.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from camera_gateway.discovery.columns import Fault
from camera_gateway.errors import GatewayError

if TYPE_CHECKING:
    from collections.abc import Callable

    from camera_gateway.discovery.columns import Entry


@dataclass(frozen=True, slots=True)
class Tried:
    """A whole file: a result and, when it is good, a plan per row; `faults` are of the file as a whole."""

    results: list[dict[str, Any]]
    planned: list[dict[str, Any]]
    faults: list[Fault]


@dataclass(slots=True)
class Draft:
    """One row while it is tried."""

    entry: Entry
    faults: list[Fault] = field(default_factory=list)
    planned: dict[str, Any] = field(default_factory=dict)
    probe: dict[str, Any] | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong so far."""
        return not self.faults

    def get(self, key: str) -> str | None:
        """Return a cell; None when it is empty."""
        return self.entry.cells.get(key)

    def fault(self, column: str | None, code: str, message: str, hint: str = "") -> None:
        """Note what is wrong."""
        self.faults.append(Fault(self.entry.row, column, code, message, hint))

    def parsed(self, column: str, parse: Callable[[str], Any]) -> Any:  # noqa: ANN401 - whatever `parse` makes
        """Return a cell as `parse` makes it; None when it is empty, or when it cannot be, which is noted."""
        text = self.get(column)
        if text is None:
            return None
        try:
            return parse(text)
        except GatewayError as error:
            self.fault(column, error.code, error.message, error.hint)
            return None

    def result(self, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """Return what is told of the row."""
        return {
            "row": self.entry.row,
            "ok": self.ok,
            **more,
            "probe": self.probe,
            "faults": [fault.as_dict() for fault in self.faults],
        }


def share(faults: list[Fault], drafts: list[Draft]) -> list[Fault]:
    """Give each fault to the row that it names; return those of no row."""
    by_row = {draft.entry.row: draft for draft in drafts}
    rest = []
    for fault in faults:
        draft = by_row.get(fault.row)
        if draft is None:
            rest.append(fault)
        else:
            draft.faults.append(fault)
    return rest


def several(text: str, separator: str | None = None) -> tuple[str, ...]:
    """Return what one cell lists."""
    return tuple(word for part in text.split(separator) if (word := part.strip().strip(",;")))
