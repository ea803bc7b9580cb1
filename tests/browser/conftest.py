"""What tests of pages share: the browser of a file, and a visit per test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.browser import chromium

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for the tests of one file."""
    with chromium() as opened:
        yield opened
