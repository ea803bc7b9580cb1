"""The timeline: every second of a span in one of its lists, and many days in an answer that stays small."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from support.watching_rig import US, Theatre

from camera_gateway.catalogue import segments
from camera_gateway.catalogue.gaps import insert_gap
from camera_gateway.clock import from_datetime, rfc3339
from camera_gateway.domain.camera import Zone
from camera_gateway.domain.footage import GapCause, GapRecord
from camera_gateway.domain.ids import CameraId, InstitutionId, RunId, segment_id
from camera_gateway.domain.people import SYSTEM

if TYPE_CHECKING:
    from camera_gateway.domain.footage import Sidecar

MINUTE_US = 60 * US
DAY_US = 1440 * MINUTE_US


async def timeline(house: Theatre, from_us: int, to_us: int, user: str = "aigul") -> dict[str, Any]:
    got = await house.get(user, "kg-hall/timeline", purpose=False, **{"from": rfc3339(from_us), "to": rfc3339(to_us)})
    assert got.status == 200, got.text
    answer: dict[str, Any] = json.loads(got.body)
    return answer


def us(text: str) -> int:
    from datetime import datetime  # noqa: PLC0415 - only here

    return from_datetime(datetime.fromisoformat(text))


def gap(house: Theatre, start_us: int, end_us: int, cause: GapCause = GapCause.CAMERA_UNREACHABLE) -> None:
    record = GapRecord(
        f"gap-{start_us}",
        CameraId("kg-hall"),
        InstitutionId("kg-12"),
        start_us,
        end_us,
        cause,
        "no answer",
        "record",
        1000,
    )
    with house.gateway.catalogue.write(SYSTEM) as tx:
        insert_gap(tx, record)


async def test_a_day_tells_what_is_stored_what_is_still_here_and_why_something_is_missing(house: Theatre) -> None:
    begin = house.begin_us
    house.put(house.footage(seconds=20, audio="aac"))
    house.footage(start_us=begin + 20 * US, seconds=10, audio="aac", run="second")
    gap(house, begin + 30 * US, begin + 50 * US)
    told = await timeline(house, begin, begin + 60 * US)
    assert [(us(s["from"]) - begin, us(s["to"]) - begin, s["state"], s["segments"]) for s in told["spans"]] == [
        (0, 20 * US, "stored", 2),
        (20 * US, 30 * US, "spooled", 1),
    ]
    first = told["spans"][0]
    assert (first["video"][:5], first["audio"], first["width"]) == ("avc1.", "mp4a.40.2", 384)
    assert (first["clock_method"], first["uncertainty_s"]) == ("sender-report", 0.02)
    assert next((us(g["from"]) - begin, us(g["to"]) - begin, g["cause"]) for g in told["gaps"]) == (
        30 * US,
        50 * US,
        "camera-unreachable",
    )
    assert told["zone"] == Zone.HALL.value
    assert told["time_zone"] == "Asia/Almaty"
    assert "hours" not in told
    assert told["impairments"] == []


async def test_spans_and_gaps_leave_no_second_out(house: Theatre) -> None:
    begin = house.begin_us
    house.footage(seconds=20)
    house.footage(start_us=begin + 40 * US, seconds=10, run="later")
    gap(house, begin + 20 * US, begin + 35 * US)
    told = await timeline(house, begin, begin + 55 * US)
    edges = sorted((us(one["from"]), us(one["to"])) for one in [*told["spans"], *told["gaps"]])
    assert edges[0][0] == begin
    assert [end for _, end in edges[:-1]] == [start for start, _ in edges[1:]]
    assert {g["cause"] for g in told["gaps"]} >= {"camera-unreachable", "unknown"}


def minutes(house: Theatre, days: int) -> int:
    """Days of minutes as rows alone, with an hour missing each day; the moment it begins."""
    template: Sidecar = house.footage(start_us=house.begin_us - 40 * DAY_US, seconds=10)[0].sidecar
    begin = (house.people.clock.now_us() // DAY_US - days) * DAY_US
    with house.gateway.catalogue.write(SYSTEM) as tx:
        for minute in range(days * 1440):
            start = begin + minute * MINUTE_US
            if minute % 1440 // 60 == 3:
                continue
            run = RunId(f"run{minute // 1440}")
            # a busy hour at eight
            size = 8_000_000 if minute % 1440 // 60 == 8 else 2_000_000
            sidecar = replace(
                template,
                segment=segment_id(run, minute),
                run=run,
                start_us=start,
                end_us=start + MINUTE_US,
                media_duration_us=MINUTE_US,
                size_bytes=size,
                sha256=f"{minute:064x}",
            )
            segments.insert_spooled(tx, sidecar, f"kg-hall/{sidecar.segment}.mp4")
        for day in range(days):
            start = begin + day * DAY_US + 180 * MINUTE_US
            record = GapRecord(
                f"night-{day}",
                CameraId("kg-hall"),
                InstitutionId("kg-12"),
                start,
                start + 60 * MINUTE_US,
                GapCause.SCHEDULE_OFF if day % 2 else GapCause.GATEWAY_DOWN,
                "",
                "record",
                1000,
            )
            insert_gap(tx, record)
    return begin


async def test_what_is_longer_than_two_days_is_told_in_hours_and_stays_small(house: Theatre) -> None:
    begin = minutes(house, 3)
    told = await timeline(house, begin, begin + 3 * DAY_US)
    assert len(told["hours"]) == 3 * 24
    night, morning = told["hours"][3], told["hours"][8]
    assert (night["recorded_s"], night["missing_s"], night["cause"]) == (0.0, 3600.0, "gateway-down")
    assert (morning["recorded_s"], morning["stored_s"], morning["cause"]) == (3600.0, 0.0, None)
    assert len(told["spans"]) == 3 + 1
    assert len(told["gaps"]) == 3
    busy = {one["at"][11:13] for one in told["activity"] if one["value"] > 2}
    assert busy == {"08"}
    assert len(told["activity"]) <= 1_000
    assert len(json.dumps(told)) < 75_000


async def test_a_span_beyond_two_months_is_refused(house: Theatre) -> None:
    got = await house.get(
        "aigul",
        "kg-hall/timeline",
        purpose=False,
        **{"from": rfc3339(house.begin_us - 63 * DAY_US), "to": rfc3339(house.begin_us)},
    )
    assert got.status == 400
