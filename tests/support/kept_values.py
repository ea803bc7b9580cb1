"""A segment as retention sees it, and its tombstone, with fields to change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from camera_gateway.catalogue.tombstones import Tombstone
from camera_gateway.domain.footage import SegmentState
from camera_gateway.domain.ids import SegmentId
from camera_gateway.domain.retention import Kept, Viewpoint

MINUTE_US = 60_000_000


def kept_value(number: int = 0, camera: str = "cam-01", **changes: Any) -> Kept:  # noqa: ANN401 - fields
    """Return the `number`-th minute of a camera, stored and released."""
    value = Kept(
        segment=SegmentId(f"run-{camera}-{number:06d}"),
        place=Viewpoint("kg-12", "hall", camera),
        site="kg-12",
        start_us=number * MINUTE_US,
        end_us=(number + 1) * MINUTE_US,
        size_bytes=1_000,
        sha256=f"{number:064x}",
        state=SegmentState.RELEASED,
        key=f"v1/kg-12/{camera}/{number}",
        version_id=f"v{number}",
        spool_path=None,
        lock_mode="governance",
        retain_until_us=(number + 2) * MINUTE_US,
        policy="settings(30+2..)",
    )
    return replace(value, **changes)


def tombstone_value(number: int, **changes: Any) -> Tombstone:  # noqa: ANN401 - fields
    """Return the tombstone of the `number`-th minute of cam-01, confirmed."""
    kept = kept_value(number)
    value = Tombstone(
        number=number,
        segment=kept.segment,
        institution="kg-12",
        site="kg-12",
        camera="cam-01",
        start_us=kept.start_us,
        end_us=kept.end_us,
        size_bytes=kept.size_bytes,
        sha256=kept.sha256,
        key=kept.key,
        version_id=kept.version_id,
        before=kept.state,
        policy=kept.policy,
        reasons=("was to be kept",),
        plan="d" * 64,
        ordered_by="shell:alia",
        approved_by=None,
        at_us=10**15,
        confirmed_us=10**15 + 1_000_000,
        withdrawn_us=None,
    )
    return replace(value, **changes)
