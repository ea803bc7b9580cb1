"""What rules come to: the most specific of a name, the strictest of several, from their date on."""

from __future__ import annotations

import pytest

from camera_gateway.domain.retention import (
    DAY_US,
    SLACK_DAYS,
    Defaults,
    Hold,
    Policies,
    PolicyRule,
    RetentionPolicy,
    RuleScope,
    Viewpoint,
    check_rule,
    parse_hold_id,
)
from camera_gateway.errors import InvalidInput

BEDROOM = Viewpoint("kg-12", "bedroom", "cam-01")
HALL = Viewpoint("kg-12", "hall", "cam-02")
ELSEWHERE = Viewpoint("kg-13", "hall", "cam-09")
SETTINGS = Defaults(30, 2, None)


def rule(number: int, scope: RuleScope, floor: int | None, ceiling: int | None = None, **more: object) -> PolicyRule:
    return PolicyRule(number, str(more.get("name", "policy")), scope, floor, ceiling, int(str(more.get("at", 0))))


def policies(*rules: PolicyRule, defaults: Defaults = SETTINGS) -> Policies:
    return Policies(rules, defaults)


def test_without_rules_the_settings_hold_and_there_is_a_ceiling_all_the_same() -> None:
    found = policies().at(HALL, 5)
    assert (found.floor_days, found.margin_days, found.ceiling_days) == (30, 2, 30 + 2 + SLACK_DAYS)
    assert found.id == "settings(30+2..)"


def test_of_one_name_the_most_specific_rule_wins_and_overrides_the_settings() -> None:
    rules = policies(
        rule(1, RuleScope("kg-12"), 60, 90),
        rule(2, RuleScope(None, "bedroom"), 40, 70),
        rule(3, RuleScope("kg-12", "bedroom"), 20, 25),
        rule(4, RuleScope(None, None, "cam-02"), 15, 20),
    )
    assert [(p.floor_days, p.ceiling_days, p.id) for p in (rules.at(v, 5) for v in (BEDROOM, HALL, ELSEWHERE))] == [
        (20, 25, "policy#3"),
        (15, 20, "policy#4"),
        (30, 46, "settings(30+2..)"),
    ]


def test_rules_of_different_names_add_up_to_the_longest_floor_and_the_shortest_ceiling() -> None:
    found = policies(
        rule(1, RuleScope("kg-12"), 60, 90, name="law"), rule(2, RuleScope("kg-12"), 45, 75, name="contract")
    ).at(HALL, 5)
    assert (found.floor_days, found.ceiling_days, found.id) == (60, 75, "law#1+contract#2")


def test_a_rule_counts_from_its_date_and_the_newest_of_a_scope_wins() -> None:
    rules = policies(rule(1, RuleScope("kg-12"), 60, 90, at=100), rule(2, RuleScope("kg-12"), 40, 50, at=200))
    assert [rules.at(HALL, at).floor_days for at in (99, 100, 199, 200)] == [30, 60, 60, 40]


def test_a_rule_that_says_nothing_ends_the_one_before_and_gives_way_to_the_less_specific() -> None:
    scope = RuleScope(None, None, "cam-02")
    rules = policies(rule(1, RuleScope("kg-12"), 60, 90), rule(2, scope, 10, 12, at=5), rule(3, scope, None, at=9))
    assert [rules.at(HALL, at).floor_days for at in (4, 5, 9)] == [60, 10, 60]


def test_a_field_left_out_is_taken_from_the_less_specific_rule() -> None:
    found = policies(rule(1, RuleScope("kg-12"), 60, 90), rule(2, RuleScope(None, None, "cam-02"), 70)).at(HALL, 5)
    assert (found.floor_days, found.ceiling_days, found.id) == (70, 90, "policy#2+policy#1")


def test_a_floor_above_a_ceiling_is_told_and_the_lock_taken_is_the_one_that_can_still_grow() -> None:
    found = policies(
        rule(1, RuleScope("kg-12"), 60, name="law"), rule(2, RuleScope("kg-12"), None, 30, name="privacy")
    ).at(HALL, 5)
    assert found.is_contradictory
    assert found.retain_until_us(0) == 30 * DAY_US


def test_the_margin_never_passes_the_ceiling_and_seconds_are_rounded_up() -> None:
    assert RetentionPolicy("x", 30, 5, 32).retain_until_us(1) == 32 * DAY_US + 1_000_000
    assert RetentionPolicy("x", 30, 2).retain_until_us(0) == 32 * DAY_US
    assert RetentionPolicy("x", 30, 2).ceiling_us(0) is None


@pytest.mark.parametrize(
    ("scope", "floor", "ceiling"),
    [
        (RuleScope("kg-12", None, "cam-01"), 30, 60),
        (RuleScope("kg-12"), 0, 60),
        (RuleScope("kg-12"), None, 0),
        (RuleScope("kg-12"), 61, 60),
    ],
)
def test_a_rule_that_cannot_mean_anything_is_refused(scope: RuleScope, floor: int | None, ceiling: int | None) -> None:
    with pytest.raises(InvalidInput):
        check_rule(scope, floor, ceiling)


def hold(start_us: int, end_us: int | None, *cameras: str, institution: str | None = None, **more: int) -> Hold:
    return Hold(1, institution, cameras, start_us, end_us, "r", "c", "shell:alia", 0, lifted_us=more.get("lifted"))


@pytest.mark.parametrize(
    ("value", "start_us", "end_us", "covered"),
    [
        (hold(10, 20, "cam-01"), 0, 10, False),
        (hold(10, 20, "cam-01"), 0, 11, True),
        (hold(10, 20, "cam-01"), 19, 30, True),
        (hold(10, 20, "cam-01"), 20, 30, False),
        (hold(10, None, "cam-01"), 10**15, 10**15 + 1, True),
        (hold(10, None, "cam-02"), 10, 20, False),
        (hold(10, None, institution="kg-12"), 10, 20, True),
        (hold(10, None, institution="kg-13"), 10, 20, False),
        (hold(10, None, "cam-01", lifted=15), 10, 20, False),
    ],
)
def test_a_hold_covers_what_touches_its_span(value: Hold, start_us: int, end_us: int, covered: bool) -> None:  # noqa: FBT001 - a parameter
    assert value.covers("kg-12", "cam-01", start_us, end_us) is covered


def test_a_hold_is_named_with_or_without_its_word() -> None:
    assert (parse_hold_id("hold-7"), parse_hold_id("7")) == (7, 7)
    for text in ("", "hold-", "seven", "hold--7", "٣"):
        with pytest.raises(InvalidInput):
            parse_hold_id(text)
