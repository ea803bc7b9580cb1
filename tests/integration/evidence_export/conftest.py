from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.evidence_house import House, evidence_house

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with evidence_house(tmp_path) as made:
        yield made
