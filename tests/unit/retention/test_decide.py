"""Every kind of decision with its reasons, as a text that people review: tests/golden/retention/decide.txt."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from camera_gateway.clock import from_datetime, rfc3339
from camera_gateway.domain.footage import SegmentState
from camera_gateway.domain.ids import SegmentId
from camera_gateway.domain.retention import (
    DAY_US,
    Defaults,
    Hold,
    Kept,
    Policies,
    PolicyRule,
    RuleScope,
    Viewpoint,
)
from camera_gateway.retention.decide import GOING, Verdict, decide

GOLDEN = Path(__file__).parents[2] / "golden" / "retention" / "decide.txt"
END_US = from_datetime(datetime(2026, 3, 1, 10, 1, tzinfo=UTC))
SETTINGS = Defaults(30, 2, 60)
KEPT = Kept(
    segment=SegmentId("run-000001"),
    place=Viewpoint("kg-12", "hall", "cam-01"),
    site="kg-12",
    start_us=END_US - 60_000_000,
    end_us=END_US,
    size_bytes=30_000_000,
    sha256="a" * 64,
    state=SegmentState.RELEASED,
    key="v1/…",
    version_id="v",
    spool_path=None,
    lock_mode="governance",
    retain_until_us=END_US + 32 * DAY_US,
    policy="settings(30+2..60)",
)
UNLOCKED = replace(KEPT, lock_mode=None, retain_until_us=None)
SPOOLED = replace(UNLOCKED, state=SegmentState.SPOOLED, key=None)
INSTITUTION = RuleScope("kg-12")
HOLD = Hold(4, None, ("cam-01",), END_US - 1, None, "offence", "17-5", "shell:alia", 0)
LONGER = PolicyRule(1, "policy", INSTITUTION, 90, 120, END_US + 10 * DAY_US)
SHORTER = PolicyRule(2, "policy", INSTITUTION, 5, 9, END_US + 10 * DAY_US)
PRIVACY = PolicyRule(3, "privacy", INSTITUTION, None, 20, END_US + 10 * DAY_US)

CASES: list[tuple[str, Kept, tuple[PolicyRule, ...], tuple[Hold, ...], float]] = [
    ("younger than its floor", KEPT, (), (), 3),
    ("a second before its retain-until", KEPT, (), (), 32 - 1 / 86_400),
    ("at its retain-until", KEPT, (), (), 32),
    ("at its ceiling and a little", KEPT, (), (), 60.5),
    ("a day and more after its ceiling", KEPT, (), (), 61.5),
    ("held", KEPT, (), (HOLD,), 40),
    ("held by two, and locked as well", KEPT, (), (HOLD, replace(HOLD, number=5, case="")), 20),
    ("held, past its ceiling", KEPT, (), (HOLD,), 100),
    ("a hold that was lifted", KEPT, (), (replace(HOLD, lifted_us=1),), 40),
    ("a rule was made longer", KEPT, (LONGER,), (), 20),
    ("a rule was made longer and the lock has run out", KEPT, (LONGER,), (), 40),
    ("a rule is to be made longer later", KEPT, (LONGER,), (), 5),
    ("the store has no lock and a rule was made longer", UNLOCKED, (LONGER,), (), 40),
    ("a rule was made shorter", KEPT, (SHORTER,), (), 20),
    ("a rule was made shorter: what was promised is over", KEPT, (SHORTER,), (), 33),
    ("locked longer than any rule asks", replace(KEPT, retain_until_us=END_US + 50 * DAY_US), (), (), 40),
    ("rules contradict each other", KEPT, (PRIVACY,), (), 40),
    ("rules contradict each other, later on", KEPT, (PRIVACY,), (), 100),
    ("never uploaded, past its retention", SPOOLED, (), (), 62),
]


def text() -> str:
    lines = []
    for name, kept, rules, holds, days in CASES:
        now_us = END_US + round(days * DAY_US)
        found = decide(kept, Policies(rules, SETTINGS), holds, now_us)
        lines += [f"{name} – at {rfc3339(now_us)}", f"  {found.verdict}, kept until {rfc3339(found.until_us)}"]
        lines += [f"    {reason}" for reason in found.reasons]
    return "\n".join(lines) + "\n"


def test_decisions_and_their_reasons_are_those_that_were_reviewed() -> None:
    assert text() == GOLDEN.read_text(encoding="utf-8")


days = st.integers(1, 200)
rules_of_all_kinds = st.builds(
    lambda number, name, floor, ceiling, at: PolicyRule(
        number, name, INSTITUTION, floor, None if ceiling is None else floor + ceiling, END_US + at * DAY_US
    ),
    st.integers(1, 99),
    st.sampled_from(["policy", "law", "contract"]),
    days,
    st.none() | days,
    st.integers(-50, 150),
)


@given(st.lists(rules_of_all_kinds, max_size=5), st.booleans(), st.integers(0, 300 * 86_400), st.integers(0, 100))
def test_nothing_goes_before_its_lock_its_rules_or_under_a_hold(
    rules: list[PolicyRule],
    held: bool,  # noqa: FBT001 - drawn
    after_s: int,
    locked_days: int,
) -> None:
    kept = replace(KEPT, retain_until_us=END_US + locked_days * DAY_US)
    policies, now_us = Policies(tuple(rules), SETTINGS), END_US + after_s * 1_000_000
    found = decide(kept, policies, (HOLD,) if held else (), now_us)
    if found.verdict in GOING:
        assert not held
        assert now_us >= END_US + locked_days * DAY_US
        assert now_us >= policies.at(kept.place, END_US).retain_until_us(END_US)
        assert now_us >= policies.at(kept.place, now_us).retain_until_us(END_US)
        assert not policies.at(kept.place, now_us).is_contradictory
    if found.verdict is Verdict.EXTEND:
        assert found.until_us > (kept.retain_until_us or 0)
    assert found.reasons
