"""All metrics (docs/reference/metrics.md) in one object, to be made by a role and handed to who measures.

Promises names and labels exactly as documented; a figure that nobody has measured yet is NaN, not 0. Labels are ids
of cameras and words of closed lists, never names of people, addresses or secrets. Knows nothing that it measures.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

if TYPE_CHECKING:
    from collections.abc import Iterable

_SEAL_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class Metrics:
    """One registry. Attributes are the metrics, without the `_total` of counters; thread-safe like their library."""

    content_type = CONTENT_TYPE_PLAIN_0_0_4

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        self._seen: dict[tuple[str, tuple[str, ...]], float] = {}
        self.camera_up = self._gauge("camera_up", "1 while the camera delivers", "camera")
        self.camera_fps = self._gauge("camera_fps", "Frames per second received", "camera")
        self.camera_bitrate_bps = self._gauge("camera_bitrate_bps", "Bits per second received", "camera")
        self.camera_last_packet_timestamp_seconds = self._gauge(
            "camera_last_packet_timestamp_seconds", "Unix time of the last packet", "camera"
        )
        self.camera_reconnects = self._counter("camera_reconnects", "Reconnects by cause", "camera", "cause")
        self.rtp_packets_lost = self._counter("rtp_packets_lost", "RTP packets that never came", "camera")
        self.camera_clock_offset_seconds = self._gauge(
            "camera_clock_offset_seconds", "Camera clock minus gateway clock by sender report", "camera"
        )
        self.timestamp_jumps = self._counter("timestamp_jumps", "Jumps of media time that ended a run", "camera")
        self.segments_sealed = self._counter("segments_sealed", "Segments sealed", "camera")
        self.segment_seal_seconds = Histogram(
            "segment_seal_seconds", "Time to seal a segment", registry=self.registry, buckets=_SEAL_SECONDS
        )
        self.spool_bytes = self._gauge("spool_bytes", "Bytes in the spool")
        self.spool_seconds_until_loss = self._gauge(
            "spool_seconds_until_loss", "Seconds until a full spool loses footage at the present rates"
        )
        self.upload_backlog_segments = self._gauge("upload_backlog_segments", "Segments recorded and not yet stored")
        self.uplink_bps = self._gauge("uplink_bps", "Bits per second that uploads were seen to reach without a cap")
        self.upload_bytes = self._counter("upload_bytes", "Bytes put into the store")
        self.upload_errors = self._counter("upload_errors", "Failed attempts by class of error", "class")
        self.segments_stored = self._counter("segments_stored", "Segments read back and equal")
        self.looks = self._counter("looks", "Looks at pictures by what came of them", "outcome")
        self.camera_looked_timestamp_seconds = self._gauge(
            "camera_looked_timestamp_seconds", "Unix time of the last look that has seen a picture", "camera"
        )
        self.camera_picture_ok = self._gauge(
            "camera_picture_ok",
            "1 while the last look found a kind fine, 0 bad, NaN where it could not tell",
            "camera",
            "kind",
        )
        self.coverage_ratio = self._gauge("coverage_ratio", "Share of expected time that is stored", "camera")
        self.gap_seconds = self._counter(
            "gap_seconds", "Seconds of gaps by cause, also while they are open", "camera", "cause"
        )
        self.store_canary_ok = self._gauge("store_canary_ok", "1 when the store has proven the property", "property")
        self.drill_ok_ratio = self._gauge("drill_ok_ratio", "Share of segments that the last drill found good")
        self.audit_head_age_seconds = self._gauge(
            "audit_head_age_seconds", "Age of the audit head that was last anchored elsewhere"
        )
        self.outages_open = self._gauge("outages_open", "Outages that go on, by what is lost", "kind")
        self.alerts_open = self._gauge("alerts_open", "Alerts that are not resolved, by severity", "severity")
        self.alert_notices_sent = self._counter("alert_notices_sent", "Messages that a channel has taken", "channel")
        self.alert_notices_failed = self._counter(
            "alert_notices_failed", "Attempts to send a message that failed", "channel"
        )
        self.alert_notices_waiting = self._gauge("alert_notices_waiting", "Messages that wait to be sent", "channel")
        for unmeasured in (
            self.spool_bytes,
            self.spool_seconds_until_loss,
            self.upload_backlog_segments,
            self.uplink_bps,
            self.drill_ok_ratio,
            self.audit_head_age_seconds,
        ):
            unmeasured.set(math.nan)

    def follow(self, counter: Counter, total: float, *labels: str) -> None:
        """Raise a counter to follow a running total that is kept elsewhere, for example in a status file.

        A total that falls (its process was restarted) counts from zero again.
        """
        key = (str(counter), labels)
        before = self._seen.get(key, 0.0)
        self._seen[key] = total
        increase = total - before if total >= before else total
        (counter.labels(*labels) if labels else counter).inc(increase)

    def forget_cameras(self, known: Iterable[str]) -> None:
        """Drop the series of cameras that are not `known` any more, for example retired ones."""
        keep = set(known)
        for metric in self._by_camera():
            exposed = {sample.labels.get("camera") for each in metric.collect() for sample in each.samples}
            for camera in exposed - keep:
                metric.remove_by_labels({"camera": str(camera)})
        followed = {str(metric) for metric in self._by_camera()}
        for key in [key for key in self._seen if key[0] in followed and key[1][0] not in keep]:
            del self._seen[key]

    def render(self) -> bytes:
        """Return the text exposition format 0.0.4 (`content_type`)."""
        return generate_latest(self.registry)

    def names(self) -> dict[str, tuple[str, ...]]:
        """Return every metric's exposed name with its labels, for the reference."""
        result = {}
        for metric in vars(self).values():
            if isinstance(metric, Counter | Gauge | Histogram):
                described = next(iter(metric.describe()))
                suffix = "_total" if isinstance(metric, Counter) else ""
                result[described.name + suffix] = tuple(metric._labelnames)  # noqa: SLF001 - the library tells no other way
        return result

    def _by_camera(self) -> list[Counter | Gauge]:
        return [
            metric
            for metric in vars(self).values()
            if isinstance(metric, Counter | Gauge) and "camera" in metric._labelnames  # noqa: SLF001 - as above
        ]

    def _gauge(self, name: str, what: str, *labels: str) -> Gauge:
        return Gauge(name, what, labels, registry=self.registry)

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(name, what, labels, registry=self.registry)
