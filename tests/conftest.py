"""What holds for every test: end-to-end tests come first and never two at a time, other long ones next.

End-to-end tests start whole gateways with ten cameras, mostly wait for a stream's own time and look at the clock: they
have a worker for themselves, go before the others on the processor (these are nicer), and share the machine with
nothing of their kind. The tests of any other file stay on one worker too, so that a server they share is started once.
Files with long tests are dealt out before the rest, so that no worker is left alone with one at the end; beyond that
the order of files, and of tests in a file, is random.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from xdist.remote import Producer

END_TO_END = Path(__file__).parent / "e2e"
NICER = 5
NICE = pytest.StashKey[bool]()
WHATEVER_THE_LOAD = "whatever the load"
SOCKETS = Path("/tmp")  # noqa: S108 - where SeaweedFS puts them, whatever TMPDIR says


# an example that took long on a busy machine says nothing of the code; on a build machine (CI) examples are the same
# each time
settings.register_profile(
    WHATEVER_THE_LOAD, settings.get_profile("ci" if os.environ.get("CI") else "default"), deadline=None
)
settings.load_profile(WHATEVER_THE_LOAD)


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
    """Move what takes long to the front, whole files at a time, after all have been shuffled."""
    long = {item.path for item in items if item.get_closest_marker("slow") is not None}
    items.sort(key=lambda item: (END_TO_END not in item.path.parents, item.path not in long))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let end-to-end tests go first wherever there is too little processor for all; only among parallel workers."""
    if "PYTEST_XDIST_WORKER" not in os.environ or END_TO_END in item.path.parents:
        return
    if NICE not in item.config.stash:
        os.nice(NICER)
        item.config.stash[NICE] = True


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Clear away the sockets that the stores of this run have left in the temporary folder."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    for path in SOCKETS.glob("seaweedfs-*.sock"):
        with suppress(OSError), socket.socket(socket.AF_UNIX) as asking:
            try:
                asking.connect(str(path))
            except ConnectionRefusedError:  # nobody listens any more
                path.unlink()
