"""The head of the audit log is in the bucket each hour, signed: a log that was written anew contradicts it."""

from __future__ import annotations

import asyncio
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from support.evidence_house import KG, House, evidence_house
from support.sealed_days import sealed_days

from camera_gateway.actions.seals import anchor_audit
from camera_gateway.catalogue import audit_log
from camera_gateway.clock import US, to_datetime
from camera_gateway.domain.audit import digest_of
from camera_gateway.domain.people import SYSTEM
from camera_gateway.errors import InvalidInput, Unavailable
from camera_gateway.evidence import enclosures, verifier
from camera_gateway.evidence.audit_heads import AuditHead, head_key, parse_head
from camera_gateway.roles.sealing import HOUR_US, anchor_hourly
from camera_gateway.supervision import Stop
from camera_gateway.timetable import Bell
from storage.errors import Transient

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with evidence_house(tmp_path) as made:
        yield made


def heads(house: House) -> list[str]:
    return [blob.key for blob in house.people.gateway.store.list(f"v1/{KG}/audit/")]


async def check(house: House) -> Any:  # noqa: ANN401 - JSON
    return await house.people.do(house.alia, "audit.verify")


def something_happens(house: House) -> None:
    with house.people.gateway.catalogue.write(SYSTEM) as tx:
        tx.audit("test.happened", "x:y")


def written_anew(house: House, *, actor: str, rows: int) -> None:
    """What root does: say that it was somebody else, and chain everything anew, up to so many rows."""
    with house.people.gateway.catalogue.write(SYSTEM) as tx:
        for verb in ("update", "delete"):
            tx.connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS audit_refuses_{verb}")
        previous = audit_log.digest_at(tx, 0)
        assert previous is not None
        for row in audit_log.list_rows(tx, 0, 1_000):
            digest = digest_of(row.number, row.at_us, actor, row.action, row.object, row.details, previous)
            change = "UPDATE audit SET actor = ?, previous = ?, digest = ? WHERE number = ?"
            tx.connection.exec_driver_sql(change, (actor, previous, digest, row.number))
            previous = digest
        tx.connection.exec_driver_sql("DELETE FROM audit WHERE number > ?", (rows,))


async def test_a_head_is_anchored_once_an_hour_and_the_log_agrees_with_it(house: House) -> None:
    first_us = await anchor_audit(house.people.gateway)
    something_happens(house)
    assert await anchor_audit(house.people.gateway) == first_us, "the hour has its head"
    assert heads(house) == [head_key(KG, first_us or 0, "sig"), head_key(KG, first_us or 0)]
    assert f"/audit/{to_datetime(first_us or 0):%Y-%m-%dT%H}/HEAD.txt" in heads(house)[1]
    house.clock.step_wall(HOUR_US)
    something_happens(house)
    await anchor_audit(house.people.gateway)
    found = await check(house)
    assert (found["ok"], found["anchored"]["heads"], found["anchored"]["contradictions"]) == (True, 2, [])
    assert found["anchored"]["rows"] <= found["rows"]


async def test_a_history_that_was_written_anew_is_a_whole_chain_and_contradicts_its_heads(house: House) -> None:
    something_happens(house)
    await anchor_audit(house.people.gateway)
    house.clock.step_wall(HOUR_US)
    written_anew(house, actor="shell:nobody", rows=1_000)
    await anchor_audit(house.people.gateway)
    found = await check(house)
    assert (found["ok"], found["broken_at"]) == (False, None)
    assert [item["file"] for item in found["anchored"]["contradictions"]] == [heads(house)[1]]


async def test_a_tail_that_was_cut_off_contradicts_its_head(house: House) -> None:
    something_happens(house)
    await anchor_audit(house.people.gateway)
    before = await check(house)
    with house.people.gateway.catalogue.write(SYSTEM) as tx:
        tx.connection.exec_driver_sql("DROP TRIGGER audit_refuses_delete")
        tx.connection.exec_driver_sql("DELETE FROM audit WHERE number >= ?", (before["rows"],))
    found = await check(house)
    assert found["broken_at"] is None
    (wrong,) = found["anchored"]["contradictions"]
    assert "cut off" in wrong["reason"]


async def test_a_head_that_was_changed_in_the_bucket_is_named(house: House, tmp_path: Path) -> None:
    at_us = await anchor_audit(house.people.gateway) or 0
    path = next(path for path in (tmp_path / "store").rglob("*.data") if b"audit-head-version" in path.read_bytes())
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"institution: kg-12", b"institution: kg-13"))
    (wrong,) = (await check(house))["anchored"]["contradictions"]
    assert (wrong["file"], "signature" in wrong["reason"]) == (head_key(KG, at_us), True)
    path.write_bytes(path.read_bytes().replace(b"rows: ", b"cows: "))
    (wrong,) = (await check(house))["anchored"]["contradictions"]
    assert "not a head" in wrong["reason"]


async def test_a_store_that_cannot_be_asked_is_no_finding_and_is_said(house: House) -> None:
    class Down:
        capabilities = house.people.gateway.store.capabilities

        def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever is asked
            raise Transient(name)

    gateway = replace(house.people.gateway, store=Down())  # type: ignore[arg-type]
    with pytest.raises(Unavailable):
        await anchor_audit(gateway)
    down = replace(house.people, gateway=gateway)
    found = await down.do(house.alia, "audit.verify")
    assert (found["ok"], found["anchored"]["checked"]) == (True, False)


async def test_the_service_anchors_at_once_and_in_each_new_hour_and_tells_the_age(house: House) -> None:
    bell, stop, told = Bell("audit-head"), Stop(), asyncio.Queue[float]()
    house.clock.step_wall(HOUR_US - house.clock.now_us() % HOUR_US)  # an hour begins
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        group.create_task(anchor_hourly(house.people.gateway, bell, stop, told.put_nowait))
        assert await told.get() == 0
        for minutes, age_s, number in ((59, 3_540, 1), (1, 0, 2), (1, 60, 2)):
            house.clock.step_wall(minutes * 60 * US)
            bell.ring()
            assert (await told.get(), len(heads(house)) // 2) == (age_s, number)
        stop.request()


def test_a_head_is_read_as_it_was_written_and_in_no_other_way() -> None:
    head = AuditHead("kg-12", "gw-1", 1_700_000_000_000_000, 12, "a" * 64, "SHA256:" + "b" * 64)
    assert parse_head(head.text(), "here") == head
    for wrong in (b"", head.text() + b"x", head.text().replace(b"rows: 12", b"rows: x")):
        with pytest.raises(InvalidInput, match="not a head"):
            parse_head(wrong, "here")


def test_the_verifiers_know_heads_in_a_download_and_name_a_changed_one(tmp_path: Path) -> None:
    days = sealed_days(tmp_path / "days", days=1)
    folder = days.root / "audit" / "2026-11-21T10"
    folder.mkdir(parents=True)
    head = AuditHead("kg-12", "gw-1", 1_700_000_000_000_000, 12, "a" * 64, days.key.public.fingerprint)
    (folder / "HEAD.txt").write_bytes(head.text())
    (folder / "HEAD.sig").write_bytes(days.key.sign(head.text()))
    found = verifier.verify(days.root)
    assert (found.failures, found.counts["heads of the audit log"]) == ([], 1)
    script = tmp_path / "verify.sh"
    script.write_bytes(enclosures.enclosures()["verify.sh"])
    assert by_shell(script, days.root) == []
    (folder / "HEAD.txt").write_bytes(head.text().replace(b"rows: 12", b"rows: 13"))
    assert [name for name, _ in verifier.verify(days.root).failures] == ["audit/2026-11-21T10/HEAD.txt"]
    assert by_shell(script, days.root) == ["audit/2026-11-21T10/HEAD.txt"]


def by_shell(script: Path, root: Path) -> list[str]:
    done = subprocess.run(["/bin/sh", script, root], capture_output=True, text=True, check=False)
    return [line.split()[1].rstrip(":") for line in done.stdout.splitlines() if line.startswith("FAIL  ")]
