"""From pictures to verdicts, on drawn rooms: what happens to cameras is said, what happens before them is not."""

from __future__ import annotations

import math
from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING

import pytest
from support import scenes

from camera_gateway.domain.picture import KINDS, PICTURE_BYTES, Light, Verdict
from camera_gateway.health.checks import changed, compare, facts_of, kept
from camera_gateway.health.verdicts import Beside, judge, light_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.scenes import Image

    from camera_gateway.health.checks import Facts

ROOM = scenes.room()
PEOPLE = [scenes.with_people(ROOM, seed) for seed in (11, 12, 13)]


def facts(image: Image, seed: int = 7) -> Facts:
    return facts_of(scenes.planes(scenes.with_noise(image, seed)))


@cache
def reference(kind: str) -> Facts:
    return facts(ROOM if kind == "day" else scenes.by_night(ROOM, 3), 1)


def beside(now: Facts, known: Facts) -> Beside:
    return Beside(light_of(known), known.edge_px, known.clipped, compare(now, known))


def verdicts(image: Image, *references: Facts, changes: Sequence[float] = ()) -> dict[str, Verdict]:
    now = facts(image)
    return judge(now, [beside(now, known) for known in references], changes)


def bad(image: Image, *references: Facts) -> list[str]:
    return [kind for kind, verdict in verdicts(image, *references).items() if verdict is Verdict.BAD]


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (scenes.times(ROOM, 0.02), ["black"]),
        (scenes.with_clock(scenes.times(ROOM, 0.02), "2026-11-29 16:20:07 CAM 1"), ["black"]),
        (scenes.times(ROOM, 0.14), ["dark"]),
        (scenes.times(ROOM, 4.0), ["over-exposed"]),
        (scenes.blurred(ROOM, 4), ["blurred"]),
        (scenes.blurred(ROOM, 6), ["blurred"]),
        (scenes.blurred(ROOM, 15), ["blurred"]),
        (scenes.covered(ROOM, 0.6), ["covered"]),
        (scenes.covered(ROOM, 1.1), ["covered"]),
        (scenes.turned(ROOM, across=0.03), ["moved"]),
        (scenes.turned(ROOM, across=0.2), ["moved"]),
        (scenes.turned(ROOM, degrees=2), ["moved"]),
        (scenes.turned(ROOM, degrees=-2), ["moved"]),
        (scenes.turned(ROOM, degrees=5), ["moved"]),
        (scenes.turned(ROOM, zoom=1.05), ["moved"]),
        (scenes.turned(ROOM, zoom=1.15), ["moved"]),
        (scenes.room(seed=99), ["moved"]),
    ],
)
def test_what_happens_to_a_camera_is_said_once(what: Image, expected: list[str]) -> None:
    assert bad(what, reference("day")) == expected


@pytest.mark.parametrize(
    "what",
    [
        ROOM,
        *PEOPLE,
        scenes.times(ROOM, 0.5),
        scenes.times(ROOM, 1.2),
        scenes.turned(ROOM, across=0.004),
        scenes.turned(ROOM, degrees=0.5),
        scenes.turned(ROOM, zoom=1.01),
        scenes.covered(ROOM, 0.15),
        scenes.blurred(ROOM, 1),
        scenes.with_noise(ROOM, 5, 12.0),
        scenes.with_clock(ROOM, "2026-11-29 16:20:07 CAM 1"),
    ],
)
def test_what_happens_before_a_camera_is_no_impairment(what: Image) -> None:
    found = verdicts(what, reference("day"), changes=[0.9])
    assert set(found.values()) == {Verdict.FINE}, found


def test_tiles_are_sought_only_where_edges_are_not_where_they_were() -> None:
    assert beside(facts(PEOPLE[0]), reference("day")).compared.shifts is None
    found = beside(facts(scenes.turned(ROOM, degrees=3)), reference("day")).compared.shifts
    assert found is not None
    assert math.degrees(found.turned) == pytest.approx(3, abs=0.3)


@pytest.mark.parametrize("what", [ROOM, scenes.turned(ROOM, across=0.05), scenes.covered(ROOM, 0.6)])
def test_a_reference_that_was_kept_says_the_same(what: Image) -> None:
    now, known = facts(what), reference("day")
    first, second = (asdict(compare(now, each)) for each in (kept(known), known))
    assert first.pop("shifts") == pytest.approx(second.pop("shifts"))
    assert first == pytest.approx(second)
    assert kept(known).small.nbytes < 120_000


def test_a_picture_without_any_reference_is_not_said_to_be_where_it_was() -> None:
    found = verdicts(ROOM)
    unknown = {kind for kind, verdict in found.items() if verdict is Verdict.UNKNOWN}
    assert unknown == {"covered", "moved", "frozen"}
    assert list(found) == list(KINDS)


def test_a_bare_wall_is_no_reference() -> None:
    found = verdicts(scenes.turned(ROOM, across=0.2), facts(scenes.wall()))
    assert (found["moved"], found["covered"]) == (Verdict.UNKNOWN, Verdict.UNKNOWN)


def test_the_night_is_told_by_its_colour() -> None:
    assert light_of(reference("day")) is Light.COLOUR
    assert light_of(reference("night")) is Light.INFRARED


def test_a_night_beside_the_day_s_reference_is_fine_or_unknown_and_never_bad() -> None:
    night = scenes.by_night(ROOM, 4)
    moved = scenes.by_night(scenes.turned(ROOM, across=0.1), 4)
    assert verdicts(night, reference("day"))["moved"] is Verdict.FINE, "edges are where they were"
    assert verdicts(moved, reference("day"))["moved"] is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (ROOM, []),
        (PEOPLE[0], []),
        (scenes.turned(ROOM, across=0.05), ["moved"]),
        (scenes.covered(ROOM, 0.7), ["covered"]),
        (scenes.blurred(ROOM, 8), ["blurred"]),
    ],
)
def test_a_reference_of_the_night_tells_what_the_day_s_cannot(what: Image, expected: list[str]) -> None:
    assert bad(scenes.by_night(what, 4), reference("day"), reference("night")) == expected


def test_all_of_a_lens_covered_is_said_by_whatever_light() -> None:
    bag = scenes.by_night(scenes.covered(ROOM, 1.1), 4)
    assert light_of(facts(bag)) is Light.INFRARED
    assert bad(bag, reference("day")) == ["covered"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([], Verdict.UNKNOWN),
        ([0.05], Verdict.UNKNOWN),
        ([0.9], Verdict.FINE),
        ([0.05, 0.1], Verdict.BAD),
        ([0.9, 0.1], Verdict.UNKNOWN),
        ([0.05, 0.05, 0.9], Verdict.FINE),
    ],
)
def test_frozen_takes_three_looks_at_the_same(changes: list[float], expected: Verdict) -> None:
    assert verdicts(ROOM, reference("day"), changes=changes)["frozen"] is expected


def test_in_the_dark_nothing_can_be_seen_to_stand_still() -> None:
    assert verdicts(scenes.times(ROOM, 0.02), changes=[0.0, 0.0])["frozen"] is Verdict.UNKNOWN
    assert verdicts(scenes.wall(), changes=[0.0, 0.0])["frozen"] is Verdict.UNKNOWN


def test_a_picture_that_stands_still_under_a_running_clock_has_not_changed() -> None:
    first, second = (scenes.with_clock(ROOM, f"2026-11-29 16:{minute}:07") for minute in (20, 31))
    seen = [scenes.planes(image) for image in (first, second)]
    assert seen[0] != seen[1]
    pair = [facts_of(each).trace for each in seen]
    assert changed(*pair) < 0.1
    assert changed(pair[0], pair[0]) == 0
    assert changed(facts(ROOM, 1).trace, facts(ROOM, 2).trace) > 0.9, "noise of a living sensor"


@pytest.mark.parametrize("size", [0, 1, PICTURE_BYTES - 1, PICTURE_BYTES + 1])
def test_a_picture_of_another_size_is_none(size: int) -> None:
    with pytest.raises(ValueError, match="not a picture"):
        facts_of(bytes(size))


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_picture_of_nothing_is_measured_without_a_warning(value: int) -> None:
    plain = facts_of(bytes([value]) * PICTURE_BYTES)
    assert plain.edge_px is None
    for known in (plain, reference("day")):
        found = judge(plain, [beside(plain, known)], [0.0, 0.0])
        assert found["moved"] is Verdict.UNKNOWN
