"""The verb `today`: what needs the one who asks, as counts and links; at most a few findings, the gravest first.

Promises that nobody is told of what they have no right to see, and that a look costs a few short reads: it is the
first page after sign-in. What a finding says in words is the page's affair; here it has a code and its numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from camera_gateway.access.permissions import Act
from camera_gateway.access.rights import place_of, place_of_camera, place_of_institution, rights_of
from camera_gateway.actions.cameras import current_statuses
from camera_gateway.actions.certificates import days_left
from camera_gateway.catalogue import alerts as alert_rows
from camera_gateway.catalogue import holds as hold_rows
from camera_gateway.catalogue import identities, registry, tombstones
from camera_gateway.catalogue import requests as request_rows
from camera_gateway.catalogue.kept import kept_before
from camera_gateway.clock import rfc3339
from camera_gateway.domain.alert import Severity
from camera_gateway.domain.camera import CameraState
from camera_gateway.domain.ids import CameraId, InstitutionId
from camera_gateway.domain.people import INSTALLATION, same_person, written_actor
from camera_gateway.domain.retention import DAY_US, Viewpoint
from camera_gateway.retention.decide import Verdict, decide
from camera_gateway.retention.planning import read_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from camera_gateway.access.rights import Rights
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.actions.institutions import Nothing
    from camera_gateway.catalogue.alerts import Alert
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.catalogue.requests import Request
    from camera_gateway.domain.camera import Camera
    from camera_gateway.domain.people import Actor, Place
    from camera_gateway.domain.retention import Hold
    from camera_gateway.handover.status_file import CameraStatus

SOON_S = 24 * 3_600.0
"""A spool that loses footage within this is told."""
LONG_HELD_US = 90 * DAY_US
"""A hold this old is to be looked at again: somebody pays for it, and nothing under it may be deleted."""
CERTIFICATE_DAYS = 30
NAMED = 5
"""So many ids a finding names."""
LOOKED_AT = 200
TOLD_ABOVE = frozenset(
    {
        "camera-down",
        "device-changed",
        "spool-horizon",
        "spool-loss-near",
        "store-property-failed",
        "certificate-ends",
        "certificate-ends-now",
    }
)
"""Alerts of what this page tells by itself."""
WELL = frozenset({"recording", "off", "paused"})


@dataclass(frozen=True, slots=True)
class Finding:
    """`page` is where one goes on; `gravity` 1 (now) to 3 (when there is time); `data` are its numbers and names."""

    code: str
    gravity: int
    count: int
    page: str
    data: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "code": self.code,
            "gravity": self.gravity,
            "count": self.count,
            "page": self.page,
            "data": self.data,
        }


async def today(gateway: Gateway, actor: Actor, _args: Nothing) -> dict[str, Any]:
    """Say what needs the actor now."""
    statuses = current_statuses(gateway)
    certificate_days = await gateway.waiting(days_left, gateway.settings.api, gateway.clock)

    def work(tx: Transaction) -> list[Finding]:
        rights = rights_of(tx, actor)
        return [
            *_cameras(tx, rights, statuses),
            *_devices(tx, rights),
            *_alerts(tx, rights),
            *_installation(gateway, rights, certificate_days),
            *_requests(tx, actor, rights),
            *_holds(tx, rights),
            *_overdue(gateway, tx, rights),
        ]

    found = sorted(await gateway.read(work), key=lambda finding: finding.gravity)
    return {"at": rfc3339(gateway.clock.now_us()), "findings": [finding.as_json() for finding in found]}


def _cameras(tx: Transaction, rights: Rights, statuses: dict[CameraId, CameraStatus]) -> Iterator[Finding]:
    """Yield the cameras that are to record and do not."""

    def seen(camera: Camera) -> bool:
        place = place_of(tx, camera)
        return any(rights.decide(act, place).allowed for act in (Act.HEALTH_SEE, Act.COVERAGE_SEE))

    active = [camera for camera in registry.list_cameras(tx, states=(CameraState.ACTIVE,)) if seen(camera)]
    dead = [camera for camera in active if (s := statuses.get(camera.id)) is None or s.state not in WELL]
    if dead:
        since = [status.since_us for camera in dead if (status := statuses.get(camera.id)) is not None]
        yield Finding(
            "cameras-down",
            1,
            len(dead),
            "cameras",
            {
                "of": len(active),
                "cameras": [{"id": camera.id, "name": camera.name} for camera in dead[:NAMED]],
                "since": rfc3339(min(since)) if since else None,
            },
        )
    if not active and rights.decide(Act.CAMERA_MANAGE, None).allowed:
        yield Finding("no-camera", 2, 0, "cameras")


def _devices(tx: Transaction, rights: Rights) -> Iterator[Finding]:
    """Yield the cameras at whose address another apparatus answers than before."""
    changes = [
        change
        for change in identities.open_changes(tx)
        if rights.decide(Act.HEALTH_SEE, place_of_camera(tx, change.camera)).allowed
    ]
    if changes:
        told = [
            {"id": change.camera, "cause": change.cause.value, "since": rfc3339(change.noticed_us)}
            for change in changes[:NAMED]
        ]
        yield Finding("device-changed", 1, len(changes), "cameras", {"cameras": told})


def _alerts(tx: Transaction, rights: Rights) -> Iterator[Finding]:
    """Yield alerts that nobody has taken in hand; what has a line of its own here is not told twice."""

    def seen(alert: Alert) -> bool:
        place = INSTALLATION
        if alert.institution is not None:
            place = place_of_institution(tx, InstitutionId(alert.institution))
        return rights.decide(Act.COVERAGE_SEE, place).allowed

    waiting = [
        alert
        for alert in alert_rows.unresolved(tx)
        if alert.acknowledged_us is None and alert.code not in TOLD_ABOVE and seen(alert)
    ]
    if waiting:
        gravity = 1 if any(alert.severity == Severity.CRITICAL for alert in waiting) else 2
        first = rfc3339(min(alert.opened_us for alert in waiting))
        told = {"alerts": [alert.id for alert in waiting[:NAMED]], "codes": sorted({a.code for a in waiting})}
        yield Finding("alerts-open", gravity, len(waiting), "alerts", {**told, "since": first})
    failing = [alert for alert in waiting if any(notice.error for notice in alert.notices if not notice.sent)]
    if failing and rights.decide(Act.HEALTH_SEE, INSTALLATION).allowed:
        channels = sorted({n.channel for alert in failing for n in alert.notices if n.error and not n.sent})
        yield Finding("alerts-not-sent", 1, len(failing), "system", {"channels": channels})


def _installation(gateway: Gateway, rights: Rights, certificate_days: int | None) -> Iterator[Finding]:
    """Yield what troubles the service as a whole."""
    if not rights.decide(Act.HEALTH_SEE, INSTALLATION).allowed:
        return
    seen = gateway.observed()
    if seen.lacking:
        yield Finding("not-ready", 1, len(seen.lacking), "system", {"lacking": dict(seen.lacking)})
    if seen.spool_until_loss_s is not None and seen.spool_until_loss_s < SOON_S:
        yield Finding("spool-horizon", 1, 1, "system", {"until_loss_s": round(seen.spool_until_loss_s)})
    failed = [item.name for item in seen.store if item.state == "failed"]
    if failed:
        yield Finding("store-property-failed", 1, len(failed), "system", {"properties": failed})
    if certificate_days is not None and certificate_days < CERTIFICATE_DAYS:
        yield Finding("certificate-ends", 1 if certificate_days < 1 else 2, 1, "system", {"days": certificate_days})


def _requests(tx: Transaction, actor: Actor, rights: Rights) -> Iterator[Finding]:
    """Yield requests that wait for this person: to be approved, or, approved, to be packed."""

    def may(act: Act, request: Request) -> bool:
        return all(rights.decide(act, place_of_camera(tx, CameraId(c))).allowed for c in request.new.cameras)

    known = request_rows.list_requests(tx)
    waiting = [
        request
        for request in known
        if request.approved_us is None
        and actor.user is not None
        and not same_person(written_actor(request.asked_by), actor)
        and may(Act.EVIDENCE_APPROVE, request)
    ]
    if waiting:
        yield Finding("requests-to-approve", 1, len(waiting), "evidence", {"requests": _ids(waiting)})
    mine = [
        request
        for request in known
        if request.approved_us is not None
        and request.new.end_us <= tx.clock.now_us()
        and same_person(written_actor(request.asked_by), actor)
        and not any(package.finished_us for package in request_rows.packages_of(tx, request.number))
        and may(Act.EVIDENCE_EXPORT, request)
    ]
    if mine:
        yield Finding("requests-to-export", 2, len(mine), "evidence", {"requests": _ids(mine)})


def _holds(tx: Transaction, rights: Rights) -> Iterator[Finding]:
    """Yield holds that the store has not confirmed, and old ones that are to be looked at again."""

    def place(hold: Hold) -> Place:
        owner = hold.institution or registry.get_camera(tx, CameraId(hold.cameras[0])).institution
        return place_of_institution(tx, InstitutionId(owner))

    seen = [hold for hold in hold_rows.active_holds(tx) if rights.decide(Act.HOLD_PLACE, place(hold)).allowed]
    open_ = [hold for hold in seen if hold.in_force_us is None]
    if open_:
        yield Finding("holds-not-confirmed", 2, len(open_), "holds", {"holds": _ids(open_)})
    old = [hold for hold in seen if tx.clock.now_us() - hold.placed_us > LONG_HELD_US]
    if old:
        yield Finding("holds-to-review", 3, len(old), "holds", {"holds": _ids(old)})


def _overdue(gateway: Gateway, tx: Transaction, rights: Rights) -> Iterator[Finding]:
    """Yield what is kept longer than it may be; a first look at each camera's oldest footage."""
    if not rights.decide(Act.RETENTION_SEE, INSTALLATION).allowed:
        return
    world = read_world(gateway.settings.retention.defaults(), tx)
    now_us = tx.clock.now_us()
    late = 0
    for camera in registry.list_cameras(tx):
        rules = world.policies.at(Viewpoint(camera.institution, camera.zone.value, camera.id), now_us)
        if rules.ceiling_days is not None:
            before_us = now_us - rules.ceiling_days * rules.day_us
            oldest = kept_before(tx, camera.id, before_us, limit=LOOKED_AT)
            found = (decide(kept, world.policies, world.holds, now_us) for kept in oldest)
            late += sum(decision.verdict is Verdict.OVERDUE for decision in found)
    if late:
        yield Finding("retention-overdue", 1, late, "retention")
    waiting = [t for t in tombstones.unconfirmed(tx, LOOKED_AT) if now_us - t.at_us > DAY_US]
    if waiting:
        yield Finding("deletions-not-confirmed", 2, len(waiting), "retention")


def _ids(rows: list[Request] | list[Hold]) -> list[str]:
    return [row.id for row in rows[:NAMED]]
