"""A catalogue with two cameras on a held clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.catalogue_rows import new_catalogue

from camera_gateway.clock import HeldClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from camera_gateway.catalogue.opening import Catalogue


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def catalogue(tmp_path: Path, clock: HeldClock) -> Iterator[Catalogue]:
    with new_catalogue(tmp_path, clock, "hall", "yard") as opened:
        yield opened
