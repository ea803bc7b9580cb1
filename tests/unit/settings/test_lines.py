"""On which line of a TOML text a key stands."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_gateway.settings.lines import line_of, lines_of_keys

TEXT = '''\
# [not] = "a table"
top = 1

[site]
id = "a # b = c"   # port = 3
"quoted key" = 1
name = """
[fake]
port = 9
"""
list = [
  "x = 1",  # y = 2
  { z = 3 },
]
raw = \'\'\'
also = "not"\'\'\'

[ "api" . inner ]
port = 1
dotted . deep = 2
last = "no newline"'''


def test_keys_are_found_on_their_lines_past_strings_comments_and_lists() -> None:
    tomllib.loads(TEXT)
    assert lines_of_keys(TEXT) == {
        ("top",): 2,
        ("site",): 4,
        ("site", "id"): 5,
        ("site", "quoted key"): 6,
        ("site", "name"): 7,
        ("site", "list"): 11,
        ("site", "raw"): 15,
        ("api", "inner"): 18,
        ("api", "inner", "port"): 19,
        ("api", "inner", "dotted"): 20,
        ("api", "inner", "dotted", "deep"): 20,
        ("api", "inner", "last"): 21,
    }


def test_the_nearest_enclosing_line_stands_for_a_key_without_one() -> None:
    assert line_of(TEXT, ("site", "list", "0")) == 11
    assert line_of(TEXT, ("site", "absent")) == 4
    assert line_of(TEXT, ("absent",)) is None


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment", "a=1\r\nb=2\r\n"])
def test_small_texts_are_walked_to_their_end(text: str) -> None:
    assert set(lines_of_keys(text)) == {(key,) for key in tomllib.loads(text)}


VALUES = st.one_of(
    st.integers().map(str),
    st.text(st.sampled_from("ab#=[]{}, \t\n"), max_size=12).map(lambda text: f"'''\n{text}'''"),
    st.text(st.sampled_from('ab#=[]{}"\\'), max_size=12).map(
        lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    ),
    st.lists(st.sampled_from(["1", '"x]"', "'#'", "[2]"]), max_size=3).map(lambda each: "[\n" + ",\n".join(each) + "]"),
)


@given(st.lists(st.tuples(st.booleans(), VALUES), max_size=12))
def test_whatever_the_values_hold_every_key_is_found_and_no_other(parts: list[tuple[bool, str]]) -> None:
    lines: list[str] = []
    expected: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, (new_table, value) in enumerate(parts):
        if new_table:
            table = (f"t{number}",)
            expected[table] = len(lines) + 1
            lines.append(f"[t{number}]")
        expected[(*table, f"k{number}")] = len(lines) + 1
        lines += f"k{number} = {value}".split("\n")
    text = "\n".join(lines)
    tomllib.loads(text)
    assert lines_of_keys(text) == expected
