"""Who may do what: the whole table of acts × roles × scopes × places, read as text, and the laws behind it (Z1, Z2)."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_gateway.access.permissions import ACTIONS, Act, Second, may, opens_footage
from camera_gateway.domain.camera import Zone
from camera_gateway.domain.ids import InstitutionId
from camera_gateway.domain.people import EVERYWHERE, INSTALLATION, Grant, Place, Role, Scope, parse_scope

GOLDEN = Path(__file__).parents[2] / "golden" / "access_matrix.txt"
NOW_US = 1_700_000_000_000_000
KG, OTHER = InstitutionId("kg-12"), InstitutionId("school-7")
PLACES: dict[str, Place | None] = {
    "somewhere": None,
    "installation": INSTALLATION,
    "kg-12": Place("Абай", KG, None),
    "kg-12 hall": Place("Абай", KG, Zone.HALL),
    "kg-12 bedroom": Place("Абай", KG, Zone.BEDROOM),
    "school-7 medical": Place("Алматы", OTHER, Zone.MEDICAL),
}
SCOPES = ("all", "region:Абай", "institution:kg-12", "zone:bedroom")
WIDTHS = [len(name) + 2 for name in PLACES]


def cell(act: Act, role: Role, scope: str, place: Place | None) -> str:
    decision = may([Grant(role, parse_scope(scope))], act, place, now_us=NOW_US)
    if not decision.allowed:
        return "-"
    return "two" if decision.needs_second_person else "yes"


def table_of(act: Act) -> str:
    """One act as text: a line per role and scope, a column per place."""
    lines = [f"{act}"]
    for role in Role:
        for scope in SCOPES:
            cells = [cell(act, role, scope, place) for place in PLACES.values()]
            if set(cells) != {"-"}:
                row = "".join(f"{text:<{width}}" for text, width in zip(cells, WIDTHS, strict=True))
                lines.append(f"  {role:<15}{scope:<19}{row}".rstrip())
        if lines[-1].split()[0] != role:
            lines.append(f"  {role:<15}nothing")
    return "\n".join(lines) + "\n"


HEAD = " " * 36 + "".join(f"{name:<{width}}" for name, width in zip(PLACES, WIDTHS, strict=True)).rstrip() + "\n"


def golden() -> dict[str, str]:
    head, *blocks = GOLDEN.read_text(encoding="utf-8").split("\n\n")
    assert head + "\n" == HEAD
    return {block.split("\n", 1)[0]: block.rstrip("\n") + "\n" for block in blocks}


@pytest.mark.parametrize("act", Act)
def test_an_act_is_allowed_to_whom_the_golden_table_says(act: Act) -> None:
    assert table_of(act) == golden()[act]


def test_the_golden_table_has_every_act_and_no_other() -> None:
    assert list(golden()) == list(Act) == list(ACTIONS)


# the contract's table, line by line: acts, then who (it auditor administrator viewer), then when it takes two people
CONTRACT = """
camera.manage health.see                                              it - administrator -            never
live.view                                                             it auditor administrator viewer never
footage.view                                                          - auditor administrator -       restricted zone
evidence.request hold.place incident.report                           - auditor administrator -       never
evidence.approve                                                      - auditor administrator -       always
hold.lift footage.delete-early retention.shorten seal.key-change      - - administrator -             always
compliance.see report.make retention.see audit.see                    - auditor administrator -       never
people.manage settings.change                                         - - administrator -             never
footage.grant-oneself                                                 - - administrator -             always
"""


def test_the_table_is_the_contracts() -> None:
    said = set()
    for line in CONTRACT.strip().splitlines():
        words = line.removesuffix("restricted zone").split()
        second = Second.RESTRICTED_ZONE if line.endswith("restricted zone") else Second(words.pop())
        roles = frozenset(Role(word) for word in words if word in set(Role))
        for word in words:
            if word in set(Act):
                act = Act(word)
                said.add(act)
                assert (ACTIONS[act].roles, ACTIONS[act].second) == (roles, second), act
    between = {
        Act.REGISTRY_SEE,
        Act.COVERAGE_SEE,
        Act.EVIDENCE_EXPORT,
        Act.RETENTION_SWEEP,
        Act.SEAL_MAKE,
        Act.FACT_DECLARE,
        Act.REGISTER_KEEP,
        Act.WAIVER_GRANT,
        Act.ACCOUNT_OWN,
        Act.SECOND_FACTOR_RESET,
    }
    assert said == set(Act) - between


def test_it_staff_and_viewers_never_see_recorded_footage() -> None:
    assert [role for role in Role if opens_footage(role)] == [Role.AUDITOR, Role.ADMINISTRATOR]


@pytest.mark.parametrize("zone", Zone)
def test_recorded_footage_takes_two_people_where_people_are_unclothed_and_nowhere_else(zone: Zone) -> None:
    decision = may([Grant(Role.AUDITOR, EVERYWHERE)], Act.FOOTAGE_VIEW, Place("Абай", KG, zone), now_us=NOW_US)
    assert decision.allowed
    assert decision.needs_second_person == (zone in {Zone.BEDROOM, Zone.MEDICAL, Zone.TOILET, Zone.SHOWER})


def test_a_grant_ends_at_its_moment_and_says_so() -> None:
    grants = [Grant(Role.AUDITOR, EVERYWHERE, NOW_US)]
    assert may(grants, Act.AUDIT_SEE, INSTALLATION, now_us=NOW_US - 1).allowed
    over = may(grants, Act.AUDIT_SEE, INSTALLATION, now_us=NOW_US)
    assert not over.allowed
    assert over.reason == "the role that allows audit.see has expired"


def test_a_refusal_names_what_is_missing() -> None:
    hall = Place("Абай", KG, Zone.HALL)
    viewer = [Grant(Role.VIEWER, EVERYWHERE)]
    auditor = [Grant(Role.AUDITOR, Scope(parse_scope("institution:school-7").kind, "school-7"))]
    everywhere = [Grant(Role.AUDITOR, EVERYWHERE)]
    narrowed = parse_scope("zone:bedroom")
    reasons = [
        may(viewer, Act.FOOTAGE_VIEW, hall, now_us=NOW_US).reason,
        may(auditor, Act.FOOTAGE_VIEW, hall, now_us=NOW_US).reason,
        may(everywhere, Act.FOOTAGE_VIEW, hall, now_us=NOW_US, within=narrowed).reason,
        may([], Act.HOLD_LIFT, hall, now_us=NOW_US).reason,
    ]
    assert reasons == [
        "footage.view needs a role: auditor or administrator",
        "footage.view is granted in institution:school-7 only",
        "the token is narrowed to zone:bedroom",
        "hold.lift needs a role: administrator",
    ]


def test_a_region_without_a_name_is_nobodys_region() -> None:
    nowhere = Place("", KG, Zone.HALL)
    assert not may([Grant(Role.VIEWER, parse_scope("region:Абай"))], Act.LIVE_VIEW, nowhere, now_us=NOW_US).allowed


scopes = st.sampled_from([parse_scope(text) for text in (*SCOPES, "institution:school-7", "zone:hall")])
grants_ = st.lists(
    st.builds(Grant, st.sampled_from(Role), scopes, st.one_of(st.none(), st.integers(NOW_US - 2, NOW_US + 2))),
    max_size=4,
)
places_ = st.sampled_from(list(PLACES.values()))
acts = st.sampled_from(Act)


@given(grants_, acts, places_, scopes)
def test_narrowing_a_token_only_takes_away(grants: list[Grant], act: Act, place: Place | None, within: Scope) -> None:
    narrowed = may(grants, act, place, now_us=NOW_US, within=within)
    free = may(grants, act, place, now_us=NOW_US)
    assert free.allowed or not narrowed.allowed
    assert narrowed.needs_second_person == free.needs_second_person
    if narrowed.allowed and place is not None:
        assert within.covers(place)


@given(grants_, grants_, acts, places_)
def test_rights_are_the_sum_of_the_grants_and_expired_ones_count_for_nothing(
    some: list[Grant], more: list[Grant], act: Act, place: Place | None
) -> None:
    def allowed(grants: list[Grant]) -> bool:
        return may(grants, act, place, now_us=NOW_US).allowed

    assert allowed(some + more) == (allowed(some) or allowed(more))
    assert allowed(some) == allowed([grant for grant in some if grant.expires_us is None or grant.expires_us > NOW_US])
