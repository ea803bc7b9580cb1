"""From the recorders' status files and the catalogue to the metrics, each few seconds.

A figure that nobody has measured is left out rather than set to 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from camera_gateway.actions.footage import Span, known
from camera_gateway.actions.ongoing import STALE_US
from camera_gateway.catalogue import registry, upload_queue
from camera_gateway.domain.camera import CameraState
from camera_gateway.domain.footage import GapCause
from camera_gateway.handover.status_file import read_statuses

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.handover.status_file import CameraStatus
    from camera_gateway.metrics import Metrics
    from camera_gateway.roles.gap_seconds import GapSeconds
    from camera_gateway.supervision import Stop

EVERY_S = 5.0
COVERAGE_EVERY = 12
"""Coverage of the last hour is computed at each 12th round: it reads the catalogue per camera."""
HOUR_US = 3_600_000_000


class Reporter:
    """Keeps the metrics true, and knows what the cameras send together."""

    def __init__(self, gateway: Gateway, metrics: Metrics, gaps: GapSeconds) -> None:
        self._gateway = gateway
        self._metrics = metrics
        self._gaps = gaps
        self.inflow_bps = 0
        self._round = 0

    async def run(self, stop: Stop) -> None:
        """Report until the end."""
        while not stop.requested:
            await self.report()
            await stop.within(EVERY_S)

    async def report(self) -> None:
        """Look once."""
        now_us = self._gateway.clock.now_us()
        alive = [r for r in read_statuses(self._gateway.data_dir / "status") if now_us - r.written_us < STALE_US]
        reported = {s.camera: s for r in alive for s in r.cameras}
        self.inflow_bps = sum(s.bitrate_bps for s in reported.values())
        cameras = await self._gateway.read(
            lambda tx: registry.list_cameras(tx, states=(CameraState.ACTIVE, CameraState.PAUSED))
        )
        self._metrics.forget_cameras(c.id for c in cameras)
        for camera in cameras:
            self._metrics.camera_up.labels(camera.id).set(0)
            status = reported.get(camera.id)
            if status is not None:
                self._camera(status, now_us)
        for recorder in alive:
            if recorder.seal_seconds:
                self._metrics.segment_seal_seconds.observe(recorder.seal_seconds)
        backlog = await self._gateway.read(upload_queue.backlog)
        self._metrics.upload_backlog_segments.set(backlog.segments)
        uplink_bps = self._gateway.uplink_bps()
        if uplink_bps is not None:
            self._metrics.uplink_bps.set(uplink_bps)
        if self._round % COVERAGE_EVERY == 0:
            for camera in cameras:
                span = Span(camera=camera.id, from_us=now_us - HOUR_US, to_us=now_us)
                found = (await known(self._gateway, span)).result
                if found.expected_us:
                    ratio = found.stored_us / found.expected_us
                    self._metrics.coverage_ratio.labels(camera.id).set(ratio)
        self._round += 1

    def _camera(self, status: CameraStatus, now_us: int) -> None:
        metrics, camera = self._metrics, status.camera
        metrics.camera_up.labels(camera).set(1 if status.state == "recording" else 0)
        metrics.camera_fps.labels(camera).set(status.fps)
        metrics.camera_bitrate_bps.labels(camera).set(status.bitrate_bps)
        if status.last_packet_us is not None:
            metrics.camera_last_packet_timestamp_seconds.labels(camera).set(status.last_packet_us / 1e6)
        if status.clock_offset_us is not None:
            metrics.camera_clock_offset_seconds.labels(camera).set(status.clock_offset_us / 1e6)
        metrics.follow(metrics.rtp_packets_lost, status.packets_lost, camera)
        metrics.follow(metrics.timestamp_jumps, status.timestamp_jumps, camera)
        metrics.follow(metrics.segments_sealed, status.segments_sealed, camera)
        if status.gap_from_us is not None:
            self._gaps.goes_on(camera, status.cause or GapCause.GATEWAY_DOWN, status.gap_from_us, now_us)
        for cause, number in status.reconnects_by_cause.items():
            metrics.follow(metrics.camera_reconnects, number, camera, cause)
