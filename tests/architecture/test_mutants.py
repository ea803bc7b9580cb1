"""The list of mutants is true to the code, and a mutant that is run is really run; scripts/mutants runs them all."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest
from support.mutants import Mutant, copy_of_the_tree, mutants, outcome, passes
from support.tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

ALL = mutants()
QUICK = "a role never expires"


@pytest.mark.parametrize("mutant", ALL, ids=lambda mutant: mutant.name)
def test_a_mutant_fits_the_code_and_has_a_test(mutant: Mutant) -> None:
    ast.parse(mutant.source)
    assert mutant.source != (ROOT / mutant.file).read_text()
    assert (ROOT / mutant.test).is_file()


def test_there_are_enough_of_them_and_each_is_one() -> None:
    assert len(ALL) >= 25
    assert len({mutant.name for mutant in ALL}) == len(ALL)


def test_a_mutant_is_killed_by_a_test_that_passes_without_it(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    copy_of_the_tree(tree)
    (mutant,) = [one for one in ALL if one.name == QUICK]
    assert outcome(mutant, tree)[0]
    sound, said = passes(mutant.test, tree)
    assert sound, said
