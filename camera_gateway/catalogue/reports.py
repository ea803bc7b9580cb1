"""Reports in the catalogue: each document as it was signed, kept for good.

Functions of a `Transaction`. Promises that a report's row and its audit row are one transaction, and that a row is
never changed or removed: what was handed out can always be handed out again, byte for byte.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from camera_gateway.catalogue.report_tables import reports
from camera_gateway.clock import rfc3339
from camera_gateway.errors import NotFound

if TYPE_CHECKING:
    from sqlalchemy import Row

    from camera_gateway.catalogue.opening import Transaction


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A report without its document. `institutions` are all that it tells of; times in µs UTC."""

    id: str
    kind: str
    institution: str | None
    camera: str | None
    region: str | None
    standard: str | None
    institutions: tuple[str, ...]
    start_us: int
    end_us: int
    made_us: int
    made_by: str
    sha256: str
    statement: str
    signature: str


_HEAD = [column for column in reports.c if column.name != "document"]


def add_report(tx: Transaction, row: ReportRow, document: bytes) -> None:
    """Keep a report in the name of who asks; one with this id that is there already stays as it is."""
    if tx.connection.execute(select(reports.c.id).where(reports.c.id == row.id)).first() is not None:
        return
    values = {column.name: getattr(row, column.name) for column in _HEAD}
    values |= {"institutions": json.dumps(list(row.institutions)), "document": document.decode()}
    tx.connection.execute(insert(reports), values)
    tx.audit(
        "report.make",
        f"report:{row.id}",
        kind=row.kind,
        institution=row.institution,
        camera=row.camera,
        region=row.region,
        standard=row.standard,
        start=rfc3339(row.start_us),
        end=rfc3339(row.end_us),
        sha256=row.sha256,
    )


def get_report(tx: Transaction, identity: str) -> ReportRow:
    """Return a report; `NotFound` when there is none."""
    found = tx.connection.execute(select(*_HEAD).where(reports.c.id == identity)).first()
    if found is None:
        raise NotFound(f"no report {identity[:80]}", hint="run: camera-gateway report list")
    return _row(found)


def document_of(tx: Transaction, identity: str) -> str:
    """Return a report's document as it was kept; `NotFound` when there is none."""
    found = tx.connection.execute(select(reports.c.document).where(reports.c.id == identity)).scalar_one_or_none()
    if found is None:
        raise NotFound(f"no report {identity[:80]}", hint="run: camera-gateway report list")
    return str(found)


def list_reports(
    tx: Transaction, *, kind: str | None = None, institution: str | None = None, camera: str | None = None
) -> list[ReportRow]:
    """Return the reports that fit, the newest first."""
    query = select(*_HEAD).order_by(reports.c.made_us.desc(), reports.c.id)
    if kind is not None:
        query = query.where(reports.c.kind == kind)
    if institution is not None:
        query = query.where(reports.c.institution == institution)
    if camera is not None:
        query = query.where(reports.c.camera == camera)
    return [_row(row) for row in tx.connection.execute(query)]


def latest(
    tx: Transaction,
    kind: str,
    *,
    institution: str | None,
    region: str | None,
    camera: str | None = None,
    start_us: int | None = None,
    before_us: int | None = None,
) -> ReportRow | None:
    """Return the newest report of a kind on the same subject; of a span that starts, or ends not later than, there."""
    query = select(*_HEAD).where(
        reports.c.kind == kind,
        reports.c.institution.is_(None) if institution is None else reports.c.institution == institution,
        reports.c.region.is_(None) if region is None else reports.c.region == region,
        reports.c.camera.is_(None) if camera is None else reports.c.camera == camera,
    )
    if start_us is not None:
        query = query.where(reports.c.start_us == start_us)
    if before_us is not None:
        query = query.where(reports.c.end_us <= before_us)
    found = tx.connection.execute(query.order_by(reports.c.made_us.desc(), reports.c.id).limit(1)).first()
    return None if found is None else _row(found)


def _row(row: Row[Any]) -> ReportRow:
    return ReportRow(
        id=row.id,
        kind=row.kind,
        institution=row.institution,
        camera=row.camera,
        region=row.region,
        standard=row.standard,
        institutions=tuple(json.loads(row.institutions)),
        start_us=row.start_us,
        end_us=row.end_us,
        made_us=row.made_us,
        made_by=row.made_by,
        sha256=row.sha256,
        statement=row.statement,
        signature=row.signature,
    )
