"""Two institutions, three cameras and people, with a store in memory; see support.people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.people import installation_of_people

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.people import People


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    with installation_of_people(tmp_path) as made:
        yield made
