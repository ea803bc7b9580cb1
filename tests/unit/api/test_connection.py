"""What is said of an answer that did not reach its reader."""

from __future__ import annotations

import pytest
from aiohttp import ClientConnectionResetError

from camera_gateway.api.connection import QuietHandler


class Told:
    """Stands where a connection is: notes what it is told to log."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def log_exception(self, line: str, **_more: object) -> None:
        self.lines.append(line)


@pytest.mark.parametrize(
    ("status", "error", "lines"),
    [
        (500, RuntimeError("a defect"), ["answer failed"]),
        (500, ClientConnectionResetError("who seeks ends the request before"), []),
        (500, ConnectionResetError(), []),
        (400, ValueError("what was sent is no HTTP"), []),
    ],
)
def test_a_defect_is_logged_and_a_reader_who_left_is_not(status: int, error: Exception, lines: list[str]) -> None:
    told = Told()
    answer = QuietHandler.handle_error(told, None, status, error)  # type: ignore[arg-type]
    assert told.lines == lines
    assert answer.status == status
    assert "aiohttp" not in answer.headers.get("Server", "")
