"""What is printed is text: no markup, no terminal codes, one line per error."""

from __future__ import annotations

import json

import pytest

from camera_gateway.cli.output import Output
from camera_gateway.errors import Unavailable

NASTY = "[red]x[/] :door: [/nothing] \x1b[2J\x9b1m\x07\u202etext"


def test_names_are_neither_markup_nor_emoji_codes(capsys: pytest.CaptureFixture[str]) -> None:
    out = Output(as_json=False)
    out.table([{"name": NASTY}], ("name",), empty="")
    out.say(NASTY)
    out.fields({"name": NASTY, "inner": {"name": NASTY}, "more": [{"name": NASTY}]})
    printed = capsys.readouterr().out
    assert printed.count("[red]x[/] :door: [/nothing]") == 5
    assert not set(printed) & {"\x1b", "\x9b", "\x07", "\u202e"}


def test_an_error_is_one_line_whatever_a_camera_said(capsys: pytest.CaptureFixture[str]) -> None:
    error = Unavailable("two\nlines\r\nand \x1b]0;title\x07", hint="do\nthis")
    Output(as_json=False).error(error)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert "\x1b" not in printed.err
    Output(as_json=True).error(error)
    assert json.loads(capsys.readouterr().out) == {"error": error.as_dict()}


def test_nothing_is_printed_for_an_empty_table_that_has_nothing_to_say(capsys: pytest.CaptureFixture[str]) -> None:
    out = Output(as_json=False)
    out.table([], ("name",), empty="")
    assert capsys.readouterr().out == ""
    out.table([], ("name",), empty="none yet")
    assert capsys.readouterr().out == "none yet\n"


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (True, "yes"), (1.5, "1.5"), (2.0, "2"), ([], "–"), (["a", 1], "a, 1")]
)
def test_values_are_written_for_people(capsys: pytest.CaptureFixture[str], value: object, text: str) -> None:
    Output(as_json=False).fields({"some_value": value})
    assert capsys.readouterr().out == f"some value: {text}\n"
