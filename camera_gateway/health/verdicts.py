"""From what was measured of a picture to verdicts: fine, bad or unknown, kind by kind. Pure.

A kind is bad only by a reference taken by the same light; any reference can show that a kind is fine. What cannot be
told is unknown, never fine: a picture by infrared light without a reference of the night that somebody has approved,
a reference of a bare wall, a view that is too dark to be compared. The figures behind each threshold stand in
docs/picture-health.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from camera_gateway.domain.picture import KINDS, Light, Verdict
from camera_gateway.health.checks import AGREES, FEWEST_BLOCKS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from camera_gateway.health.checks import Compared, Facts, Shifts

COLOURLESS = 2.5
"""Levels: below it a picture has no colour. A scene of grey walls has none by day either, and neither its reference."""
BLACK, DARK = 20.0, 35.0
"""Brightness of the brighter parts, of 255."""
BLACK_CONTRAST = 1.5
"""Between blocks: where there is more, something can be made out, and it is dark, not black."""
CLIPPED = 0.35
"""Share of pixels at the upper end, beyond what the reference has."""
SOFT_PX, SOFTER_PX = 1.1, 0.75
"""Width of edges that is soft, and how much softer than the reference it has to be."""
FLAT, ALL_FLAT = 0.35, 0.75
"""Share of the reference's blocks without structure now: much of it covered, and all of it by whatever light."""
LAYOUT = 0.6
"""Above it light and dark areas are where they were: what has no edges is blurred, not covered."""
TILES, DISPLACED = 4, 0.6
"""Tiles that have to be found, and the share of them found elsewhere, for a view that was moved."""
TURNED, SCATTER, TURNED_TILES = 0.021, 0.005, 6
"""How much a camera turned about its axis (radians: 1.2°) or zoomed (share), how well tiles agree on it, and how many:
those near the middle stay where they are, so that few are displaced."""
SAME_VIEW, STRANGE = 0.5, 0.3
"""Share of blocks that agree: above `AGREES` nothing has moved, above the first it is the same view unless tiles say
otherwise, below the second it is another view even where no tile is found."""
UNCHANGED, COMPARISONS = 0.4, 2
"""Share of blocks that differ from look to look; how many comparisons in a row. A clock that runs on in a picture that
stands still touches few blocks: it is frozen all the same."""
FEWEST_EDGES = 0.01
"""Share of pixels: in a picture of nothing nothing can be seen to change."""


@dataclass(frozen=True, slots=True)
class Beside:
    """A picture laid over one reference: which light that was taken by, how sharp it is, and what came out."""

    light: Light
    reference_edge_px: float | None
    reference_clipped: float
    compared: Compared


def light_of(facts: Facts) -> Light:
    """Return by what light a picture seems to have been taken."""
    return Light.INFRARED if facts.colour < COLOURLESS else Light.COLOUR


def judge(facts: Facts, besides: Sequence[Beside], changes: Sequence[float]) -> dict[str, Verdict]:
    """Return the verdicts of a look.

    `besides` are the comparisons with approved references; `changes` the shares of blocks that were not as in the
    look before, of this look and those before it, the latest last.
    """
    black = facts.bright < BLACK and facts.contrast < BLACK_CONTRAST
    dark = not black and facts.bright < DARK
    light = light_of(facts)
    usable = [each for each in besides if each.compared.blocks >= FEWEST_BLOCKS]
    found = {
        "black": _bad_if(black),
        "dark": _bad_if(dark),
        "over-exposed": _bad_if(facts.clipped > CLIPPED + min((b.reference_clipped for b in besides), default=0.0)),
        "frozen": _frozen(changes, seeing=not (black or dark) and facts.edges > FEWEST_EDGES),
        "covered": _over(usable, light, lambda beside: _covered(facts, beside)),
        "blurred": _over(usable, light, lambda beside: _blurred(facts, beside)),
        "moved": _over(usable, light, lambda beside: _moved(facts, beside)),
    }
    if black or dark or found["over-exposed"] is Verdict.BAD:
        # one finding for one thing: what is not seen for want of light, or too much, is not said to be covered as well
        for kind in ("covered", "blurred", "moved"):
            if found[kind] is Verdict.BAD:
                found[kind] = Verdict.UNKNOWN
    elif Verdict.BAD in (found["covered"], found["blurred"]) and found["moved"] is Verdict.BAD:
        found["moved"] = Verdict.UNKNOWN
    if found["blurred"] is Verdict.UNKNOWN and facts.edge_px is not None and facts.edge_px < SOFT_PX:
        found["blurred"] = Verdict.FINE  # sharp edges are sharp without any reference
    return {kind: found[kind] for kind in KINDS}


def _bad_if(bad: bool) -> Verdict:  # noqa: FBT001 - its one argument
    return Verdict.BAD if bad else Verdict.FINE


def _frozen(changes: Sequence[float], *, seeing: bool) -> Verdict:
    if not seeing or not changes:
        return Verdict.UNKNOWN
    if changes[-1] > UNCHANGED:
        return Verdict.FINE
    latest = changes[-COMPARISONS:]
    still = len(latest) == COMPARISONS and all(each <= UNCHANGED for each in latest)
    return Verdict.BAD if still else Verdict.UNKNOWN


def _over(besides: Iterable[Beside], light: Light, check: Callable[[Beside], tuple[Verdict, bool]]) -> Verdict:
    """Fine by any reference is fine; bad counts by the same light, or where it is certain by any."""
    bad = False
    for beside in besides:
        verdict, certain = check(beside)
        if verdict is Verdict.FINE:
            return Verdict.FINE
        bad |= verdict is Verdict.BAD and (certain or beside.light is light)
    return Verdict.BAD if bad else Verdict.UNKNOWN


def _soft(facts: Facts, beside: Beside) -> bool:
    """Whether edges are softer than in the reference; also where there are none left."""
    return facts.edge_px is None or facts.edge_px >= max(SOFT_PX, (beside.reference_edge_px or 0.0) + SOFTER_PX)


def _covered(facts: Facts, beside: Beside) -> tuple[Verdict, bool]:
    compared = beside.compared
    if compared.flat < FLAT:
        return Verdict.FINE, False
    if _soft(facts, beside) and compared.layout >= LAYOUT:
        return Verdict.UNKNOWN, False  # blurred
    return Verdict.BAD, compared.flat >= ALL_FLAT


def _blurred(facts: Facts, beside: Beside) -> tuple[Verdict, bool]:
    if not _soft(facts, beside):
        return Verdict.FINE, False
    compared = beside.compared
    if facts.edge_px is None and compared.flat < FLAT:
        return Verdict.UNKNOWN, False
    return Verdict.BAD if compared.flat < FLAT or compared.layout >= LAYOUT else Verdict.UNKNOWN, False


def _moved(facts: Facts, beside: Beside) -> tuple[Verdict, bool]:
    compared = beside.compared
    if compared.agreement < AGREES and compared.shifts is not None and _elsewhere(compared.shifts):
        return Verdict.BAD, False
    if compared.agreement >= SAME_VIEW:
        return Verdict.FINE, False
    strange = compared.agreement < STRANGE and compared.flat < FLAT and not _soft(facts, beside)
    return Verdict.BAD if strange else Verdict.UNKNOWN, False


def _elsewhere(shifts: Shifts) -> bool:
    """Whether the camera shows another view, by where its tiles were found."""
    turned = shifts.tiles >= TURNED_TILES and shifts.turned >= TURNED and shifts.scatter <= SCATTER
    return turned or (shifts.tiles >= TILES and shifts.displaced >= DISPLACED)
