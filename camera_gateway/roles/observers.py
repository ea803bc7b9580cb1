"""Ears of the services: what they tell becomes metrics and log lines. The one place that knows both sides.

Promises that no observer blocks or fails the service that it listens to.
"""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from camera_gateway.catalogue.segments import SegmentRow
    from camera_gateway.domain.footage import GapRecord
    from camera_gateway.domain.ids import CameraId, SegmentId
    from camera_gateway.intake.recovering import Recovered
    from camera_gateway.metrics import Metrics
    from camera_gateway.roles.gap_seconds import GapSeconds
    from camera_gateway.upload.quota import SpoolForecast
    from camera_gateway.upload.uploader import UploadStatus
    from storage.observed import Observation

WARN_S = 6 * 3_600
"""A spool that loses footage within this is worth a warning."""


class IntakeEar:
    """Hears intake."""

    def __init__(self, gaps: GapSeconds) -> None:
        self._gaps = gaps
        self._log = structlog.get_logger("intake")
        self.trouble = ""

    def taken(self, camera: CameraId, size_bytes: int) -> None:
        """Note a segment that has its row."""
        self.trouble = ""
        self._log.debug("taken", camera=camera, bytes=size_bytes)

    def gap_taken(self, record: GapRecord) -> None:
        """Note a gap that has its row."""
        seconds = max(0, record.end_us - record.start_us) / 1e6
        self._gaps.written_down(record.camera, record.cause, record.start_us, record.end_us)
        self._log.info("gap", camera=record.camera, cause=record.cause.value, seconds=round(seconds, 3))

    def set_aside(self, where: str, reason: str) -> None:
        """Note a file that was quarantined."""
        self._log.error("set aside", where=where, reason=reason)

    def recovered(self, result: Recovered) -> None:
        """Note what the first look after the start found."""
        self.trouble = ""
        self._log.info("recovered", **asdict(result))

    def failing(self, code: str) -> None:
        """Note that spool or catalogue cannot be used now."""
        if self.trouble != code:
            self._log.error("failing", code=code)
        self.trouble = code


class UploadEar:
    """Hears the uploader. Called from its threads."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._log = structlog.get_logger("upload")

    def stored(self, camera: CameraId, size_bytes: int) -> None:
        """Note a segment that was read back as intended."""
        self._metrics.segments_stored.inc()
        self._log.debug("stored", camera=camera, bytes=size_bytes)

    def failed(self, error_class: str) -> None:
        """Note a failed attempt."""
        self._metrics.upload_errors.labels(error_class).inc()
        self._log.info("attempt failed", error=error_class)

    def alarm(self, what: str, segment: SegmentId, detail: str) -> None:
        """Note what a person must look at."""
        self._log.error("alarm", what=what, segment=segment, detail=detail)

    def sent(self, size_bytes: int) -> None:
        """Count bytes that leave."""
        self._metrics.upload_bytes.inc(size_bytes)

    def status_changed(self, status: UploadStatus) -> None:
        """Note that uploading does something else now."""
        quiet = status.state in {"idle", "uploading", "holding", "stopped"}
        (self._log.debug if quiet else self._log.warning)("state", state=status.state, detail=status.detail)


class QuotaEar:
    """Hears the quota."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._log = structlog.get_logger("spool")
        self._warned = False
        self.latest: SpoolForecast | None = None

    def forecast(self, forecast: SpoolForecast) -> None:
        """Note how full the spool is and how long it will last; warn once when that is not long."""
        self.latest = forecast
        self._metrics.spool_bytes.set(forecast.used_bytes)
        until_s = forecast.until_loss_s
        self._metrics.spool_seconds_until_loss.set(math.inf if until_s is None else until_s)
        close = until_s is not None and until_s < WARN_S
        if close and not self._warned:
            self._log.warning("spool will lose footage", in_s=round(until_s or 0), free_bytes=forecast.free_bytes)
        self._warned = close

    def dropped(self, row: SegmentRow) -> None:
        """Note a segment that was lost for want of room."""
        self._log.error("dropped", camera=row.sidecar.camera, segment=row.sidecar.segment)

    def failing(self, code: str) -> None:
        """Note that the quota cannot be enforced now."""
        self._log.error("failing", code=code)


class StoreEar:
    """Hears every operation on the store."""

    def __init__(self) -> None:
        self._log = structlog.get_logger("store")

    def __call__(self, observation: Observation) -> None:
        """Note an operation that failed."""
        if observation.error is not None:
            self._log.debug("operation", name=observation.operation, error=observation.error)


class ProofEar:
    """Hears what proves the installation: drills, and the anchoring of the audit log."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self.drill_ok: float | None = None
        self.audit_head_age_s: float | None = None

    def drilled(self, ratio: float) -> None:
        """Note the share of segments that a drill has found good."""
        self.drill_ok = ratio
        self._metrics.drill_ok_ratio.set(ratio)

    def anchored(self, age_s: float) -> None:
        """Note how old the last anchored head is."""
        self.audit_head_age_s = age_s
        self._metrics.audit_head_age_seconds.set(age_s)
