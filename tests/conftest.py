"""What holds for every test: end-to-end tests come last and never two at a time.

They start whole gateways with ten cameras and look at the clock, so they share the machine with nothing of
their kind. The order of all others stays random.
"""

from __future__ import annotations

from pathlib import Path

import pytest

END_TO_END = Path(__file__).parent / "e2e"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Move the end-to-end tests to the end, into one group of one worker (`--dist loadgroup`)."""
    last = [item for item in items if END_TO_END in item.path.parents]
    for item in last:
        for node in item.listchain():  # pytest-xdist would join several groups into one more, and run both at once
            node.own_markers[:] = [mark for mark in node.own_markers if mark.name != "xdist_group"]
        item.add_marker(pytest.mark.xdist_group("end-to-end"))
    items[:] = [item for item in items if END_TO_END not in item.path.parents] + last
