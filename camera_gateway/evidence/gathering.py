"""What the catalogue knows of a site's day, for the sealer: segments, gaps, and what is registered.

Functions of a `Transaction`; they only read. Of a segment that was never read back from the store nothing is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from camera_gateway.catalogue import gaps, policies, registry, seals, segments
from camera_gateway.domain.footage import STORED
from camera_gateway.domain.naming import day_span_us
from camera_gateway.evidence.manifest import CameraDay, entry_of
from camera_gateway.evidence.registry_list import registered

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.catalogue.seals import Seen
    from camera_gateway.domain.camera import Camera, Site
    from camera_gateway.evidence.registry_list import Registered


def what_is_registered(site: Site, cameras: Sequence[Camera], tx: Transaction) -> Registered:
    """Return what is registered of a site now."""
    owner = registry.get_institution(tx, site.institution)
    return registered(owner, registry.get_site(tx, site.id), cameras, policies.rule_rows(tx))


def gather(camera: Camera, day: date, addendum: int, tx: Transaction) -> tuple[CameraDay, Seen]:
    """Return a camera's day as the catalogue has it, and how much that is."""
    start_us, end_us = day_span_us(day)
    entries = tuple(
        entry_of(row.sidecar, row.key, row.version_id)
        for row in segments.in_span(tx, camera.id, start_us, end_us)
        if row.state.value in STORED and row.key and row.version_id and start_us <= row.sidecar.start_us < end_us
    )
    records = tuple(gaps.gaps_in_span(tx, camera.id, start_us, end_us))
    made = CameraDay(camera.institution, camera.id, day, addendum, entries, records)
    return made, seals.seen_now(tx, camera.id, start_us, end_us)


def seen_of(camera: Camera, day: date, tx: Transaction) -> Seen:
    """Return how much there is of a camera's day."""
    return seals.seen_now(tx, camera.id, *day_span_us(day))
