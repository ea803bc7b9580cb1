"""An outage with its alert, and planned work, for tests that ask for them.

Rows alone: nobody has watched anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from camera_gateway.catalogue import alerts, maintenance, outages
from camera_gateway.domain.alert import Condition
from camera_gateway.domain.outage import NewOutage, OutageKind

if TYPE_CHECKING:
    from camera_gateway.catalogue.opening import Transaction


def watched_over(tx: Transaction, institution: str, camera: str) -> dict[str, str]:
    """Make an outage with its alert and planned work; return what they are called."""
    now_us = tx.clock.now_us()
    new = NewOutage(institution, institution, (camera,), OutageKind.CAMERA, "camera-unreachable", now_us)
    outage = outages.begin(tx, new)
    alert = alerts.open_(tx, Condition("camera-down", f"camera:{camera}", institution, now_us, {}, outage.number))
    span = {"start_us": now_us + 3_600_000_000, "end_us": now_us + 7_200_000_000}
    work = maintenance.plan(tx, institution=institution, site=None, camera=camera, reason="x", **span)
    return {"outage": outage.id, "alert": f"alert-{alert}", "maintenance": work.id, "site": institution}
