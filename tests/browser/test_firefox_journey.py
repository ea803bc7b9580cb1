"""The auditor's way in Firefox: sign in, open a camera, say what for, watch; H.265 as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.burnt_footage import LOOP_S
from support.firefox import Firefox, firefox
from support.player_page import BLOCKS, READ, Shown
from support.portal_house import GROUP, HALL, PASSWORD, PortalHouse, portal_house

if TYPE_CHECKING:
    from collections.abc import Iterator

FPS = 25
DAY = "2025-10-09"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortalHouse]:
    with portal_house(tmp_path_factory.mktemp("house")) as opened:
        yield opened


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory, house: PortalHouse) -> Iterator[Firefox]:
    with firefox(tmp_path_factory.mktemp("profile")) as opened:
        sign_in(opened, house)
        yield opened


def sign_in(browser: Firefox, house: PortalHouse) -> None:
    browser.goto(f"{house.address}/sign-in")
    for name, text in (("user", "berik"), ("password", PASSWORD), ("code", house.code("berik"))):
        browser.click(f"input[name={name}]")
        browser.type(text)
    browser.click("form button[type=submit], form button.main")
    browser.until("() => location.pathname === '/today'")


def watch(browser: Firefox, house: PortalHouse, camera: str) -> list[Shown]:
    """Open the day's footage of a camera as a person does, and return the pictures that were shown."""
    browser.goto(f"{house.address}/cameras/{camera}?day={DAY}")
    browser.click(".screen .row button:last-child")
    browser.until(
        "() => Boolean(document.querySelector('dialog[open]') || document.querySelector('.player-pane video'))"
    )
    if browser.evaluate("() => Boolean(document.querySelector('dialog[open]'))"):
        browser.click("dialog input[name=case]")
        browser.type("26-7510")
        browser.click("dialog button.main")
    browser.until("() => Boolean(document.querySelector('.player-pane video'))")
    browser.evaluate(READ, BLOCKS)
    browser.until("() => window.seen.length >= 15")
    return [Shown(**one) for one in browser.evaluate("() => window.seen")]


def test_an_auditor_signs_in_states_a_purpose_and_sees_pictures_with_their_time(
    browser: Firefox, house: PortalHouse
) -> None:
    shown = watch(browser, house, HALL)
    assert max(abs(one.off_by(FPS)) for one in shown) <= 1
    assert LOOP_S * FPS > len({one.number for one in shown}) > 3
    assert browser.errors == []


def test_h265_is_played_as_the_camera_sent_it(browser: Firefox, house: PortalHouse) -> None:
    shown = watch(browser, house, GROUP)
    assert max(abs(one.off_by(FPS)) for one in shown) <= 1
    assert browser.evaluate("() => document.querySelector('.player-badge').hidden")
    assert browser.evaluate("() => document.querySelector('footage-player').conductor.views[0].feed.codec").startswith(
        "hvc1"
    )
    assert browser.errors == []
