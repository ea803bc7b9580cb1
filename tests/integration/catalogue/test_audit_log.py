"""Audit rows: chained, append-only, found broken where they are broken (S3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import IntegrityError
from support.catalogue_rows import ALIA

from camera_gateway.catalogue import audit_log
from camera_gateway.catalogue.tables import audit
from camera_gateway.domain.audit import GENESIS
from camera_gateway.domain.people import Actor

if TYPE_CHECKING:
    from camera_gateway.catalogue.opening import Catalogue, Transaction


def test_rows_come_back_in_order_with_all_they_were_given(catalogue: Catalogue) -> None:
    with catalogue.write(ALIA) as tx:
        before, digest = audit_log.head(tx)
        tx.audit("footage.fetch", "camera:hall", span=(1, 2), why="жалоба", nested={3: None}, share=0.1)
        tx.audit_as(Actor("token", "portal"), "footage.list", "camera:hall")
        first, second = audit_log.list_rows(tx, before)
        assert (first.number, first.actor, first.action, first.object) == (
            before + 1,
            "shell:alia",
            "footage.fetch",
            "camera:hall",
        )
        assert first.details == {"span": [1, 2], "why": "жалоба", "nested": {"3": None}, "share": 0.1}
        assert first.previous == digest
        assert first.at_us == tx.clock.now_us()
        assert (second.actor, second.previous) == ("token:portal", first.digest)
        assert audit_log.head(tx) == (second.number, second.digest)
        assert audit_log.verify(tx) is None


def test_the_first_row_of_a_catalogue_is_its_creation(catalogue: Catalogue) -> None:
    with catalogue.read() as tx:
        (row,) = audit_log.list_rows(tx, limit=1)
    assert (row.number, row.action, row.object, row.previous) == (1, "catalogue.create", catalogue.identity, GENESIS)


def test_what_is_no_json_is_an_error_and_writes_nothing(catalogue: Catalogue) -> None:
    with catalogue.write(ALIA) as tx:
        before = audit_log.head(tx)
        with pytest.raises(TypeError):
            tx.audit("test", "nothing", value=object())
        assert audit_log.head(tx) == before


@pytest.mark.parametrize("change", [update(audit).values(actor="shell:nobody"), delete(audit)])
def test_the_database_refuses_to_change_or_delete_audit_rows(catalogue: Catalogue, change: object) -> None:
    with pytest.raises(IntegrityError, match="append-only"), catalogue.write(ALIA) as tx:
        tx.connection.execute(change)  # type: ignore[call-overload] # either of two statements
    with catalogue.read() as tx:
        assert audit_log.verify(tx) is None
        assert audit_log.head(tx)[0] > 1


def break_chain(tx: Transaction, statement: str) -> int | None:
    for verb in ("update", "delete"):
        tx.connection.execute(text(f"DROP TRIGGER audit_refuses_{verb}"))
    tx.connection.execute(text(statement))
    return audit_log.verify(tx)


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE audit SET details = '{}' WHERE number = 3", 3),
        ("UPDATE audit SET at_us = at_us + 1 WHERE number = 4", 4),
        ("DELETE FROM audit WHERE number = 2", 3),
        ("DELETE FROM audit WHERE number = 1", 2),
        ("UPDATE audit SET action = 'camera.retire' WHERE number = 5", 5),
    ],
)
def test_a_change_behind_the_catalogues_back_is_found_at_its_row(
    catalogue: Catalogue, statement: str, broken: int
) -> None:
    with catalogue.write(ALIA) as tx:
        assert break_chain(tx, statement) == broken


def test_a_cut_tail_shows_in_the_head_alone(catalogue: Catalogue) -> None:
    with catalogue.write(ALIA) as tx:
        anchored = audit_log.head(tx)
        assert break_chain(tx, "DELETE FROM audit WHERE number = (SELECT max(number) FROM audit)") is None
        assert audit_log.head(tx) != anchored


def test_a_long_log_is_verified_in_batches(catalogue: Catalogue) -> None:
    with catalogue.write(ALIA) as tx:
        for number in range(2_100):
            tx.audit("test", f"thing:{number}")
        assert audit_log.verify(tx) is None
        assert break_chain(tx, "UPDATE audit SET object = 'thing:x' WHERE number = 2050") == 2050
