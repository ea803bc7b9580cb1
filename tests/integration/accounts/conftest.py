"""The served house of people who sign in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio
from support.accounts import house as serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from support.accounts import House


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with serving(tmp_path) as served:
        yield served
