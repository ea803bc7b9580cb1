"""What can be measured of a picture: alone, beside a reference, beside the one before. Pure; the only importer of cv2.

A picture comes from the jail as planes of one size, whatever a camera sends, so nothing here depends on what a camera
says of itself. Lines that are drawn into pictures (clock, name) touch few of the blocks that are counted. Promises
figures, and no word on whether they are good: that is `verdicts`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from camera_gateway.domain.picture import HEIGHT, LUMA_BYTES, PICTURE_BYTES, WIDTH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Grey = NDArray[np.uint8]
    Fine = NDArray[np.uint16]
    Plane = NDArray[np.float32]

BLOCKS = (16, 9)
"""Columns and rows of blocks that are counted one by one: 40 x 40 pixels each."""
EDGE = 5.0
"""Grey levels per pixel at half the size: less is not the edge of anything."""
FEWEST_BLOCKS = 12
"""Blocks with edges that a reference needs before anything can be said by it: less is a bare wall."""
AGREES = 0.7
"""Share of blocks that agree: above it nothing has moved, and no tile is sought elsewhere."""
RESPONSE = 0.06
"""What phase correlation answers by chance is a third of it."""
MOVED = 0.013
"""Share of the picture's side: less is a lamp post in the wind."""
SAME = 0.25
"""Mean difference in grey levels within a block: less is the same picture, coded again."""
_HALF = (WIDTH // 2, HEIGHT // 2)
_STEPS = 256
"""Parts of a grey level that a smoothed picture is kept in."""
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

_BLOCK_OF = np.add.outer(
    np.arange(_HALF[1]) * BLOCKS[1] // _HALF[1] * BLOCKS[0], np.arange(_HALF[0]) * BLOCKS[0] // _HALF[0]
).ravel()
"""Of each pixel at half the size, the number of its block."""
_BLOCK_PIXELS = _HALF[0] * _HALF[1] // (BLOCKS[0] * BLOCKS[1])
_TILE = (_HALF[0] // 2, _HALF[1] // 2)

cv2.setNumThreads(1)  # recording comes first; a look is some milliseconds of one core


@dataclass(frozen=True, slots=True, eq=False)
class Slopes:
    """Where the edges of a picture are, and which way they run."""

    dx: Plane
    dy: Plane
    strength: Plane
    shares: Plane
    """How much of edges each block has, without noise."""


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """A picture, and what is known of it alone."""

    small: Fine
    """Half the size, lightly smoothed: noise is less there. In 256ths of a grey level."""
    slopes: Slopes | None
    """None where they are made anew when they are needed."""
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
class Shifts:
    """Where the reference's structure is found now, tile by tile."""

    tiles: int
    """Tiles in which it was found, here or elsewhere."""
    displaced: float
    """Share of those tiles that found it elsewhere."""
    shift_x: float
    shift_y: float
    """By how much, the median of tiles, as a share of width and height."""
    turned: float
    """How much the tiles go round or apart, as of a camera that turned about its axis (radians) or zoomed (share)."""
    scatter: float
    """How far tiles are from where these would put them, the median as a share of the width."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A picture beside a reference."""

    blocks: int
    """Blocks of the reference that have structure: with less than `FEWEST_BLOCKS` the shares mean nothing."""
    agreement: float
    """Share of them whose edges are where they were: near 1 for the same view, whoever walks through it."""
    flat: float
    """Share of them that have no structure now."""
    layout: float
    """Correlation of light and dark areas, -1 to 1: outlives a blur, not a cover."""
    shifts: Shifts | None
    """None where `AGREES` says that nothing has moved."""


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
    smooth = _smoothed(cv2.resize(grey, _HALF, interpolation=cv2.INTER_AREA), 1.2)
    small = (smooth * _STEPS).astype(np.uint16)
    slopes = _slopes_of(small)
    return Facts(
        small=small,
        slopes=slopes,
        trace=_middles(grey),
        colour=float(cv2.absdiff(colours, np.full_like(colours, 128)).mean()),
        mean=float(means.mean()),
        bright=float(ordered[-2 * tenth : -tenth].mean()),
        contrast=float(ordered[:-tenth].std()),
        clipped=float(np.count_nonzero(grey >= _WHITE) / grey.size),
        edge_px=_edge_width(grey),
        edges=float(np.count_nonzero(slopes.strength > EDGE) / slopes.strength.size),
    )


def kept(facts: Facts) -> Facts:
    """Return a reference without what `compare` can make anew in a fifth of a millisecond: a sixth of its size."""
    return replace(facts, slopes=None, trace=np.empty(0, np.uint8))


def compare(now: Facts, reference: Facts) -> Compared:
    """Lay a picture over a reference."""
    seen, had = (each.slopes or _slopes_of(each.small) for each in (now, reference))
    blocks, agreement, flat = _agreement(seen, had)
    return Compared(
        blocks=blocks,
        agreement=agreement,
        flat=flat,
        layout=_layout(now, reference),
        shifts=None if agreement >= AGREES else _shifts(seen, had),
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


def _slopes_of(small: Fine) -> Slopes:
    dx, dy = _gradient(small.astype(np.float32) / np.float32(_STEPS))
    strength = _strength(dx, dy)
    return Slopes(dx, dy, strength, _shares(strength))


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


def _agreement(seen: Slopes, had: Slopes) -> tuple[int, float, float]:
    """Return how many of the reference's blocks have edges; the shares of those that agree, and that are flat now.

    Edges agree by their direction, either way round (infrared light turns dark into bright), not by their strength.
    """
    at = np.flatnonzero(had.strength > EDGE)
    strong, now = had.strength.ravel()[at], seen.strength.ravel()[at]
    dot = seen.dx.ravel()[at] * had.dx.ravel()[at] + seen.dy.ravel()[at] * had.dy.ravel()[at]
    cosine = dot / np.maximum(strong * now, 1e-3)
    alike = 2 * cosine * cosine - 1  # of the doubled angle
    alike[now < EDGE / 4] = 0
    places, count = _BLOCK_OF[at], BLOCKS[0] * BLOCKS[1]
    weights, sums = (np.bincount(places, each, count) / _BLOCK_PIXELS for each in (strong, strong * alike))
    counted = weights > EDGE / 20  # one pixel in thirty is an edge
    blocks = int(np.count_nonzero(counted))
    if not blocks:
        return 0, 0.0, 0.0
    share = sums[counted] / weights[counted]
    left = seen.shares.ravel()[counted] / np.maximum(had.shares.ravel()[counted], 0.1)
    # a dim picture has weaker edges everywhere; a covered one keeps some as they were, or none at all
    flat = left < 0.3 * np.clip(np.quantile(left, 0.9), 0.35, 1)
    return blocks, float(np.mean(share > 0.4)), float(np.mean(flat))  # noqa: PLR2004 - chance is 0


def _shares(strength: Plane) -> Plane:
    """Return slopes by block, without those of noise, which the flattest blocks tell; down to a quarter of an edge."""
    noise = np.quantile(cv2.resize(strength, BLOCKS, interpolation=cv2.INTER_AREA), 0.1)
    least = float(np.clip(2.5 * noise, EDGE / 4, EDGE))
    edges = cv2.threshold(strength, least, 0, cv2.THRESH_TOZERO)[1]
    return np.asarray(cv2.resize(edges, BLOCKS, interpolation=cv2.INTER_AREA), np.float32)


def _shifts(seen: Slopes, had: Slopes) -> Shifts:
    """Return where tiles of the reference are found now, by phase correlation of edges.

    Tiles, because a camera that was turned about its axis or zoomed has no one shift.
    """
    pair = [np.minimum(each.strength, 4 * EDGE) for each in (had, seen)]
    wide, high = _TILE
    window = cv2.createHanningWindow(_TILE, cv2.CV_32F)
    found = []
    for top in range(0, _HALF[1] - high + 1, high // 2):
        for left in range(0, _HALF[0] - wide + 1, wide // 2):
            tiles = [np.ascontiguousarray(each[top : top + high, left : left + wide]) for each in pair]
            if tiles[0].mean() > EDGE / 5 and tiles[1].mean() > EDGE / 20:
                shift, response = cv2.phaseCorrelate(tiles[0], tiles[1], window)
                if response > RESPONSE:
                    found.append((complex(left, top), complex(*shift)))
    return _told(*np.array(found, np.complex128).reshape(-1, 2).T)


def _told(places: NDArray[np.complex128], shifts: NDArray[np.complex128]) -> Shifts:
    """Return what shifts of tiles say together, places and shifts as complex numbers in pixels at half the size."""
    if not len(places):
        return Shifts(0, 0.0, 0.0, 0.0, 0.0, 0.0)
    wide, high = _HALF
    elsewhere = np.hypot(shifts.real / wide, shifts.imag / high) >= MOVED
    first, second = np.triu_indices(len(places), 1)
    # turning by an angle and zooming by a share shift each place by (share + i angle) times itself
    rates = (shifts[first] - shifts[second]) / (places[first] - places[second])
    rate = _middle(rates) if len(rates) else 0j
    rest = shifts - rate * places
    middle = _middle(shifts)
    return Shifts(
        tiles=len(places),
        displaced=float(np.mean(elsewhere)),
        shift_x=middle.real / wide,
        shift_y=middle.imag / high,
        turned=abs(rate),
        scatter=float(np.median(np.abs(rest - _middle(rest)))) / wide,
    )


def _middle(values: NDArray[np.complex128]) -> complex:
    return complex(np.median(values.real), np.median(values.imag))


def _layout(now: Facts, reference: Facts) -> float:
    areas = [cv2.resize(each.small, (32, 18), interpolation=cv2.INTER_AREA).ravel() for each in (now, reference)]
    first, second = (each - each.mean() for each in areas)
    power = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(first @ second) / power if power > 1 else 0.0
