"""Once a minute, in `serve`: sessions past their limits and viewings that nobody goes on with are ended.

What has ended is refused anyway, by the session's own times; this writes it down, so that the audit rows and the
register of viewings tell when, and how long. A minute in which nothing has ended writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from camera_gateway.catalogue import sessions, viewings
from camera_gateway.domain.people import SYSTEM
from camera_gateway.timetable import first_of

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.supervision import Services, Stop
    from camera_gateway.timetable import Bell, Timetable

EVERY_S = 60.0


def start_closing(running: Services, gateway: Gateway, timetable: Timetable, stop: Stop) -> None:
    """Hang the bell and start the service."""
    bell = timetable.every(EVERY_S, "closing")
    running.start(close_at_each_ring(gateway, bell, stop), name="closing")


async def close_at_each_ring(gateway: Gateway, bell: Bell, stop: Stop) -> None:
    """End what has ended, at once and at each ring."""
    while not stop.requested:
        await close_what_has_ended(gateway)
        await first_of(bell.heard(), stop.wait())


async def close_what_has_ended(gateway: Gateway) -> None:
    """Look, and write only where there is something to write."""
    idle_us = gateway.settings.access.session_idle_us

    def something(tx: Transaction) -> bool:
        return sessions.any_stale(tx, tx.clock.now_us() - idle_us) or viewings.any_ended(tx)

    def end(tx: Transaction) -> None:
        sessions.end_stale_sessions(tx, tx.clock.now_us() - idle_us)
        viewings.close_ended(tx)

    if await gateway.read(something):
        await gateway.write(SYSTEM, end)
