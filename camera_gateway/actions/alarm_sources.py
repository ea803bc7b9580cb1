"""Where alerts come from: the catalogue, the recorders' status, what the services have seen, the clock, the disk.

What is dear to ask is asked each minute and remembered meanwhile. Promises ids and figures only.
"""

from __future__ import annotations

from collections import defaultdict, deque
from datetime import timedelta
from typing import TYPE_CHECKING

from camera_gateway.actions import duties
from camera_gateway.actions.certificates import days_left
from camera_gateway.actions.ongoing import STALE_US
from camera_gateway.catalogue import alerts as alert_rows
from camera_gateway.catalogue import identities, incidents, looks, registry, seals
from camera_gateway.catalogue import outages as outage_rows
from camera_gateway.clock import US, to_datetime
from camera_gateway.domain.outage import OutageKind
from camera_gateway.errors import Refused, Unavailable
from camera_gateway.health.conditions import Facts, Lost, Mark, Named
from camera_gateway.health.uptime import flaps
from storage.errors import SpoolError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.actions.sights import World
    from camera_gateway.catalogue.alerts import Alert
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.handover.status_file import RecorderStatus

SLOW_US = 60 * US
CLOCK_US = 300 * US
DAY_US = 86_400 * US
UNREPORTED_US = 7 * DAY_US
"""A loss that is over is asked after for so long."""
EVENT_US = DAY_US
"""An event that is older when alerts are first looked at is none any more."""
SEAL_LATE_US = 12 * 3_600 * US
"""A day is sealed within the hour after its end; half a day later something is wrong."""
WITNESS_LATE_US = DAY_US
FLAPS, FLAPS_WITHIN_US = 6, 1_800 * US
FAILING_US = 3_600 * US
"""A channel whose messages have not arrived for so long is told of on the others."""


class Sources:
    """What is known of everything but outages."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._slow_us: int | None = None
        self._clock_us: int | None = None
        self._asked = duties.Asked()
        self._certificate_days: int | None = None
        self._clock_trouble: str | None = None
        self._disk_free: int | None = None
        self._slow: Facts | None = None
        self._counts: dict[str, deque[tuple[int, int]]] = defaultdict(lambda: deque(maxlen=100))

    async def refresh(self) -> None:
        """Ask what needs waiting: disk, certificate, rule books each minute, the store's clock each five."""
        gateway, now_us = self._gateway, self._gateway.clock.monotonic_us()
        if self._slow_us is None or now_us - self._slow_us >= SLOW_US:
            self._slow_us, self._slow = now_us, None
            self._asked, self._certificate_days, self._disk_free = await gateway.waiting(self._ask_slowly)
        if gateway.clocks is not None and (self._clock_us is None or now_us - self._clock_us >= CLOCK_US):
            self._clock_us = now_us
            self._clock_trouble = await gateway.waiting(self._ask_clocks)

    def facts(self, tx: Transaction, known: World, recorders: Sequence[RecorderStatus], now_us: int) -> Facts:
        """Return everything that is known now."""
        if self._slow is None:
            self._slow = self._read_slowly(tx, known, now_us)
        slow, seen = self._slow, self._gateway.observed()
        outages = lost_of(tx, now_us)
        alive = [r for r in recorders if now_us - r.written_us < STALE_US]
        return Facts(
            now_us=now_us,
            outages=outages,
            duties={each: self._asked.duties_of(found) for each, found in known.institutions.items()},
            flapping=self._flapping(known, alive, outages, now_us),
            clocks_off=self._clocks_off(known, alive, now_us),
            impaired=slow.impaired,
            changed_devices=slow.changed_devices,
            incidents=slow.incidents,
            seals_missing=slow.seals_missing,
            unwitnessed=slow.unwitnessed,
            failing_channels=slow.failing_channels,
            spool_known=seen.spool_used_bytes is not None,
            spool_until_loss_s=seen.spool_until_loss_s,
            disk_free_bytes=self._disk_free,
            disk_reserve_bytes=self._gateway.settings.spool.reserve_bytes,
            store_failed=[p.name for p in seen.store if p.state == "failed"] if seen.store else None,
            audit_head_age_s=seen.audit_head_age_s,
            drill_ok=seen.drill_ok,
            clock_trouble=self._clock_trouble,
            certificate_days=self._certificate_days,
        )

    def _ask_slowly(self) -> tuple[duties.Asked, int | None, int | None]:
        settings = self._gateway.settings
        try:
            free = self._gateway.spool.free_bytes()
        except (SpoolError, OSError):
            free = None
        asked = duties.asked(settings.standards, settings.site.time_zone, self._gateway.clock.now_us())
        return asked, days_left(settings.api, self._gateway.clock), free

    def _ask_clocks(self) -> str | None:
        """Return what is wrong with the clocks, "" when they agree, None when that cannot be said."""
        if self._gateway.clocks is None:
            return None
        try:
            self._gateway.clocks.now_us()
        except Unavailable:
            return None
        except Refused as error:
            return error.message
        return ""

    def _read_slowly(self, tx: Transaction, known: World, now_us: int) -> Facts:
        owners = {camera.id: camera.institution for camera in registry.list_cameras(tx)}
        return Facts(
            now_us=now_us,
            impaired=[
                Mark(owners.get(found.camera), f"camera:{found.camera}", str(found.kind), found.start_us)
                for found in looks.open_impairments(tx)
            ],
            changed_devices=[
                Mark(owners.get(change.camera), f"camera:{change.camera}", change.cause.value, change.noticed_us)
                for change in identities.open_changes(tx)
            ],
            incidents=[
                Mark(incident.institution, incident.id, "", incident.at_us)
                for incident in incidents.list_incidents(tx)
                if now_us - incident.reported_us < EVENT_US
            ],
            seals_missing=_seals_missing(tx, known, now_us),
            unwitnessed=_unwitnessed(tx, known, now_us),
            failing_channels=[
                Mark(None, state.channel, "", now_us, state.failing)
                for state in alert_rows.channel_states(tx, now_us - DAY_US).values()
                if state.oldest_unsent_us is not None and now_us - state.oldest_unsent_us > FAILING_US
            ],
        )

    def _flapping(
        self, known: World, alive: Sequence[RecorderStatus], outages: Sequence[Lost], now_us: int
    ) -> list[Mark]:
        owners = {camera.id: camera.institution for camera in known.cameras}
        lost = {camera for outage in outages if outage.end_us is None for camera in outage.cameras}
        found = []
        for status in (status for recorder in alive for status in recorder.cameras):
            counts = self._counts[status.camera]
            if status.camera in lost:
                counts.clear()  # what is lost tries again and again, and has its alert
            if not counts or counts[-1][1] != status.reconnects:
                counts.append((now_us, status.reconnects))
            if status.camera in owners and flaps(counts, now_us, within_us=FLAPS_WITHIN_US, times=FLAPS):
                began_us, before = counts[0]
                figure = float(max(0, status.reconnects - before))
                found.append(Mark(owners[status.camera], f"camera:{status.camera}", "", began_us, figure))
        return found

    def _clocks_off(self, known: World, alive: Sequence[RecorderStatus], now_us: int) -> list[Mark]:
        """Return the sites with cameras whose clock is off by more than a standard allows, with the worst of them."""
        cameras = {camera.id: camera for camera in known.cameras}
        worst: dict[str, int] = {}
        for status in (status for recorder in alive for status in recorder.cameras):
            camera, offset_us = cameras.get(status.camera), status.clock_offset_us
            if camera is None or offset_us is None:
                continue
            limit_us = self._asked.clock_limit_us(known.institutions[camera.institution])
            if limit_us is not None and abs(offset_us) > max(limit_us, abs(worst.get(camera.site, 0))):
                worst[camera.site] = offset_us
        return [
            Mark(known.sites[site].institution, f"site:{site}", "", now_us, offset_us / US)
            for site, offset_us in worst.items()
        ]


def lost_of(tx: Transaction, now_us: int) -> list[Lost]:
    """Return the outages that are open, and those of late."""
    return [
        Lost(
            number=outage.number,
            institution=outage.institution,
            site=outage.site,
            cameras=outage.cameras,
            kind=OutageKind(outage.kind),
            cause=outage.cause,
            start_us=outage.start_us,
            end_us=outage.end_us,
            reported=outage.reported_us is not None,
            late_us=outage.detected_us
            if outage.end_us is not None
            and outage.end_us <= outage.detected_us
            and now_us - outage.detected_us < EVENT_US
            else None,
        )
        for outage in outage_rows.outages_in_span(tx, None, now_us - UNREPORTED_US, now_us + 1)
    ]


def alerts_named(alerts: Sequence[Alert]) -> list[Named]:
    """Return the open alerts of outages, for their subjects."""
    return [
        Named(alert.code, alert.subject, alert.outage, frozenset(alert.detail.get("cameras", ())))
        for alert in alerts
        if alert.resolved_us is None and alert.code in ("camera-down", "network-down")
    ]


def _seals_missing(tx: Transaction, known: World, now_us: int) -> list[Mark]:
    """Return the sites whose last full day should have its seal by now and has none."""
    day = to_datetime(now_us - SEAL_LATE_US).date() - timedelta(days=1)
    end_us = (now_us - SEAL_LATE_US) // DAY_US * DAY_US
    recording = {camera.site for camera in known.cameras if camera.created_us < end_us - DAY_US}
    return [
        Mark(site.institution, f"site:{site.id}", day.isoformat(), end_us)
        for site in known.sites.values()
        if site.id in recording and not seals.of_day(tx, site.id, day)
    ]


def _unwitnessed(tx: Transaction, known: World, now_us: int) -> list[Mark]:
    found = []
    for site in known.sites.values():
        waiting = [seal for seal in seals.unwitnessed(tx, site.id, limit=100) if seal.witness != "NONE"]
        oldest_us = min((seal.sealed_us for seal in waiting), default=now_us)
        if now_us - oldest_us > WITNESS_LATE_US:
            found.append(Mark(site.institution, f"site:{site.id}", "", oldest_us, float(len(waiting))))
    return found
