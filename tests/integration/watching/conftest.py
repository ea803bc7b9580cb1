from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.watching_rig import Theatre, theatre

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Theatre]:
    async with theatre(tmp_path) as served:
        served.enrol("aigul", ("auditor", "all"))
        yield served
