"""`serve`: everything but recording. It owns the catalogue; it can die and come back without making a gap.

Constructs every service and wires them; the services do not know each other. What is opened first closes last.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import structlog

from camera_gateway.actions.planning import make_plan
from camera_gateway.api.control import ControlSocket
from camera_gateway.api.control_client import SOCKET_NAME
from camera_gateway.api.http import HttpService, application
from camera_gateway.catalogue import registry
from camera_gateway.catalogue.opening import Catalogue
from camera_gateway.footage.books import Books
from camera_gateway.handover.plan_file import write_plan
from camera_gateway.intake.service import run_intake
from camera_gateway.metrics import Metrics
from camera_gateway.roles.canary import StoreTrust, run_canary
from camera_gateway.roles.observers import IntakeEar, QuotaEar, StoreEar, UploadEar
from camera_gateway.roles.opening import gateway_of
from camera_gateway.roles.reporting import Reporter
from camera_gateway.roles.stores import open_configured
from camera_gateway.supervision import Stop, services, stop_on_signals
from camera_gateway.timetable import Bell, Timetable, first_of
from camera_gateway.upload.policy import Pending, upload_schedule
from camera_gateway.upload.quota import Quota, QuotaRules, run_quota
from camera_gateway.upload.transfer import Transfer
from camera_gateway.upload.uploader import Uploader, UploadRules

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.clock import Clock
    from camera_gateway.roles.loading import Loaded
    from camera_gateway.settings.schema import Settings

PLAN_SCAN_S = 1.0
QUOTA_S = 5.0
QUOTA_MARGIN_BYTES = 64 << 20
"""Kept free under the quota for the parts that grow: a minute of a hundred cameras at 4 Mbit/s is 3 GB, but parts are
not counted against the quota before they are sealed."""
CANARY_S = 3_600.0
STORE_THREADS_BESIDE_UPLOADS = 4


async def run_serve(loaded: Loaded, clock: Clock, stop: Stop | None = None) -> None:
    """Serve until a signal, or until `stop`."""
    if stop is None:
        stop = Stop()
        stop_on_signals(stop)
    async with AsyncExitStack() as held:
        await _serve(loaded, clock, stop, held)


async def _serve(loaded: Loaded, clock: Clock, stop: Stop, held: AsyncExitStack) -> None:
    settings = loaded.settings
    metrics = Metrics()
    catalogue = held.enter_context(Catalogue.open(settings.catalogue.url, settings.site.data_dir, clock))
    opened = open_configured(settings, clock, StoreEar())
    held.callback(opened.close)
    workers = settings.upload.workers
    catalogue_thread = held.enter_context(ThreadPoolExecutor(1, "catalogue"))
    store_threads = held.enter_context(ThreadPoolExecutor(STORE_THREADS_BESIDE_UPLOADS, "store"))
    upload_threads = held.enter_context(ThreadPoolExecutor(workers + 1, "upload"))
    intake_thread = held.enter_context(ThreadPoolExecutor(1, "intake"))
    quota_thread = held.enter_context(ThreadPoolExecutor(1, "quota"))

    plan_bell, upload_bell = Bell("plan"), Bell("upload")
    gateway = gateway_of(loaded, clock, catalogue, opened.store, catalogue_thread, store_threads, plan_bell.ring)
    books = Books(catalogue, catalogue_thread)
    trust = StoreTrust()
    intake_ear, upload_ear, quota_ear = IntakeEar(metrics), UploadEar(metrics), QuotaEar(metrics)
    reporter = Reporter(gateway, metrics)
    uploader = Uploader(
        books=books,
        spool=gateway.spool,
        transfer=Transfer(
            books=books,
            spool=gateway.spool,
            store=opened.store,
            proofs=trust,
            policy=settings.retention.policy(),
            lock_mode=None if settings.store.object_lock == "none" else settings.store.object_lock,
            clock=clock,
            observer=upload_ear,
        ),
        rules=_upload_rules(settings),
        clock=clock,
        threads=upload_threads,
        bell=upload_bell,
        observer=upload_ear,
        set_rate_bps=opened.limits.set_rate_bps,
    )
    quota = Quota(
        books=books,
        spool=gateway.spool,
        data_dir=gateway.data_dir,
        rules=QuotaRules(settings.upload.when_full, settings.spool.quota_bytes or None, _margin(settings)),
        clock=clock,
        observer=quota_ear,
        pending=lambda backlog_bytes: _pending(settings, uploader, backlog_bytes),
        inflow_bps=lambda: reporter.inflow_bps,
        busy=lambda: uploader.in_flight,
    )

    timetable = Timetable()
    held.push_async_callback(timetable.close)
    intake_bell = timetable.every(30, "intake")
    quota_bell = timetable.every(60, "quota")
    canary_bell = timetable.every(CANARY_S, "canary")
    timetable.start()

    async def readiness() -> dict[str, str]:
        lacking = {}
        if trust.unreachable:
            lacking["store"] = trust.unreachable
        if intake_ear.trouble:
            lacking["intake"] = intake_ear.trouble
        if uploader.status.state in {"unreachable", "refused", "clock-skewed", "catalogue"}:
            lacking["upload"] = f"{uploader.status.state} {uploader.status.detail}".strip()
        return lacking

    api = settings.api
    tls = None if api.tls_cert_file is None or api.tls_key_file is None else (api.tls_cert_file, api.tls_key_file)
    http = HttpService(application(metrics.render, readiness), api.host, api.port, tls)
    control = ControlSocket(gateway, gateway.data_dir / SOCKET_NAME)
    held.push_async_callback(http.close)
    address = await http.open()
    held.push_async_callback(control.close)
    await control.open()
    structlog.get_logger("serve").info("serving", address=address, catalogue=catalogue.identity)

    async with services() as running:
        running.start(_keep_plan(gateway, plan_bell, stop), name="plan")
        running.start(
            run_intake(
                books,
                gateway.spool,
                clock=clock,
                thread=intake_thread,
                bell=intake_bell,
                new_segments=upload_bell.ring,
                observer=intake_ear,
                stop=stop,
            ),
            name="intake",
        )
        running.start(uploader.run(stop), name="upload")
        running.start(
            run_quota(
                quota,
                clock=clock,
                thread=quota_thread,
                bell=quota_bell,
                failing=quota_ear.failing,
                stop=stop,
                period_s=QUOTA_S,
            ),
            name="quota",
        )
        running.start(
            run_canary(
                trust,
                opened.store,
                clock=clock,
                threads=store_threads,
                metrics=metrics,
                bell=canary_bell,
                stop=stop,
            ),
            name="canary",
        )
        running.start(reporter.run(stop), name="report")
        await stop.wait()


async def _keep_plan(gateway: Gateway, bell: Bell, stop: Stop) -> None:
    """Write the plan whenever the registry is newer than it, rung or not."""
    written = -1
    path = gateway.data_dir / "plan.json"
    while not stop.requested:
        if await gateway.read(registry.generation) != written:
            plan = await gateway.read(lambda tx: make_plan(tx, gateway.settings, gateway.catalogue.identity))
            await gateway.waiting(write_plan, path, plan)
            written = plan.generation
        await first_of(bell.heard_within(gateway.clock, PLAN_SCAN_S), stop.wait())


def _upload_rules(settings: Settings) -> UploadRules:
    upload = settings.upload
    return UploadRules(
        windows=upload.windows,
        bandwidth_bps=upload.bandwidth_bps or None,
        bandwidth_outside_bps=upload.bandwidth_outside_bps,
        min_local_us=round(settings.spool.min_local_hours * 3_600_000_000),
        workers=upload.workers,
        newest_first=upload.priority == "newest-first",
    )


def _pending(settings: Settings, uploader: Uploader, backlog_bytes: int) -> Pending:
    """Return how the backlog may leave, by the installation's windows (a site's own are finer; the ETA uses those)."""
    upload = settings.upload
    return Pending(
        backlog_bytes,
        upload_schedule((), (), upload.windows),
        settings.site.time_zone,
        upload.bandwidth_bps or None,
        upload.bandwidth_outside_bps,
        uploader.measured_bps,
    )


def _margin(settings: Settings) -> int:
    quota = settings.spool.quota_bytes
    return QUOTA_MARGIN_BYTES if quota == 0 else min(QUOTA_MARGIN_BYTES, quota // 10)
