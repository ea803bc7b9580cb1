"""Maintenance, outages and calendars in the catalogue: what excuses, what stands, what a past day was watched by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.catalogue_rows import ALIA, INSTITUTION, SITE, new_catalogue

from camera_gateway.actions.footage import Span, background
from camera_gateway.catalogue import calendars, maintenance, outages
from camera_gateway.catalogue.audit_log import list_rows
from camera_gateway.clock import US, HeldClock
from camera_gateway.domain.footage import GapCause
from camera_gateway.domain.ids import CameraId
from camera_gateway.domain.outage import NewOutage, OutageKind
from camera_gateway.errors import InvalidInput, NotFound, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from camera_gateway.catalogue.opening import Catalogue

MONDAY_US = 1_764_532_800 * US
"""2025-11-30T20:00Z: Monday, 01:00, in Almaty."""
HOUR_US = 3_600 * US
HALL, YARD = CameraId("hall"), CameraId("yard")


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock(MONDAY_US)


@pytest.fixture
def catalogue(tmp_path: Path, clock: HeldClock) -> Iterator[Catalogue]:
    with new_catalogue(tmp_path, clock, "hall", "yard") as opened:
        yield opened


def planned(catalogue: Catalogue, start_us: int, end_us: int, **where: str | None) -> maintenance.Maintenance:
    with catalogue.write(ALIA) as tx:
        return maintenance.plan(
            tx,
            institution=INSTITUTION.id,
            site=where.get("site"),
            camera=where.get("camera"),
            start_us=start_us,
            end_us=end_us,
            reason="a new switch",
        )


def excused(catalogue: Catalogue, camera: CameraId, start_us: int, end_us: int) -> list[tuple[int, int]]:
    with catalogue.read() as tx:
        found = maintenance.in_span(tx, camera, start_us, end_us)
        return [(work.start_us, work.excuses_until_us) for work in found]


async def test_work_planned_ahead_is_a_gap_of_its_own_cause_and_only_of_its_cameras(catalogue: Catalogue) -> None:
    start_us, end_us = MONDAY_US + HOUR_US, MONDAY_US + 2 * HOUR_US
    planned(catalogue, start_us, end_us, camera="hall")
    with catalogue.read() as tx:
        span = Span(camera="hall", from_us=MONDAY_US, to_us=end_us)
        hall = background(tx, HALL, span).gaps
        yard = background(tx, YARD, span).gaps
    assert [(gap.start_us, gap.end_us, gap.cause, gap.detail) for gap in hall] == [
        (start_us, end_us, GapCause.PLANNED_MAINTENANCE, "a new switch")
    ]
    assert yard == ()


def test_work_of_a_site_and_of_an_institution_is_of_each_camera(catalogue: Catalogue) -> None:
    first = (MONDAY_US + HOUR_US, MONDAY_US + 2 * HOUR_US)
    second = (MONDAY_US + 3 * HOUR_US, MONDAY_US + 4 * HOUR_US)
    planned(catalogue, *first, site=SITE.id)
    planned(catalogue, *second)
    for camera in (HALL, YARD):
        assert excused(catalogue, camera, MONDAY_US, MONDAY_US + 5 * HOUR_US) == [first, second]
    assert excused(catalogue, HALL, second[1], second[1] + HOUR_US) == []


def test_what_has_begun_is_not_planned_any_more(catalogue: Catalogue) -> None:
    with pytest.raises(Refused, match="what has begun is an outage"):
        planned(catalogue, MONDAY_US, MONDAY_US + HOUR_US)
    assert excused(catalogue, HALL, 0, MONDAY_US + HOUR_US) == []


async def test_a_cancellation_takes_away_the_future_and_nothing_that_has_passed(
    catalogue: Catalogue, clock: HeldClock
) -> None:
    begun = planned(catalogue, MONDAY_US + HOUR_US, MONDAY_US + 3 * HOUR_US)
    never = planned(catalogue, MONDAY_US + 5 * HOUR_US, MONDAY_US + 6 * HOUR_US)
    await clock.advance(2 * 3_600)
    for work in (begun, never):
        with catalogue.write(ALIA) as tx:
            maintenance.cancel(tx, work.number)
    assert excused(catalogue, HALL, MONDAY_US, MONDAY_US + 7 * HOUR_US) == [
        (MONDAY_US + HOUR_US, MONDAY_US + 2 * HOUR_US)
    ]
    with pytest.raises(Refused, match="was cancelled"), catalogue.write(ALIA) as tx:
        maintenance.cancel(tx, begun.number)
    over = planned(catalogue, MONDAY_US + 8 * HOUR_US, MONDAY_US + 9 * HOUR_US)
    await clock.advance(8 * 3_600)
    with pytest.raises(Refused, match="was over"), catalogue.write(ALIA) as tx:
        maintenance.cancel(tx, over.number)
    with catalogue.read() as tx:
        said = [row.action for row in list_rows(tx) if row.action.startswith("maintenance.")]
        assert said == ["maintenance.plan", "maintenance.plan", *["maintenance.cancel"] * 2, "maintenance.plan"]
        with pytest.raises(NotFound):
            maintenance.get(tx, 99)


async def test_the_moments_of_an_outage_are_written_once(catalogue: Catalogue, clock: HeldClock) -> None:
    new = NewOutage(INSTITUTION.id, SITE.id, ("hall",), OutageKind.CAMERA, "camera-unreachable", MONDAY_US - 90 * US)
    with catalogue.write(ALIA) as tx:
        number = outages.begin(tx, new).number
        outages.join(tx, number, ("yard", "hall"), OutageKind.NETWORK)
        outages.mark_notified(tx, [number], MONDAY_US + US)
        outages.mark_notified(tx, [number], MONDAY_US + 9 * US)
    await clock.advance(600)
    with catalogue.write(ALIA) as tx:
        assert [outage.number for outage in outages.open_outages(tx)] == [number]
        outages.end(tx, number, MONDAY_US + 60 * US)
        outages.end(tx, number, MONDAY_US + 500 * US)
        outages.report(tx, number, to="regional department", at_us=MONDAY_US + 300 * US)
    with pytest.raises(Refused, match="was reported"), catalogue.write(ALIA) as tx:
        outages.report(tx, number, to="somebody else", at_us=MONDAY_US + 400 * US)
    with catalogue.read() as tx:
        (found,) = outages.outages_in_span(tx, INSTITUTION.id, MONDAY_US, MONDAY_US + 10 * US)
        assert outages.outages_in_span(tx, INSTITUTION.id, MONDAY_US + 60 * US, MONDAY_US + 90 * US) == []
        assert outages.open_outages(tx) == []
    assert (found.cameras, found.kind) == (("hall", "yard"), "network")
    moments = (found.start_us, found.detected_us, found.notified_us, found.end_us, found.reported_us)
    assert moments == tuple(MONDAY_US + s * US for s in (-90, 0, 1, 60, 300))
    assert (found.reported_by, found.reported_to) == ("shell:alia", "regional department")


def test_an_outage_is_not_reported_before_it_began_or_in_the_future(catalogue: Catalogue) -> None:
    new = NewOutage(INSTITUTION.id, SITE.id, ("hall",), OutageKind.CAMERA, "camera-unreachable", MONDAY_US - HOUR_US)
    with catalogue.write(ALIA) as tx:
        number = outages.begin(tx, new).number
    for at_us in (MONDAY_US - 2 * HOUR_US, MONDAY_US + US):
        with pytest.raises(InvalidInput), catalogue.write(ALIA) as tx:
            outages.report(tx, number, to="police", at_us=at_us)


async def test_a_past_day_keeps_the_calendar_that_it_had(catalogue: Catalogue, clock: HeldClock) -> None:
    day_us = 24 * HOUR_US
    hours = ("mon-sat 08:00-20:00",)
    await clock.advance(2 * 86_400)  # round the clock until here
    with catalogue.write(ALIA) as tx:
        calendars.add(tx, SITE, name="school-hours", windows=hours, holidays=("2025-12-04",), holiday_windows=())
    await clock.advance(2 * 86_400)
    with catalogue.write(ALIA) as tx:
        always = ("daily 00:00-24:00",)
        calendars.add(tx, SITE, name=calendars.ALWAYS, windows=always, holidays=(), holiday_windows=())
    with catalogue.read() as tx:
        watched = calendars.watched_in_span(tx, SITE, MONDAY_US, MONDAY_US + 6 * day_us)
    # Wednesday 2025-12-03 01:00 in Almaty is where the hours begin to hold; Thursday is a holiday
    assert watched == [
        (MONDAY_US, MONDAY_US + 2 * day_us),
        (MONDAY_US + 2 * day_us + 7 * HOUR_US, MONDAY_US + 2 * day_us + 19 * HOUR_US),
        (MONDAY_US + 4 * day_us, MONDAY_US + 6 * day_us),
    ]
