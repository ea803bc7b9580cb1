"""Standards as data: what is shipped loads, and what is wrong is named by file, line and clause."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from camera_gateway.compliance.standards import load_directory, load_standard, pick
from camera_gateway.domain.standard import Basis
from camera_gateway.errors import InvalidInput, NotFound
from camera_gateway.settings.locate import config_directory

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """\
schema = 1
id = "x"
title = { en = "X" }
basis = "law"
text_status = "secondary"
"""


def wrong(tmp_path: Path, text: str) -> str:
    path = tmp_path / "x.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput) as error:
        load_standard(path)
    return error.value.message


def test_every_shipped_standard_loads_and_no_law_has_a_figure_without_a_source() -> None:
    standards = load_directory(config_directory() / "standards")
    assert {"house-baseline", "kz-edu-117-2022"} <= {s.id for s in standards}
    for standard in standards:
        assert {"en", "ru", "kk"} <= set(standard.title)
        for rule in standard.rules:
            if standard.basis is Basis.LAW and rule.value is not None:
                assert rule.raw.get("source"), f"{standard.id} {rule.id}"


def test_a_figure_that_nobody_read_is_a_stub_and_not_a_number() -> None:
    standard = pick(load_directory(config_directory() / "standards"), "kz-edu-117-2022")
    stubs = {r.id for r in standard.rules if r.text_needed}
    assert stubs == {"technical-resolution", "technical-fps"}
    assert all(r.value is None for r in standard.rules if r.text_needed)


def test_a_measured_rule_without_a_value_is_refused_at_its_line(tmp_path: Path) -> None:
    text = (
        HEAD
        + '[[rule]]\nid = "r"\nclause = "p.9"\nkind = "measured"\nmetric = "stream.fps"\nop = ">="\nverified = "secondary"\n'  # noqa: E501 - one line of TOML
    )
    message = wrong(tmp_path, text)
    assert "x.toml, line 7" in message
    assert "p.9" in message


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('kind = "guessed"', "guessed"),
        ('kind = "process"\nverified = "maybe"', "maybe"),
        ('kind = "process"', "verified is missing"),
        ('kind = "measured"\nverified = "verbatim"\nop = "~"', "metric or op"),
    ],
)
def test_what_is_wrong_with_a_rule_is_said(tmp_path: Path, line: str, said: str) -> None:
    extra = "" if "verified" in line or "missing" in said else '\nverified = "verbatim"'
    assert said in wrong(tmp_path, HEAD + f'[[rule]]\nid = "r"\n{line}{extra}\n')


def test_a_rule_may_not_stand_twice(tmp_path: Path) -> None:
    rule = '[[rule]]\nid = "r"\nkind = "process"\nverified = "verbatim"\n'
    assert "twice" in wrong(tmp_path, HEAD + rule + rule)


def test_broken_toml_is_named(tmp_path: Path) -> None:
    assert "x.toml" in wrong(tmp_path, "schema = ")


def test_an_unknown_standard_is_answered_with_the_known_ones() -> None:
    with pytest.raises(NotFound) as error:
        pick(load_directory(config_directory() / "standards"), "iso-9001")
    assert "house-baseline" in error.value.hint
