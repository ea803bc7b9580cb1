"""The portal's words: the same in three languages, all of them used, one for everything that the service may say."""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING

import pytest
from support.tree import ROOT, modules

from camera_gateway.access.purposes import KINDS
from camera_gateway.actions.jobs import JobState
from camera_gateway.compliance.documents.model import Kind as ReportKind
from camera_gateway.compliance.methods import Method
from camera_gateway.domain.alert import CODES, NoticeKind
from camera_gateway.domain.alert import Severity as AlertSeverity
from camera_gateway.domain.camera import InstitutionKind, Zone
from camera_gateway.domain.footage import GapCause, ProbeCause
from camera_gateway.domain.outage import OutageKind
from camera_gateway.domain.passport import CameraRole
from camera_gateway.domain.people import Role
from camera_gateway.domain.picture import KINDS as PICTURE_KINDS
from camera_gateway.domain.standard import Basis, Result, RuleKind, Severity, TextStatus, Verified
from camera_gateway.retention.decide import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PORTAL = ROOT / "camera_gateway" / "portal"
LANGUAGES = ("kk", "ru", "en")
FORMS = {"kk": {"one", "other"}, "ru": {"one", "few", "many", "other"}, "en": {"one", "other"}}
"""Plural forms of whole and broken numbers (CLDR). Kazakh has the same words in both."""
PLACEHOLDER = re.compile(r"\{(\w+)\}")
LITERAL = re.compile(r'"([a-z0-9-]+(?:\.[A-Za-z0-9_ -]+)+)"')
FAMILY = re.compile(r"\bt\(`([a-z.-]+)\.\$\{|\bword\((?:context|shared), \"([a-z-]+)\"|has\(`([a-z-]+)\.\$\{")
ASKED = re.compile(r'\bt\("([^"]+)"')
CYRILLIC = re.compile("[а-яёәғқңөұүһі]", re.IGNORECASE)
IN_KAZAKH_ONLY = re.compile("[әғқңөұүһі]", re.IGNORECASE)

Text = str | dict[str, str]


def texts(language: str) -> dict[str, Text]:
    found: dict[str, Text] = json.loads((PORTAL / "i18n" / f"{language}.json").read_text())
    return found


def scripts() -> list[Path]:
    """Every page and part; the player keeps its own words."""
    return [path for path in (PORTAL / "js").rglob("*.js") if "player" not in path.parts]


def source() -> str:
    return "\n".join(path.read_text() for path in scripts())


def forms(text: Text) -> list[str]:
    return [text] if isinstance(text, str) else list(text.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_languages_have_the_same_keys(language: str) -> None:
    assert texts(language).keys() == texts("en").keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_has_the_same_placeholders_in_every_language_and_form(language: str) -> None:
    wrong = []
    for key, text in texts(language).items():
        wanted = set(PLACEHOLDER.findall(forms(texts("en")[key])[-1]))
        wrong += [(key, form) for form in forms(text) if set(PLACEHOLDER.findall(form)) != wanted]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_counted_texts_have_the_forms_of_their_language(language: str) -> None:
    mine, english = texts(language), texts("en")
    wrong = {key for key, text in mine.items() if isinstance(text, dict) and text.keys() != FORMS[language]}
    assert wrong == set()
    assert {k for k, v in mine.items() if isinstance(v, dict)} == {k for k, v in english.items() if isinstance(v, dict)}
    assert all("{count}" in form for text in mine.values() if isinstance(text, dict) for form in text.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_whole_and_tidy(language: str) -> None:
    for key, text in texts(language).items():
        for form in forms(text):
            assert form.strip() == form, key
            assert form, key
            assert "  " not in form, key
            assert re.sub(r"\{\w+\}", "", form).count("{") == 0, key


def test_each_language_is_written_in_its_own_letters() -> None:
    """A Russian text that slipped into another file, or a Kazakh one, shows by its letters."""
    for key, text in texts("en").items():
        assert not CYRILLIC.search(" ".join(forms(text))), key
    for key, text in texts("ru").items():
        assert not IN_KAZAKH_ONLY.search(" ".join(forms(text))), key
    kazakh = " ".join(form for text in texts("kk").values() for form in forms(text))
    assert len(IN_KAZAKH_ONLY.findall(kazakh)) > len(kazakh) / 20
    alike = {key for key in texts("kk") if texts("kk")[key] == texts("ru")[key]}
    assert len(alike) < len(texts("ru")) / 8, sorted(alike)


def test_every_text_that_a_page_asks_for_is_there() -> None:
    assert set(ASKED.findall(source())) - texts("en").keys() == set()


def test_no_text_is_left_over() -> None:
    written = source()
    families = tuple({f"{name}." for match in FAMILY.findall(written) for name in match if name})
    named = set(LITERAL.findall(written))
    unused = {key for key in texts("en") if key not in named and not key.startswith(families)}
    assert unused == set()


def members(values: Iterable[object], family: str) -> set[str]:
    return {f"{family}.{value}" for value in values}


def test_there_is_a_word_for_everything_that_the_service_may_answer() -> None:
    wanted = (
        members(Zone, "zone") | members(InstitutionKind, "kind") | members(Role, "role") | members(KINDS, "purpose")
    )
    wanted |= members(GapCause, "cause") | members(ProbeCause, "cause") | members(ProbeCause, "probe")
    wanted |= members((f"{cause}.do" for cause in ProbeCause), "probe") | members(CameraRole, "camera-role")
    wanted |= members(JobState, "job") | members(Verdict, "retention")
    assert wanted - texts("en").keys() == set()


def test_there_is_a_word_for_everything_that_a_judgement_or_an_alert_may_say() -> None:
    wanted = members(Result, "result") | members(Result, "result-short") | members(Result, "result-means")
    wanted |= members(Basis, "basis") | members(Verified, "verified") | members(TextStatus, "text-status")
    wanted |= members(Severity, "severity") | members(RuleKind, "rule-kind") | members(Method, "method")
    wanted |= members(PICTURE_KINDS, "impairment") | members(OutageKind, "outage") | members(NoticeKind, "notice")
    wanted |= members(CODES, "alert") | members(AlertSeverity, "alert-severity") | members(ReportKind, "report")
    assert wanted - texts("en").keys() == set()


def test_what_a_judgement_says_goes_through_its_translation_on_every_page() -> None:
    """Sentences of findings and rules are English with `said` beside them: no page shows the English itself."""
    pages = [path.read_text() for path in scripts() if "judged.js" in path.read_text()]
    assert len(pages) > 2
    raw = re.compile(r"h\([^()]*\{[^{}]*\}, \w+\.(?:required|measured|evidence|note)\)|\bfigure\(context, \w+\.")
    assert [found for text in pages for found in raw.findall(text)] == []
    assert raw.search('h("span", { lang: "en" }, chosen.evidence)')
    assert sum(text.count("spoken(context, ") for text in pages) > 2
    judged = (PORTAL / "js" / "judged.js").read_text()
    assert "row.said?.[language]?.[name]" in judged


@pytest.mark.parametrize("language", LANGUAGES)
def test_reports_and_pages_call_the_same_things_by_the_same_names(language: str) -> None:
    """What an inspector reads on a page is what is printed: kinds of reports, methods, what an installation lacks."""
    printed = tomllib.loads((ROOT / "camera_gateway" / "compliance" / "texts" / f"{language}.toml").read_text())
    for section, family in (("kind", "report"), ("method", "method"), ("installation", "installation")):
        for code, words in printed[section].items():
            shown = forms(texts(language)[f"{family}.{code}"])[0]
            assert shown.casefold() == words.casefold(), code


def test_purposes_have_the_names_that_registers_print() -> None:
    for language in LANGUAGES:
        mine = texts(language)
        assert {code: mine[f"purpose.{code}"] for code in KINDS} == {
            code: k.names[language] for code, k in KINDS.items()
        }


def test_every_action_of_the_audit_log_has_a_name() -> None:
    written = "\n".join(path.read_text() for path in modules())
    actions = set(re.findall(r'\.audit\(\s*"([a-z-]+\.[a-z-]+)"', written))
    assert len(actions) > 40
    assert members(actions, "action") - texts("en").keys() == set()


def test_every_finding_of_today_says_what_it_is_and_what_to_do() -> None:
    written = (ROOT / "camera_gateway" / "actions" / "today.py").read_text()
    codes = set(re.findall(r'Finding\(\s*"([a-z-]+)"', written))
    assert len(codes) > 8
    wanted = members(codes, "today") | members((f"{code}.do" for code in codes), "today")
    assert wanted - texts("en").keys() == set()


def test_every_reason_of_a_retention_decision_can_be_said_in_the_users_language() -> None:
    words = (PORTAL / "js" / "words.js").read_text()
    patterns = dict(re.findall(r"^  \[/(.+)/, \"([a-z-]+)\", \[", words, re.MULTILINE))
    golden = (ROOT / "tests" / "golden" / "retention" / "decide.txt").read_text()
    reasons = {line.strip() for line in golden.splitlines() if line.startswith("    ")}
    assert len(reasons) > 8
    assert {reason for reason in reasons if not any(re.search(pattern, reason) for pattern in patterns)} == set()
    assert members(patterns.values(), "reason") <= texts("en").keys()
