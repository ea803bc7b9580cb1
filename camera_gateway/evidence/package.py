"""What a package says of itself: EXPORT.txt, the gaps and the clocks of its span (docs/formats/package.md). Pure.

Promises one text for one content, in the form that verify.py and verify.sh read. Knows no catalogue and no store.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from camera_gateway.evidence.manifest import escaped, instant
from camera_gateway.evidence.seal import END_OF_HEAD, NONE, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from camera_gateway.domain.coverage import Gap
    from camera_gateway.domain.footage import Sidecar

EXPORT_VERSION = 1
GAP_COLUMNS = ("camera", "from", "to", "seconds", "cause", "detail", "required")
CLOCK_COLUMNS = ("camera", "segment", "from", "to", "method", "camera_minus_gateway_s", "uncertainty_s", "origin")
_BETWEEN = "   "
_US = 1_000_000


@dataclass(frozen=True, slots=True)
class SpanGap:
    """A piece of a camera's asked span without footage. `cause` None: the camera was not registered then."""

    camera: str
    start_us: int
    end_us: int
    cause: str | None
    detail: str
    required: bool


def span_gap(camera: str, gap: Gap) -> SpanGap:
    """Return a coverage gap as one of the package's."""
    return SpanGap(camera, gap.start_us, gap.end_us, gap.cause.value, gap.detail, gap.required)


def head_text(lines: Sequence[Mapping[str, str]]) -> str:
    """Return the head of EXPORT.txt, a line per mapping; a value without content is written as `-`."""
    return "\n".join(_BETWEEN.join(f"{name}: {plain(value) or NONE}" for name, value in line.items()) for line in lines)


def export_text(head: str, files: Mapping[str, str]) -> bytes:
    """Return EXPORT.txt: the head, and hash and path of every other file of the package, by path."""
    body = "".join(f"{sha256}  {path}\n" for path, sha256 in sorted(files.items()))
    return f"{head}\n{END_OF_HEAD}\n{body}".encode()


def gaps_of_span(gaps: Iterable[SpanGap]) -> str:
    """Return SPAN-GAPS.tsv: what is missing of the asked span, by camera and time."""
    ordered = sorted(gaps, key=lambda gap: (gap.camera, gap.start_us, gap.end_us))
    rows = (
        (
            gap.camera,
            instant(gap.start_us),
            instant(gap.end_us),
            _seconds(gap.end_us - gap.start_us),
            gap.cause or NONE,
            gap.detail,
            "yes" if gap.required else "no",
        )
        for gap in ordered
    )
    return _table(GAP_COLUMNS, rows)


def clocks_of_span(sidecars: Iterable[Sidecar]) -> str:
    """Return SPAN-CLOCKS.tsv: how the time of each segment was found, and how far the camera's clock was off."""
    ordered = sorted(sidecars, key=lambda sidecar: (sidecar.camera, sidecar.start_us, sidecar.segment))
    rows = (
        (
            sidecar.camera,
            sidecar.segment,
            instant(sidecar.start_us),
            instant(sidecar.end_us),
            sidecar.clock_method.value,
            NONE if sidecar.clock_offset_us is None else _seconds(sidecar.clock_offset_us),
            _seconds(sidecar.wall_uncertainty_us),
            sidecar.origin.value,
        )
        for sidecar in ordered
    )
    return _table(CLOCK_COLUMNS, rows)


def time_error(sidecars: Sequence[Sidecar]) -> str:
    """Say in one line how far stated times may be from true time, as far as the gateway knows."""
    if not sidecars:
        return "no footage"
    within = max(sidecar.wall_uncertainty_us for sidecar in sidecars)
    said = f"starts within {_seconds(within)} s of the gateway's clock"
    offsets = [sidecar.clock_offset_us for sidecar in sidecars if sidecar.clock_offset_us is not None]
    if not offsets:
        return f"{said}; the cameras did not say their own time"
    return f"{said}; camera minus gateway {_seconds(min(offsets))} to {_seconds(max(offsets))} s"


def _seconds(value_us: int) -> str:
    sign, whole = ("-" if value_us < 0 else ""), abs(value_us)
    return f"{sign}{whole // _US}.{whole % _US:06d}"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "".join("\t".join(escaped(cell) for cell in row) + "\n" for row in (columns, *rows))
