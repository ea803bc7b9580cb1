"""Reconnects: soon, then patiently, never all at once (threat model, M3)."""

from __future__ import annotations

import random

import pytest

from camera_gateway.domain.footage import ProbeCause
from camera_gateway.ingest.backoff import CAP_S, FIRST_S, OLD_SESSION_S, Backoff, Pace


def test_pauses_double_with_jitter_and_are_capped() -> None:
    it = Backoff(random.Random(1))
    pauses = [it.pause_s(ProbeCause.NO_ANSWER) for _ in range(12)]
    assert FIRST_S * 0.75 <= pauses[0] <= FIRST_S
    assert pauses[3] > pauses[0] * 4
    assert all(pause <= CAP_S for pause in pauses)
    assert len(set(pauses[-4:])) == 4


def test_a_healthy_session_makes_the_next_pause_short_again() -> None:
    it = Backoff(random.Random(1))
    for _ in range(6):
        it.pause_s(None)
    it.healthy()
    assert it.pause_s(None) <= FIRST_S


@pytest.mark.parametrize("cause", [ProbeCause.AUTH_WRONG, ProbeCause.REDIRECTED, ProbeCause.ADDRESS_NOT_ALLOWED])
def test_what_only_a_person_can_mend_is_tried_seldom(cause: ProbeCause) -> None:
    assert Backoff(random.Random(1)).pause_s(cause) >= CAP_S * 0.75


def test_an_old_session_is_waited_out() -> None:
    assert Backoff(random.Random(1)).pause_s(ProbeCause.REFUSED_SESSIONS) >= OLD_SESSION_S * 0.75


def test_a_thousand_cameras_that_fail_at_once_are_asked_one_after_another() -> None:
    pace = Pace(20)
    waits = [pace.wait_s(5_000_000) for _ in range(1000)]
    assert waits[0] == 0
    assert waits[-1] == pytest.approx(999 / 20)
    assert pace.wait_s(500_000_000) == 0
