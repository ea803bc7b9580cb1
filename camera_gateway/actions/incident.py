"""Verbs on incidents: report one in one step, list the register.

Promises that the hold and the entry are one transaction, made before anything that may wait, and that the notices
carry the moments at which each step was done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from camera_gateway.access.rights import place_of_camera, place_of_institution
from camera_gateway.actions.holds import placed_now
from camera_gateway.catalogue import holds as hold_rows
from camera_gateway.catalogue import incidents, registry
from camera_gateway.clock import US, rfc3339, to_datetime
from camera_gateway.domain.ids import CameraId, InstitutionId
from camera_gateway.errors import InvalidInput, NotFound
from camera_gateway.evidence.notice import LANGUAGES, RECIPIENTS, Notice, notice_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.actions.institutions import Nothing
    from camera_gateway.actions.places import Places
    from camera_gateway.catalogue.incidents import Incident
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.audit import AuditRow
    from camera_gateway.domain.camera import Camera
    from camera_gateway.domain.people import Actor, Place
    from camera_gateway.domain.retention import Hold

AROUND_US = 3_600 * US
LONGEST_TEXT = 4_000


class ReportIncident(BaseModel):
    """What `incident report` takes; `cameras` empty: every camera of the institution. `at_us` is when it happened."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    institution: str
    cameras: tuple[str, ...] = ()
    at_us: int
    text: str = Field(min_length=1, max_length=LONGEST_TEXT)


def places_of_report(tx: Transaction, args: ReportIncident) -> Places:
    """Return what an incident is about, for the table of verbs."""
    if not args.cameras:
        return (place_of_institution(tx, InstitutionId(args.institution)),)
    return tuple(place_of_camera(tx, CameraId(camera)) for camera in args.cameras)


def row_of_incident(tx: Transaction, row: Mapping[str, Any]) -> Place:
    """Return the institution of a row of `incident list`."""
    return place_of_institution(tx, InstitutionId(row["institution"]))


async def report(gateway: Gateway, actor: Actor, args: ReportIncident) -> dict[str, Any]:
    """Hold an hour on both sides of the moment, enter the incident, and write the notices."""
    now_us = gateway.clock.now_us()
    if args.at_us > now_us:
        raise InvalidInput("the incident lies in the future", hint="give --at as it happened, for example -5m")
    text = " ".join(args.text.split())
    if not text or not text.isprintable():
        raise InvalidInput("the text is empty or has control characters", hint="say what happened")

    def work(tx: Transaction) -> tuple[Incident, AuditRow, Hold, list[Camera]]:
        cameras = _chosen(tx, args)
        hold = hold_rows.add_hold(
            tx,
            institution=None,
            cameras=tuple(camera.id for camera in cameras),
            start_us=args.at_us - AROUND_US,
            end_us=args.at_us + AROUND_US,
            reason="incident",
            case="",
        )
        incident, row = incidents.add_incident(
            tx,
            institution=args.institution,
            cameras=tuple(camera.id for camera in cameras),
            at_us=args.at_us,
            text=text,
            hold=hold.number,
        )
        return incident, row, hold, cameras

    incident, row, hold, cameras = await gateway.write(actor, work)
    in_force = await placed_now(gateway, hold)

    def say(tx: Transaction) -> Notice:
        placed = hold_rows.get_hold(tx, hold.number)
        site = registry.get_site(tx, cameras[0].site)
        local = to_datetime(incident.at_us).astimezone(ZoneInfo(site.time_zone))
        return Notice(
            incident=incident.id,
            institution=registry.get_institution(tx, InstitutionId(incident.institution)).name,
            cameras=tuple((camera.id, camera.name) for camera in cameras),
            at_us=incident.at_us,
            text=incident.text,
            reported_by=incident.reported_by,
            reported_us=incident.reported_us,
            hold=placed.id,
            held_from_us=placed.start_us,
            held_to_us=placed.end_us or placed.start_us,
            confirmed_us=placed.in_force_us,
            written_us=gateway.clock.now_us(),
            local_at=local.isoformat(timespec="seconds"),
            audit_row=row.number,
            audit_digest=row.digest,
        )

    notice = await gateway.read(say)
    return {
        "incident": _described(incident),
        "hold": in_force,
        "steps": {
            "happened_at": rfc3339(incident.at_us),
            "reported_at": rfc3339(incident.reported_us),
            "hold_confirmed_at": None if notice.confirmed_us is None else rfc3339(notice.confirmed_us),
            "notice_written_at": rfc3339(notice.written_us),
            "audit_row": row.number,
            "audit_digest": row.digest,
        },
        "notices": {
            f"{incident.id}.{recipient}.{language}.txt": notice_text(notice, recipient, language)
            for recipient in RECIPIENTS
            for language in LANGUAGES
        },
    }


async def list_(gateway: Gateway, _actor: Actor, _args: Nothing) -> list[dict[str, Any]]:
    """List the register."""
    return [_described(incident) for incident in await gateway.read(incidents.list_incidents)]


def _chosen(tx: Transaction, args: ReportIncident) -> list[Camera]:
    if not args.cameras:
        institution = registry.get_institution(tx, InstitutionId(args.institution))
        cameras = registry.list_cameras(tx, institution.id)
        if not cameras:
            raise NotFound(f"{institution.id} has no camera", hint="run: camera-gateway camera list")
        return cameras
    cameras = [registry.get_camera(tx, CameraId(camera)) for camera in sorted(set(args.cameras))]
    # the institution is not looked up: one that there is not, and one of others, have none of these cameras
    if strange := [camera.id for camera in cameras if camera.institution != args.institution]:
        raise InvalidInput(f"not a camera of {args.institution}: {', '.join(strange)}")
    return cameras


def _described(incident: Incident) -> dict[str, Any]:
    return {
        "id": incident.id,
        "institution": incident.institution,
        "cameras": list(incident.cameras),
        "at": rfc3339(incident.at_us),
        "text": incident.text,
        "hold": f"hold-{incident.hold}",
        "reported_by": incident.reported_by,
        "reported_at": rfc3339(incident.reported_us),
    }
