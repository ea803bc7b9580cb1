"""Every verb names the right that it takes; none is open by forgetfulness."""

from __future__ import annotations

import pytest

from camera_gateway.access.permissions import ACTIONS, Act, Second
from camera_gateway.actions import places
from camera_gateway.actions.verbs import VERBS

# lists that say nothing of a place, or ask for every row by themselves
ANYWHERE_WITHOUT_ROWS = {
    "standard.list",
    "standard.show",
    "fact.kinds",
    # of institutions, each of which is asked for
    "compliance.overview",
    # row by row, when they are tried and when they are created; templates are the same for all
    "camera.import-template",
    "institution.import",
    "institution.import-template",
    "user.add",
    "user.list",
    "user.disable",
    "user.role",
    "user.invite",
    "user.totp-reset",
    "token.create",
    "token.list",
    "token.revoke",
    # asked for one by one, by whose job it is and what it does
    "job.list",
    "job.show",
    "job.cancel",
    "today",
    "role.list",
    "user.show",
}
EVERYBODYS = {
    "institution.list",
    "institution.show",
    "site.list",
    "camera.list",
    "job.list",
    "job.show",
    "job.cancel",
    "today",
    "role.list",
}


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_names_an_act_of_the_table(name: str) -> None:
    assert isinstance(VERBS[name].act, Act)
    assert VERBS[name].act in ACTIONS


@pytest.mark.parametrize("name", [name for name, verb in VERBS.items() if verb.places is places.anywhere])
def test_a_verb_that_may_be_asked_anywhere_has_its_rows_looked_at(name: str) -> None:
    assert (VERBS[name].row is None) == (name in ANYWHERE_WITHOUT_ROWS)


@pytest.mark.parametrize("name", [name for name, verb in VERBS.items() if verb.row is not None])
def test_rows_are_looked_at_where_anybody_may_ask(name: str) -> None:
    assert VERBS[name].places is places.anywhere


def test_a_verb_that_always_takes_two_asks_for_the_second() -> None:
    closed = [v.name for v in VERBS.values() if ACTIONS[v.act].second is Second.ALWAYS and not v.asks_second]
    assert closed == [], "nobody could use them: call require_second in them"


@pytest.mark.parametrize(("name", "fields"), [(name, set(v.arguments.model_fields)) for name, v in VERBS.items()])
def test_a_verb_that_takes_a_camera_or_an_institution_is_asked_for_that_place(name: str, fields: set[str]) -> None:
    if fields & {"camera", "cameras", "institution"} and VERBS[name].row is None:
        assert VERBS[name].places is not places.anywhere


def test_only_names_of_cameras_and_institutions_are_for_everybody() -> None:
    assert {name for name, verb in VERBS.items() if verb.act is Act.REGISTRY_SEE} == EVERYBODYS
