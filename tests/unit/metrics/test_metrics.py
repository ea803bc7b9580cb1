"""The metrics have the names and labels of the contract, follow running totals, and forget retired cameras."""

from __future__ import annotations

import math

import pytest
from prometheus_client.parser import text_string_to_metric_families

from camera_gateway.metrics import Metrics

# as docs/reference/metrics.md promises them: the labels there, and the camera where the name is about one
CONTRACT = {
    "camera_up": ("camera",),
    "camera_fps": ("camera",),
    "camera_bitrate_bps": ("camera",),
    "camera_last_packet_timestamp_seconds": ("camera",),
    "camera_reconnects_total": ("camera", "cause"),
    "rtp_packets_lost_total": ("camera",),
    "camera_clock_offset_seconds": ("camera",),
    "timestamp_jumps_total": ("camera",),
    "segments_sealed_total": ("camera",),
    "segment_seal_seconds": (),
    "spool_bytes": (),
    "spool_seconds_until_loss": (),
    "upload_backlog_segments": (),
    "uplink_bps": (),  # beyond the contract's list, which may grow
    "upload_bytes_total": (),
    "upload_errors_total": ("class",),
    "segments_stored_total": (),
    "looks_total": ("outcome",),  # likewise
    "camera_looked_timestamp_seconds": ("camera",),  # likewise
    "camera_picture_ok": ("camera", "kind"),  # likewise
    "coverage_ratio": ("camera",),
    "gap_seconds_total": ("camera", "cause"),
    "store_canary_ok": ("property",),
    "drill_ok_ratio": (),
    "audit_head_age_seconds": (),
    "outages_open": ("kind",),
    "alerts_open": ("severity",),
    "alert_notices_sent_total": ("channel",),
    "alert_notices_failed_total": ("channel",),
    "alert_notices_waiting": ("channel",),
}


def samples(metrics: Metrics) -> dict[tuple[str, tuple[str, ...]], float]:
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(metrics.render().decode())
        for sample in family.samples
    }


def test_names_and_labels_are_those_of_the_contract() -> None:
    assert Metrics().names() == CONTRACT


def test_two_objects_share_nothing() -> None:
    first, second = Metrics(), Metrics()
    first.segments_stored.inc()
    assert samples(first)["segments_stored_total", ()] == 1
    assert samples(second)["segments_stored_total", ()] == 0


def test_what_nobody_has_measured_is_not_a_number() -> None:
    found = samples(Metrics())
    for name in ("spool_bytes", "spool_seconds_until_loss", "uplink_bps", "drill_ok_ratio", "audit_head_age_seconds"):
        assert math.isnan(found[name, ()])


def test_every_metric_is_exposed_under_its_name() -> None:
    metrics = Metrics()
    for name, labels in CONTRACT.items():
        metric = getattr(metrics, name.removesuffix("_total"))
        one = metric.labels(*labels) if labels else metric
        (one.set if hasattr(one, "set") else one.observe if hasattr(one, "observe") else one.inc)(1)
    exposed = {name for name, _ in samples(metrics)}
    assert set(CONTRACT) - {"segment_seal_seconds"} <= exposed
    assert "segment_seal_seconds_bucket" in exposed


def test_a_counter_follows_a_total_kept_elsewhere_and_survives_its_restart() -> None:
    metrics = Metrics()
    for total in (5, 5, 9, 2, 3):  # from 9 to 2: the recorder was restarted
        metrics.follow(metrics.rtp_packets_lost, total, "hall")
    metrics.follow(metrics.rtp_packets_lost, 1, "yard")
    metrics.follow(metrics.upload_bytes, 7)
    found = samples(metrics)
    assert found["rtp_packets_lost_total", ("hall",)] == 12
    assert found["rtp_packets_lost_total", ("yard",)] == 1
    assert found["upload_bytes_total", ()] == 7


def test_cameras_that_are_gone_leave_no_series() -> None:
    metrics = Metrics()
    for camera in ("hall", "yard"):
        metrics.camera_up.labels(camera).set(1)
        metrics.follow(metrics.camera_reconnects, 3, camera, "camera-closed")
        metrics.follow(metrics.camera_reconnects, 1, camera, "stream-stalled")
    metrics.forget_cameras(["hall"])
    assert {labels[0] for name, labels in samples(metrics) if labels and name.startswith("camera_")} == {"hall"}
    metrics.follow(metrics.camera_reconnects, 4, "yard", "camera-closed")
    assert samples(metrics)["camera_reconnects_total", ("yard", "camera-closed")] == pytest.approx(4)
