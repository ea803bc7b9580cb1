"""What each person comes for, from the sign-in page to the result, by what a page shows and nothing else."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

import pyotp
import pytest
from support.browser import Visit, axe, until
from support.house_camera import camera
from support.portal_house import HALL, PASSWORD, YARD, NoonClock, PortalHouse, portal_house

from camera_gateway.access.links import make_link
from camera_gateway.clock import US
from camera_gateway.domain.people import Actor, UserId

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.slow

HOUR_US = 3_600 * US
MOST_STEPS = 12


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortalHouse]:
    with portal_house(tmp_path_factory.mktemp("house"), NoonClock(), with_footage=False) as opened:
        yield opened


@pytest.fixture
def visit(browser: Browser, house: PortalHouse) -> Iterator[Visit]:
    with Visit(browser, house.address, house.clock.ahead_us / US) as opened:
        yield opened


def open_page(visit: Visit, house: PortalHouse, user: str | None, path: str = "/", **options: Any) -> Page:  # noqa: ANN401 - Playwright's
    page = visit.page(locale="en-GB", timezone_id="Asia/Almaty", **options)
    if user is not None:
        house.sign_in(page, user)
    page.goto(path)
    settle(page)
    return page


def settle(page: Page) -> None:
    until(page, "() => document.querySelector('main h1') && !document.querySelector('[aria-busy=true], .bones')")


def heading(page: Page, text: str) -> None:
    page.get_by_role("heading", level=1, name=text).wait_for()


def rows(page: Page, caption: str) -> Locator:
    return page.get_by_role("table", name=caption).locator("tbody").get_by_role("row")


class Steps:
    """Counts what a person does: each click, each field, each choice."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.count = 0

    def click(self, role: Any, name: str) -> None:  # noqa: ANN401 - an ARIA role
        self.count += 1
        self.page.get_by_role(role, name=name, exact=True).first.click()

    def fill(self, label: str, text: str) -> None:
        self.count += 1
        self.page.get_by_label(label, exact=True).fill(text)

    def choose(self, label: str, value: str) -> None:
        self.count += 1
        self.page.get_by_label(label, exact=True).select_option(value)


def test_a_newcomer_registers_a_camera_in_at_most_twelve_steps(visit: Visit, house: PortalHouse) -> None:
    page = open_page(visit, house, None)
    steps = Steps(page)
    steps.fill("User name", "dana")
    steps.fill("Password", PASSWORD)
    steps.fill("Confirmation code", house.code("dana"))
    steps.click("button", "Sign in")
    heading(page, "Today")
    with camera(house) as found:
        steps.click("link", "Cameras")
        steps.click("link", "Add a camera")
        steps.fill("Name of the camera", "Corridor, 2nd floor")
        steps.choose("Zone", "corridor")
        steps.fill("Address of the stream", found.url)
        steps.click("button", "Probe it and show a picture")
        page.get_by_text("The camera can be used").wait_for()
        picture = page.get_by_role("img", name="First picture of the camera")
        assert picture.evaluate("(image) => image.naturalWidth") == 320
        steps.click("button", "Save the camera")
        heading(page, "Corridor, 2nd floor")
    assert steps.count <= MOST_STEPS
    assert page.url.endswith("/cameras/corridor-2nd-floor")


def test_a_wrong_address_is_told_with_what_to_do_before_anything_is_saved(visit: Visit, house: PortalHouse) -> None:
    page = open_page(visit, house, "dana", "/cameras/add")
    page.get_by_role("button", name="Save the camera").click()
    assert page.get_by_text("Fill in this field.").count() == 3
    assert page.evaluate("() => document.activeElement.name") == "name"
    page.get_by_label("Address of the stream").fill("http://camera/")
    page.get_by_role("button", name="Save the camera").click()
    page.get_by_text("The address must begin with rtsp://").wait_for()
    page.get_by_label("Address of the stream").fill("rtsp://127.0.0.1:9/none")
    page.get_by_role("button", name="Probe it and show a picture").click()
    page.get_by_text("The port is closed").wait_for()
    page.get_by_text("The RTSP port is usually 554").wait_for()
    assert axe(page) == []


def test_a_table_of_cameras_is_tried_row_by_row_and_created_when_every_row_is_good(
    visit: Visit, house: PortalHouse
) -> None:
    page = open_page(visit, house, "dana", "/cameras/import")

    def try_table(*lines: str) -> None:
        text = "\n".join(("name;zone;url", *lines)).encode()
        page.get_by_label("File", exact=True).set_input_files(
            {"name": "cameras.csv", "mimeType": "text/csv", "buffer": text}
        )
        page.get_by_label("Institution (where the file names none)").select_option("kg-12")
        page.get_by_role("button", name="Try it").click()

    with camera(house) as found:
        good = f"Gym;gym;{found.url}"
        try_table(good, "Attic;attic;rtsp://127.0.0.1:9/x")
        page.get_by_text("1 row is to be corrected").wait_for()
        assert "zone 'attic' is not known" in rows(page, "Result by row").nth(1).inner_text()
        assert page.get_by_role("button", name="Create").count() == 0
        page.reload()
        page.get_by_text("1 row is to be corrected").wait_for()  # a job is found again
        settle(page)
        try_table(good)
        page.get_by_role("button", name="Create 1 camera").click()
    page.get_by_text("The cameras are created").first.wait_for()
    page.goto("/cameras/gym")
    heading(page, "Gym")


def test_a_one_time_link_leads_to_password_second_factor_and_recovery_codes(visit: Visit, house: PortalHouse) -> None:
    secret = house.write(lambda tx: make_link(tx, UserId("viktor"), HOUR_US)[1])
    house.write(
        lambda tx: tx.connection.exec_driver_sql("UPDATE credentials SET totp_sealed = NULL WHERE user = 'viktor'")
    )
    page = open_page(visit, house, None, f"/#/welcome?token={secret}")
    heading(page, "Welcome, Viktor")
    page.get_by_label("New password").fill("short")
    page.get_by_label("Repeat the password").fill("short")
    page.get_by_role("button", name="Save the password").click()
    page.get_by_text("shorter than 12 characters").wait_for()
    for label in ("New password", "Repeat the password"):
        page.get_by_label(label).fill("ein Kran, zwei Möwen, Nebel")
    page.get_by_role("button", name="Save the password").click()
    heading(page, "Second step: confirmation codes")
    assert secret not in page.url
    assert page.get_by_role("img", name="QR code for the app").evaluate("(i) => i.complete && i.naturalWidth > 0")
    assert axe(page) == []
    key = page.locator("code.secret").inner_text().replace(" ", "")
    page.get_by_label("Confirmation code").fill(pyotp.TOTP(key).at(house.clock.now_us() // US))
    page.get_by_role("button", name="Confirm").click()
    page.locator(".codes li").first.wait_for()
    assert page.locator(".codes li").count() >= 8
    assert axe(page) == []
    page.get_by_role("button", name="I have kept them").click()
    heading(page, "Today")
    assert page.get_by_role("link", name="People").count() == 0, "a viewer manages nobody"


def test_without_a_session_every_page_leads_to_the_sign_in_page_and_back(visit: Visit, house: PortalHouse) -> None:
    page = open_page(visit, house, None, "/cameras?state=wrong")
    heading(page, "Sign in")
    page.get_by_text("Sign in to open this page").wait_for()
    visit.expect("401")
    page.get_by_label("User name").fill("berik")
    page.get_by_label("Password").fill("not this one at all")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("The name, password or code is wrong").wait_for()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Confirmation code").fill(house.code("berik"))
    page.get_by_role("button", name="Sign in").click()
    heading(page, "Cameras")
    assert page.url.endswith("/cameras?state=wrong")
    page.get_by_role("button", name="Sign out").click()
    heading(page, "Sign in")
    page.goto("/today")
    heading(page, "Sign in")


def test_an_auditor_asks_another_person_approves_and_the_package_is_whole(
    visit: Visit, house: PortalHouse, tmp_path: Path
) -> None:
    now_us = house.clock.now_us()
    house.gap(HALL, now_us - 3 * HOUR_US, now_us - HOUR_US)
    page = open_page(visit, house, "berik", f"/evidence/new?camera={HALL}")
    for label, text in (("Body", "Police of the district"), ("Official", "A. Akhmetov"), ("Legal ground", "No. 118")):
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_label("Case", exact=True).fill("26-7711")
    local = "(at) => new Date(at + 5 * 3600e3).toISOString().slice(0, 19)"
    for label, at_us in (("From", now_us - 3 * HOUR_US), ("To", now_us - 2 * HOUR_US)):
        page.get_by_label(label, exact=True).fill(page.evaluate(local, at_us / 1000))
    page.get_by_role("button", name="Register the request").click()
    page.get_by_text("Registered, and the footage is on hold").wait_for()
    settle(page)
    assert page.get_by_role("button", name="Approve").count() == 0, "nobody approves their own request"
    address = page.url

    other = open_page(visit, house, "alia", "/")
    other.get_by_role("link", name="1 request waits for your approval").click()
    settle(other)
    other.get_by_role("button", name="Approve").click()
    other.get_by_role("dialog").get_by_role("button", name="Approve").click()
    other.get_by_text("Approved by another person").wait_for()

    page.goto(address)
    settle(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Make the package").click()
    file = tmp_path / "package.zip"
    download.value.save_as(file)
    with zipfile.ZipFile(file) as package:
        assert package.testzip() is None
        assert any(name.endswith("EXPORT.txt") for name in package.namelist())
    page.get_by_text("Package ready").first.wait_for()


def test_a_hold_shows_what_it_does_before_it_is_placed(visit: Visit, house: PortalHouse) -> None:
    page = open_page(visit, house, "berik", f"/holds?new=1&camera={YARD}")
    page.get_by_label("Reason").fill("complaint of parents")
    page.get_by_role("button", name="Show what it does").click()
    page.get_by_text("What this hold does").wait_for()
    assert rows(page, "Legal holds").filter(has_text="complaint of parents").count() == 0
    page.locator(".note").get_by_role("button", name="Place a hold").click()
    rows(page, "Legal holds").filter(has_text="complaint of parents").wait_for()
    settle(page)
    assert axe(page) == []


def test_two_administrators_lift_a_hold(visit: Visit, house: PortalHouse) -> None:
    house.call(lambda: house.people.user("zhanna", ("administrator", "all")))
    house._give_credentials("zhanna")
    placed = {"cameras": [HALL], "from_us": house.clock.now_us() - HOUR_US, "reason": "inquiry of spring"}
    house.wait(house.people.do(Actor("session", "berik"), "hold.place", **placed))

    def lift(user: str) -> Page:
        page = open_page(visit, house, user, "/holds")
        rows(page, "Legal holds").filter(has_text="inquiry of spring").get_by_role("button", name="Lift").click()
        page.get_by_role("dialog").get_by_label("Reason").fill("the inquiry is closed")
        page.get_by_role("dialog").get_by_role("button", name="Lift").click()
        return page

    visit.expect("403")  # the first of two is heard, and the hold stays
    page = lift("alia")
    page.get_by_text("another administrator must confirm").wait_for()
    page.get_by_text("alia asks to lift it").wait_for()
    page = lift("zhanna")
    page.get_by_text("is lifted").wait_for()
    settle(page)
    assert rows(page, "Legal holds").filter(has_text="inquiry of spring").count() == 0
    page.get_by_label("Show lifted ones too").check()
    rows(page, "Legal holds").filter(has_text="inquiry of spring").filter(has_text="alia").wait_for()


def test_an_incident_is_one_step_and_gives_the_notices(visit: Visit, house: PortalHouse) -> None:
    page = open_page(visit, house, "berik", f"/incidents?new=1&camera={YARD}")
    page.get_by_label("What happened").fill("A child fell from the slide")
    page.get_by_role("button", name="Register it and hold the footage").click()
    page.get_by_role("heading", name="Incident No. 1 is registered").wait_for()
    page.get_by_text("The footage is on hold").wait_for()
    notices = page.locator("details")
    assert notices.count() == 4, "police and prosecutor, in two languages"
    notices.first.locator("summary").click()
    assert "A child fell from the slide" in notices.first.locator("pre").inner_text()
    assert axe(page) == []


def test_people_are_invited_and_the_link_is_shown_once(visit: Visit, house: PortalHouse) -> None:
    page = open_page(visit, house, "alia", "/people")
    page.get_by_role("button", name="Add a person").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("Saule Omarova")
    dialog.get_by_label("Role").select_option("viewer")
    dialog.get_by_role("button", name="Add and get the link").click()
    link = page.get_by_role("dialog").get_by_label("One-time link")
    link.wait_for()
    assert "#/welcome?token=" in link.input_value()
    assert axe(page) == []
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    rows(page, "Accounts").filter(has_text="Saule Omarova").wait_for()
    settle(page)
    assert "token=" not in page.content()


def test_language_and_theme_are_kept(visit: Visit, house: PortalHouse) -> None:
    house.call(lambda: house.people.user("aru", ("auditor", "all")))
    house._give_credentials("aru")
    page = open_page(visit, house, "aru", "/cameras")
    page.get_by_label("Language").select_option("kk")
    heading(page, "Камералар")
    page.get_by_label("Безендіру").select_option("dark")
    page.reload()
    heading(page, "Камералар")
    assert page.get_attribute("html", "data-theme") == "dark"
    assert page.get_attribute("html", "lang") == "kk"
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(16, 22, 26)"


def test_everything_can_be_reached_by_the_keyboard(visit: Visit, house: PortalHouse) -> None:
    page = open_page(visit, house, "berik", "/cameras")
    page.keyboard.press("Tab")
    until(
        page, "() => document.activeElement.matches('.skip') && document.activeElement.getBoundingClientRect().top >= 0"
    )
    page.keyboard.press("Enter")
    until(page, "() => document.activeElement.id === 'content'")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.querySelector('main').contains(document.activeElement)")
    outline = "() => getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) == "solid", "the focus is seen"
    page.get_by_role("link", name="Зал").focus()
    page.keyboard.press("Enter")
    heading(page, "Зал")
    assert page.evaluate("() => document.activeElement.tagName") == "H1", "a new page is read from its heading"
    page.go_back()
    heading(page, "Cameras")


def test_on_a_phone_the_menu_opens_and_closes(visit: Visit, house: PortalHouse) -> None:
    page = open_page(visit, house, "berik", "/today", viewport={"width": 360, "height": 740})
    link = page.get_by_role("link", name="Legal holds")
    assert not link.is_visible()
    page.get_by_role("button", name="Menu").click()
    link.click()
    heading(page, "Legal holds")
    assert not link.is_visible()


def test_a_service_that_is_gone_is_told_with_a_way_on(visit: Visit, house: PortalHouse) -> None:
    page = open_page(visit, house, "berik", "/today")
    visit.expect("ERR_FAILED")
    page.route("**/api/v1/**", lambda route: route.abort())
    page.get_by_role("link", name="Cameras", exact=True).click()
    heading(page, "The service does not answer")
    page.unroute("**/api/v1/**")
    page.get_by_role("button", name="Try again").click()
    heading(page, "Cameras")


def test_what_somebody_may_not_do_is_not_offered(visit: Visit, house: PortalHouse) -> None:
    page = open_page(visit, house, "dana", f"/cameras/{HALL}")
    menu = page.get_by_role("navigation").get_by_role("link").all_inner_texts()
    assert "Cameras" in menu
    assert not {"Footage requests", "Legal holds", "Audit log", "People"} & set(menu)
    assert page.get_by_role("button", name="Recorded footage").count() == 0
    assert page.get_by_role("button", name="Pause recording").count() == 1
    auditor = open_page(visit, house, "berik", f"/cameras/{HALL}")
    assert auditor.get_by_role("button", name="Recorded footage").count() == 1
    assert auditor.get_by_role("button", name="Pause recording").count() == 0
