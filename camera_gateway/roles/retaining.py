"""Retention in `serve`: each night locks are extended and holds compared with the store, each hour what is due goes.

Promises that nothing goes by itself beyond the brake, after a clock has jumped, or after a silence so long that a jump
would undercut a floor; then a person is told, and asked for a plan and its digest. A store that is away is asked later.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import structlog

from camera_gateway.actions.retention import brake_rules, clocks_of, sweeper_of
from camera_gateway.catalogue import tombstones
from camera_gateway.domain.people import SYSTEM
from camera_gateway.domain.retention import DAY_US
from camera_gateway.errors import GatewayError
from camera_gateway.footage.books import Books
from camera_gateway.retention.extending import extend_all
from camera_gateway.retention.holding import HoldKeeper
from camera_gateway.retention.plan import brake
from camera_gateway.retention.planning import plan_of, read_lately
from camera_gateway.timetable import first_of
from storage.errors import SpoolError, StoreError

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.footage.findings import Finding
    from camera_gateway.retention.plan import Plan
    from camera_gateway.retention.sweeping import Swept
    from camera_gateway.supervision import Services, Stop
    from camera_gateway.timetable import Bell, Timetable

NIGHT = "01:30"
"""Local time at which locks are extended and holds compared."""
SWEEP_S = 3_600.0
_HOUR_US = 3_600_000_000


def start_retention(running: Services, gateway: Gateway, timetable: Timetable, stop: Stop) -> None:
    """Hang the bells and start both services."""
    night = timetable.daily(NIGHT, gateway.settings.site.time_zone, "retention")
    running.start(keep_promises(gateway, night, stop), name="retention")
    if gateway.settings.retention.sweep == "automatic":
        running.start(sweep_hourly(gateway, timetable.every(SWEEP_S, "sweep"), stop), name="sweep")


async def keep_promises(gateway: Gateway, bell: Bell, stop: Stop) -> None:
    """Extend locks, complete and compare holds: at once, then at each ring."""
    log = structlog.get_logger("retention")
    books = Books(gateway.catalogue, gateway.catalogue_thread)
    keeper = HoldKeeper(books, gateway.store)

    def work() -> tuple[int, list[Finding]]:
        findings = keeper.finish()
        extended = extend_all(books, gateway.store, gateway.settings.retention.defaults(), gateway.clock.now_us())
        return extended.segments, [*findings, *extended.findings, *keeper.drift()]

    while not stop.requested:
        try:
            extended, findings = await gateway.waiting(work)
        except (StoreError, GatewayError) as error:
            log.warning("not done tonight", reason=str(error))
        else:
            if extended:
                log.info("locks extended", segments=extended)
            for finding in findings:
                log.error("finding", invariant=finding.invariant, what=finding.what, where=finding.where)
        await first_of(bell.heard(), stop.wait())


async def sweep_hourly(gateway: Gateway, bell: Bell, stop: Stop) -> None:
    """Delete what is due, at each ring."""
    log = structlog.get_logger("sweep")
    while True:
        await first_of(bell.heard(), stop.wait())
        if stop.requested:
            break
        try:
            refusal, swept = await gateway.waiting(partial(sweep_once, gateway))
        except (StoreError, SpoolError, GatewayError) as error:
            log.warning("nothing is deleted", reason=str(error))
            continue
        if refusal:
            log.error("stopped", reason=refusal, hint="run: camera-gateway retention plan")
        if swept is not None:
            if swept.segments:
                log.info("deleted", segments=swept.segments, bytes=swept.size_bytes, confirmed=swept.confirmed)
            for finding in swept.findings:
                log.error("finding", invariant=finding.invariant, what=finding.what, where=finding.where)


def sweep_once(gateway: Gateway) -> tuple[str, Swept | None]:
    """Plan and carry out; return why it was not, and what it did. Blocks; raises what a sweep raises."""
    books = Books(gateway.catalogue, gateway.catalogue_thread)
    defaults = gateway.settings.retention.defaults()
    clocks = clocks_of(gateway)
    now_us = clocks.now_us()
    last = books.read(tombstones.last_plan)
    silence_us = 0 if last is None else now_us - last.made_us
    # a jump of the clock that nobody was there to see is not longer than this silence: within the margin it undercuts
    # no floor, beyond it a person looks first
    if silence_us > max(_HOUR_US * 2, defaults.margin_days * DAY_US):
        return f"nobody has looked for {silence_us // _HOUR_US} hours: the clock may have jumped", None
    plan = plan_of(books, defaults, now_us)
    reasons = brake(plan, brake_rules(gateway), books.read(partial(read_lately, now_us)))
    books.write(partial(_remember, plan))
    sweeper = sweeper_of(gateway, books, clocks)
    if reasons:
        return "; ".join(reasons), sweeper.finish()
    return "", sweeper.sweep(plan, SYSTEM)


def _remember(plan: Plan, tx: Transaction) -> None:
    tombstones.remember_plan(tx, plan.digest, plan.as_of_us, len(plan.going), plan.size_bytes)
