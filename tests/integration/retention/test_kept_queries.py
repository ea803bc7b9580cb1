"""What is kept is found by its index, however much has expired."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.catalogue_rows import ALIA, new_catalogue
from support.kept_values import kept_value

from camera_gateway.catalogue import kept, tombstones
from camera_gateway.clock import HeldClock

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection


def plan_of(connection: Connection, statement: str, *values: object) -> str:
    rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple(values))
    return " ".join(str(row[3]) for row in rows)


def test_pages_of_a_camera_come_from_the_index_over_what_is_kept(tmp_path: Path) -> None:
    with new_catalogue(tmp_path, HeldClock(), "cam-01") as catalogue, catalogue.read() as tx:
        seen: list[str] = []
        original = tx.connection.execute

        def spy(query: object, *args: object) -> object:
            seen.append(str(query.compile(tx.connection, compile_kwargs={"literal_binds": True})))  # type: ignore[attr-defined]
            return original(query, *args)  # type: ignore[call-overload]

        tx.connection.execute = spy  # type: ignore[method-assign, assignment]
        kept.kept_before(tx, "cam-01", 10**15)
        kept.kept_in_span(tx, "cam-01", 0, 10**15)
        assert all("segments_kept" in plan_of(tx.connection, statement) for statement in seen)
        assert len(seen) == 2


def test_what_is_not_confirmed_is_found_without_looking_at_what_is(tmp_path: Path) -> None:
    with new_catalogue(tmp_path, HeldClock(), "cam-01") as catalogue, catalogue.read() as tx:
        waiting = "confirmed_us IS NULL AND withdrawn_us IS NULL AND number > 5"
        statement = f"SELECT * FROM tombstones WHERE {waiting} ORDER BY number"  # noqa: S608 - our own text
        assert "tombstones_unconfirmed" in plan_of(tx.connection, statement)
        assert tombstones.unconfirmed(tx) == []


def test_a_segment_that_is_not_there_has_no_tombstone_and_is_not_kept(tmp_path: Path) -> None:
    with new_catalogue(tmp_path, HeldClock(), "cam-01") as catalogue:
        with catalogue.write(ALIA) as tx:
            assert not tombstones.expire(tx, kept_value(), policy="p", reasons=["r"], plan="d", approved_by=None)
        with catalogue.read() as tx:
            assert kept.get_kept(tx, kept_value().segment) is None
