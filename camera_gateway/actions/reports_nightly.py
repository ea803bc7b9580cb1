"""The certificates that are due: of each camera for the last local day that has ended and is sealed, where none is yet.

A camera at a time, so that recording and uploading go on in between. A day counts as sealed three quarters of an hour
after the UTC day in which it ends; when sealing was held up, the certificate lists the seals that there are.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from camera_gateway.actions.reports import make
from camera_gateway.actions.reports_subject import MakeReport
from camera_gateway.catalogue import registry, reports
from camera_gateway.clock import US, from_datetime, to_datetime
from camera_gateway.compliance.documents.model import Kind
from camera_gateway.domain.people import SYSTEM
from camera_gateway.domain.schedule import zone

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from zoneinfo import ZoneInfo

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.opening import Transaction


SEALED_AFTER_US = 45 * 60 * US
_DAY_US = 86_400 * US


async def certify_due(gateway: Gateway, stopped: Callable[[], bool] = lambda: False) -> int:
    """Make what is due, until it is `stopped`; return how many were made."""
    now_us = gateway.clock.now_us()

    def due(tx: Transaction) -> list[tuple[str, str]]:
        zones = {site.id: zone(site.time_zone) for site in registry.list_sites(tx)}
        found = []
        for camera in registry.list_cameras(tx):
            day, start_us, end_us = _last_day(now_us, zones[camera.site])
            lived = camera.created_us < end_us and (camera.retired_us is None or camera.retired_us > start_us)
            if lived and not _has(tx, camera.institution, camera.id, start_us):
                found.append((str(camera.id), day.isoformat()))
        return found

    made = 0
    for camera, day in await gateway.read(due):
        if stopped():
            break
        await make(gateway, SYSTEM, MakeReport(kind=Kind.COVERAGE_CERTIFICATE, camera=camera, day=day))
        made += 1
    return made


def _last_day(now_us: int, tz: ZoneInfo) -> tuple[date, int, int]:
    """Return the last local day that has ended and been sealed, with its ends."""
    today = to_datetime(now_us).astimezone(tz).date()
    for back in (1, 2):
        day = today - timedelta(days=back)
        start_us, end_us = (
            from_datetime(datetime.combine(one, time(), tzinfo=tz)) for one in (day, day + timedelta(days=1))
        )
        if now_us >= -(-end_us // _DAY_US) * _DAY_US + SEALED_AFTER_US:
            break
    return day, start_us, end_us


def _has(tx: Transaction, institution: str, camera: str, start_us: int) -> bool:
    kind = Kind.COVERAGE_CERTIFICATE
    return reports.latest(tx, kind, institution=institution, region=None, camera=camera, start_us=start_us) is not None
