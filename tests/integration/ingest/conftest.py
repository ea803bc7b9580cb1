"""Small clips for the fake cameras of these tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakecam.clips import tiny
from support.recording import Site

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return tiny(tmp_path_factory.mktemp("clips"), length_s=2)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    root = tmp_path / "data"
    root.mkdir()
    return Site(root)
