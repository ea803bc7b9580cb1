"""Every page in three languages, on a desk and on a phone, light and dark: words, axe, and nothing over the edge."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from support.browser import Visit, axe, until
from support.portal_house import HALL, KINDERGARTEN, YARD, NoonClock, portal_house

from camera_gateway.api.portal import portal_directory
from camera_gateway.catalogue import alerts, looks, outages, waivers
from camera_gateway.clock import US, to_datetime
from camera_gateway.domain.alert import Condition, NoticeKind
from camera_gateway.domain.ids import CameraId
from camera_gateway.domain.outage import NewOutage, OutageKind
from camera_gateway.domain.people import Actor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page
    from support.portal_house import PortalHouse

    from camera_gateway.catalogue.opening import Transaction

pytestmark = pytest.mark.slow

HOUR_US = 3_600 * US
STANDARD = "house-baseline"
PAGES = (
    "/today",
    "/institutions",
    f"/institutions/{KINDERGARTEN}",
    "/cameras",
    f"/cameras/{HALL}",
    "/cameras/add",
    "/cameras/import",
    "/cameras/discover",
    "/watch",
    "/evidence",
    "/evidence/new",
    "/evidence/request-1",
    "/holds?new=1",
    "/incidents?new=1",
    "/retention",
    "/audit",
    "/audit/viewings",
    "/people",
    "/account",
    "/system",
    "/compliance",
    f"/compliance/{KINDERGARTEN}?standard={STANDARD}",
    f"/compliance/{KINDERGARTEN}/uptime?standard={STANDARD}&scope=camera:{HALL}",
    "/standards",
    f"/standards/{STANDARD}",
    "/registers",
    "/registers?tab=facts",
    "/registers?tab=processes",
    "/reports?new=1",
    "/alerts?past=1",
    "/alerts/outages",
    "/alerts/maintenance",
    f"/cameras/{HALL}/pictures",
)
DESK, PHONE = {"width": 1360, "height": 860}, {"width": 360, "height": 780}
LOOKS = (("kk", DESK, "light"), ("ru", PHONE, "dark"), ("en", DESK, "dark"))
KEY = re.compile(r"\b[a-z][a-z-]*(?:\.[a-z][a-z-]*)+\b")
FAMILIES = {key.split(".")[0] for key in json.loads((portal_directory() / "i18n" / "en.json").read_text())}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortalHouse]:
    """A house at the present time in which things have happened."""
    with portal_house(tmp_path_factory.mktemp("house"), NoonClock(), with_footage=False) as opened:
        now_us = opened.clock.now_us()
        opened.gap(HALL, now_us - 5 * HOUR_US, now_us - 4 * HOUR_US)
        alia, berik = Actor("session", "alia"), Actor("session", "berik")
        asked = {
            "requester": "Ахметов А. К.",
            "body": "Управление полиции",
            "legal_ground": "№ 118",
            "case": "26-7711",
            "from_us": now_us - 9 * HOUR_US,
            "to_us": now_us - 8 * HOUR_US,
        }
        for verb, actor, arguments in (
            ("evidence.request", berik, {**asked, "cameras": [HALL, YARD]}),
            ("evidence.request", berik, {**asked, "institution": KINDERGARTEN}),
            ("evidence.approve", alia, {"request": "request-1"}),
            (
                "incident.report",
                berik,
                {"institution": KINDERGARTEN, "cameras": [YARD], "at_us": now_us - HOUR_US, "text": "Падение"},
            ),
            ("token.create", alia, {"user": "alia", "label": "отчёты"}),
            *judged(now_us, alia),
        ):
            opened.wait(opened.people.do(actor, verb, **arguments))
        opened.write(lambda tx: trouble(tx, now_us))
        yield opened


def judged(now_us: int, alia: Actor) -> Iterator[tuple[str, Actor, dict[str, Any]]]:
    """What people add to judgements, so that each register has a row."""
    owner = {"institution": KINDERGARTEN}
    yield "declare.set", alia, {**owner, "fact": "power.backup_present", "value": "yes", "evidence": "Акт № 14"}
    yield "process.note", alia, {**owner, "process": "daily_inspection", "at_us": now_us - HOUR_US, "evidence": "л. 3"}
    span = {"from_us": now_us - 5 * HOUR_US, "to_us": now_us - 4 * HOUR_US}
    yield "gap.explain", alia, {"camera": HALL, **span, "words": "Строители перебили кабель"}
    ahead = {"from_us": now_us + HOUR_US, "to_us": now_us + 2 * HOUR_US}
    yield "maintenance.plan", alia, {**owner, **ahead, "reason": "Чистка куполов"}
    month = to_datetime(now_us).strftime("%Y-%m")
    yield "report.make", alia, {"kind": "inspection-pack", **owner, "month": month}


def trouble(tx: Transaction, now_us: int) -> None:
    """An outage, its alert with a message that did not go out, a waiver, and a picture that is blurred."""
    started_us = now_us - 2 * HOUR_US
    new = NewOutage(KINDERGARTEN, KINDERGARTEN, (HALL, YARD), OutageKind.NETWORK, "camera-unreachable", started_us)
    lost = outages.begin(tx, new)
    detail = {"site": KINDERGARTEN, "cameras": [HALL, YARD], "count": 2}
    condition = Condition("network-down", f"site:{KINDERGARTEN}", KINDERGARTEN, started_us, detail, lost.number)
    number = alerts.open_(tx, condition)
    alerts.intend(tx, number, NoticeKind.OPENED, 0, "duty")
    alerts.mark_failed(tx, [notice.number for notice in alerts.get(tx, number).notices], "refused", None)
    waivers.grant_waiver(
        tx,
        institution=KINDERGARTEN,
        camera=YARD,
        standard=STANDARD,
        rule="uptime",
        reason="Замена коммутатора",
        until_us=now_us + 720 * HOUR_US,
        approved_by="session:berik",
    )
    measured = {"verdicts": {"blurred": "bad"}, "sharpness": 0.31}
    looks.keep_look(tx, looks.Look(CameraId(HALL), now_us - HOUR_US, None, looks.LOOKED, measured))


@pytest.fixture
def visit(browser: Browser, house: PortalHouse) -> Iterator[Visit]:
    with Visit(browser, house.address, house.clock.ahead_us / US) as opened:
        yield opened


def speak(page: Page, language: str) -> None:
    """Choose a language as a visitor who has been here before."""
    page.add_init_script(f"localStorage.setItem('language', '{language}')")


def settle(page: Page) -> None:
    """Wait until the page and each of its parts is drawn."""
    until(page, "() => document.querySelector('main h1') && !document.querySelector('[aria-busy=true], .bones')")


def keys_shown(page: Page) -> list[str]:
    """What looks like a text's key instead of the text."""
    shown = page.evaluate(
        "() => [...document.querySelectorAll('main, nav')].map((e) => e.innerText).join('\\n')"
        " + [...document.querySelectorAll('[aria-label], [title], [alt], [placeholder]')].map((e) =>"
        " ['aria-label', 'alt', 'placeholder'].map((n) => e.getAttribute(n) ?? '').join(' ')).join('\\n')"
    )
    return [each for each in KEY.findall(shown) if each.split(".")[0] in FAMILIES]


@pytest.mark.parametrize(("language", "size", "theme"), LOOKS, ids=[look[0] for look in LOOKS])
def test_every_page_is_whole_in(
    visit: Visit, house: PortalHouse, language: str, size: dict[str, int], theme: str
) -> None:
    page = visit.page(viewport=size, color_scheme=theme, locale="ru-RU", timezone_id="Asia/Almaty")
    house.sign_in(page, "alia")
    speak(page, language)
    page.goto("/")
    settle(page)
    titles, wrong = set(), []
    for path in PAGES:
        page.evaluate(
            "(path) => { history.pushState({}, '', path); dispatchEvent(new PopStateEvent('popstate')); }", path
        )
        until(page, "(path) => location.pathname + location.search === path", path)
        settle(page)
        titles.add(page.title())
        wrong += [f"{path}: {line}" for line in axe(page)]
        over = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        if over > 0:
            wrong.append(f"{path}: {over} px over the edge")
        wrong += [f"{path}: the key {key}" for key in keys_shown(page)]
        if page.get_attribute("html", "lang") != language:
            wrong.append(f"{path}: not said to be in {language}")
    assert wrong == []
    assert len(titles) >= len(PAGES) - 2, "pages are told apart by their titles"
