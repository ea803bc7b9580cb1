"""Reports made from a catalogue: what they hold, who may have them, what the audit log says of it."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from sqlalchemy import insert
from support.catalogue_rows import sidecar_value
from support.people import SHELL, installation_of_people

from camera_gateway.actions.reports_nightly import certify_due
from camera_gateway.catalogue import gaps, holds, purposes, seals, segments, tombstones, viewings
from camera_gateway.catalogue.compliance_tables import gap_explanations
from camera_gateway.catalogue.kept import get_kept
from camera_gateway.clock import US, rfc3339
from camera_gateway.compliance.documents.files import FORMATS, written
from camera_gateway.compliance.documents.layout import Sealed
from camera_gateway.compliance.documents.model import Facts, Table, parse
from camera_gateway.compliance.documents.statement import qr_text
from camera_gateway.domain.footage import GapCause, GapRecord
from camera_gateway.domain.ids import CameraId, InstitutionId, SiteId
from camera_gateway.domain.people import SYSTEM
from camera_gateway.errors import InvalidInput, NotFound, Refused, Unavailable
from camera_gateway.evidence.seal import Seal
from camera_gateway.roles.certifying import certify_nightly
from camera_gateway.supervision import Stop
from camera_gateway.timetable import Bell
from storage.errors import Transient

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.people import People

    from camera_gateway.compliance.documents.model import Document

HOUR_US = 3_600 * US
DAY = "2023-11-14"
"""The day before that of the held clock, in Almaty (UTC+6 then)."""
MIDNIGHT_US = 1_699_898_400 * US


@pytest.fixture
def house(tmp_path: Path) -> Iterator[People]:
    with installation_of_people(tmp_path) as people:
        yield people


def record(people: People, camera: str, hours: range, *, stored: bool = True) -> None:
    """Let a camera have recorded some hours of the day, each a segment."""
    with people.gateway.catalogue.write(SYSTEM) as tx:
        for hour in hours:
            start_us = MIDNIGHT_US + hour * HOUR_US
            value = sidecar_value(camera, start_us // HOUR_US)
            sidecar = replace(value, institution=InstitutionId("kg-12"), start_us=start_us, end_us=start_us + HOUR_US)
            segments.insert_spooled(tx, sidecar, f"{camera}/{hour}.mp4")
            if stored:
                segments.mark_intended(tx, sidecar.segment, f"key-{camera}-{hour}", None, None, "policy-1")
                segments.mark_put(tx, sidecar.segment, "v1")
                segments.mark_stored(tx, sidecar.segment, "v1", True)  # noqa: FBT003 - as the function has it


def lose(people: People, camera: str, hours: range, cause: GapCause) -> None:
    with people.gateway.catalogue.write(SYSTEM) as tx:
        start_us, end_us = (MIDNIGHT_US + hour * HOUR_US for hour in (hours.start, hours.stop))
        gaps.insert_gap(
            tx,
            GapRecord(
                f"{camera}-{hours.start}",
                CameraId(camera),
                InstitutionId("kg-12"),
                start_us,
                end_us,
                cause,
                "no answer",
                "record",
                1_000,
            ),
        )


def explain(people: People, camera: str, hours: range, words: str) -> None:
    with people.gateway.catalogue.write(SYSTEM) as tx:
        values = {
            "camera": camera,
            "start_us": MIDNIGHT_US + hours.start * HOUR_US,
            "end_us": MIDNIGHT_US + hours.stop * HOUR_US,
            "words": words,
            "explained_by": "token:alia",
            "explained_us": tx.clock.now_us(),
        }
        tx.connection.execute(insert(gap_explanations), values)


async def document(people: People, identity: str) -> Document:
    kept = await people.do(SHELL, "report.get", report=identity)
    return parse(json.loads(kept["text"]))


async def made(people: People, kind: str, **arguments: Any) -> Document:  # noqa: ANN401 - JSON
    arguments = {"day": DAY, **arguments}
    return await document(people, (await people.do(SHELL, "report.make", kind=kind, **arguments))["id"])


def table(found: Document, title: str) -> Table:
    return next(s for s in found.sections if isinstance(s, Table) and s.title == title)


def facts(found: Document, title: str) -> dict[str, Any]:
    return {f.name: f.value for s in found.sections if isinstance(s, Facts) and s.title == title for f in s.rows}


async def test_a_certificate_accounts_for_each_second_of_the_day(house: People) -> None:
    record(house, "kg-hall", range(10))
    lose(house, "kg-hall", range(10, 12), GapCause.CAMERA_UNREACHABLE)
    record(house, "kg-hall", range(12, 24), stored=False)
    found = await made(house, "coverage-certificate", camera="kg-hall")
    assert (found.start_us, found.end_us) == (MIDNIGHT_US, MIDNIGHT_US + 24 * HOUR_US)
    totals = facts(found, "totals")
    assert totals["expected"] == 24 * HOUR_US
    assert totals["recorded"] == 22 * HOUR_US
    assert totals["stored"] == totals["locked"] == 10 * HOUR_US
    assert totals["unexplained"] == 0
    assert [row[2:4] for row in table(found, "gaps").rows] == [(2 * HOUR_US, "camera-unreachable")]
    assert not found.failed


async def test_a_certificate_is_made_once_while_nothing_of_its_day_changes(house: People) -> None:
    first = await house.do(SHELL, "report.make", kind="coverage-certificate", camera="kg-hall", day=DAY)
    await house.clock.advance(3_600)
    again = await house.do(SHELL, "report.make", kind="coverage-certificate", camera="kg-hall", day=DAY)
    assert again == first
    record(house, "kg-hall", range(1))
    later = await house.do(SHELL, "report.make", kind="coverage-certificate", camera="kg-hall", day=DAY)
    assert later["id"] != first["id"]
    assert [row["id"] for row in await house.do(SHELL, "report.list")] == [later["id"], first["id"]]


async def test_the_day_that_is_not_over_is_certified_until_now(house: People) -> None:
    found = await made(house, "coverage-certificate", camera="kg-hall", day="2023-11-15")
    assert found.end_us == house.clock.now_us()
    assert any(getattr(section, "text", "") == "not-over" for section in found.sections)


async def test_the_seal_key_has_signed_the_statement(house: People) -> None:
    row = await house.do(SHELL, "report.make", kind="gap-register", institution="kg-12", day=DAY)
    public = load_pem_public_key((house.gateway.data_dir / "keys" / "seal.pub").read_bytes())
    public.verify(bytes.fromhex(row["signature"]), row["statement"].encode())  # type: ignore[union-attr, call-arg]
    assert f"document-sha256: {row['sha256']}\n" in row["statement"]


async def test_a_register_has_the_gaps_with_what_people_said(house: People) -> None:
    record(house, "kg-hall", range(24))
    lose(house, "kg-bedroom", range(24), GapCause.GATEWAY_DOWN)
    explain(house, "kg-bedroom", range(1), "Электр жарығы өшті")
    found = await made(house, "gap-register", institution="kg-12")
    (row,) = table(found, "gaps").rows
    assert row[1] == "kg-bedroom"
    assert row[5:9] == (24 * HOUR_US, "gateway-down", "no answer", "Электр жарығы өшті")
    assert row[9:] == ("token:alia", rfc3339(house.clock.now_us()))
    assert facts(found, "gap-totals")["gap-count"] == 1


async def test_a_month_is_the_institution_s_own(house: People) -> None:
    found = await made(house, "gap-register", institution="kg-12", day=None, month="2023-10")
    assert (rfc3339(found.start_us), rfc3339(found.end_us)) == ("2023-09-30T18:00:00Z", "2023-10-31T18:00:00Z")


async def test_what_was_deleted_stands_with_its_rule_and_beside_the_holds(house: People) -> None:
    record(house, "kg-hall", range(3))
    now_us = house.clock.now_us()
    with house.gateway.catalogue.write(SYSTEM) as tx:
        for hour in range(2):
            kept = get_kept(tx, sidecar_value("kg-hall", MIDNIGHT_US // HOUR_US + hour).segment)
            assert kept is not None
            assert tombstones.expire(tx, kept, policy="policy-1", reasons=["due"], plan="ab" * 32, approved_by=None)
        tombstones.confirm(tx, [1])
        holds.add_hold(
            tx, institution="kg-12", cameras=(), start_us=MIDNIGHT_US, end_us=None, reason="offence", case="17"
        )
    found = await made(house, "destruction", institution="kg-12", day=None, from_us=now_us - US, to_us=now_us + 1)
    # what is of this very moment is not of a span that ends with it
    assert facts(found, "totals")["segments"] == 0
    await house.clock.advance(60)
    found = await made(house, "destruction", institution="kg-12", day=None, from_us=now_us, to_us=now_us + 60 * US)
    assert facts(found, "totals") == {
        "segments": 2,
        "bytes": 60_000_000,
        "confirmed": 1,
        "waiting": 1,
        "withdrawn": 0,
        "holds": 1,
        "touched": 2,  # the hold is of the same microsecond: what cannot be told apart is told
    }
    assert found.failed
    assert table(found, "overdue").rows == ()
    (row,) = table(found, "deleted").rows
    assert (row[0], row[3:8]) == ("kg-hall", (2, 60_000_000, "policy-1", "ab" * 8, rfc3339(now_us)))


async def test_what_is_kept_longer_than_it_may_be_is_told_beside_what_went(house: People) -> None:
    record(house, "kg-hall", range(3))
    await house.clock.advance(400 * 86_400)
    found = await made(house, "destruction", institution="kg-12")
    (row,) = table(found, "overdue").rows
    assert row[:4] == ("kg-hall", 3, 90_000_000, rfc3339(MIDNIGHT_US))
    assert found.failed
    elsewhere = await made(house, "destruction", institution="school-7")
    assert table(elsewhere, "overdue").rows == ()


async def test_the_register_of_access_has_the_lines_of_the_span(house: People) -> None:
    house.user("serik", ("auditor", "all"))
    viewer = house.user("alia", ("auditor", "institution:kg-12"))
    with house.gateway.catalogue.write(viewer) as tx:
        purpose = purposes.open_purpose(tx, "incident", "17-5", "").number
        viewings.note_viewing(tx, "kg-hall", "archive", span_us=(MIDNIGHT_US, MIDNIGHT_US + US), purpose=purpose)
        viewings.note_viewing(tx, "school-yard", "live")
    await house.clock.advance(1)
    now_us = house.clock.now_us()
    found = await made(house, "access-register", institution="kg-12", day=None, from_us=now_us - 60 * US, to_us=now_us)
    (row,) = table(found, "access").rows
    assert (row[3], row[5], row[8]) == ("kg-hall", "archive", "Alia")
    assert row[10:] == ("incident", "17-5", None, None)


async def test_making_and_handing_out_are_in_the_audit_log(house: People) -> None:
    row = await house.do(SHELL, "report.make", kind="gap-register", institution="kg-12", day=DAY)
    assert (house.last().action, house.last().object) == ("report.make", f"report:{row['id']}")
    assert house.last().details["sha256"] == row["sha256"]
    await house.do(SHELL, "report.get", report=row["id"], form="pdf", lang="kk")
    assert (house.last().action, house.last().details) == ("report.get", {"form": "pdf", "lang": "kk"})


async def test_what_is_handed_out_is_what_was_signed_also_much_later(house: People) -> None:
    record(house, "kg-hall", range(10))
    row = await house.do(SHELL, "report.make", kind="gap-register", institution="kg-12", day=DAY)
    before = written(await house.do(SHELL, "report.get", report=row["id"]), "csv", "ru")
    record(house, "kg-hall", range(10, 24))
    await house.clock.advance(86_400)
    assert written(await house.do(SHELL, "report.get", report=row["id"]), "csv", "ru") == before


async def test_who_may_not_see_all_of_a_report_does_not_see_that_there_is_one(house: People) -> None:
    row = await house.do(SHELL, "report.make", kind="gap-register", institution="school-7", day=DAY)
    auditor = house.user("alia", ("auditor", "institution:kg-12"))
    assert await house.do(auditor, "report.list") == []
    for verb in ("report.show", "report.get"):
        with pytest.raises(NotFound, match="no such report"):
            await house.do(auditor, verb, report=row["id"])
    with pytest.raises(NotFound, match="no such institution"):
        await house.do(auditor, "report.make", kind="gap-register", institution="school-7", day=DAY)
    viewer = house.user("viewer", ("viewer", "institution:kg-12"))
    with pytest.raises(Refused):
        await house.do(viewer, "report.make", kind="gap-register", institution="kg-12", day=DAY)


def seal(people: People, day: date) -> str:
    """Let a day of the kindergarten be sealed, by nobody's key; return the SHA-256 of the seal."""
    text = Seal(
        site="kg-12",
        institution="kg-12",
        gateway="gw-1",
        software="test",
        ffmpeg="-",
        config_sha256="0" * 64,
        day=day,
        utc_offset="+06:00",
        time_source="test",
        sealed_at_us=people.clock.now_us(),
        addendum=0,
        previous=None,
        audit_head_sha256="0" * 64,
        audit_rows=1,
        worm="proven 2023-11-14T00:00:00Z",
        witness="NONE",
        key="SHA256:" + "0" * 64,
        next_key=None,
        files={},
    ).text()
    with people.gateway.catalogue.write(SYSTEM) as tx:
        new = seals.NewSeal(
            InstitutionId("kg-12"), SiteId("kg-12"), day, 0, text, b"0" * 64, people.clock.now_us(), "NONE"
        )
        seals.add(tx, new)
    return hashlib.sha256(text).hexdigest()


async def test_a_report_is_tied_to_the_last_seal_of_its_institution(house: People) -> None:
    seal(house, date(2023, 11, 13))
    last = seal(house, date(2023, 11, 14))
    found = await made(house, "gap-register", institution="kg-12")
    said = facts(found, "about")
    assert (said["last-seal"], said["last-seal-sha256"]) == ("SEAL.2023-11-14.txt", last)
    assert f"seal SEAL.2023-11-14.txt sha256 {last}" in qr_text(found)
    certificate = await made(house, "coverage-certificate", camera="kg-hall")
    assert "last-seal" not in facts(certificate, "about")
    assert [row[0] for row in table(certificate, "seals").rows] == ["SEAL.2023-11-13.txt", "SEAL.2023-11-14.txt"]


async def test_a_person_stands_in_a_report_with_name_and_post(house: People) -> None:
    auditor = house.user("alia", ("auditor", "institution:kg-12"))
    row = await house.do(auditor, "report.make", kind="gap-register", institution="kg-12", day=DAY)
    assert row["made_by"] == "Alia (token:alia)"


NONSENSE: tuple[tuple[dict[str, Any], str], ...] = (
    ({"kind": "gap-register", "day": DAY}, "is about an institution"),
    ({"kind": "gap-register", "institution": "kg-12"}, "name one span"),
    ({"kind": "gap-register", "institution": "kg-12", "day": DAY, "month": "2023-11"}, "name one span"),
    ({"kind": "gap-register", "institution": "kg-12", "from_us": 1}, "name one span"),
    ({"kind": "gap-register", "institution": "kg-12", "day": "2023-02-30"}, "is not a day"),
    ({"kind": "gap-register", "institution": "kg-12", "day": "2023-12-01"}, "has not begun"),
    ({"kind": "gap-register", "institution": "kg-12", "from_us": 5, "to_us": 5}, "is empty"),
    ({"kind": "gap-register", "institution": "kg-12", "from_us": 0, "to_us": 1_700_000_000 * US}, "a year at most"),
    ({"kind": "gap-register", "camera": "kg-hall", "institution": "school-7", "day": DAY}, "is not of school-7"),
    ({"kind": "gap-register", "institution": "kg-12", "region": "Абай", "day": DAY}, "only a monthly report"),
    ({"kind": "coverage-certificate", "institution": "kg-12", "day": DAY}, "of a camera and a day"),
    ({"kind": "monthly", "institution": "kg-12", "month": "2023-10"}, "is about a region"),
    ({"kind": "poem", "institution": "kg-12", "day": DAY}, "kind"),
    ({"kind": "gap-register", "institution": "kg-12", "month": "2023-13"}, "month"),
)


async def test_what_makes_no_sense_is_said(house: People) -> None:
    for arguments, why in NONSENSE:
        with pytest.raises(InvalidInput, match=why):
            await house.do(SHELL, "report.make", **arguments)


async def test_each_camera_gets_its_certificate_of_the_day_that_has_ended_and_gets_it_once(house: People) -> None:
    record(house, "kg-hall", range(24))
    assert await certify_due(house.gateway) == 3
    assert await certify_due(house.gateway) == 0
    rows = await house.do(SHELL, "report.list", kind="coverage-certificate")
    assert {row["camera"] for row in rows} == {"kg-hall", "kg-bedroom", "school-yard"}
    # at 04:13 in Almaty the seal of the UTC day in which the 14th ends there is not made yet: the 13th is the last
    assert {(row["from"], row["to"], row["made_by"]) for row in rows} == {
        ("2023-11-12T18:00:00Z", "2023-11-13T18:00:00Z", "system:gateway")
    }
    await house.clock.advance(4 * 3_600)
    assert await certify_due(house.gateway) == 3
    await house.clock.advance(86_400)
    assert await certify_due(house.gateway, lambda: True) == 0
    assert await certify_due(house.gateway) == 3


async def test_a_night_s_bell_makes_the_certificates(house: People) -> None:
    bell, stop = Bell("certify"), Stop()
    async with asyncio.TaskGroup() as group:
        group.create_task(certify_nightly(house.gateway, bell, stop))
        for night in (1, 2):
            while len(await house.do(SHELL, "report.list")) < 3 * night:  # noqa: ASYNC110 - the verb is looked at
                await asyncio.sleep(0)
            await house.clock.advance(86_400)
            bell.ring()
        stop.request()


async def test_a_pack_is_ready_at_once_with_everything_in_it(house: People) -> None:
    record(house, "kg-hall", range(24))
    pack = await made(house, "inspection-pack", institution="kg-12")
    titles = [t.title for t in pack.sections if isinstance(t, Table)]
    assert {"cameras", "coverage", "zones", "retention", "missing-days", "clocks", "gaps"} < set(titles)
    assert {"facts", "waivers", "processes", "outages", "access"} < set(titles)
    law = table(pack, "findings-law")
    archive = {row[2]: (row[3], row[5]) for row in law.rows if row[0] == "p.88"}
    assert archive["camera:kg-hall"][0] == "fail"
    assert "text_needed" in {row[3] for row in law.rows}
    assert {row[6] for row in table(pack, "findings-house").rows} == {"house"}
    kept = {row[0]: row[4:6] for row in table(pack, "retention").rows}
    assert kept == {"kg-hall": (1, 1), "kg-bedroom": (0, 0)}
    assert pack.restricted
    assert pack.failed
    for form in FORMATS:
        assert FORMATS[form].write(pack, Sealed("x", "y", "z", "00"), "kk")


async def test_retention_says_the_goal_its_clause_and_the_missing_days(house: People) -> None:
    record(house, "kg-hall", range(24))
    found = await made(house, "retention", institution="kg-12")
    (row,) = (row for row in table(found, "retention").rows if row[0] == "kg-hall")
    assert row[2:6] == (30, "kz-edu-117-2022 p.88", 1, 1)
    assert row[7:] == ("fail", "reached", "2023-12-14")
    assert DAY not in {row[2] for row in table(found, "missing-days").rows if row[0] == "kg-hall"}


async def test_a_month_of_a_region_says_what_has_changed(house: People) -> None:
    first = await made(house, "monthly", day=None, month="2023-11", region="Абай")
    assert first.institutions == ("kg-12",)
    assert any(getattr(section, "text", "") == "no-previous" for section in first.sections)
    record(house, "kg-hall", range(24))
    second = await made(house, "monthly", day=None, month="2023-11", region="Абай")
    changed = {(row[2], row[3]): row[4:] for row in table(second, "changes-house").rows}
    assert changed["house resolution", "camera:kg-hall"] == ("unknown", "pass")
    (line,) = table(second, "institution-coverage").rows
    assert line[:3] == ("kg-12", "kg-12", 2)


async def test_a_report_on_several_holds_those_alone_that_one_may_see(house: People) -> None:
    auditor = house.user("alia", ("auditor", "institution:kg-12"))
    mine = await house.do(auditor, "report.make", kind="monthly", month="2023-11")
    all_ = await house.do(SHELL, "report.make", kind="monthly", month="2023-11")
    assert mine["institutions"] == ["kg-12"]
    assert all_["institutions"] == ["kg-12", "school-7"]
    assert [row["id"] for row in await house.do(auditor, "report.list")] == [mine["id"]]
    with pytest.raises(NotFound, match="no such report"):
        await house.do(auditor, "report.get", report=all_["id"])
    with pytest.raises(NotFound, match="no institution to report on"):
        await house.do(auditor, "report.make", kind="monthly", month="2023-11", region="Алматы")


async def test_one_standard_may_be_asked_for_and_must_be_there(house: People) -> None:
    found = await made(house, "compliance", institution="kg-12", standard="house-baseline")
    assert found.standard == "house-baseline"
    assert [t.title for t in found.sections if isinstance(t, Table)] == ["findings-house"]
    with pytest.raises(NotFound, match="not installed"):
        await house.do(SHELL, "report.make", kind="compliance", institution="kg-12", standard="poem", day=DAY)


async def test_where_the_bucket_cannot_be_listed_the_pack_says_so_and_judges_nothing(
    house: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_args: object) -> None:
        raise Transient("no answer")

    monkeypatch.setattr(type(house.gateway.store), "list", down)
    pack = await made(house, "inspection-pack", institution="kg-12")
    assert {t.title for t in pack.sections if isinstance(t, Table)} >= {"cameras", "coverage", "gaps"}
    assert not any(t.title.startswith("findings-") for t in pack.sections if isinstance(t, Table))
    said = [section for section in pack.sections if getattr(section, "text", "") == "not-judged"]
    assert len(said) > 3
    with pytest.raises(Unavailable, match="cannot be listed"):
        await house.do(SHELL, "report.make", kind="retention", institution="kg-12", day=DAY)
