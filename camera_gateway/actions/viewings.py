"""The register of viewings as a verb: who watched what, when, why, from where.

Promises the columns of a register of access, in the order of its numbers, of the cameras that the asker answers for;
changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from camera_gateway.access.permissions import Act
from camera_gateway.access.rights import rights_of
from camera_gateway.catalogue import registry, users, viewings
from camera_gateway.clock import US, rfc3339
from camera_gateway.domain.ids import CameraId
from camera_gateway.domain.people import Place, written_actor
from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.catalogue.viewings import Viewing
    from camera_gateway.domain.people import Actor, User, UserId


class ListViewings(BaseModel):
    """What `audit viewings` takes; times are µs UTC, the span [from, to) is of when a viewing began.

    `user` is an account's id or an actor as the audit rows have it; `before` the number of the oldest row known.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    from_us: int | None = None
    to_us: int | None = None
    camera: str | None = None
    user: str | None = None
    before: int | None = Field(None, ge=1, le=1 << 62)
    limit: int = Field(100, ge=1, le=10_000)


async def list_(gateway: Gateway, actor: Actor, args: ListViewings) -> list[dict[str, Any]]:
    """List the newest viewings that fit, in their order."""
    if args.from_us is not None and args.to_us is not None and args.to_us <= args.from_us:
        raise InvalidInput("the span is empty: --from is not before --to", hint="times are RFC 3339 or such as -2h")

    def work(tx: Transaction) -> list[dict[str, Any]]:
        cameras = {camera.id: camera for camera in registry.list_cameras(tx)}
        regions = {institution.id: institution.region for institution in registry.list_institutions(tx)}
        rights = rights_of(tx, actor)
        # asked for here and not row by row: a page that is short for want of rights would pass for the last one
        seen = [
            camera.id
            for camera in cameras.values()
            if args.camera in {None, camera.id}
            and rights.decide(
                Act.AUDIT_SEE, Place(regions[camera.institution], camera.institution, camera.zone)
            ).allowed
        ]
        found = viewings.list_viewings(
            tx,
            args.limit,
            from_us=args.from_us,
            to_us=args.to_us,
            cameras=None if len(seen) == len(cameras) else seen,
            actor=args.user,
            before=args.before,
        )
        people = {user.id: user for user in users.list_users(tx)}
        rows = []
        for viewing in found:
            camera = cameras[CameraId(viewing.camera)]
            rows.append(
                {
                    **described(viewing, people),
                    "institution": camera.institution,
                    "camera_name": camera.name,
                    "zone": camera.zone.value,
                }
            )
        return rows

    return await gateway.read(work)


def described(viewing: Viewing, people: Mapping[UserId, User]) -> dict[str, Any]:
    """Return a line of the register, with name and post of who has an account."""
    who = written_actor(viewing.actor).user
    person = None if who is None else people.get(who)
    return {
        "number": viewing.number,
        "camera": viewing.camera,
        "action": viewing.kind,
        "from": None if viewing.from_us is None else rfc3339(viewing.from_us),
        "to": None if viewing.to_us is None else rfc3339(viewing.to_us),
        "at": rfc3339(viewing.first_us),
        "ended": rfc3339(viewing.last_us),
        "watched_s": round(viewing.watched_us / US, 1),
        "actor": viewing.actor,
        "name": "" if person is None else person.name,
        "post": "" if person is None else person.post,
        "purpose": viewing.code,
        "case": viewing.case,
        "address": viewing.address,
    }
