"""What holds for every test: end-to-end tests come last and never two at a time.

They start whole gateways with ten cameras and look at the clock, so they share the machine with nothing of
their kind. The tests of any other file stay on one worker too, so that a server they share is started once;
the order of files, and of tests in a file, is random.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from xdist.remote import Producer

END_TO_END = Path(__file__).parent / "e2e"


class ByFile(LoadScopeScheduling):
    """Gives a worker a file at a time, and all end-to-end tests to one worker.

    Instead of `--dist loadgroup`: with pytest 9 its groups have no effect (pytest-xdist 3.8 writes them into an
    attribute that pytest no longer reads).
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "end-to-end" if "e2e" in Path(file).parts else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    """Deal out tests by file, in their order rather than biggest file first."""
    config.option.loadscopereorder = False
    return ByFile(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Move the end-to-end tests to the end, after all have been shuffled."""
    items.sort(key=lambda item: END_TO_END in item.path.parents)
