"""Looks are kept and forgotten; impairments stay, one open of a kind, and tell the audit of both ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import IntegrityError
from support.catalogue_rows import MINUTE_US

from camera_gateway.catalogue import audit_log, looks
from camera_gateway.catalogue.looks import LOOKED, Look
from camera_gateway.domain.ids import CameraId
from camera_gateway.domain.people import SYSTEM

if TYPE_CHECKING:
    from camera_gateway.catalogue.opening import Catalogue

HALL, YARD = CameraId("hall"), CameraId("yard")


def seen(at: int, camera: CameraId = HALL, **verdicts: str) -> Look:
    return Look(camera, at * MINUTE_US, f"segment-{at}", LOOKED, {"verdicts": verdicts, "mean": 0.4})


def test_looks_come_back_by_time_and_a_failed_one_is_no_seen_one(catalogue: Catalogue) -> None:
    failed = Look(HALL, 25 * MINUTE_US, None, "no-footage", {})
    with catalogue.write(SYSTEM) as tx:
        for look in (seen(20, black="bad", moved="unknown"), seen(10, black="fine"), failed, seen(11, YARD)):
            looks.keep_look(tx, look)
        assert looks.looks_in_span(tx, HALL, 10 * MINUTE_US, 25 * MINUTE_US) == [
            seen(10, black="fine"),
            seen(20, black="bad", moved="unknown"),
        ]
        assert looks.looks_in_span(tx, HALL, 0, 99 * MINUTE_US, limit=1) == [failed]
        assert [look.at_us for look in looks.latest_looks(tx, HALL, 5)] == [10 * MINUTE_US, 20 * MINUTE_US]
        assert looks.latest_looks(tx, HALL, 1)[0].bad == ["black"]
        assert failed.verdicts == {}
        assert looks.last_look_times(tx) == {HALL: 25 * MINUTE_US, YARD: 11 * MINUTE_US}


def test_the_same_moment_twice_is_one_look(catalogue: Catalogue) -> None:
    with catalogue.write(SYSTEM) as tx:
        looks.keep_look(tx, seen(10, black="bad"))
        looks.keep_look(tx, seen(10, black="fine"))
        assert looks.looks_in_span(tx, HALL, 0, 99 * MINUTE_US) == [seen(10, black="fine")]


def test_old_looks_are_forgotten_some_at_a_time(catalogue: Catalogue) -> None:
    with catalogue.write(SYSTEM) as tx:
        for at in range(10):
            looks.keep_look(tx, seen(at))
        assert looks.forget_looks(tx, 5 * MINUTE_US, limit=3) == 3
        assert looks.forget_looks(tx, 5 * MINUTE_US, limit=3) == 2
        assert looks.forget_looks(tx, 5 * MINUTE_US, limit=3) == 0
        assert [look.at_us for look in looks.looks_in_span(tx, HALL, 0, 99 * MINUTE_US)] == [
            at * MINUTE_US for at in range(5, 10)
        ]


def test_an_impairment_is_open_until_it_ends_and_touches_the_spans_that_it_touches(catalogue: Catalogue) -> None:
    evidence = {"segment": "segment-10", "measured": {"mean": 0.01}}
    with catalogue.write(SYSTEM) as tx:
        rows = audit_log.head(tx)[0]
        number = looks.open_impairment(
            tx, HALL, "black", 10 * MINUTE_US, 20 * MINUTE_US, precision_us=10 * MINUTE_US, evidence=evidence
        )
        looks.see_impairment(tx, number, 30 * MINUTE_US)
        (found,) = looks.open_impairments(tx)
        assert (found.kind, found.start_us, found.last_seen_us, found.end_us) == (
            "black",
            10 * MINUTE_US,
            30 * MINUTE_US,
            None,
        )
        assert found.evidence == evidence
        assert looks.impairments_in_span(tx, HALL, 99 * MINUTE_US, 100 * MINUTE_US) == [found]
        assert looks.open_impairments(tx, [YARD]) == []
        looks.end_impairment(tx, found, 40 * MINUTE_US)
        looks.end_impairment(tx, found, 50 * MINUTE_US)
        assert looks.open_impairments(tx) == []
        (ended,) = looks.impairments_in_span(tx, HALL, 39 * MINUTE_US, 99 * MINUTE_US)
        assert ended.end_us == 40 * MINUTE_US
        assert looks.impairments_in_span(tx, HALL, 40 * MINUTE_US, 99 * MINUTE_US) == []
        assert looks.impairments_in_span(tx, HALL, 0, 10 * MINUTE_US) == []
        told = [(row.action, row.object, row.details["kind"]) for row in audit_log.list_rows(tx, rows)]
    assert told == [("picture.impaired", "camera:hall", "black"), ("picture.recovered", "camera:hall", "black")]


def test_a_kind_is_open_once_for_a_camera(catalogue: Catalogue) -> None:
    with catalogue.write(SYSTEM) as tx:
        looks.open_impairment(tx, HALL, "black", 0, 0, precision_us=0, evidence={})
        looks.open_impairment(tx, YARD, "black", 0, 0, precision_us=0, evidence={})
    with pytest.raises(IntegrityError), catalogue.write(SYSTEM) as tx:
        looks.open_impairment(tx, HALL, "black", 5, 5, precision_us=0, evidence={})
