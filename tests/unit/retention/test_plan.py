"""The plan's text and digest, the brake, the effect of a rule, the certificate, and the two clocks."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from support.kept_values import kept_value, tombstone_value

from camera_gateway.clock import HeldClock
from camera_gateway.domain.retention import DAY_US, Defaults, Policies, PolicyRule, RuleScope, Viewpoint
from camera_gateway.errors import Refused, Unavailable
from camera_gateway.retention.certificate import certificate, digest_of
from camera_gateway.retention.decide import Decision, Verdict
from camera_gateway.retention.effect import effect_of
from camera_gateway.retention.plan import BrakeRules, Lately, Plan, brake, make_plan
from camera_gateway.retention.times import TwoClocks
from storage.errors import Transient
from storage.memory import MemoryStore

if TYPE_CHECKING:
    from camera_gateway.domain.retention import Kept


def decision(kept: Kept, verdict: Verdict = Verdict.DELETE) -> Decision:
    return Decision(kept, verdict, ("because",), 0, "law#1")


def plan_of(number: int, site: str = "kg-12") -> Plan:
    return make_plan(7_000_000, [decision(kept_value(n, site=site)) for n in range(number)])


def test_the_digest_is_the_sha256_of_a_text_that_names_each_object_that_goes() -> None:
    kept = kept_value(3)
    plan = make_plan(7_000_000, [decision(kept_value(9), Verdict.KEEP), decision(kept, Verdict.OVERDUE)])
    assert plan.text() == (
        "retention-plan: 1\nas-of: 1970-01-01T00:00:07Z\nsegments: 1\n---\n"
        f"overdue\t{kept.segment}\tcam-01\t1970-01-01T00:03:00Z\t1970-01-01T00:04:00Z\t{kept.sha256}\t"
        "v1/kg-12/cam-01/3\tv3\t1970-01-01T00:05:00Z\tlaw#1\n"
    )
    assert plan.digest == hashlib.sha256(plan.text().encode()).hexdigest()


def test_the_digest_does_not_depend_on_the_order_and_changes_with_what_goes() -> None:
    decisions = [decision(kept_value(n, camera)) for camera in ("cam-02", "cam-01") for n in range(3)]
    assert make_plan(1, decisions).digest == make_plan(1, reversed(decisions)).digest
    different = {make_plan(1, decisions).digest, make_plan(1, decisions[1:]).digest, make_plan(2, decisions).digest}
    different.add(make_plan(1, [decision(kept_value(0, version_id="other")), *decisions[1:]]).digest)
    assert len(different) == 4


def test_the_brake_counts_the_last_hour_as_well() -> None:
    rules = BrakeRules(200, 1.0)
    assert brake(plan_of(120), rules, Lately({"kg-12": 10_000}, {}, 80)) == []
    found = brake(plan_of(120), rules, Lately({"kg-12": 10_000}, {}, 81))
    assert found == ["120 objects, with 81 in the last hour, are more than 200 an hour"]


def test_the_brake_stops_too_large_a_share_of_a_site_and_knows_what_the_site_had() -> None:
    rules = BrakeRules(10_000, 0.1)
    assert brake(plan_of(100), rules, Lately({"kg-12": 1_000}, {}, 0)) == []
    assert brake(plan_of(101), rules, Lately({"kg-12": 1_000}, {}, 0)) == [
        "101 of 1000 objects of site kg-12 are more than 10%"
    ]
    # the last footage of a site that was closed is all that it has, and not much of what it had
    assert brake(plan_of(101), rules, Lately({"kg-12": 101}, {"kg-12": 1_000}, 0)) == []
    assert brake(plan_of(99), rules, Lately({"kg-12": 99}, {}, 0)) == []


def test_an_empty_plan_never_meets_the_brake() -> None:
    assert brake(plan_of(0), BrakeRules(1, 0.1), Lately({}, {}, 100)) == []


HALL = Viewpoint("kg-12", "hall", "cam-01")
BEDROOM = Viewpoint("kg-12", "bedroom", "cam-02")
SETTINGS = Defaults(30, 2, None)


def new_rule(floor: int | None, ceiling: int | None, **scope: str) -> PolicyRule:
    return PolicyRule(9, "policy", RuleScope(**scope), floor, ceiling, 100 * DAY_US)


def test_the_effect_of_a_longer_rule_is_footage_that_stays_longer() -> None:
    kept = [kept_value(0, retain_until_us=32 * DAY_US), kept_value(0, "cam-02", retain_until_us=32 * DAY_US)]
    rule = new_rule(60, 90, camera="cam-01")
    found = effect_of(Policies((), SETTINGS), rule, [HALL, BEDROOM], kept, {"cam-01": 30})
    assert (found.cameras, found.shortens, found.segments, found.size_bytes) == (("cam-01",), (), 1, 1_000)
    assert (found.too_short, found.contradictions) == ((), ())
    assert (found.earliest_us, found.earliest_before_us) == ((100 + 62) * DAY_US, (100 + 32) * DAY_US)


def test_the_effect_of_a_shorter_rule_names_cameras_and_standards_and_takes_nothing_from_what_is_recorded() -> None:
    kept = [kept_value(0, retain_until_us=None)]
    rule = new_rule(7, 10, institution="kg-12")
    found = effect_of(Policies((), SETTINGS), rule, [HALL, BEDROOM], kept, {"cam-01": 30, "cam-02": 5})
    assert found.shortens == ("cam-01", "cam-02")
    assert found.too_short == (("cam-01", 7, 30),)
    assert (found.segments, found.earliest_us) == (0, (100 + 9) * DAY_US)


def test_a_shorter_ceiling_alone_shortens_and_one_below_a_floor_is_told() -> None:
    law = PolicyRule(1, "law", RuleScope("kg-12"), 60, 90, 0)
    privacy = PolicyRule(9, "privacy", RuleScope(zone="bedroom"), None, 80, 100 * DAY_US)
    found = effect_of(Policies((law,), SETTINGS), privacy, [HALL, BEDROOM], [], {})
    assert (found.shortens, found.contradictions) == (("cam-02",), ())
    tighter = PolicyRule(9, "privacy", RuleScope(zone="bedroom"), None, 20, 100 * DAY_US)
    assert effect_of(Policies((law,), SETTINGS), tighter, [HALL, BEDROOM], [], {}).contradictions == ("cam-02",)


def test_the_effect_looks_at_rules_that_count_later_too() -> None:
    later = PolicyRule(1, "law", RuleScope("kg-12"), 60, 90, 200 * DAY_US)
    privacy = PolicyRule(9, "privacy", RuleScope("kg-12"), None, 50, 100 * DAY_US)
    assert effect_of(Policies((later,), SETTINGS), privacy, [HALL], [], {}).contradictions == ("cam-01",)


def test_a_certificate_lists_what_is_confirmed_and_counts_the_rest() -> None:
    rows = [
        tombstone_value(2, approved_by="token:dana"),
        tombstone_value(1),
        tombstone_value(3, confirmed_us=None),
        tombstone_value(4, confirmed_us=None, withdrawn_us=5),
    ]
    text = certificate("d" * 64, rows, "SHA256:" + "f" * 64)
    head, _, body = text.partition("---\n")
    assert head.splitlines() == [
        "deletion-certificate: 1",
        f"plan-sha256: {'d' * 64}",
        "ordered-by: shell:alia",
        "approved-by: token:dana",
        "gone: 2 segments, 2000 bytes",
        "not-confirmed: 1",
        "kept-after-all: 1",
        f"key: ed25519 SHA256:{'f' * 64}",
        "columns: camera start end bytes sha256 key rule ordered confirmed",
    ]
    assert [line.split("\t")[1] for line in body.splitlines()] == ["1970-01-01T00:01:00Z", "1970-01-01T00:02:00Z"]
    assert digest_of(text) == hashlib.sha256(text.encode()).hexdigest()


async def test_the_time_of_deletion_is_the_earlier_of_two_that_agree() -> None:
    clock, theirs = HeldClock(), HeldClock()
    times = TwoClocks(clock, MemoryStore(theirs.now_us))
    theirs.step_wall(-299_000_000)
    assert times.now_us() == theirs.now_us()
    theirs.step_wall(598_000_000)
    assert times.now_us() == clock.now_us()
    await clock.advance(86_400)
    await theirs.advance(86_400)
    assert times.now_us() == clock.now_us()


@pytest.mark.parametrize("jump_s", [-3_600, 301, 40 * 86_400])
def test_a_clock_that_disagrees_with_the_stores_is_no_time_to_delete_by(jump_s: int) -> None:
    clock, theirs = HeldClock(), HeldClock()
    times = TwoClocks(clock, MemoryStore(theirs.now_us))
    theirs.step_wall(jump_s * 1_000_000)
    with pytest.raises(Refused, match="apart") as caught:
        times.now_us()
    assert caught.value.code == "clock"


def test_a_jump_of_both_clocks_of_one_host_is_seen_by_the_monotonic_one() -> None:
    clock = HeldClock()
    times = TwoClocks(clock, MemoryStore(clock.now_us))
    clock.step_wall(40 * DAY_US)
    with pytest.raises(Refused, match="jumped by"):
        times.now_us()


def test_without_the_stores_time_nothing_is_deleted() -> None:
    class Away(MemoryStore):
        def server_time_us(self) -> int:
            raise Transient("no answer")

    clock = HeldClock()
    with pytest.raises(Unavailable, match="nothing is deleted"):
        TwoClocks(clock, Away(clock.now_us)).now_us()
