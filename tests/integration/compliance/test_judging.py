"""Judging a real catalogue against a store: what is there, what people say of it, and what each night keeps."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from support.catalogue_rows import gap_value, sidecar_value
from support.people import SHELL

from camera_gateway.actions.daybooks import books_of, keep_books
from camera_gateway.actions.gathering import gather, list_camera
from camera_gateway.actions.judging import unjudged
from camera_gateway.catalogue import gaps, registry, segments
from camera_gateway.catalogue.camera_days import kept_days
from camera_gateway.clock import US
from camera_gateway.domain.footage import GapCause
from camera_gateway.domain.ids import CameraId, InstitutionId
from camera_gateway.domain.intervals import total
from camera_gateway.domain.naming import segment_key
from camera_gateway.domain.people import SYSTEM
from camera_gateway.errors import InvalidInput, NotFound, Refused
from camera_gateway.roles.judging import judge_ended
from camera_gateway.supervision import Stop
from storage.checksum import sha256_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.people import People

    from camera_gateway.domain.footage import Sidecar
    from storage.blobs import ListedBlob

HOUR = 3_600 * US
DAY = 24 * HOUR
HALL = CameraId("kg-hall")
MIDNIGHT = 1_699_984_800 * US
"""Local midnight to 15 November 2023, in Almaty at UTC+6."""
BY_HOURS = 6 * HOUR


def stored(people: People, start_us: int, end_us: int, length_us: int = BY_HOURS) -> list[Sidecar]:
    """Record and store a span of the hall, in the catalogue and in the bucket."""
    made = []
    for begin in range(start_us, end_us, length_us):
        end = min(begin + length_us, end_us)
        sha256 = hashlib.sha256(f"{begin}".encode()).hexdigest()
        sidecar = replace(
            sidecar_value("kg-hall", begin // US), institution=InstitutionId("kg-12"), start_us=begin, end_us=end,
            media_duration_us=end - begin, frames=(end - begin) * 25 // US, sha256=sha256,
        )  # fmt: skip
        with people.gateway.catalogue.write(SYSTEM) as tx:
            segments.insert_spooled(tx, sidecar, f"kg-hall/{begin}.mp4")
            store(people, tx, sidecar)
        made.append(sidecar)
    return made


def store(people: People, tx: Any, sidecar: Sidecar) -> None:  # noqa: ANN401 - a transaction
    key = segment_key("kg-12", "kg-hall", sidecar.start_us, sidecar.sha256)
    segments.mark_intended(tx, sidecar.segment, key, None, None, "floor")
    segments.mark_put(tx, sidecar.segment, "v1")
    segments.mark_stored(tx, sidecar.segment, "v1", locked=False)
    people.gateway.store.put(key, b"footage", sha256=sha256_of(b"footage"))


def of(found: dict[str, Any], rule: str, scope: str) -> dict[str, Any]:
    return next(f for f in found["findings"] if f["rule"] == rule and f["scope"] == scope)


async def check(people: People, standard: str = "house-baseline", days: int = 1, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    now_us = people.clock.now_us()
    span = {"from_us": MIDNIGHT - days * DAY, "to_us": now_us}
    found: dict[str, Any] = await people.do(
        SHELL, "compliance.check", institution="kg-12", standard=standard, **span, **more
    )
    return json.loads(json.dumps(found))  # type: ignore[no-any-return]


async def test_what_the_bucket_lost_is_missing_though_the_catalogue_has_it(people: People) -> None:
    made = stored(people, MIDNIGHT - 5 * DAY, people.clock.now_us())
    before = await check(people, days=2)
    assert of(before, "coverage", "camera:kg-hall")["measured"] == "1.0000"
    assert of(before, "retention-floor", "camera:kg-hall")["measured"] == "5 d"
    lost = made[-4]
    key = segment_key("kg-12", "kg-hall", lost.start_us, lost.sha256)
    people.clock.step_wall(US)
    people.gateway.store.add_delete_marker(key)
    found = of(await check(people, days=2), "coverage", "camera:kg-hall")
    assert (found["result"], found["data"]["missing_s"]["not-in-bucket"]) == ("fail", 6 * 3_600)
    assert found["method_code"] == "listed-ratio"


async def test_a_check_says_what_was_asked_how_it_was_measured_and_how_well_the_text_was_read(people: People) -> None:
    stored(people, MIDNIGHT - 2 * DAY, people.clock.now_us())
    found = await check(people, "kz-edu-117-2022")
    assert found["basis"] == "law"
    assert found["verdict"] == "fail"
    assert sum(found["counts"].values()) == len(found["findings"])
    for finding in found["findings"]:
        assert {"title", "clause", "required", "measured", "verified", "method", "method_code", "data"} <= set(finding)
        assert set(finding["title"]) == {"en", "ru", "kk"}
    assert {f["result"] for f in found["findings"] if f["rule"].startswith("technical-minimum/")} == {"text_needed"}
    assert any(line.startswith("off-site: absent") for line in found["installation"])
    assert any(line.startswith("witness: NONE") for line in found["installation"])
    assert any(line.startswith("worm-unproven") for line in found["installation"])
    floor = next(t for t in found["together"] if t["camera"] == "kg-hall")
    assert (floor["metric"], floor["floor"]["value"], floor["conflict"]) == ("archive.complete_days", 30, False)


async def test_days_are_summed_up_once_and_never_outlive_a_change(people: People) -> None:
    random = Random(7)
    now_us = people.clock.now_us()
    made = stored(people, MIDNIGHT - 4 * DAY, MIDNIGHT)
    camera = (await people.gateway.read(lambda tx: registry.list_cameras(tx, institution=InstitutionId("kg-12"))))[1]
    assert camera.id == HALL
    for _ in range(12):
        listing = await list_camera(people.gateway, camera)
        await keep_books(people.gateway, camera, "Asia/Almaty", listing)
        chosen = random.choice(made)
        with people.gateway.catalogue.write(SYSTEM) as tx:
            row = segments.get_segment(tx, chosen.segment)
            what = random.choice(("lost", "late", "none"))
            if what == "lost" and row.state.value == "stored":
                segments.mark_lost(tx, chosen.segment, GapCause.DISK_ERROR, "test")
            elif what == "late":
                begin = MIDNIGHT - random.randrange(1, 4 * 86_400) * US
                late = replace(chosen, segment=f"late-{begin}", start_us=begin, end_us=begin + 60 * US)
                segments.insert_spooled(tx, late, "kg-hall/late.mp4")
        with people.gateway.catalogue.read() as tx:
            kept = books_of(tx, HALL, "Asia/Almaty", (MIDNIGHT - 5 * DAY, now_us), (), listing)
            there = {day.start_us for day in kept_days(tx, HALL, 0, now_us)}
            tx.connection.exec_driver_sql("SELECT 1")
        with people.gateway.catalogue.write(SYSTEM) as tx:
            tx.connection.exec_driver_sql("DELETE FROM camera_days")
            anew = books_of(tx, HALL, "Asia/Almaty", (MIDNIGHT - 5 * DAY, now_us), (), listing)
        assert kept == anew
        assert len(there) >= 60, "a change takes the day that it is in, and no other"


async def test_a_kept_day_is_used_as_it_is_until_it_changes_or_its_listing_is_old(people: People) -> None:
    made = stored(people, MIDNIGHT - 4 * DAY, MIDNIGHT)
    asked: list[str] = []
    listing = people.gateway.store.list

    def counted(prefix: str, after: str | None = None) -> Iterator[ListedBlob]:
        asked.append(prefix)
        return listing(prefix, after)

    people.gateway.store.list = counted  # type: ignore[method-assign]
    await judge_ended(people.gateway, Stop())
    assert len(asked) == 3
    asked.clear()
    found = of(await check(people, days=3, fresh=False), "coverage", "camera:kg-hall")
    assert found["data"]["kept_s"] == 3 * 86_400
    assert asked == [], "a report is ready without a listing of its own"
    with people.gateway.catalogue.write(SYSTEM) as tx:
        segments.mark_released(tx, made[-1].segment)
    await check(people, days=3, fresh=False)
    assert asked == [], "the spool's copy is gone, the store's is as it was"
    with people.gateway.catalogue.write(SYSTEM) as tx:
        segments.mark_lost(tx, made[-2].segment, GapCause.INTEGRITY_FAILED, "test")
    found = of(await check(people, days=3, fresh=False), "coverage", "camera:kg-hall")
    assert found["data"]["missing_s"] == {"integrity-failed": 6 * 3_600, "gateway-down": 4 * 3_600 + 800}
    assert asked == ["v1/kg-12/kg-hall/"]
    people.clock.step_wall(2 * DAY)
    asked.clear()
    await check(people, days=3, fresh=False)
    assert len(asked) == 2, "a listing of two nights ago is none"


async def test_each_night_is_judged_once_and_shows_in_overview_and_trend(people: People) -> None:
    stored(people, MIDNIGHT - 2 * DAY, MIDNIGHT)
    waiting = await unjudged(people.gateway)
    assert {(i.id, str(day)) for i, day in waiting} == {("kg-12", "2023-11-14"), ("school-7", "2023-11-14")}
    await judge_ended(people.gateway, Stop())
    assert await unjudged(people.gateway) == []
    seen = await people.do(SHELL, "compliance.overview")
    kg = next(i for i in seen["institutions"] if i["id"] == "kg-12")
    assert [s["standard"] for s in kg["standards"]] == [
        "house-baseline", "kz-edu-117-2022", "kz-gov-305-2021", "kz-mon-mvd-2019", "kz-personal-data-2013",
    ]  # fmt: skip
    law = kg["standards"][1]
    assert (law["verdict"], law["day"]) == ("fail", "2023-11-14")
    zones = next(r for r in law["rules"] if r["rule"] == "coverage-zones")
    assert (zones["result"], sum(zones["counts"].values())) == ("fail", 8)
    assert {s["id"] for s in seen["standards"]} == {s["standard"] for s in kg["standards"]}
    arguments = {"institution": "kg-12", "standard": "kz-edu-117-2022"}
    day = await people.do(SHELL, "compliance.institution", **arguments, day="2023-11-14")
    assert day["counts"] == law["counts"]
    assert (day["from"], day["to"]) == ("2023-11-13T18:00:00Z", "2023-11-14T18:00:00Z")
    trend = await people.do(SHELL, "compliance.trend", **arguments, days=3)
    assert [row["day"] for row in trend] == ["2023-11-14"]
    with pytest.raises(NotFound):
        await people.do(SHELL, "compliance.institution", **arguments, day="2023-11-01")
    assert [row.action for row in people.audit() if row.action == "compliance.judge"] == ["compliance.judge"] * 10


async def test_an_auditor_of_one_institution_sees_no_other(people: People) -> None:
    actor = people.user("alia", ("auditor", "institution:kg-12"))
    seen = await people.do(actor, "compliance.overview")
    assert [i["id"] for i in seen["institutions"]] == ["kg-12"]
    assert seen["institutions"][0]["standards"], "what no night has judged is judged when it is asked for"


async def test_a_declared_fact_passes_until_its_time_is_over(people: People) -> None:
    async def power() -> tuple[str, str]:
        found = of(await check(people, "kz-edu-117-2022"), "backup-power", "institution:kg-12")
        return found["result"], found["evidence"]

    said = {"institution": "kg-12", "fact": "power.backup_present", "evidence": "UPS passport 7"}
    assert (await power())[0] == "unknown"
    await people.do(SHELL, "declare.set", value="no", **said)
    assert (await power())[0] == "fail"
    row = await people.do(SHELL, "declare.set", value="yes", valid_until_us=people.clock.now_us() + DAY, **said)
    assert row["valid_until"] == "2023-11-15T22:13:20Z"
    assert (await power())[0] == "pass"
    assert "shell:root" in (await power())[1]
    people.clock.step_wall(2 * DAY)
    assert (await power()) == ("unknown", (await power())[1])
    assert "must be declared anew" in (await power())[1]
    await people.do(SHELL, "declare.withdraw", number=row["number"])
    assert (await power())[0] == "fail", "what was declared before holds again"
    with pytest.raises(InvalidInput, match="neither yes nor no"):
        await people.do(SHELL, "declare.set", value="perhaps", **said)
    with pytest.raises(InvalidInput, match="a fact of a camera"):
        await people.do(SHELL, "declare.set", **{**said, "fact": "scene.width_m", "value": "3"})
    with pytest.raises(InvalidInput, match="not a camera of kg-12"):
        await people.do(
            SHELL, "declare.set", **{**said, "fact": "scene.width_m", "value": "3", "camera": "school-yard"}
        )


async def test_a_waiver_takes_two_people_and_leaves_the_measurement_beside_it(people: People) -> None:
    first = people.user("alia", ("administrator", "all"))
    second = people.user("dana", ("administrator", "all"))
    waived = {
        "institution": "kg-12", "standard": "house-baseline", "rule": "retention-floor", "camera": "kg-hall",
        "until_us": people.clock.now_us() + 30 * DAY,
    }  # fmt: skip
    with pytest.raises(Refused, match="two people"):
        await people.do(first, "waiver.grant", reason="the disk was replaced", **waived)
    with pytest.raises(Refused, match="two people"):
        await people.do(first, "waiver.grant", reason="again by myself", **waived)
    row = await people.do(second, "waiver.grant", reason="as asked", **waived)
    assert (row["waived_by"], row["approved_by"], row["state"]) == ("token:dana", "token:alia", "holds")
    found = await check(people)
    hall, bedroom = (of(found, "retention-floor", f"camera:{c}") for c in ("kg-hall", "kg-bedroom"))
    assert (hall["result"], hall["waiver"]["result"], hall["measured"]) == ("waived", "fail", "0 d")
    assert (bedroom["result"], bedroom["waiver"]) == ("fail", None)
    await people.do(SHELL, "waiver.withdraw", number=row["number"])
    assert of(await check(people), "retention-floor", "camera:kg-hall")["result"] == "fail"
    with pytest.raises(NotFound, match="has no rule"):
        await people.do(first, "waiver.grant", reason="x", **{**waived, "rule": "nothing"})
    with pytest.raises(InvalidInput, match="within a year"):
        await people.do(first, "waiver.grant", reason="x", **{**waived, "until_us": people.clock.now_us() + 400 * DAY})


async def test_a_gap_is_explained_beside_it_and_stays(people: People) -> None:
    with people.gateway.catalogue.write(SYSTEM) as tx:
        record = replace(
            gap_value("g1", "kg-hall", MIDNIGHT - HOUR, MIDNIGHT, GapCause.CAMERA_UNREACHABLE),
            institution=InstitutionId("kg-12"),
        )
        gaps.insert_gap(tx, record)
    span = {"camera": "kg-hall", "from_us": MIDNIGHT - HOUR, "to_us": MIDNIGHT}
    before = await people.do(SHELL, "footage.coverage", **span)
    await people.do(SHELL, "gap.explain", words="the  electrician cut\nthe power", **span)
    said = await people.do(SHELL, "gap.explanations", **span)
    assert [(e["words"], e["explained_by"]) for e in said] == [("the electrician cut the power", "shell:root")]
    assert await people.do(SHELL, "footage.coverage", **span) == before
    assert people.last().action == "gap.explain"


async def test_the_register_of_processes_is_what_recurring_duties_are_judged_by(people: People) -> None:
    found = await check(people, "ref-international", days=3)
    assert of(found, "weekly-review", "institution:kg-12")["result"] == "unknown"
    for days in (3, 2, 1, 0):
        noted = await people.do(
            SHELL, "process.note", institution="kg-12", process="daily_inspection", evidence="form 4",
            at_us=MIDNIGHT - days * DAY + HOUR, done_us=MIDNIGHT - days * DAY + 2 * HOUR,
        )  # fmt: skip
    found = await check(people, "ref-international", days=3)
    assert of(found, "weekly-review", "institution:kg-12")["result"] == "pass"
    assert of(found, "weekly-review", "institution:kg-12/process:review_sample")["result"] == "unknown"
    with pytest.raises(Refused, match="done already"):
        await people.do(SHELL, "process.done", number=noted["number"], evidence="x")
    with pytest.raises(InvalidInput, match="future"):
        await people.do(
            SHELL, "process.note", institution="kg-12", process="x1", evidence="x", at_us=people.clock.now_us() + 1
        )


async def test_the_sums_of_a_record_are_those_of_coverage(people: People) -> None:
    stored(people, MIDNIGHT - 2 * DAY, MIDNIGHT - DAY)
    record = await gather(people.gateway, "kg-12", MIDNIGHT - 2 * DAY, people.clock.now_us())
    hall = next(c for c in record.cameras if c.id == HALL)
    span = {"camera": "kg-hall", "from_us": hall.from_us, "to_us": hall.to_us}
    told = await people.do(SHELL, "footage.coverage", **span)
    for name in ("recorded", "put", "stored", "locked"):
        assert total(getattr(hall, name)) / US == told[f"{name}_s"], name
    assert total(hall.scheduled) / US == told["expected_s"]
