"""Each person's main way in Firefox, from the sign-in page to the result.

The auditor opens a camera, says what for, and watches; H.265 as it is. IT staff register a camera. An administrator
lets a person in.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from support.burnt_footage import LOOP_S
from support.firefox import Firefox, firefox
from support.house_camera import camera
from support.player_page import BLOCKS, READ, Shown
from support.portal_house import GROUP, HALL, PASSWORD, PortalHouse, portal_house

from camera_gateway.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Iterator

FPS = 25
DAY = "2025-10-09"
CODE_S = 60
STANDARD = "house-baseline"
CHOOSE = """(kind) => {
  const list = document.querySelector("select[name=kind]");
  list.value = kind;
  list.dispatchEvent(new Event("change"));
}"""
FETCHED = """async () => {
  const answer = await fetch(document.querySelector("main table a[href*='.pdf']").href);
  return [answer.headers.get("content-type"), (await answer.text()).slice(0, 5)];
}"""
"""The type and the first bytes of the first paper of the page."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortalHouse]:
    with portal_house(tmp_path_factory.mktemp("house")) as opened:
        yield opened


@pytest.fixture(scope="module")
def living(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortalHouse]:
    """One whose clock goes: a camera that is probed is watched for seconds."""
    with portal_house(tmp_path_factory.mktemp("living"), SystemClock(), with_footage=False) as opened:
        yield opened


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    with firefox(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture
def auditor(browser: Firefox, house: PortalHouse) -> Iterator[Firefox]:
    house.wait(house.clock.advance(CODE_S))  # a code opens once
    with signed_in(browser, house, "berik"):
        yield browser


@contextmanager
def signed_in(browser: Firefox, house: PortalHouse, user: str) -> Iterator[None]:
    """Sign in by the page and, at the end, out."""
    browser.goto(f"{house.address}/sign-in")
    fill(browser, user=user, password=PASSWORD, code=house.code(user))
    browser.click("form button[type=submit], form button.main")
    browser.until("() => location.pathname === '/today'")
    yield
    browser.click("button", "Sign out")
    browser.until("() => location.pathname === '/sign-in'")


def fill(browser: Firefox, **fields: str) -> None:
    for name, text in fields.items():
        browser.click(f"main input[name={name}], dialog[open] input[name={name}]")
        browser.type(text)


def follow(browser: Firefox, selector: str) -> None:
    """Go where the first such link leads, once it is there: a page drawn anew takes it from under a click."""
    browser.until("(selector) => Boolean(document.querySelector(selector))", selector)
    browser.goto(browser.evaluate("(selector) => document.querySelector(selector).href", selector))


def heading(browser: Firefox, text: str) -> None:
    browser.until("(text) => document.querySelector('main h1')?.textContent === text", text)


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
    auditor: Firefox, house: PortalHouse
) -> None:
    shown = watch(auditor, house, HALL)
    assert max(abs(one.off_by(FPS)) for one in shown) <= 1
    assert LOOP_S * FPS > len({one.number for one in shown}) > 3
    assert auditor.errors == []


def test_h265_is_played_as_the_camera_sent_it(auditor: Firefox, house: PortalHouse) -> None:
    shown = watch(auditor, house, GROUP)
    assert max(abs(one.off_by(FPS)) for one in shown) <= 1
    assert auditor.evaluate("() => document.querySelector('.player-badge').hidden")
    assert auditor.evaluate("() => document.querySelector('footage-player').conductor.views[0].feed.codec").startswith(
        "hvc1"
    )
    assert auditor.errors == []


def test_it_staff_register_a_camera_once_they_have_seen_its_picture(browser: Firefox, living: PortalHouse) -> None:
    with signed_in(browser, living, "dana"), camera(living) as found:
        browser.goto(f"{living.address}/cameras/add")
        fill(browser, name="Corridor, 2nd floor", url=found.url)
        browser.evaluate("() => { document.querySelector('select[name=zone]').value = 'corridor'; }")
        browser.click("button", "Probe it and show a picture")
        browser.until("() => document.querySelector('figure.first-picture img')?.naturalWidth === 320")
        browser.click("button", "Save the camera")
        heading(browser, "Corridor, 2nd floor")
        assert browser.evaluate("() => location.pathname") == "/cameras/corridor-2nd-floor"
    assert browser.errors == []


def test_an_administrator_lets_a_person_in_by_a_link_that_is_shown_once(browser: Firefox, living: PortalHouse) -> None:
    with signed_in(browser, living, "alia"):
        browser.goto(f"{living.address}/people")
        browser.click("button", "Add a person")
        fill(browser, name="Saule Omarova")
        browser.click("dialog[open] button", "Add and get the link")
        link = "() => document.querySelector('dialog[open] input[readonly]')?.value ?? ''"
        browser.until(f"() => ({link})().includes('#/welcome?token=')")
        browser.click("dialog[open] button", "Close")
        browser.until("() => document.querySelector('main').textContent.includes('Saule Omarova')")
        assert "token=" not in browser.evaluate("() => document.documentElement.outerHTML")
    assert browser.errors == []


def test_an_inspector_goes_from_the_matrix_to_a_finding_and_makes_a_report(
    browser: Firefox, living: PortalHouse
) -> None:
    with signed_in(browser, living, "berik"):
        browser.goto(f"{living.address}/compliance")
        follow(browser, f'a[href*="standard={STANDARD}"]')
        follow(browser, "table.matrix tbody a")
        browser.until("() => document.documentElement.dataset.page === 'finding'")
        browser.until("() => document.querySelectorAll('main table tbody tr').length > 0")
        for path in ("/standards", "/registers?tab=facts", "/registers?tab=processes", f"/cameras/{HALL}/pictures"):
            browser.goto(f"{living.address}{path}")
            browser.until(
                "() => document.querySelector('main h1') && !document.querySelector('[aria-busy=true], .bones')"
            )
        browser.goto(f"{living.address}/reports")
        browser.click("button", "Make a report")
        browser.until("() => document.querySelector('form select[name=kind]')?.options.length > 4")
        browser.evaluate(CHOOSE, "inspection-pack")
        browser.click("form button.main")
        browser.until("() => Boolean(document.querySelector('main table a[href*=\".pdf\"]'))")
        got = browser.evaluate(FETCHED)
        assert got == ["application/pdf", "%PDF-"]
    assert browser.errors == []
