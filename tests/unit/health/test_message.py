"""What messages say: every code in three languages, what, where, since when, what to do; ids and no secrets."""

from __future__ import annotations

import re
from dataclasses import replace
from string import Formatter

import pytest

from camera_gateway.clock import US
from camera_gateway.domain.alert import CODES, NoticeKind
from camera_gateway.health.message import MOST_NAMED, MOST_TOLD, Told, message, trial
from camera_gateway.health.words import CODES_IN_WORDS, LABELS, LANGUAGES

SINCE_US = 1_764_532_800 * US
FIGURES = {"count", "figure", "hours", "free_mb", "percent", "days", "what", "where", "rule", "outage"}
"""What conditions write down of what they find."""
SWITCH = Told(
    id="alert-7",
    code="network-down",
    kind=NoticeKind.OPENED,
    institution="Балалар үйі",
    time_zone="Asia/Almaty",
    since_us=SINCE_US,
    until_us=None,
    detail={"site": "home", "cameras": [f"cam-{n:02}" for n in range(14)], "count": 14, "cause": "camera-unreachable"},
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_title_and_advice_with_the_same_figures(language: str) -> None:
    words, english = CODES_IN_WORDS[language], CODES_IN_WORDS["en"]
    assert words.keys() == CODES.keys()
    assert LABELS[language].keys() == LABELS["en"].keys()
    for code, texts in words.items():
        used = {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}
        assert used <= FIGURES, code
        assert used == {name for text in english[code] for _, name, _, _ in Formatter().parse(text) if name}, code
        assert texts[1].endswith("."), code


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", CODES)
def test_a_message_can_be_made_of_every_code_even_without_its_figures(language: str, code: str) -> None:
    for kind in NoticeKind:
        title, text = message([replace(SWITCH, code=code, kind=kind, detail={})], language, None)
        assert "{" not in title + text
        assert "alert-7" in text


def test_a_message_says_what_where_since_when_and_what_to_do() -> None:
    title, text = message([SWITCH], "ru", "https://cameras.example.kz/")
    assert title == "Camera Gateway: одновременно пропала связь с камерами: 14 – Балалар үйі"
    lines = text.splitlines()
    assert lines[0] == "Где: Балалар үйі (home)"
    assert lines[1].startswith("Камеры: cam-00, cam-01,")
    assert lines[1].endswith("и ещё 2")
    assert lines[1].count("cam-") == MOST_NAMED
    assert lines[2] == "С какого времени: 2025-12-01 01:00:00 +0500"
    assert lines[3].startswith("Что делать: ")
    assert lines[4] == "Тревога: alert-7 (network-down)"
    assert lines[-1] == "https://cameras.example.kz/alerts"


def test_the_last_message_says_how_long_it_lasted_and_nothing_to_do() -> None:
    over = replace(SWITCH, kind=NoticeKind.RESOLVED, until_us=SINCE_US + (26 * 3_600 + 5 * 60) * US)
    title, text = message([over], "kk", None)
    assert title.startswith("Camera Gateway: Жойылды: ")
    assert "Ұзақтығы: 1 тәул. 2 сағ 5 мин" in text
    assert "Не істеу керек" not in text


def test_the_time_is_the_site_s_own_on_both_sides_of_a_change_of_zone() -> None:
    # eastern Kazakhstan kept +06:00 until March 2024
    before, after = 1_709_200_000 * US, 1_709_300_000 * US
    texts = [message([replace(SWITCH, since_us=at, time_zone="Asia/Almaty")], "en", None)[1] for at in (before, after)]
    assert [re.findall(r"Since: .* (\+\d{4})", text)[0] for text in texts] == ["+0600", "+0500"]


def test_what_a_channel_is_told_at_once_is_one_message_however_much_it_is() -> None:
    many = [replace(SWITCH, id=f"alert-{n}") for n in range(MOST_TOLD + 5)]
    title, text = message(many, "en", None)
    assert title == f"Camera Gateway: {MOST_TOLD + 5} alerts"
    assert text.count("What to do: ") == MOST_TOLD
    assert text.endswith("and 5 more")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_kind_of_impairment_is_said_in_the_language(language: str) -> None:
    title, _ = message([replace(SWITCH, code="picture-impaired", detail={"what": "black"})], language, None)
    assert LABELS[language]["what.black"] in title


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_test_message_says_that_nothing_is_to_be_done(language: str) -> None:
    title, text = trial(language)
    assert "Camera Gateway" in title
    assert text
