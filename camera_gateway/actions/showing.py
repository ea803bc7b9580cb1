"""Verbs that show one thing of a list: a request, a hold, an incident, a user, a camera's present state, the roles.

Each says exactly what the list says of it. Promises to change nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from camera_gateway.access.permissions import ACTIONS, Second
from camera_gateway.access.rights import place_of_institution
from camera_gateway.actions import evidence, holds, incident, people
from camera_gateway.actions.cameras import OneCamera, camera_id, current_statuses
from camera_gateway.actions.cameras import show as show_camera
from camera_gateway.actions.institutions import Nothing
from camera_gateway.catalogue import incidents, upload_queue
from camera_gateway.clock import US, rfc3339
from camera_gateway.domain.ids import InstitutionId
from camera_gateway.domain.people import Role
from camera_gateway.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from camera_gateway.access.permissions import Act
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.actions.places import Places
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.catalogue.upload_queue import Backlog
    from camera_gateway.domain.people import Actor


class OneHold(BaseModel):
    """Names a hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hold: str


class OneIncident(BaseModel):
    """Names an incident."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    incident: str


def places_of_hold(tx: Transaction, args: OneHold) -> Places:
    """Return what a hold is about, for the table of verbs."""
    return holds.places_of_hold(tx, holds.LiftHold(hold=args.hold, reason="-"))


def places_of_incident(tx: Transaction, args: OneIncident) -> Places:
    """Return the institution of an incident, for the table of verbs."""
    for known in incidents.list_incidents(tx):
        if known.id == args.incident:
            return (place_of_institution(tx, InstitutionId(known.institution)),)
    raise NotFound("no such incident", hint="see the register of incidents")


async def show_request(gateway: Gateway, actor: Actor, args: evidence.OneRequest) -> dict[str, Any]:
    """Show one request with its packages."""
    return _one(await evidence.list_(gateway, actor, Nothing()), args.request, "request")


async def show_hold(gateway: Gateway, actor: Actor, args: OneHold) -> dict[str, Any]:
    """Show one hold, lifted or not."""
    return _one(await holds.list_(gateway, actor, holds.ListHolds(lifted=True)), args.hold, "hold")


async def show_incident(gateway: Gateway, actor: Actor, args: OneIncident) -> dict[str, Any]:
    """Show one entry of the register."""
    return _one(await incident.list_(gateway, actor, Nothing()), args.incident, "incident")


async def show_user(gateway: Gateway, actor: Actor, args: people.OneUser) -> dict[str, Any]:
    """Show one user whom the actor manages; any other is as unknown."""
    return _one(await people.list_users(gateway, actor, Nothing()), args.user, "user")


async def camera_state(gateway: Gateway, actor: Actor, args: OneCamera) -> dict[str, Any]:
    """Say what a camera does now: last packet, cause, rate, clock, and what of it waits in the spool for how long."""
    shown = await show_camera(gateway, actor, args)
    identity = camera_id(args.camera)
    status = current_statuses(gateway).get(identity)
    backlog: Backlog = await gateway.read(upload_queue.backlog)
    waiting = backlog.per_camera.get(identity)
    return {
        "camera": shown["id"],
        "at": rfc3339(gateway.clock.now_us()),
        **{key: shown[key] for key in ("state", "cause", "detail", "last_packet_at")},
        "since": None if status is None else rfc3339(status.since_us),
        "fps": None if status is None else status.fps,
        "bitrate_bps": None if status is None else status.bitrate_bps,
        "clock_offset_s": None if status is None or status.clock_offset_us is None else status.clock_offset_us / US,
        "packets_received": None if status is None else status.packets_received,
        "packets_lost": None if status is None else status.packets_lost,
        "reconnects": None if status is None else status.reconnects,
        "video": None if status is None else status.video,
        "spool": {
            "segments": 0 if waiting is None else waiting.segments,
            "bytes": 0 if waiting is None else waiting.bytes,
            "oldest": None if waiting is None else rfc3339(waiting.oldest_us),
            "until_loss_s": gateway.observed().spool_until_loss_s,
        },
    }


async def list_roles(_gateway: Gateway, _actor: Actor, _args: Nothing) -> list[dict[str, Any]]:
    """List the roles with the acts that each allows, alone or as one of two: the contract's table as data."""
    return [
        {
            "id": role.value,
            "acts": {act.value: _how(act) for act, action in ACTIONS.items() if role in action.roles},
        }
        for role in Role
    ]


def _how(act: Act) -> str:
    second = ACTIONS[act].second
    return {Second.NEVER: "alone", Second.RESTRICTED_ZONE: "two in a restricted zone", Second.ALWAYS: "two"}[second]


def _one(rows: Iterable[Mapping[str, Any]], identity: str, what: str) -> dict[str, Any]:
    for row in rows:
        if row["id"] == identity:
            return dict(row)
    raise NotFound(f"no such {what}")
