"""From settings to an uploader and a quota that know what they need.

Translates units and names; decides nothing.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from camera_gateway.retention.holding import is_held
from camera_gateway.retention.planning import policy_for
from camera_gateway.upload.policy import Pending, upload_schedule
from camera_gateway.upload.quota import Quota, QuotaRules
from camera_gateway.upload.transfer import Transfer
from camera_gateway.upload.uploader import Uploader, UploadRules

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.footage.books import Books
    from camera_gateway.roles.canary import StoreTrust
    from camera_gateway.roles.observers import QuotaEar, UploadEar
    from camera_gateway.settings.schema import Settings
    from camera_gateway.timetable import Bell
    from camera_gateway.upload.throughput import Throughput
    from storage.opening import OpenedStore

MARGIN_BYTES = 64 << 20
"""Kept free under the quota, so that there is time to make room before a write fails."""


def make_uploader(
    gateway: Gateway,
    books: Books,
    opened: OpenedStore,
    trust: StoreTrust,
    threads: Executor,
    bell: Bell,
    ear: UploadEar,
    measured: Throughput,
) -> Uploader:
    """Return the uploader of this installation, which tells `measured` what passes."""
    settings = gateway.settings
    transfer = Transfer(
        books=books,
        spool=gateway.spool,
        store=opened.store,
        proofs=trust,
        policy_for=partial(policy_for, books, settings.retention.defaults()),
        is_held=partial(is_held, books),
        lock_mode=None if settings.store.object_lock == "none" else settings.store.object_lock,
        clock=gateway.clock,
        observer=ear,
    )
    return Uploader(
        books=books,
        spool=gateway.spool,
        transfer=transfer,
        rules=_rules(settings),
        clock=gateway.clock,
        threads=threads,
        bell=bell,
        observer=ear,
        set_rate_bps=opened.limits.set_rate_bps,
        ready=lambda: bool(trust.properties),
        measured=measured,
    )


def make_quota(
    gateway: Gateway, books: Books, uploader: Uploader, ear: QuotaEar, inflow_bps: Callable[[], int]
) -> Quota:
    """Return the quota of this installation's spool."""
    settings = gateway.settings
    quota_bytes = settings.spool.quota_bytes
    margin_bytes = min(MARGIN_BYTES, quota_bytes // 10) if quota_bytes else MARGIN_BYTES
    return Quota(
        books=books,
        spool=gateway.spool,
        rules=QuotaRules(settings.upload.when_full, quota_bytes or None, margin_bytes),
        clock=gateway.clock,
        observer=ear,
        pending=lambda backlog_bytes: _pending(settings, uploader, backlog_bytes),
        inflow_bps=inflow_bps,
        busy=lambda: uploader.in_flight,
        held=lambda row: is_held(books, row.sidecar),
    )


def _rules(settings: Settings) -> UploadRules:
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
    """Return how the backlog may leave by the installation's windows; a site's own are in its cameras' coverage."""
    upload = settings.upload
    return Pending(
        backlog_bytes,
        upload_schedule((), (), upload.windows),
        settings.site.time_zone,
        upload.bandwidth_bps or None,
        upload.bandwidth_outside_bps,
        uploader.measured_bps,
    )
