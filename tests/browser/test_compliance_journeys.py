"""What inspectors and administrators come for where cameras are judged: from the matrix to the minute and the paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.browser import Visit, axe, until
from support.portal_house import HALL, KINDERGARTEN, PASSWORD, NoonClock, PortalHouse, portal_house

from camera_gateway.catalogue import alerts
from camera_gateway.clock import US
from camera_gateway.domain.alert import Condition

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

HOUR_US = 3_600 * US
STANDARD = "house-baseline"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortalHouse]:
    """A house at the present time whose hall was out of reach for an hour, and with a second administrator."""
    with portal_house(tmp_path_factory.mktemp("house"), NoonClock(), with_footage=False) as opened:
        now_us = opened.clock.now_us()
        opened.gap(HALL, now_us - 3 * HOUR_US, now_us - 2 * HOUR_US)
        opened.call(lambda: opened.people.user("zhanna", ("administrator", "all")))
        opened._give_credentials("zhanna")
        detail = {"cameras": [HALL], "count": 1}
        lost = Condition("camera-down", f"camera:{HALL}", KINDERGARTEN, now_us - 3 * HOUR_US, detail)
        opened.write(lambda tx: alerts.open_(tx, lost))
        yield opened


@pytest.fixture
def visit(browser: Browser, house: PortalHouse) -> Iterator[Visit]:
    with Visit(browser, house.address, house.clock.ahead_us / US) as opened:
        yield opened


def settle(page: Page) -> None:
    until(page, "() => document.querySelector('main h1') && !document.querySelector('[aria-busy=true], .bones')")


def open_page(visit: Visit, house: PortalHouse, user: str | None, path: str, **options: Any) -> Page:  # noqa: ANN401 - Playwright's
    page = visit.page(locale="en-GB", timezone_id="Asia/Almaty", **options)
    if user is not None:
        house.sign_in(page, user)
    page.goto(path)
    settle(page)
    return page


def heading(page: Page, text: str) -> None:
    page.get_by_role("heading", level=1, name=text).wait_for()
    settle(page)


def rows(page: Page, caption: str) -> Locator:
    return page.get_by_role("table", name=caption).locator("tbody").get_by_role("row")


def test_an_inspector_goes_from_sign_in_to_the_minute_behind_a_finding_and_takes_the_report_home(
    visit: Visit, house: PortalHouse, tmp_path: Path
) -> None:
    page = open_page(visit, house, None, "/")
    page.get_by_label("User name").fill("berik")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Confirmation code").fill(house.code("berik"))
    page.get_by_role("button", name="Sign in").click()
    heading(page, "Today")
    page.get_by_role("main").get_by_role("link", name="Compliance", exact=True).click()
    heading(page, "Compliance")
    bases = [text.split()[0] for text in page.locator("h2.basis").all_inner_texts()]
    assert bases == ["Law", "House"], "bases are apart"
    page.locator(f'a[href*="standard={STANDARD}"]').first.click()
    settle(page)
    matrix = page.locator("table.matrix")
    headings = matrix.get_by_role("columnheader")
    assert headings.filter(has_text="Детский сад № 12").count() == 1
    said = headings.filter(has_text="Детский сад № 12").inner_text()
    assert "unknown" in said, "what is not known stands beside what is met"
    matrix.get_by_role("row").filter(has_text="99 % of the scheduled time").get_by_role("link").first.click()
    until(page, "() => document.documentElement.dataset.page === 'finding'")
    settle(page)
    page.get_by_role("table", name="Findings of this clause").get_by_role("link", name="Зал").click()
    settle(page)
    line = page.locator(".player-timeline")
    line.wait_for()
    assert rows(page, "Gaps").filter(has_text="The camera does not answer").count() == 1
    assert axe(page) == []
    line.focus()
    assert "00:00:00, gap: Cause unknown" in (line.get_attribute("aria-valuetext") or ""), "it stands at the first gap"
    page.keyboard.press("Enter")
    heading(page, "Зал")
    assert "at=" in page.url, "the camera opens at the minute"
    page.keyboard.press("Escape")

    page.get_by_role("link", name="Reports", exact=True).click()
    heading(page, "Reports")
    page.get_by_role("button", name="Make a report").click()
    page.get_by_label("Report", exact=True).select_option("inspection-pack")
    page.get_by_label("Institution").select_option(KINDERGARTEN)
    page.locator("form button.main").click()
    page.get_by_text("The report is ready").wait_for()
    page.get_by_label("Language of the files").select_option("kk")
    for form, begins in (("PDF", b"%PDF-"), ("XLSX", b"PK\x03\x04"), ("CSV", b""), ("JSON", b"{")):
        with page.expect_download() as download:
            rows(page, "Reports").first.get_by_role("link", name=f"{form} of").click()
        file = tmp_path / f"report.{form}"
        download.value.save_as(file)
        assert file.read_bytes().startswith(begins)
        assert file.stat().st_size > 500
    assert axe(page) == []


def test_two_administrators_grant_a_waiver(visit: Visit, house: PortalHouse) -> None:
    page = open_page(visit, house, "alia", "/registers")
    page.get_by_role("button", name="Grant a waiver").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Institution").select_option(KINDERGARTEN)
    dialog.get_by_label("Rule book").select_option(STANDARD)
    until(
        page,
        "() => [...document.querySelectorAll('dialog select[name=rule] option')].some((o) => o.value === 'uptime')",
    )
    dialog.get_by_label("Clause").select_option("uptime")
    dialog.get_by_label("Reason").fill("the switch is being replaced, order 17")
    local = house.clock.now_us() // US + 30 * 86_400
    dialog.get_by_label("Until").fill(page.evaluate("(s) => new Date(1000 * s).toISOString().slice(0, 10)", local))
    assert axe(page, "dialog") == []
    visit.expect("403")  # the first of two is heard, and nothing is waived
    dialog.get_by_role("button", name="Grant").click()
    address = page.get_by_role("dialog").get_by_label("Address for the second person").input_value()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    settle(page)
    assert rows(page, "Waivers").count() == 0

    other = open_page(visit, house, "zhanna", address)
    other.get_by_role("dialog").get_by_role("button", name="Grant").click()
    row = rows(other, "Waivers").filter(has_text="order 17")
    row.wait_for()
    settle(other)
    assert "alia" in row.inner_text()
    assert "zhanna" in row.inner_text()
    other.goto(f"/compliance/{KINDERGARTEN}/uptime?standard={STANDARD}&now=1&scope=camera:{HALL}")
    settle(other)
    other.get_by_text("the switch is being replaced, order 17").wait_for()

    other.goto("/registers")
    settle(other)
    rows(other, "Waivers").filter(has_text="order 17").get_by_role("button", name="Withdraw").click()
    other.get_by_role("dialog").get_by_role("button", name="Withdraw").click()
    other.get_by_text("No waiver is in force").wait_for()


def test_a_fact_is_declared_with_its_evidence_and_an_entry_is_made_and_closed(visit: Visit, house: PortalHouse) -> None:
    page = open_page(visit, house, "alia", "/registers?tab=facts")
    page.get_by_role("button", name="Declare a fact").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What", exact=True).select_option("power.backup_present")
    dialog.get_by_role("button", name="Save").click()
    assert dialog.get_by_text("Fill in this field.").count() == 1, "nothing is declared without evidence"
    dialog.get_by_label("Evidence").fill("test protocol 14 of 2 November")
    dialog.get_by_role("button", name="Save").click()
    rows(page, "Declared facts").filter(has_text="test protocol 14").wait_for()
    settle(page)
    assert axe(page) == []

    page.goto("/registers?tab=processes")
    settle(page)
    page.get_by_role("button", name="Make an entry").first.click()
    dialog.get_by_label("Register").fill("daily-check")
    dialog.get_by_label("Evidence").fill("journal, page 3")
    dialog.get_by_role("button", name="Save").click()
    row = rows(page, "What was done").filter(has_text="journal, page 3")
    row.wait_for()
    settle(page)
    row.get_by_role("button", name="It is done").click()
    dialog.get_by_label("Evidence").fill("all cameras seen")
    dialog.get_by_role("button", name="It is done").click()
    rows(page, "What was done").filter(has_text="all cameras seen").wait_for()


def test_a_gap_is_explained_and_stays(visit: Visit, house: PortalHouse) -> None:
    page = open_page(visit, house, "alia", f"/compliance/{KINDERGARTEN}/uptime?standard={STANDARD}&scope=camera:{HALL}")
    gap = rows(page, "Gaps").filter(has_text="The camera does not answer")
    gap.get_by_role("button", name="Explain").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What happened").fill("the cable was cut by builders")
    dialog.get_by_role("button", name="Save").click()
    page.get_by_text("the cable was cut by builders").wait_for()
    settle(page)
    assert gap.count() == 1


def test_an_administrator_announces_work_and_cancels_it(visit: Visit, house: PortalHouse) -> None:
    page = open_page(visit, house, "alia", "/alerts/maintenance")
    page.get_by_role("button", name="Announce work").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("cleaning of the domes")
    assert axe(page, "dialog") == []
    dialog.get_by_role("button", name="Announce").click()
    row = rows(page, "Planned work").filter(has_text="cleaning of the domes")
    row.wait_for()
    settle(page)
    row.get_by_role("button", name="Cancel the work").click()
    dialog.get_by_role("button", name="Cancel the work").click()
    page.get_by_text("No work is announced").wait_for()
    settle(page)
    page.get_by_label("Also past and cancelled").check()
    rows(page, "Planned work").filter(has_text="Cancelled").wait_for()


def test_an_alert_is_taken_in_hand_and_stays_until_its_cause_is_gone(visit: Visit, house: PortalHouse) -> None:
    page = open_page(visit, house, "alia", "/today")
    page.get_by_role("link", name="Alerts", exact=True).click()
    heading(page, "Alerts")
    row = rows(page, "Alerts").filter(has_text="A camera does not deliver")
    assert "Nobody yet" in row.inner_text()
    row.get_by_role("button", name="I have seen it").click()
    page.get_by_text("Noted: seen by you").wait_for()
    settle(page)
    assert "alia" in row.inner_text()
    assert row.get_by_role("button", name="I have seen it").count() == 0
    assert axe(page) == []
    row.get_by_role("link", name="Зал").click()
    heading(page, "Зал")


def test_who_reviews_is_not_offered_what_only_operators_do(visit: Visit, house: PortalHouse) -> None:
    page = open_page(visit, house, "berik", "/alerts/maintenance")
    assert page.get_by_role("button", name="Announce work").count() == 0
    page.goto("/registers?tab=facts")
    settle(page)
    assert page.get_by_role("button", name="Declare a fact").count() == 0
    page.goto("/registers")
    settle(page)
    assert page.get_by_role("button", name="Grant a waiver").count() == 0
    staff = open_page(visit, house, "dana", "/registers")
    heading(staff, "Declared facts")
    menu = set(staff.get_by_role("navigation").get_by_role("link").all_inner_texts())
    assert "Registers" in menu
    assert not {"Compliance", "Reports"} & menu


@pytest.mark.parametrize(
    ("language", "told"), [("ru", "по вторичным источникам"), ("kk", "жанама дереккөздер бойынша")]
)
def test_the_edition_of_a_standard_is_told_in_the_language_of_the_page(
    visit: Visit, house: PortalHouse, language: str, told: str
) -> None:
    page = visit.page(locale="ru-RU", timezone_id="Asia/Almaty")
    house.sign_in(page, "berik")
    page.add_init_script(f"localStorage.setItem('language', '{language}')")
    order = "kz-edu-117-2022"
    pages = ("/compliance", f"/compliance/{KINDERGARTEN}?standard={order}", "/standards", f"/standards/{order}")
    for path in (*pages, "/standards/kz-mon-mvd-2019"):
        page.goto(path)
        settle(page)
        shown = page.get_by_role("main").inner_text()
        assert told in shown or path not in pages, path
        for english in ("secondary", "not seen", "unknown", "as told", "as collected", "Minister of", "Republic"):
            assert english not in shown, path
