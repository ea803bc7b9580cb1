"""What the shell prints: one JSON document on stdout with --json, else tables and sentences for people.

Promises that nothing else ever reaches standard output, and that a time is never cut in JSON.
"""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from camera_gateway.errors import GatewayError


PIPE_COLUMNS = 200
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d+Z")


class Output:
    """Where a command's answer goes."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        # a pipe has no width: tables for a file or a pager are as wide as they need to be
        width = None if sys.stdout.isatty() else PIPE_COLUMNS
        # names of cameras are text, not markup, emoji codes or numbers to be coloured
        self.console = Console(soft_wrap=True, width=width, markup=False, emoji=False, highlight=False)
        self.notes = Console(stderr=True, soft_wrap=True)

    @property
    def shows_progress(self) -> bool:
        """Whether somebody looks: progress belongs on a terminal only."""
        return self.notes.is_terminal and not self.as_json

    def document(self, value: Any) -> bool:  # noqa: ANN401 - JSON
        """Print `value` as the one JSON document; True when that was asked for."""
        if self.as_json:
            click.echo(json.dumps(value, ensure_ascii=False, indent=2))
        return self.as_json

    def table(self, rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, empty: str) -> None:
        """Print rows as a table, or the sentence that says that there are none."""
        if not rows:
            if empty:
                self.say(empty)
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            table.add_column(column.replace("_", " "), overflow="fold")
        for row in rows:
            table.add_row(*(_plain(_short(_cell(row.get(column)))) for column in columns))
        self.console.print(table)

    def fields(self, value: Mapping[str, Any], *, indent: str = "") -> None:
        """Print a mapping, one field a line, nested ones indented."""
        for key, item in value.items():
            name = key.replace("_", " ")
            if isinstance(item, dict):
                self.say(f"{indent}{name}:")
                self.fields(item, indent=indent + "  ")
            elif isinstance(item, list) and item and isinstance(item[0], dict):
                self.say(f"{indent}{name}:")
                for one in item:
                    self.say(f"{indent}  - {', '.join(f'{k}={_cell(v)}' for k, v in one.items())}")
            else:
                self.say(f"{indent}{name}: {_cell(item)}")

    def say(self, text: str) -> None:
        """Print a sentence."""
        self.console.print(_plain(text))

    def error(self, error: GatewayError) -> None:
        """Print an error in one line: what, why, what to do."""
        if self.as_json:
            click.echo(json.dumps({"error": error.as_dict()}, ensure_ascii=False))
            return
        hint = f" – {error.hint}" if error.hint else ""
        click.echo(_plain(f"camera-gateway: {error.message}{hint}"), err=True)


def _plain(text: str) -> str:
    """Return one line that cannot steer a terminal: part of it may come from a camera."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in " ".join(text.splitlines()))


def _short(text: str) -> str:
    """Cut the microseconds of a time in a table; the JSON keeps them."""
    return _TIME.sub(r"\1Z", text)


def _cell(value: Any) -> str:  # noqa: ANN401 - JSON
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    if isinstance(value, list):
        return ", ".join(_cell(v) for v in value) or "–"
    return str(value)
