"""Names of Unix sockets that do not fit are given another way."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from camera_gateway.api.unix_path import LONGEST_BYTES, short_name

if TYPE_CHECKING:
    from pathlib import Path


def test_a_name_that_fits_is_used_as_it_is(tmp_path: Path) -> None:
    with short_name(tmp_path / "s") as name:
        assert name == str(tmp_path / "s")


@pytest.mark.parametrize("extra", [0, 1, 200])
def test_a_socket_can_be_bound_and_found_in_a_deep_directory(tmp_path: Path, extra: int) -> None:
    # one byte of Cyrillic text is two on the way to the kernel
    deep = tmp_path / ("д" * 50) / ("d" * extra)
    deep.mkdir(parents=True)
    path = deep / "control.sock"
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as caller:
        with short_name(path) as name:
            assert len(name.encode()) <= LONGEST_BYTES
            listener.bind(name)
        listener.listen()
        with short_name(path) as name:
            caller.connect(name)
        assert path.is_socket()


def test_a_deep_directory_that_is_not_there_is_an_ordinary_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), short_name(tmp_path / ("d" * 120) / "control.sock"):
        pass
