"""The clock on the picture is the picture's own: over a gap, another format, seeks, steps, and converted footage."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from support.browser import Visit, until
from support.player_page import forget, go, open_player, seen, wait_until_shown, wall_us
from support.portal_house import DOOR, GROUP, HALL, START_US, YARD, PortalHouse, portal_house

from camera_gateway.actions import watching
from camera_gateway.catalogue.watching_tables import fragment_indexes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page, Response
    from support.player_page import Shown

pytestmark = pytest.mark.slow

US = 1_000_000
FPS = 25
HALL_, YARD_, GROUP_, DOOR_ = (HALL, "Зал"), (YARD, "Двор"), (GROUP, "Группа 3"), (DOOR, "Вход")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortalHouse]:
    with portal_house(tmp_path_factory.mktemp("house")) as opened:
        yield opened


@pytest.fixture
def visit(browser: Browser, house: PortalHouse) -> Iterator[Visit]:
    with Visit(browser, house.address) as opened:
        yield opened


@pytest.fixture
def page(visit: Visit, house: PortalHouse) -> Page:
    opened = visit.page()
    house.sign_in(opened, "berik", purpose="26-7510")
    return opened


def worst(shown: list[Shown], fps: int = FPS) -> int:
    assert shown
    return max(abs(one.off_by(fps)) for one in shown)


def pause(page: Page) -> None:
    page.keyboard.press("k")
    until(
        page, "() => !window.player.conductor.playing && [...document.querySelectorAll('video')].every((v) => v.paused)"
    )
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def test_every_picture_bears_its_own_time(page: Page, house: PortalHouse) -> None:
    open_player(page, house, HALL_, at_us=START_US + 3 * US)
    shown = wait_until_shown(page, 40)
    assert worst(shown) <= 1
    assert shown[0].text.startswith("2025-10-09 13:53:2")
    assert shown[0].text.endswith("UTC+05:00")
    assert {one.doubt for one in shown} == {""}


def test_over_a_gap_into_another_format_the_time_stays_true_and_the_gap_is_named(
    page: Page, house: PortalHouse
) -> None:
    open_player(page, house, HALL_, at_us=START_US + 118 * US)
    until(page, "() => document.querySelector('video').videoWidth === 704")
    shown = wait_until_shown(page, 60)
    assert {one.width for one in shown} == {640, 704}
    assert worst(shown) <= 1
    walls = [one.wall_us for one in shown]
    assert walls == sorted(walls)
    assert not [wall for wall in walls if START_US + 120 * US <= wall < START_US + 160 * US]
    notice = page.locator(".player-notice").inner_text()
    assert "40" in notice
    assert "13:55:20 – 13:56:00" in notice
    after = [one for one in shown if one.width == 704]
    assert {one.doubt for one in after} == {"± 200 мс"}, "without sender reports the doubt is shown"


def test_a_seek_into_the_middle_and_back_shows_the_right_picture(page: Page, house: PortalHouse) -> None:
    open_player(page, house, HALL_, at_us=START_US + 10 * US)
    wait_until_shown(page, 2)
    pause(page)
    for place in (77, 165, 30, 161, 119):
        go(page, START_US + place * US + 500_000)
        shown = wait_until_shown(page, 1)[-1]
        assert shown.off_by(FPS) == 0
        assert 0 <= START_US + place * US + 500_000 - shown.wall_us < US // FPS


def test_a_seek_into_a_gap_goes_on_after_it(page: Page, house: PortalHouse) -> None:
    open_player(page, house, HALL_, at_us=START_US + 10 * US)
    wait_until_shown(page, 2)
    pause(page)
    go(page, START_US + 130 * US)
    shown = wait_until_shown(page, 1)
    assert shown[0].wall_us == START_US + 160 * US
    assert "13:56:00" in page.locator(".player-notice").inner_text()


def test_steps_go_picture_by_picture_both_ways_and_over_the_gap(page: Page, house: PortalHouse) -> None:
    open_player(page, house, HALL_, at_us=START_US + 119 * US)
    wait_until_shown(page, 2)
    pause(page)
    go(page, START_US + 119 * US + 880_000)
    wait_until_shown(page, 1)
    found = []
    for key in ".....,,":
        forget(page)
        page.keyboard.press(key)
        found.append(wait_until_shown(page, 1)[-1])
    assert worst(found) == 0
    numbers = [(one.wall_us - START_US) * FPS // US for one in found]
    assert numbers == [2998, 2999, 4000, 4001, 4002, 4001, 4000]


def test_what_the_browser_cannot_play_is_converted_and_keeps_its_time(page: Page, house: PortalHouse) -> None:
    open_player(page, house, GROUP_, at_us=START_US + 5 * US)
    shown = wait_until_shown(page, 20)
    assert worst(shown) <= 1
    assert "H.265" in page.locator(".player-badge").inner_text()


def test_sound_that_the_browser_does_not_know_is_converted_once_somebody_listens(
    page: Page, house: PortalHouse
) -> None:
    open_player(page, house, YARD_, at_us=START_US + 40 * US)
    assert worst(wait_until_shown(page, 5), 10) <= 1
    heard = "() => document.querySelector('video').webkitAudioDecodedByteCount"
    assert page.evaluate(heard) == 0, "silent, but not refused"
    page.keyboard.press("m")
    until(page, f"() => ({heard})() > 1000 && !document.querySelector('video').muted")
    forget(page)
    assert worst(wait_until_shown(page, 10), 10) <= 1


def test_what_is_still_in_the_spool_plays_as_well(page: Page, house: PortalHouse) -> None:
    open_player(page, house, DOOR_, at_us=START_US + 100 * US)
    assert worst(wait_until_shown(page, 10)) <= 1


def test_while_indexes_are_still_made_the_picture_goes_on_into_the_next_segment(
    page: Page, house: PortalHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "INDEXED_AT_ONCE", 1)
    house.write(lambda tx: tx.connection.execute(fragment_indexes.delete()))  # as after a rebuild
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - a built-in method cannot be marked
    open_player(page, house, HALL_, at_us=START_US + 58 * US)
    until(page, "(wall) => window.player.wall > wall", (START_US + 62 * US) / 1000)
    shown = wait_until_shown(page, 80)
    assert worst(shown) <= 1
    walls = [one.wall_us for one in shown]
    assert max(later - earlier for earlier, later in pairwise(walls)) < US
    lists = [answer.text() for answer in answers if "playlist.m3u8" in answer.url]
    assert ["#EXT-X-ENDLIST" in text for text in lists[:2]] == [False, False], "a list that ends tests nothing here"


def test_four_cameras_show_the_same_moment(page: Page, house: PortalHouse) -> None:
    open_player(page, house, HALL_, YARD_, DOOR_, GROUP_, at_us=START_US + 25 * US)
    until(page, "() => new Set(window.seen.map((s) => s.camera)).size === 4")
    until(page, "(wall) => window.player.wall > wall", START_US / 1000 + 30_000)
    spread = page.evaluate(
        """() => {
          const walls = window.player.conductor.views.map((view) => view.wall);
          return Math.max(...walls) - Math.min(...walls);
        }"""
    )
    assert spread <= 2 * 1000 / FPS
    for one in seen(page):
        assert abs(one.off_by(10 if one.camera == "Двор" else FPS)) <= 1


def test_one_camera_s_gap_does_not_hold_up_the_others(page: Page, house: PortalHouse) -> None:
    open_player(page, house, HALL_, DOOR_, at_us=START_US + 118 * US)
    until(page, "(wall) => window.player.wall > wall", START_US / 1000 + 122_000)
    assert page.locator(".player-note").first.is_visible()
    assert wall_us(page) < START_US + 150 * US
    assert [one for one in seen(page) if one.camera == "Вход" and one.wall_us > START_US + 121 * US]
