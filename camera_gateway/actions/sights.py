"""What each camera does at one look, for the decision which outages begin and end.

Promises that nobody is blamed for what was not asked of them: in planned work and outside the site's calendar a loss is
excused, and it counts from where the excuse ends. Reads what it is given; touches nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from camera_gateway.actions.ongoing import STALE_US
from camera_gateway.catalogue import calendars, maintenance, registry
from camera_gateway.clock import US
from camera_gateway.domain.camera import CameraState
from camera_gateway.domain.footage import GapCause
from camera_gateway.health.uptime import Sight

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from camera_gateway.catalogue.calendars import Calendar
    from camera_gateway.catalogue.maintenance import Maintenance
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.camera import Camera, Institution, Site
    from camera_gateway.handover.status_file import CameraStatus, RecorderStatus
    from camera_gateway.health.uptime import State

LOOK_BACK_US = 8 * 86_400 * US
"""An excuse is looked for so far back: a site's week, and a day."""
_CALM: Mapping[str, State] = {"recording": "up", "off": "off", "paused": "off"}
_OWN_TROUBLE = frozenset({GapCause.DISK_FULL, GapCause.DISK_ERROR, GapCause.SPOOL_FULL})
"""The gateway has the camera's stream and nowhere to put it."""
_CAMERA_TROUBLE = frozenset(
    {
        GapCause.CAMERA_UNREACHABLE,
        GapCause.CAMERA_AUTH,
        GapCause.CAMERA_REFUSED_SESSIONS,
        GapCause.STREAM_STALLED,
        GapCause.STREAM_CORRUPT,
        GapCause.CODEC_REFUSED,
    }
)


@dataclass(frozen=True, slots=True)
class World:
    """The registry and its excuses, as one transaction has them."""

    institutions: Mapping[str, Institution]
    sites: Mapping[str, Site]
    cameras: Sequence[Camera]
    """Those that are to record."""
    calendars: Mapping[str, list[Calendar]]
    maintenance: Sequence[Maintenance]

    def excused_until(self, camera: Camera, since_us: int, now_us: int) -> int | None:
        """Return from when on a loss since `since_us` counts; None: it does not, now."""
        since_us = max(since_us, now_us - LOOK_BACK_US)
        known = self.calendars.get(camera.site, [])
        if known:
            watched = calendars.watched(known, self.sites[camera.site], since_us, now_us + 1)
            if not watched or watched[-1][1] <= now_us:
                return None
            since_us = max(since_us, watched[-1][0])
        for work in self.maintenance:
            if not work.touches(camera.institution, camera.site, camera.id) or work.excuses_until_us <= since_us:
                continue
            if work.start_us <= now_us:
                if work.excuses_until_us > now_us:
                    return None
                since_us = work.excuses_until_us
        return since_us


def world(tx: Transaction) -> World:
    """Read the registry and its excuses."""
    now_us = tx.clock.now_us()
    sites = {site.id: site for site in registry.list_sites(tx)}
    return World(
        institutions={each.id: each for each in registry.list_institutions(tx)},
        sites={str(site): found for site, found in sites.items()},
        cameras=registry.list_cameras(tx, states=(CameraState.ACTIVE,)),
        calendars=calendars.by_site(tx),
        maintenance=maintenance.between(tx, now_us - LOOK_BACK_US, now_us + 1),
    )


def sights(known: World, recorders: Sequence[RecorderStatus], started_us: int, now_us: int) -> list[Sight]:
    """Say of each camera what it does. `started_us`: since when anybody looks."""
    newest: dict[str, tuple[CameraStatus, RecorderStatus]] = {}
    for recorder in sorted(recorders, key=lambda recorder: recorder.written_us):
        for status in recorder.cameras:
            newest[status.camera] = status, recorder
    found = []
    for camera in known.cameras:
        sight = _sight(camera, newest.get(camera.id), started_us, now_us)
        if sight.state in ("down", "unseen"):
            counts_us = known.excused_until(camera, sight.since_us, now_us)
            if counts_us is None:
                sight = replace(sight, state="excused")
            else:
                sight = replace(sight, since_us=max(sight.since_us, counts_us))
        found.append(sight)
    return found


def _sight(camera: Camera, spoken: tuple[CameraStatus, RecorderStatus] | None, started_us: int, now_us: int) -> Sight:
    def sight(state: State, since_us: int, cause: str = "", recorder_us: int | None = None) -> Sight:
        return Sight(camera.id, camera.institution, camera.site, state, since_us, cause, recorder_us)

    down = GapCause.GATEWAY_DOWN.value
    if spoken is None:
        return sight("unseen", max(camera.created_us, started_us), down)
    status, recorder = spoken
    if now_us - recorder.written_us >= STALE_US:
        return sight("unseen", recorder.written_us, down)
    if status.state in _CALM:
        return sight(_CALM[status.state], status.since_us, recorder_us=recorder.started_us)
    since_us = status.gap_from_us or status.since_us
    if status.cause in _OWN_TROUBLE:
        return sight("unseen", since_us, status.cause.value)
    if status.cause in _CAMERA_TROUBLE:
        return sight("down", since_us, status.cause.value, recorder.started_us)
    # the recorder has just started, or the camera's settings have just changed: not lost for longer than that
    since_us = max(since_us, recorder.started_us, status.since_us)
    return sight("down", since_us, GapCause.CAMERA_UNREACHABLE.value, recorder.started_us)
