from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.command_line import Directory

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Directory:
    """An installation with an institution and one camera that was never tried; no service runs."""
    directory = Directory(tmp_path_factory.mktemp("made"), here=True)
    directory.add_institution()
    directory.json(*directory.camera_words("rtsp://127.0.0.1:9/main", "yard", "--no-probe"))
    return directory


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Directory]:
    """The same, with `serve` running."""
    directory = Directory(tmp_path_factory.mktemp("served"))
    directory.add_institution()
    with directory.serving():
        yield directory
