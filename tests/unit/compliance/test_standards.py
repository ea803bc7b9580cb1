"""Standards as data: what is shipped loads, and what is wrong is named by file, line and clause."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from camera_gateway.compliance import editions
from camera_gateway.compliance.reading import parse_standard
from camera_gateway.compliance.standards import check_together, chosen, load_directory, load_standard
from camera_gateway.domain.standard import Basis, Verified
from camera_gateway.errors import InvalidInput, NotFound
from camera_gateway.settings.locate import config_directory

if TYPE_CHECKING:
    from pathlib import Path

SHIPPED = load_directory(config_directory() / "standards")
HEAD = """\
schema = 1
id = "x"
title = { en = "X" }
basis = "law"
text_status = "secondary"
"""
MEASURED = 'kind = "measured"\nmetric = "stream.fps"\nop = ">="\nverified = "secondary"\n'


def wrong(text: str) -> InvalidInput:
    with pytest.raises(InvalidInput) as error:
        parse_standard("x.toml", text)
    return error.value


def rule(body: str, head: str = HEAD, more: str = 'clause = "p.9"\n') -> str:
    return (
        f'{head}\n[[rule]]\nid = "first"\nkind = "process"\nverified = "verbatim"\n\n[[rule]]\nid = "r"\n{more}{body}'
    )


def test_every_shipped_standard_loads_in_three_languages_and_no_law_has_a_figure_without_a_source() -> None:
    check_together(SHIPPED)
    assert {s.id for s in SHIPPED} == {
        "house-baseline", "kz-edu-117-2022", "kz-gov-305-2021", "kz-health-335-2020", "kz-knb-69-2020",
        "kz-mon-mvd-2019", "kz-personal-data-2013", "kz-social-230-2023", "ref-international",
    }  # fmt: skip
    for standard in SHIPPED:
        assert set(standard.title) == {"en", "ru", "kk"}, standard.id
        for each in standard.rules:
            assert set(each.title) == {"en", "ru", "kk"}, f"{standard.id} {each.id}"
            if standard.basis is Basis.LAW and each.value is not None:
                assert each.source or each.source_url, f"{standard.id} {each.id}"


def test_no_figure_of_a_kazakh_text_is_said_to_have_been_read_in_the_original() -> None:
    figures = {
        (s.id, r.id): r.verified for s in SHIPPED if s.jurisdiction == "KZ" for r in s.rules if r.value is not None
    }
    assert set(figures.values()) == {Verified.SECONDARY}
    assert {s.id: sum(r.text_needed for r in s.rules) for s in SHIPPED if any(r.text_needed for r in s.rules)} == {
        "kz-gov-305-2021": 1, "kz-health-335-2020": 1, "kz-knb-69-2020": 5, "kz-mon-mvd-2019": 3,
        "kz-social-230-2023": 1, "ref-international": 1,
    }  # fmt: skip
    assert all(r.value is None and not r.table for s in SHIPPED for r in s.rules if r.text_needed)


@pytest.mark.parametrize(
    ("text", "line", "said", "hint"),
    [
        (rule(MEASURED), 12, "rule r (clause p.9): no value", "text_needed"),
        (rule('kind = "guessed"\n'), 15, "guessed", "measured"),
        (rule('kind = "process"\nverified = "maybe"\n'), 16, "maybe", "verbatim"),
        (rule('kind = "process"\n'), 12, "verified is missing", "secondary"),
        (rule('kind = "process"\nverified = "verbatim"\ntriger = "x"\n'), 17, "triger is not a key", "trigger"),
        (rule('kind = "process"\nverified = "verbatim"\nmetric = "x"\n'), 17, "means nothing", "standard.md"),
        (rule(MEASURED.replace("stream.fps", "stream.fsp") + "value = 5\n"), 16, "stream.fsp", "stream.fps"),
        (rule(MEASURED.replace(">=", "~") + "value = 5\n"), 17, "op", ">="),
        (rule(MEASURED + "value = 5\ntext_needed = true\n"), 20, "needs no text", "figure"),
        (rule(MEASURED + 'value = 5\nsource = ["kg"]\n'), 20, "source 'kg' is not in this file", ""),
        (rule(MEASURED + 'value = 5\nwhen = { zone = ["hal"] }\n'), 20, "hal", "hall"),
        (rule(MEASURED + 'value = 5\nwhen = { group = ["g9"] }\n'), 20, "g9", ""),
        (rule(MEASURED + 'value = 5\nexcept = ["legal_hol"]\n'), 20, "legal_hol", "legal_hold"),
        (rule(MEASURED + 'value = 5\naggregate = { fn = "p6" }\n'), 20, "p6", "p5"),
        (rule(MEASURED + 'value = 5\naggregate = { window = "90s" }\n'), 20, "whole minutes", ""),
        (rule(MEASURED + 'value = 5\naccruing_until = "soon"\n'), 20, "soon", "installed_at"),
        (rule(MEASURED + 'value = 5\nseverity = "major"\n'), 20, "major", "significant"),
        (rule(MEASURED + 'value = 5\nin_force_from = "2026-07-12"\n'), 20, "must be a date", "without quotes"),
        (rule(MEASURED.replace("stream.fps", "stream.resolution") + "value = 5\n"), 19, "width", ""),
        (rule(MEASURED.replace('">="', '"in"') + "value = 5\n"), 19, "must be a list", ""),
        (rule(MEASURED + 'by = "camera.role"\nvalue = 3\n'), 12, "by and table belong together", ""),
        (rule('kind = "coverage"\nverified = "verbatim"\n'), 12, "no zone", "text_needed"),
        (
            rule('kind = "coverage"\nverified = "verbatim"\nrequired_zones = [{ zone = "dinning" }]\n'), 17, "dinning",
            "dining",
        ),
        (rule('kind = "hold"\nverified = "verbatim"\nfrom = 2020-01-02\nto = 2020-01-01\n'), 17, "not before it", ""),
        (rule('kind = "process"\nverified = "verbatim"\nevery = "soon"\n'), 17, "soon", "standard.md"),
        (rule('kind = "process"\nverified = "verbatim"\nthreshold = "4h"\n'), 17, "belongs to a trigger", ""),
        (rule('kind = "declared"\nverified = "verbatim"\nmetric = "power.backup"\nop = "=="\nvalue = true\n'), 17,
         "no fact", "power.backup_present"),
        (rule('kind = "include"\nverified = "verbatim"\n'), 12, "names the id", ""),
        (HEAD.replace("schema = 1", "schema = 2"), 1, "schema must be 1", "reads no other"),
        (HEAD.replace('basis = "law"\n', ""), 1, "basis is missing", ""),
        (HEAD + 'institutions = ["kindergarden"]\n', 6, "kindergarden", "kindergarten"),
        (HEAD + 'jurisdicton = "KZ"\n', 6, "jurisdicton", "jurisdiction"),
        (HEAD + '[[group]]\nid = "g"\nverified = "secondary"\n', 6, "either all or any", ""),
        (HEAD + '[[group]]\nid = "g"\nverified = "secondary"\nall = [{ field = "x" }]\n', 9, "a condition has", ""),
        (
            HEAD + '[[group]]\nid = "g"\nverified = "secondary"\nall = [{ field = "headcont", le = 7 }]\n',
            9,
            "headcont",
            "institution.headcount",
        ),
        (HEAD + '[[source]]\nkay = "g"\n', 7, "kay", "key"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(text: str, line: int, said: str, hint: str) -> None:
    error = wrong(text)
    assert error.message.startswith(f"x.toml, line {line}: "), error.message
    assert said in error.message
    assert hint in error.hint


def test_a_rule_may_not_stand_twice() -> None:
    text = rule('kind = "process"\nverified = "verbatim"\n', more="").replace('id = "r"', 'id = "first"')
    assert "first stands twice" in wrong(text).message
    assert "line 13" in wrong(text).message


def test_broken_toml_and_an_unreadable_file_are_named(tmp_path: Path) -> None:
    assert "x.toml" in wrong("schema = ").message
    with pytest.raises(InvalidInput, match=r"gone\.toml: cannot be read"):
        load_standard(tmp_path / "gone.toml")


def test_a_key_inside_a_text_of_several_lines_is_not_mistaken_for_one() -> None:
    text = rule('kind = "process"\nverified = "verbatim"\nnote = """\nevery = 3\n[[rule]]\n"""\nevery = "x"\n')
    assert wrong(text).message.startswith("x.toml, line 21: ")


KEEPS = (
    'kind = "measured"\nmetric = "archive.complete_days"\nop = ">="\nvalue = 30\nunit = "d"\nverified = "secondary"\n'
)


def test_a_law_takes_no_figure_of_the_house_silently() -> None:
    assert "max_gap_s is missing" in wrong(rule(KEEPS + "day = { min_recorded_ratio = 0.9 }\n")).message
    assert "day is missing" in wrong(rule(KEEPS)).message
    spoken = rule(KEEPS + 'day = { min_recorded_ratio = "house", max_gap_s = "house" }\n')
    assert parse_standard("x.toml", spoken).rules[1].day is not None
    own = HEAD.replace('"law"', '"house"')
    assert "from itself" in wrong(rule(KEEPS + 'day = { min_recorded_ratio = "house" }\n', own)).message
    house = parse_standard("h.toml", own.replace('"x"', '"h"'))
    taking = parse_standard("x.toml", rule('kind = "include"\ninclude = "h"\nverified = "secondary"\n'))
    with pytest.raises(InvalidInput, match=r"rule r \(clause p\.9\): a law takes nothing of the house profile h"):
        check_together([house, taking])


def test_one_edition_may_not_come_in_two_files() -> None:
    first, second = parse_standard("a.toml", HEAD), parse_standard("b.toml", HEAD)
    with pytest.raises(InvalidInput, match=r"b\.toml: x in the edition '-' stands in a\.toml as well"):
        check_together([first, second])


def test_files_of_one_id_are_editions_and_each_day_has_its_own() -> None:
    old = parse_standard("a.toml", HEAD + 'edition = "old"\nin_force_from = 2020-01-01\nin_force_to = 2024-12-31\n')
    new = parse_standard("b.toml", HEAD + 'edition = "new"\nin_force_from = 2026-01-01\n')
    days = {date(2019, 5, 1): "old", date(2020, 1, 1): "old", date(2025, 6, 1): "old", date(2026, 1, 1): "new"}
    assert {day: editions.on_day([new, old], "x", day).edition for day in days} == days
    assert [s.edition for s in chosen([new, old, *SHIPPED], ["x"])] == ["old", "new"]
    assert len(chosen(SHIPPED, ())) == len(SHIPPED)


def test_an_unknown_standard_is_answered_with_the_known_ones() -> None:
    with pytest.raises(NotFound) as error:
        editions.lineage(SHIPPED, "iso-9001")
    assert "house-baseline" in error.value.hint
