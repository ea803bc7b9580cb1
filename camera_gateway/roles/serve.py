"""`serve`: everything but recording. It owns the catalogue; it can die and come back without making a gap.

Constructs every service and wires them; the services do not know each other. What is opened first closes last.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from camera_gateway.actions.jobs import Jobs
from camera_gateway.actions.observed import Observed
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
from camera_gateway.roles.alerting import start_alerting
from camera_gateway.roles.canary import StoreTrust, run_canary
from camera_gateway.roles.certifying import start_certifying
from camera_gateway.roles.closing import start_closing
from camera_gateway.roles.drilling import start_drilling
from camera_gateway.roles.gap_seconds import GapSeconds
from camera_gateway.roles.identifying import run_identifying
from camera_gateway.roles.judging import start_judging
from camera_gateway.roles.looking import make_looker, run_looking
from camera_gateway.roles.observers import IntakeEar, ProofEar, QuotaEar, StoreEar, UploadEar
from camera_gateway.roles.offering import pictures_of, services_of
from camera_gateway.roles.opening import gateway_of
from camera_gateway.roles.reporting import Reporter
from camera_gateway.roles.retaining import start_retention
from camera_gateway.roles.sealing import start_anchoring, start_sealing
from camera_gateway.roles.stores import open_configured
from camera_gateway.roles.uploading import make_quota, make_uploader
from camera_gateway.roles.viewing import start_viewing
from camera_gateway.supervision import Stop, services, stop_on_signals
from camera_gateway.timetable import Bell, Timetable, first_of
from camera_gateway.upload.quota import run_quota
from camera_gateway.upload.throughput import Throughput
from storage.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.clock import Clock
    from camera_gateway.roles.loading import Loaded
    from camera_gateway.settings.schema import ApiSettings
    from camera_gateway.upload.uploader import Uploader

PLAN_SCAN_S = 1.0
QUOTA_S = 5.0
CANARY_S = 3_600.0
TIDY_S = 6 * 3_600.0
STALE_UPLOAD_US = 18 * 3_600 * 1_000_000
"""A multipart upload this old was left behind; with a look each 6 h it is gone within 24 (invariant U8)."""
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
    catalogue_thread, store_threads, upload_threads, intake_thread, quota_thread = (
        held.enter_context(ThreadPoolExecutor(number, name))
        for name, number in (
            ("catalogue", 1),
            ("store", STORE_THREADS_BESIDE_UPLOADS),
            ("upload", settings.upload.workers + 1),
            ("intake", 1),
            ("quota", 1),
        )
    )

    plan_bell, upload_bell = Bell("plan"), Bell("upload")
    measured = Throughput(clock)
    gateway = gateway_of(
        loaded,
        clock,
        catalogue,
        opened.store,
        catalogue_thread,
        store_threads,
        plan_bell.ring,
        lambda: measured.bps,
        lambda: uploader.in_flight,
    )
    held.callback(gateway.door.close)
    jobs, started_us, proof_ear = Jobs(clock), clock.now_us(), ProofEar(metrics)

    def observed() -> Observed:
        forecast = quota_ear.latest
        return Observed(
            running_since_us=started_us,
            store=trust.properties,
            lacking=_lacking(trust, intake_ear, uploader),
            spool_used_bytes=None if forecast is None else forecast.used_bytes,
            spool_until_loss_s=None if forecast is None else forecast.until_loss_s,
            audit_head_age_s=proof_ear.audit_head_age_s,
            drill_ok=proof_ear.drill_ok,
        )

    offered = services_of(gateway, held)
    gateway = replace(
        gateway,
        drilled=proof_ear.drilled,
        jobs=jobs,
        observed=observed,
        pictures=pictures_of(offered.watching, held),
        looker=make_looker(gateway, held),
    )
    books = Books(catalogue, catalogue_thread)
    trust = StoreTrust()
    gaps = GapSeconds(metrics, started_us)
    intake_ear, upload_ear, quota_ear = IntakeEar(gaps), UploadEar(metrics), QuotaEar(metrics)
    reporter = Reporter(gateway, metrics, gaps)
    uploader = make_uploader(gateway, books, opened, trust, upload_threads, upload_bell, upload_ear, measured)
    quota = make_quota(gateway, books, uploader, quota_ear, lambda: reporter.inflow_bps)

    timetable = Timetable()
    held.push_async_callback(timetable.close)
    intake_bell = timetable.every(30, "intake")
    quota_bell = timetable.every(60, "quota")
    canary_bell = timetable.every(CANARY_S, "canary")
    tidy_bell = timetable.every(TIDY_S, "tidy")
    timetable.start()

    async def readiness() -> dict[str, str]:
        return _lacking(trust, intake_ear, uploader)

    http = HttpService(application(metrics.render, readiness, gateway, offered), *_where(settings.api))
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
        running.start(_tidy_store(gateway, tidy_bell, stop), name="tidy")
        for start in (
            start_retention,
            start_drilling,
            start_sealing,
            start_certifying,
            start_closing,
            start_judging,
        ):
            start(running, gateway, timetable, stop)
        start_anchoring(running, gateway, timetable, stop, proof_ear.anchored)
        start_alerting(running, gateway, stop, metrics, held)
        start_viewing(running, gateway, offered.watching, stop)
        for name, work in (
            ("identity", run_identifying(gateway, stop)),
            ("looks", run_looking(gateway, metrics, stop)),
            ("report", reporter.run(stop)),
            ("jobs", jobs.run(stop)),
        ):
            running.start(work, name=name)
        await stop.wait()


def _where(api: ApiSettings) -> tuple[str, int, tuple[Path, Path] | None]:
    """Return host, port and the files of TLS."""
    tls = None if api.tls_cert_file is None or api.tls_key_file is None else (api.tls_cert_file, api.tls_key_file)
    return api.host, api.port, tls


def _lacking(trust: StoreTrust, intake: IntakeEar, uploader: Uploader) -> dict[str, str]:
    """Return what is not ready, by name, with a word for it; empty when everything is."""
    lacking = {}
    if trust.unreachable:
        lacking["store"] = trust.unreachable
    if intake.trouble:
        lacking["intake"] = intake.trouble
    if uploader.status.state in {"unreachable", "refused", "clock-skewed", "catalogue"}:
        lacking["upload"] = f"{uploader.status.state} {uploader.status.detail}".strip()
    return lacking


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


async def _tidy_store(gateway: Gateway, bell: Bell, stop: Stop) -> None:
    """Abort multipart uploads that were left behind, at once and at each ring; a store that is away is asked later."""
    log = structlog.get_logger("tidy")
    while not stop.requested:
        try:
            ended = await gateway.waiting(gateway.store.abort_stale_uploads, gateway.clock.now_us() - STALE_UPLOAD_US)
            if ended:
                log.info("aborted", uploads=ended)
        except StoreError as error:
            log.info("store cannot be tidied", reason=str(error))
        await first_of(bell.heard(), stop.wait())
