"""What can be measured of a picture: alone, beside a reference, beside the one before. Pure; the only importer of cv2.

A picture comes from the jail as planes of one size, whatever a camera sends, so nothing here depends on what a camera
says of itself. Lines that are drawn into pictures (clock, name) touch few of the blocks that are counted. Promises
figures, and no word on whether they are good: that is `verdicts`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from camera_gateway.domain.picture import HEIGHT, LUMA_BYTES, PICTURE_BYTES, WIDTH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Grey = NDArray[np.uint8]
    Plane = NDArray[np.float32]

BLOCKS = (16, 9)
"""Columns and rows of blocks that are counted one by one: 40 x 40 pixels each."""
EDGE = 5.0
"""Grey levels per pixel at half the size: less is not the edge of anything."""
FEWEST_BLOCKS = 12
"""Blocks with edges that a reference needs before anything can be said by it: less is a bare wall."""
RESPONSE = 0.06
"""What phase correlation answers by chance is a third of it."""
MOVED = 0.013
"""Share of the picture's side: less is a lamp post in the wind."""
SAME = 0.25
"""Mean difference in grey levels within a block: less is the same picture, coded again."""
_HALF = (WIDTH // 2, HEIGHT // 2)
_FINE, _COARSE = 1.0, 3.0
"""Standard deviations in pixels of the two smoothings whose edges are compared for sharpness."""
_STEEP = 2.0
_FEWEST_EDGES = 40
"""Pixels on ridges that sharpness is told from: fewer are chance, or a line of text."""
_WHITE = 250
"""Compression leaves white a little below 255."""
_NEIGHBOURS = np.ones((5, 5), np.uint8)
_TRACE = 16
"""Pixels each way of a block's middle that are kept to be compared with the next look."""

cv2.setNumThreads(1)  # recording comes first; a look is some milliseconds of one core


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """A picture, and what is known of it alone."""

    small: Plane
    """Half the size, lightly smoothed: noise is less there."""
    dx: Plane
    dy: Plane
    trace: Grey
    """The middle of each block, one row a block, for `changed`."""
    colour: float
    """Mean distance of the colour from grey, in levels: near 0 by infrared light."""
    mean: float
    bright: float
    """Mean of the second brightest tenth of blocks: how bright the brighter parts are, a line of text excepted."""
    contrast: float
    """Standard deviation of the means of blocks, without the brightest tenth."""
    clipped: float
    """Share of pixels at the upper end."""
    edge_px: float | None
    """How wide edges are, as the standard deviation of a smoothing; None where there are too few edges to tell."""
    edges: float
    """Share of pixels that are an edge of something."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A picture beside a reference."""

    blocks: int
    """Blocks of the reference that have structure: with less than `FEWEST_BLOCKS` the shares mean nothing."""
    agreement: float
    """Share of them whose edges are where they were: near 1 for the same view, whoever walks through it."""
    flat: float
    """Share of them that have no structure now."""
    tiles: int
    """Tiles in which the reference's structure was found, here or elsewhere."""
    displaced: float
    """Share of those tiles that found it elsewhere."""
    shift_x: float
    shift_y: float
    """By how much, the median of tiles, as a share of width and height."""
    layout: float
    """Correlation of light and dark areas, -1 to 1: outlives a blur, not a cover."""


def facts_of(planes: bytes) -> Facts:
    """Measure a picture of `PICTURE_BYTES`; `ValueError` for another size."""
    if len(planes) != PICTURE_BYTES:
        msg = "not a picture of this size"
        raise ValueError(msg)
    grey = np.frombuffer(planes, np.uint8, LUMA_BYTES).reshape(HEIGHT, WIDTH)
    colours = np.frombuffer(planes, np.uint8, offset=LUMA_BYTES)
    means = np.asarray(cv2.resize(grey.astype(np.float32), BLOCKS, interpolation=cv2.INTER_AREA))
    ordered = np.sort(means, axis=None)
    tenth = ordered.size // 10
    small = _smoothed(cv2.resize(grey, _HALF, interpolation=cv2.INTER_AREA), 1.2)
    dx, dy = _gradient(small)
    return Facts(
        small=small,
        dx=dx,
        dy=dy,
        trace=_middles(grey),
        colour=float(cv2.absdiff(colours, np.full_like(colours, 128)).mean()),
        mean=float(means.mean()),
        bright=float(ordered[-2 * tenth : -tenth].mean()),
        contrast=float(ordered[:-tenth].std()),
        clipped=float(np.count_nonzero(grey >= _WHITE) / grey.size),
        edge_px=_edge_width(grey),
        edges=float(np.mean(_strength(dx, dy) > EDGE)),
    )


def compare(now: Facts, reference: Facts) -> Compared:
    """Lay a picture over a reference."""
    blocks, agreement, flat = _agreement(now, reference)
    shifts = _shifts(now, reference)
    side = np.array([_HALF], np.float64)
    x, y = np.median(shifts, axis=0) / side[0] if len(shifts) else (0.0, 0.0)
    elsewhere = np.hypot(*(shifts / side).T) >= MOVED
    return Compared(
        blocks=blocks,
        agreement=agreement,
        flat=flat,
        tiles=len(shifts),
        displaced=float(elsewhere.mean()) if len(shifts) else 0.0,
        shift_x=float(x),
        shift_y=float(y),
        layout=_layout(now, reference),
    )


def changed(now: Grey, before: Grey) -> float:
    """Return how much is not as it was, of two traces: share of blocks; 0 for the same picture."""
    difference = cv2.absdiff(now, before).mean(axis=1)
    return float(np.mean(difference > SAME))


def _middles(grey: Grey) -> Grey:
    columns, rows = BLOCKS
    high, wide = HEIGHT // rows, WIDTH // columns
    top, left = (high - _TRACE) // 2, (wide - _TRACE) // 2
    cut = grey.reshape(rows, high, columns, wide)[:, top : top + _TRACE, :, left : left + _TRACE]
    return np.ascontiguousarray(cut.transpose(0, 2, 1, 3).reshape(rows * columns, -1))


def _smoothed(grey: Any, sigma: float) -> Plane:  # noqa: ANN401 - of bytes or floats
    return np.asarray(cv2.GaussianBlur(np.asarray(grey, np.float32), (0, 0), sigma), np.float32)


def _gradient(plane: Plane) -> tuple[Plane, Plane]:
    """Return grey levels per pixel, across and down."""
    slope, one = np.array([-0.5, 0, 0.5], np.float32), np.ones(1, np.float32)
    across = np.asarray(cv2.sepFilter2D(plane, cv2.CV_32F, slope, one), np.float32)
    return across, np.asarray(cv2.sepFilter2D(plane, cv2.CV_32F, one, slope), np.float32)


def _strength(dx: Plane, dy: Plane) -> Plane:
    return np.asarray(cv2.magnitude(dx, dy), np.float32)


def _edge_width(grey: Grey) -> float | None:
    """Estimate how far edges are smoothed, in pixels of the whole picture.

    The slope of an edge falls with 1 / sqrt(own² + smoothing²): two smoothings tell the edge's own width. The median
    over many edges, so that neither contrast nor what is in the picture matters.
    """
    fine, coarse = (_strength(*_gradient(_smoothed(grey, sigma))) for sigma in (_FINE, _COARSE))
    ridge = (coarse >= cv2.dilate(coarse, _NEIGHBOURS)) & (coarse > _STEEP)
    ridge[:8], ridge[-8:], ridge[:, :8], ridge[:, -8:] = False, False, False, False
    if np.count_nonzero(ridge) < _FEWEST_EDGES:
        return None
    ratio = np.asarray(cv2.dilate(fine, _NEIGHBOURS))[ridge] / coarse[ridge]
    square = max(float(np.median(ratio)), 1.0001) ** 2
    return float(np.sqrt(max((_COARSE**2 - square * _FINE**2) / (square - 1), 0.0)))


def _agreement(now: Facts, reference: Facts) -> tuple[int, float, float]:
    """Return how many of the reference's blocks have edges; the shares of those that agree, and that are flat now.

    Edges agree by their direction, either way round (infrared light turns dark into bright), not by their strength.
    """
    had, seen = _strength(reference.dx, reference.dy), _strength(now.dx, now.dy)
    dot = now.dx * reference.dx + now.dy * reference.dy
    cosine = dot / np.maximum(had * seen, 1e-3)
    alike = 2 * cosine * cosine - 1  # of the doubled angle
    alike[seen < EDGE / 4] = 0
    weight = np.where(had > EDGE, had, 0).astype(np.float32)
    weights, sums, left, there = (
        np.asarray(cv2.resize(each, BLOCKS, interpolation=cv2.INTER_AREA))
        for each in (weight, weight * alike, _edges_of(seen), _edges_of(had))
    )
    counted = weights > EDGE / 20  # one pixel in thirty is an edge
    blocks = int(np.count_nonzero(counted))
    if not blocks:
        return 0, 0.0, 0.0
    share = sums[counted] / weights[counted]
    kept = left[counted] / np.maximum(there[counted], 0.1)
    # a dim picture has weaker edges everywhere; a covered one keeps some as they were, or none at all
    flat = kept < 0.3 * np.clip(np.quantile(kept, 0.9), 0.35, 1)
    return blocks, float(np.mean(share > 0.4)), float(np.mean(flat))  # noqa: PLR2004 - chance is 0


def _edges_of(strength: Plane) -> Plane:
    """Return slopes without those of noise, which the flattest blocks tell; down to a quarter of what is an edge."""
    noise = np.quantile(cv2.resize(strength, BLOCKS, interpolation=cv2.INTER_AREA), 0.1)
    least = float(np.clip(2.5 * noise, EDGE / 4, EDGE))
    return np.where(strength > least, strength, 0).astype(np.float32)


def _shifts(now: Facts, reference: Facts) -> NDArray[np.float64]:
    """Return where tiles of the reference are found now, in pixels at half the size, of those that are found.

    By phase correlation of edges. Tiles, because a camera that was turned about its axis or zoomed has no one shift.
    """
    pair = [np.minimum(_strength(each.dx, each.dy), 4 * EDGE) for each in (reference, now)]
    rows, columns = pair[0].shape
    high, wide = rows // 2, columns // 2
    window = cv2.createHanningWindow((wide, high), cv2.CV_32F)
    found = []
    for top in range(0, rows - high + 1, high // 2):
        for left in range(0, columns - wide + 1, wide // 2):
            tiles = [np.ascontiguousarray(each[top : top + high, left : left + wide]) for each in pair]
            if tiles[0].mean() > EDGE / 5 and tiles[1].mean() > EDGE / 20:
                shift, response = cv2.phaseCorrelate(tiles[0], tiles[1], window)
                if response > RESPONSE:
                    found.append(shift)
    return np.array(found, np.float64).reshape(-1, 2)


def _layout(now: Facts, reference: Facts) -> float:
    areas = [cv2.resize(each.small, (32, 18), interpolation=cv2.INTER_AREA).ravel() for each in (now, reference)]
    first, second = (each - each.mean() for each in areas)
    power = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(first @ second) / power if power > 1 else 0.0
