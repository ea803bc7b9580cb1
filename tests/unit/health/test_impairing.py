"""When impairments begin and end: not by one odd look, and never by a look that could not tell."""

from __future__ import annotations

import pytest

from camera_gateway.domain.ids import CameraId
from camera_gateway.domain.picture import LOOKED, Look
from camera_gateway.health.impairing import Begun, Change, Ended, SeenAgain, changes_of

PERIOD_US = 600
LETTERS = {"b": "bad", "f": "fine", "u": "unknown"}


def looks(letters: str, kind: str = "moved") -> list[Look]:
    """Make a look a period of each letter."""
    return [
        Look(CameraId("hall"), at * PERIOD_US, f"segment-{at}", LOOKED, {"verdicts": {kind: LETTERS[letter]}})
        for at, letter in enumerate(letters)
    ]


def changes(letters: str, kind: str = "moved", *, is_open: bool = False) -> list[tuple[str, int, int] | Change]:
    found = changes_of(looks(letters, kind), {kind} if is_open else set(), PERIOD_US)
    return [
        (each.kind, each.first.at_us // PERIOD_US, each.precision_us // PERIOD_US) if isinstance(each, Begun) else each
        for each in found
    ]


@pytest.mark.parametrize(
    ("letters", "expected"),
    [
        ("", []),
        ("fff", []),
        ("b", []),
        ("fb", []),
        ("fbfb", []),
        ("ffbb", [("moved", 2, 1)]),
        ("fubb", [("moved", 2, 2)]),
        ("fbub", [("moved", 1, 1)]),
        ("bb", [("moved", 0, 1)]),
        ("fbbu", []),
        ("uuuu", []),
    ],
)
def test_an_impairment_begins_at_the_first_of_two_bad_looks_in_a_row(letters: str, expected: list[object]) -> None:
    assert changes(letters) == expected


@pytest.mark.parametrize(
    ("letters", "expected"),
    [
        ("bbb", [SeenAgain("moved")]),
        ("bbf", []),
        ("bbff", [Ended("moved", 2 * PERIOD_US)]),
        ("bbfuf", [Ended("moved", 2 * PERIOD_US)]),
        ("bbfb", [SeenAgain("moved")]),
        ("bbu", []),
    ],
)
def test_an_impairment_ends_at_the_first_of_two_fine_looks_in_a_row(letters: str, expected: list[object]) -> None:
    assert changes(letters, is_open=True) == expected


def test_a_frozen_picture_began_with_the_first_of_the_looks_that_were_alike() -> None:
    assert changes("ffufb".replace("u", "f"), "frozen") == [("frozen", 2, 1)]
    assert changes("fuub", "frozen") == [("frozen", 1, 1)]
    assert changes("uub", "frozen") == [("frozen", 0, 1)]
    assert changes("bf", "frozen", is_open=True) == [Ended("frozen", PERIOD_US)]


def test_kinds_do_not_disturb_each_other() -> None:
    both = [
        Look(CameraId("hall"), at, f"segment-{at}", LOOKED, {"verdicts": {"moved": "bad", "blurred": "fine"}})
        for at in (0, PERIOD_US)
    ]
    found = changes_of(both, {"blurred"}, PERIOD_US)
    assert [type(each) for each in found] == [Ended, Begun]


def test_several_looks_at_one_segment_are_one() -> None:
    same = [Look(CameraId("hall"), at, "segment", LOOKED, {"verdicts": {"moved": "bad"}}) for at in range(5)]
    assert changes_of(same, set(), PERIOD_US) == []
