"""Requests for footage and the packages that were made of them.

Functions of a `Transaction`. Promises that each step writes its audit row in the same transaction (S3), that a request
is approved once, and that a package has its row before its first byte. Nothing here is ever removed. Whether somebody
may take a step is asked elsewhere.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from camera_gateway.catalogue.audit_log import of_objects
from camera_gateway.catalogue.tables import evidence_packages, evidence_requests
from camera_gateway.clock import rfc3339
from camera_gateway.errors import InvalidInput, NotFound, Refused

if TYPE_CHECKING:
    from sqlalchemy import Row

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.audit import AuditRow

_ID = re.compile(r"(request|package)-([1-9]\d{0,8})")


@dataclass(frozen=True, slots=True)
class NewRequest:
    """A request as somebody makes it: times in µs UTC, [start, end); the hold reaches `margin_us` beyond both."""

    institution: str
    zone: str | None
    cameras: tuple[str, ...]
    start_us: int
    end_us: int
    margin_us: int
    requester: str
    body: str
    legal_ground: str
    case: str


@dataclass(frozen=True, slots=True)
class Request:
    """A request for footage, from the hold on; `approved_by` None: nobody has approved it yet."""

    number: int
    new: NewRequest
    hold: int
    asked_by: str
    asked_us: int
    approved_by: str | None
    approved_us: int | None

    @property
    def id(self) -> str:
        """How people name it."""
        return f"request-{self.number}"


@dataclass(frozen=True, slots=True)
class Package:
    """An export. `listing` is what EXPORT.txt is to list, kept until it is signed; `export_sha256` is of that text."""

    number: int
    request: int
    exported_by: str
    started_us: int
    head: str
    listing: str | None
    segments: int
    finished_us: int | None
    export_sha256: str | None

    @property
    def id(self) -> str:
        """How people name it."""
        return f"package-{self.number}"


def parse_id(text: str, kind: str) -> int:
    """Return the number in `request-7` or `package-7`; `InvalidInput` for anything else."""
    match = _ID.fullmatch(text.strip())
    if match is None or match[1] != kind:
        raise InvalidInput(f"{text[:40]!r} is no {kind}", hint="run: camera-gateway evidence list")
    return int(match[2])


def add_request(tx: Transaction, new: NewRequest, hold: int) -> Request:
    """Keep a request in the name of who asks; its hold is placed already, in the same transaction."""
    values = {
        "institution": new.institution,
        "zone": new.zone,
        "cameras": json.dumps(list(new.cameras)),
        "start_us": new.start_us,
        "end_us": new.end_us,
        "margin_us": new.margin_us,
        "requester": new.requester,
        "body": new.body,
        "legal_ground": new.legal_ground,
        "case_id": new.case,
        "hold": hold,
        "asked_by": str(tx.actor),
        "asked_us": tx.clock.now_us(),
    }
    number = tx.connection.execute(insert(evidence_requests).returning(evidence_requests.c.number), values).scalar_one()
    request = get_request(tx, number)
    tx.audit(
        "evidence.request",
        f"request:{request.id}",
        requester=new.requester,
        body=new.body,
        legal_ground=new.legal_ground,
        case=new.case,
        cameras=list(new.cameras),
        start=rfc3339(new.start_us),
        end=rfc3339(new.end_us),
        hold=f"hold-{hold}",
    )
    return request


def get_request(tx: Transaction, number: int) -> Request:
    """Return a request; `NotFound` when there is none."""
    found = tx.connection.execute(select(evidence_requests).where(evidence_requests.c.number == number)).first()
    if found is None:
        raise NotFound(f"no request-{number}", hint="run: camera-gateway evidence list")
    return _request(found)


def list_requests(tx: Transaction) -> list[Request]:
    """Return all requests by number."""
    query = select(evidence_requests).order_by(evidence_requests.c.number)
    return [_request(row) for row in tx.connection.execute(query)]


def approve_request(tx: Transaction, number: int) -> Request:
    """Approve in the name of who asks; `Refused` when that was done before."""
    request = get_request(tx, number)
    if request.approved_us is not None:
        raise Refused(f"{request.id} was approved at {rfc3339(request.approved_us)}", code="approved-already")
    values = {"approved_by": str(tx.actor), "approved_us": tx.clock.now_us()}
    tx.connection.execute(update(evidence_requests).where(evidence_requests.c.number == number).values(values))
    tx.audit("evidence.approve", f"request:{request.id}", asked_by=request.asked_by, case=request.new.case)
    return get_request(tx, number)


def begin_package(tx: Transaction, request: Request, segments: int) -> Package:
    """Make the row and the audit row of an export before its first byte."""
    values = {
        "request": request.number,
        "exported_by": str(tx.actor),
        "started_us": tx.clock.now_us(),
        "head": "",
        "segments": segments,
    }
    number = tx.connection.execute(insert(evidence_packages).returning(evidence_packages.c.number), values).scalar_one()
    tx.audit(
        "evidence.export",
        f"request:{request.id}",
        package=f"package-{number}",
        segments=segments,
        requester=request.new.requester,
        case=request.new.case,
    )
    return get_package(tx, number)


def describe_package(tx: Transaction, number: int, head: str, listing: str) -> None:
    """Keep what EXPORT.txt will say, until it is signed."""
    change = update(evidence_packages).where(evidence_packages.c.number == number)
    tx.connection.execute(change.values(head=head, listing=listing))


def get_package(tx: Transaction, number: int) -> Package:
    """Return a package; `NotFound` when there is none."""
    found = tx.connection.execute(select(evidence_packages).where(evidence_packages.c.number == number)).first()
    if found is None:
        raise NotFound(f"no package-{number}", hint="run: camera-gateway evidence list")
    return _package(found)


def packages_of(tx: Transaction, request: int) -> list[Package]:
    """Return the packages of a request by number."""
    query = select(evidence_packages).where(evidence_packages.c.request == request)
    return [_package(row) for row in tx.connection.execute(query.order_by(evidence_packages.c.number))]


def finish_package(tx: Transaction, package: Package, request: Request, export_sha256: str, findings: int) -> None:
    """Say that EXPORT.txt was signed; `Refused` when it was before."""
    here = (evidence_packages.c.number == package.number, evidence_packages.c.finished_us.is_(None))
    values = {"finished_us": tx.clock.now_us(), "export_sha256": export_sha256, "listing": None}
    if tx.connection.execute(update(evidence_packages).where(*here).values(values)).rowcount != 1:
        raise Refused(f"{package.id} is signed already", hint="export again", code="package-signed")
    tx.audit(
        "evidence.exported",
        f"request:{request.id}",
        package=package.id,
        export_sha256=export_sha256,
        findings=findings,
    )


def custody_of(tx: Transaction, request: Request) -> list[AuditRow]:
    """Return the audit rows of a request, its hold and its packages, in order."""
    return of_objects(tx, (f"request:{request.id}", f"hold:hold-{request.hold}"))


def _request(row: Row[Any]) -> Request:
    new = NewRequest(
        institution=row.institution,
        zone=row.zone,
        cameras=tuple(json.loads(row.cameras)),
        start_us=row.start_us,
        end_us=row.end_us,
        margin_us=row.margin_us,
        requester=row.requester,
        body=row.body,
        legal_ground=row.legal_ground,
        case=row.case_id,
    )
    return Request(row.number, new, row.hold, row.asked_by, row.asked_us, row.approved_by, row.approved_us)


def _package(row: Row[Any]) -> Package:
    return Package(
        number=row.number,
        request=row.request,
        exported_by=row.exported_by,
        started_us=row.started_us,
        head=row.head,
        listing=row.listing,
        segments=row.segments,
        finished_us=row.finished_us,
        export_sha256=row.export_sha256,
    )
