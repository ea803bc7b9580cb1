from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakecam.clips import tiny

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return tiny(tmp_path_factory.mktemp("clips"), length_s=2)
