"""Every phrase that a judgement can write, in every language: read out of the evaluators' source, none forgotten."""

from __future__ import annotations

import ast
import re
from string import Template
from typing import TYPE_CHECKING, Any

import pytest
from support.tree import ROOT

from camera_gateway.actions.standards import described
from camera_gateway.compliance.documents.model import Type
from camera_gateway.compliance.documents.phrases import FAMILIES, PHRASES, PLACES
from camera_gateway.compliance.documents.sayings import FIGURES, evidence_of, figure_of, said
from camera_gateway.compliance.documents.spoken import TRANSLATED, spoken_finding, spoken_rule, spoken_standard
from camera_gateway.compliance.documents.words import LANGUAGES, Words, texts_of
from camera_gateway.compliance.keys import OPERATORS, ZONES_NAMED
from camera_gateway.compliance.standards import load_directory
from camera_gateway.domain.picture import KINDS as IMPAIRMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

COMPLIANCE = ROOT / "camera_gateway" / "compliance"
STANDARDS = ROOT / "config" / "standards"
NAMES = ("archive_figures", "stream_figures", "context", "duties", "groups")
EVALUATORS = (*sorted(COMPLIANCE.glob("evaluate*.py")), *(COMPLIANCE / f"{name}.py" for name in NAMES))
HOLE = "¤"
NO_PHRASE = {
    "¤ (¤)",  # a figure and counts
    "0 d",  # a figure
    "¤ ?",  # each operator without a figure is a phrase
    "after ¤¤",  # with and without how long, each a phrase
    "¤ 00:00-24:00",  # a window of a schedule
    "the gateway's own clock: ¤",  # its three states stand beside it
    "the rule is in force ¤",  # from or until a day, likewise
}
SAMPLES = {
    "count": "3", "number": "+0.010", "share": "98.50%", "length": "2 d 3 h", "term": "1mo", "holds": "hold-3, hold-4",
    "time": "2026-10-01T05:00:00Z", "date": "2026-10-01", "dates": "2026-10-01, 2026-10-02", "cause": "gateway-down",
    "losses": "camera-unreachable 12 h, not-in-bucket 3 h", "who": "token:alia", "id": "hall", "fact": "camera.zone",
    "metric": "stream.fps", "ids": "h264, h265", "words": "акт № 4; письмо", "zone": "hall",
    "kind": "school", "kinds": "school, kindergarten", "process": "camera_down", "impairments": "black, dark",
    "fn": "p5", "property": "object-lock", "state": "proven", "result": "fail",
}  # fmt: skip
"""Something of each place."""
ENGLISH = re.compile(r"[A-Za-z]{2,}")
IN_OTHERS = {"figure-number", "figure-words", "figure-result", "loss"}
"""Codes of parts that stand in other phrases only."""
LEFT_AS_IT_IS = {
    "RTCP",
    "NTP",
    "time",
    "offset_s",
    "scene",
    "width_m",
    "hall",
    "token",
    "alia",
    "hold",
    "camera",
    "zone",
}
LEFT_AS_IT_IS |= {"h264", "h265", "stream", "fps"}


def literals(tree: ast.AST) -> Iterator[str]:
    """Yield the texts of a module that are no docstrings, a hole for each value in them."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else HOLE for part in node.values)
        else:
            yield from literals(node)


def plain(text: str) -> str:
    """Return a text without what only joins it to others; a unit belongs to its figure."""
    return re.sub(rf"{HOLE}(?: (?:s|d|min|h|px/m|1/s|bit/s)(?= |,|$)|%)", HOLE, text.strip(" ;,"))


KNOWN = "\n".join(plain(re.sub(r"\$[a-z]+\d?", HOLE, phrase)) for phrase in PHRASES.values())


@pytest.mark.parametrize("path", EVALUATORS, ids=lambda path: path.stem)
def test_every_phrase_of_an_evaluator_has_a_code(path: Any) -> None:  # noqa: ANN401 - a path
    found = {plain(part) for text in literals(ast.parse(path.read_text())) for part in text.split("; ") if " " in part}
    assert {text for text in found - NO_PHRASE if text not in KNOWN} == set()


@pytest.mark.parametrize("path", EVALUATORS, ids=lambda path: path.stem)
def test_a_phrase_that_is_new_would_be_found(path: Any) -> None:  # noqa: ANN401 - a path
    tree = ast.parse(path.read_text() + '\nwhy = f"the moon was {full} that night"\n')
    assert {plain(text) for text in literals(tree)} - {"", HOLE} >= {f"the moon was {HOLE} that night"}
    assert f"the moon was {HOLE} that night" not in KNOWN


def test_every_code_has_its_text_in_every_language_and_the_english_is_what_findings_say() -> None:
    assert texts_of("en")["evidence"] == dict(PHRASES)
    for language in TRANSLATED:
        assert texts_of(language)["evidence"].keys() == PHRASES.keys()
    for code, phrase in PHRASES.items():
        assert {name.rstrip("0123456789") for name in Template(phrase).get_identifiers()} <= PLACES.keys(), code


@pytest.mark.parametrize("code", [code for code in PHRASES if code not in IN_OTHERS])
def test_a_phrase_is_said_without_english_words(code: str) -> None:
    names = Template(PHRASES[code]).get_identifiers()
    values = {name: SAMPLES[name.rstrip("0123456789")] for name in names}
    english = Template(PHRASES[code]).substitute(values)
    figure = code.startswith(FIGURES)
    value = figure_of(english) if figure else said(english)
    assert isinstance(value, dict), english
    assert value["code"] == code or (code, value["code"]) == ("figure-length", "figure-number")
    for language in TRANSLATED:
        shown = Words(language, "Asia/Almaty").shown(value, Type.FIGURE if figure else Type.SAYING)
        assert "$" not in shown
        assert set(ENGLISH.findall(re.sub(r"\w+\.\w+", "", shown))) <= LEFT_AS_IT_IS, shown
    assert Words("en", "UTC").shown(value, Type.SAYING) == english


def test_every_word_of_a_phrase_s_closed_lists_has_a_text() -> None:
    rules = [rule for standard in load_directory(STANDARDS) for rule in standard.rules]
    processes = {"outage_report"}
    for process in (rule.process for rule in rules if rule.process is not None):
        processes |= {process.register, *process.also_every, *([process.trigger] if process.trigger else [])}
    wanted = {"process": processes, "zone": set(ZONES_NAMED), "impairment": set(IMPAIRMENTS)}
    for language in LANGUAGES:
        assert set(FAMILIES.values()) <= texts_of(language).keys()
        for family, words in wanted.items():
            assert words - texts_of(language)[family].keys() == set(), (language, family)


def test_every_note_and_demand_of_a_shipped_standard_is_said_in_every_language() -> None:
    standards = load_directory(STANDARDS)
    ids = "|".join(sorted((standard.id for standard in standards), key=len, reverse=True))
    for standard in standards:
        for rule in described(standard, [standard])["rules"]:
            spoken = spoken_rule(rule, "Asia/Almaty")["said"]
            for language in TRANSLATED:
                text = re.sub(ids, "", " ".join(text for text in spoken[language].values() if text))
                assert set(ENGLISH.findall(text)) <= {"KZ", "h264", "h265"}, (standard.id, rule["id"], text)


def test_edition_and_authority_of_a_shipped_standard_are_said_in_every_language() -> None:
    for standard in load_directory(STANDARDS):
        spoken = spoken_standard(described(standard, [standard]))["said"]
        for language in TRANSLATED:
            assert spoken[language].keys() == {"edition", "authority"}
            for text in spoken[language].values():
                assert ENGLISH.findall(text) == [], (standard.id, text)
    assert spoken_standard({"edition": "of my own"})["said"]["kk"] == {"edition": "of my own"}


def test_the_findings_of_whole_months_leave_no_english() -> None:
    text = "".join(path.read_text() for path in sorted((ROOT / "tests" / "golden" / "compliance").glob("*.txt")))
    evidence = set(re.findall(r"^ +evidence: (.+)$", text, re.MULTILINE)) - set(
        re.findall(r"^ +how: (.+)$", text, re.MULTILINE)
    )
    assert len(evidence) > 30
    assert {one for one in evidence if not isinstance(said(one), dict)} == set()
    pairs = re.findall(r"^ +asked: (.+); found: (.+)$", text, re.MULTILINE)
    asked = {one: {"op": one.split(" ")[0]} if one.split(" ")[0] in OPERATORS else None for one, _ in pairs}
    assert {one for one, required in asked.items() if not isinstance(figure_of(one, required), dict)} == set()
    assert {one for _, one in pairs if not isinstance(figure_of(one), dict)} == {"–"}


@pytest.mark.parametrize(
    ("english", "ru", "kk"),
    [
        (
            "29 d 9 h of 31 d, bucket listed 2026-10-31T19:00:00Z; missing: gateway-down 1 d, not-in-bucket 3 h",
            (
                "сохранено 29 сут 9 ч из 31 сут; перечень хранилища получен 01.11.2026 00:00:00; "
                "отсутствует: шлюз не работал – 1 сут, нет в хранилище – 3 ч"
            ),
            (
                "көзделген 31 тәул уақыттың 29 тәул 9 сағ сақталған; қойма тізімі алынған уақыт: 01.11.2026 00:00:00; "
                "жоқ: шлюз жұмыс істемеді – 1 тәул, қоймада жоқ – 3 сағ"
            ),
        ),
        (
            "camera:hall: declared by token:alia on 2026-10-01: act; no hold; was read; holds until 2026-11-01",
            "камера hall; заявлено 01.10.2026, token:alia: act; no hold; was read; действует до 01.11.2026",
            "hall камерасы; 01.10.2026 күні token:alia мәлімдеген: act; no hold; was read; 01.11.2026 дейін жарамды",
        ),
        ("written by a person; no hold", "written by a person; no hold", "written by a person; no hold"),
    ],
)
def test_a_sentence_of_several_parts(english: str, ru: str, kk: str) -> None:
    finding = {
        "data": {"required": {"op": ">="}},
        "required": ">= 30 d",
        "measured": "31 d (3 pass, 1 fail)",
        "evidence": english,
    }
    shown = spoken_finding(finding, "Asia/Almaty")["said"]
    assert shown["ru"] == {
        "required": "≥ 30 сут",
        "measured": "31 сут; соответствует: 3; НЕ СООТВЕТСТВУЕТ: 1",
        "evidence": ru,
    }
    assert shown["kk"]["evidence"] == kk
    assert evidence_of({"evidence": english, "method": english}) is None
