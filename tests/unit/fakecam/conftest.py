from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakecam.clips import tiny
from fakecam.layout import Clip, load_clip

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def tiny_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return tiny(tmp_path_factory.mktemp("clips"), length_s=2)


@pytest.fixture(scope="session")
def tiny_clips(tiny_files: dict[str, Path]) -> dict[str, Clip]:
    return {name: load_clip(path) for name, path in tiny_files.items()}
