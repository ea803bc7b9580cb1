from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.command_line import Directory

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Directory]:
    """An installation whose `serve` runs."""
    directory = Directory(tmp_path_factory.mktemp("served"), here=True)
    directory.add_institution()
    with directory.serving():
        yield directory
