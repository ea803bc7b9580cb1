"""What a report is asked for: its arguments, the places that it touches, whom it tells of and which span.

Promises that a report on several institutions holds those alone that the asker may see, and that a month or a day is
one of the institution's own clocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from camera_gateway.access.permissions import Act
from camera_gateway.access.rights import place_of_camera, place_of_institution, rights_of
from camera_gateway.actions.places import ANYWHERE
from camera_gateway.catalogue import registry, reports, users
from camera_gateway.clock import from_datetime
from camera_gateway.compliance.documents.material import Subject
from camera_gateway.compliance.documents.model import Kind
from camera_gateway.domain.ids import CameraId, InstitutionId
from camera_gateway.domain.people import Place
from camera_gateway.domain.schedule import zone
from camera_gateway.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from camera_gateway.actions.places import Places
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.camera import Camera, Institution
    from camera_gateway.domain.people import Actor

_YEAR_DAYS = 366


class MakeReport(BaseModel):
    """What `report make` takes: a kind, whom it is about, and a span, a month (YYYY-MM) or a day (YYYY-MM-DD).

    Of months and days the institution's own clocks count. Without `standard`, every standard that applies is asked.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    institution: str | None = None
    camera: str | None = None
    region: str | None = Field(default=None, max_length=200)
    standard: str | None = Field(default=None, max_length=100)
    from_us: int | None = None
    to_us: int | None = None
    month: str | None = Field(default=None, pattern=r"\d{4}-(0[1-9]|1[0-2])")
    day: str | None = Field(default=None, pattern=r"\d{4}-\d\d-\d\d")


class ListReports(BaseModel):
    """What `report list` takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str | None = None
    institution: str | None = None
    camera: str | None = None


class OneReport(BaseModel):
    """Names a report."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    report: str = Field(max_length=120)


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom a report is about, resolved; `cameras` are those that had a life in the span.

    `whole_end_us` is the end that was asked for; `end_us` is not later than now.
    """

    subjects: tuple[Subject, ...]
    cameras: tuple[Camera, ...]
    time_zone: str
    start_us: int
    end_us: int
    whole_end_us: int
    day: date
    made_by: str


def places_of_making(tx: Transaction, args: MakeReport) -> Places:
    """Return the camera or the institution; of a report on several, each is asked for by itself."""
    _demand_sense(args)
    if args.camera is not None:
        return (place_of_camera(tx, CameraId(args.camera)),)
    return ANYWHERE if args.institution is None else (place_of_institution(tx, InstitutionId(args.institution)),)


def places_of_report(tx: Transaction, args: OneReport) -> Places:
    """Return everything that a report tells of: who may not see all of it may not see it."""
    return places_told(tx, reports.get_report(tx, args.report))


def places_of_list(tx: Transaction, args: ListReports) -> Places:
    """Return what a list is narrowed to; of its rows each is asked for."""
    if args.camera is not None:
        return (place_of_camera(tx, CameraId(args.camera)),)
    return ANYWHERE if args.institution is None else (place_of_institution(tx, InstitutionId(args.institution)),)


def places_told(tx: Transaction, row: reports.ReportRow) -> tuple[Place, ...]:
    """Return the camera of a report, or each of its institutions, as places."""
    if row.camera is not None:
        return (place_of_camera(tx, CameraId(row.camera)),)
    return tuple(place_of_institution(tx, InstitutionId(one)) for one in row.institutions)


def resolve(tx: Transaction, actor: Actor, args: MakeReport, now_us: int) -> Asked:
    """Return whom and when a report is about; `InvalidInput` and `NotFound` for what cannot be."""
    _demand_sense(args)
    camera = None if args.camera is None else registry.get_camera(tx, CameraId(args.camera))
    institutions = _institutions(tx, actor, args, camera)
    time_zone = _time_zone(tx, institutions[0], camera)
    start_us, end_us = _span(args, time_zone, now_us)
    owners = {institution.id for institution in institutions}
    cameras = tuple(
        one
        for one in ([camera] if camera is not None else registry.list_cameras(tx))
        if one.institution in owners
        and one.created_us < end_us
        and (one.retired_us is None or one.retired_us > start_us)
    )
    return Asked(
        subjects=tuple(Subject(i.id, i.name, i.kind.value, i.region) for i in institutions),
        cameras=tuple(sorted(cameras, key=lambda one: one.id)),
        time_zone=time_zone,
        start_us=start_us,
        end_us=min(end_us, now_us),
        whole_end_us=end_us,
        day=_local_day(start_us, time_zone),
        made_by=_signed(tx, actor),
    )


def _demand_sense(args: MakeReport) -> None:
    if args.kind is Kind.MONTHLY:
        if args.camera is not None or args.institution is not None:
            raise InvalidInput("a monthly report is about a region, or all that you may see", hint="give --region")
    elif args.region is not None:
        raise InvalidInput("only a monthly report is about a region", hint="name an institution")
    elif args.camera is None and args.institution is None:
        raise InvalidInput(f"a {args.kind} is about an institution", hint="name it")
    if args.kind is Kind.COVERAGE_CERTIFICATE and (args.camera is None or args.day is None):
        raise InvalidInput("a coverage certificate is of a camera and a day", hint="give --camera and --day")
    spans = [args.from_us is not None or args.to_us is not None, args.month is not None, args.day is not None]
    if sum(spans) != 1 or (args.from_us is None) != (args.to_us is None):
        raise InvalidInput("name one span: a month, a day, or its start and its end", hint="--month 2026-11")


def _institutions(tx: Transaction, actor: Actor, args: MakeReport, camera: Camera | None) -> list[Institution]:
    if camera is not None:
        if args.institution not in {None, camera.institution}:
            raise InvalidInput(f"camera {camera.id} is not of {args.institution}")
        return [registry.get_institution(tx, camera.institution)]
    if args.institution is not None:
        return [registry.get_institution(tx, InstitutionId(args.institution))]
    rights = rights_of(tx, actor)
    found = [
        one
        for one in registry.list_institutions(tx)
        if args.region in {None, one.region} and rights.decide(Act.REPORT_MAKE, Place(one.region, one.id, None)).allowed
    ]
    if not found:
        raise NotFound("no institution to report on", hint="none is registered there, or none is yours to see")
    return sorted(found, key=lambda one: one.id)


def _time_zone(tx: Transaction, institution: Institution, camera: Camera | None) -> str:
    if camera is not None:
        return registry.get_site(tx, camera.site).time_zone
    sites = registry.list_sites(tx, institution.id)
    return sites[0].time_zone if sites else "UTC"


def _span(args: MakeReport, time_zone: str, now_us: int) -> tuple[int, int]:
    if args.from_us is not None and args.to_us is not None:
        start_us, end_us = args.from_us, args.to_us
    elif args.month is not None:
        year, month = int(args.month[:4]), int(args.month[5:])
        following = date(year + month // 12, month % 12 + 1, 1)
        start_us, end_us = _midnight(date(year, month, 1), time_zone), _midnight(following, time_zone)
    else:
        try:
            day = date.fromisoformat(args.day or "")
        except ValueError:
            raise InvalidInput(f"{args.day!r} is not a day", hint="write it as 2026-11-22") from None
        start_us, end_us = _midnight(day, time_zone), _midnight(day + timedelta(1), time_zone)
    if end_us <= start_us:
        raise InvalidInput("the span is empty: its start is not before its end")
    if start_us >= now_us:
        raise InvalidInput("the span has not begun yet", hint="name one of the past")
    if end_us - start_us > _YEAR_DAYS * 86_400_000_000:
        raise InvalidInput("a report spans a year at most", hint="make several")
    return start_us, end_us


def _midnight(day: date, time_zone: str) -> int:
    return from_datetime(datetime.combine(day, time(), tzinfo=zone(time_zone)))


def _local_day(moment_us: int, time_zone: str) -> date:
    return datetime.fromtimestamp(moment_us // 1_000_000, tz=zone(time_zone)).date()


def _signed(tx: Transaction, actor: Actor) -> str:
    """Return who makes a report: name and post, where there is an account, and the actor as audit rows have it."""
    person = None if actor.user is None else next((u for u in users.list_users(tx) if u.id == actor.user), None)
    if person is None:
        return str(actor)
    return f"{person.name}{', ' if person.post else ''}{person.post} ({actor})"
