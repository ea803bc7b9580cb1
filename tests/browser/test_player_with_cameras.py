"""Cameras that speak RTSP, the real recorder, the real portal: what the page shows is what the camera saw, then."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from fakecam.clips import tiny
from fakecam.server import FakeCameras
from fakecam.settings import CameraSettings
from support.browser import Visit, until
from support.gateway_rig import Inline, Seen
from support.player_page import forget, open_player, seen, wait_until_shown
from support.portal_house import HALL, KINDERGARTEN, YARD, PortalHouse, portal_house
from support.recording import Site, camera, end

from camera_gateway.clock import SystemClock
from camera_gateway.domain.ids import SiteId
from camera_gateway.domain.plan import Plan
from camera_gateway.footage.books import Books
from camera_gateway.handover.plan_file import write_plan
from camera_gateway.intake.taking import Intake

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page
    from support.recording import Found

pytestmark = pytest.mark.slow

US = 1_000_000
FPS = 25
WITH_REPORTS, WITHOUT = (HALL, "Зал"), (YARD, "Двор")


def wait_for(told: Callable[[], object], seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not told():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


class Recorded:
    """A house whose recorder runs, with two runs of each camera behind it."""

    def __init__(self, house: PortalHouse, site: Site) -> None:
        self.house = house
        self.site = site

    def runs(self, name: str) -> list[list[Found]]:
        found: dict[str, list[Found]] = {}
        for segment in self.segments[name]:
            found.setdefault(segment.sidecar.run, []).append(segment)
        return list(found.values())

    def take(self) -> None:
        self.segments = {name: self.site.segments(name) for name in (HALL, YARD)}
        house = self.house
        books = Books(house.gateway.catalogue, Inline())
        house.call(lambda: Intake(books, house.gateway.spool, house.clock, Seen()).take(full=True))


def goes_on(site: Site, camera: str) -> bool:
    """Whether a second run has two segments: the first may be a second long, too short to be watched."""
    runs = [segment.sidecar.run for segment in site.segments(camera)]
    return len(set(runs)) == 2 and runs.count(runs[-1]) > 1


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    folder: Path = tmp_path_factory.mktemp("cameras")
    clip = tiny(folder / "clips", length_s=10)["h264"]
    cameras = [
        CameraSettings(path="/reports", clip=clip),
        CameraSettings(path="/silent", clip=clip, sender_reports=False),
    ]
    (folder / "house").mkdir()
    with portal_house(folder / "house", SystemClock(), with_footage=False) as house:
        farm = FakeCameras(cameras)
        house.wait(farm.__aenter__())
        site = Site(house.gateway.data_dir)
        place = {"institution": KINDERGARTEN, "site": SiteId(KINDERGARTEN), "segment_s": 4.0}
        plans = (camera(HALL, farm.url(0), **place), camera(YARD, farm.url(1), **place))
        owner = house.gateway.catalogue.identity
        write_plan(house.gateway.data_dir / "plan.json", Plan(1, owner, SystemClock().now_us(), plans))
        process = site.start()
        try:
            wait_for(lambda: all(site.segments(name) for name in (HALL, YARD)))
            house.call(lambda: farm.drop_clients("power cut"))
            wait_for(lambda: all(goes_on(site, name) for name in (HALL, YARD)))
            found = Recorded(house, site)
            found.take()
            yield found
        finally:
            end(process)
            house.wait(farm.__aexit__(None, None, None))


@pytest.fixture
def page(browser: Browser, recorded: Recorded) -> Iterator[Page]:
    with Visit(browser, recorded.house.address) as visit:
        # on a busy machine a new part may begin late, and for that moment nothing is live
        visit.expect(r"live\.m3u8")
        # a slow machine plays to the end of what is recorded, and asks for what comes next
        visit.expect(r"404 .*playlist\.m3u8")
        opened = visit.page()
        recorded.house.sign_in(opened, "berik", purpose="26-7510")
        yield opened


def test_with_sender_reports_the_clock_is_right_to_the_picture_over_a_new_run_and_its_gap(
    page: Page, recorded: Recorded
) -> None:
    first, second = recorded.runs(HALL)
    gap_us = second[0].sidecar.start_us - first[-1].sidecar.end_us
    assert gap_us > 0
    open_player(page, recorded.house, WITH_REPORTS, at_us=first[-1].sidecar.end_us - 2 * US)
    until(page, "(wall) => window.player.wall > wall", second[0].sidecar.start_us / 1000 + 1_000)
    shown = seen(page)
    assert [one for one in shown if one.wall_us < first[-1].sidecar.end_us]
    assert max(abs(one.off_by(FPS)) for one in shown) <= 1
    assert {one.doubt for one in shown} == {""}


def test_without_sender_reports_the_clock_is_right_within_the_doubt_that_is_shown(
    page: Page, recorded: Recorded
) -> None:
    first, _ = recorded.runs(YARD)
    open_player(page, recorded.house, WITHOUT, at_us=first[0].sidecar.start_us + US)
    shown = wait_until_shown(page, 30)
    for one in shown:  # each segment has a doubt of its own
        _, number, unit = one.doubt.split(" ")
        doubt_s = float(number) * {"мс": 0.001, "с": 1}[unit]
        assert abs(one.off_by(FPS)) / FPS <= doubt_s + 1 / FPS


BEHIND = """() => {
  const pane = document.querySelector(".player-pane");
  const lag = pane.querySelector(".player-lag");
  const wall = Number(pane.querySelector("time").dataset.us);
  return [(Date.now() * 1000 - wall) / 1e6, Number(lag.dataset.seconds)];
}"""


def test_live_is_less_than_three_seconds_behind_and_says_how_much(page: Page, recorded: Recorded) -> None:
    open_player(page, recorded.house, WITH_REPORTS, live=True)
    wait_until_shown(page, 25)
    forget(page)
    shown = wait_until_shown(page, 75)
    assert max(abs(one.off_by(FPS)) for one in shown) <= 1
    # a machine that is busy for a moment puts the picture behind; it catches up
    until(page, f"() => {{ const [lag] = ({BEHIND})(); return lag < 3; }}")
    # the fake camera shows the time itself: compare with this machine's clock
    lag_s, told_s = page.evaluate(BEHIND)
    assert lag_s < 3.5, "half a second later at most"
    assert abs(told_s - lag_s) < 1, "a second is what the answers' Date header leaves open at first"
    assert "отставание" in page.locator(".player-lag").inner_text()
