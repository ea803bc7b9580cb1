"""From what the verb `evidence.export-plan` returns to the plan that an exporter carries out. Pure values.

For whoever writes packages: a command, in the process of the one who asked, or the service, into an HTTP answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from camera_gateway.domain.coverage import Gap
from camera_gateway.domain.footage import GapCause, parse_sidecar_values
from camera_gateway.evidence.export import Derivative, ExportPlan, Packed, Sealed
from camera_gateway.footage.fetch import FoundSegment

if TYPE_CHECKING:
    from collections.abc import Mapping


def parse_plan(plan: Mapping[str, Any]) -> ExportPlan:
    """Return the plan; its JSON comes from our own service, so what is missing is a KeyError."""
    return ExportPlan(
        texts={path: bytes.fromhex(data) for path, data in plan["texts"].items()},
        sealed=tuple(Sealed(item["path"], item["key"], item["sha256"]) for item in plan["sealed"]),
        segments=tuple(
            Packed(
                item["path"],
                FoundSegment(
                    parse_sidecar_values(item["sidecar"]), item["spool_path"], item["key"], item["version_id"]
                ),
            )
            for item in plan["segments"]
        ),
        derivatives=tuple(
            Derivative(
                path=item["path"],
                camera=item["camera"],
                name=item["name"],
                url=item["url"],
                mac=item["mac"],
                start_us=item["from_us"],
                end_us=item["to_us"],
                gaps=tuple(
                    Gap(gap["from_us"], gap["to_us"], GapCause(gap["cause"]), gap["detail"]) for gap in item["gaps"]
                ),
            )
            for item in plan["derivatives"]
        ),
        unit=plan["unit"],
        operator=plan["operator"],
        exported_us=plan["exported_us"],
    )


def room_needed_bytes(plan: ExportPlan) -> int:
    """Return how much of the disk assembling the playable copies takes at most: what is no longer in the spool."""
    return max(
        (
            sum(
                packed.segment.sidecar.size_bytes
                for packed in plan.segments
                if packed.segment.sidecar.camera == derivative.camera and packed.segment.spool_path is None
            )
            for derivative in plan.derivatives
        ),
        default=0,
    )
