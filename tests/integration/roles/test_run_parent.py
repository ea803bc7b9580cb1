"""`camera-gateway run` as real processes, no cameras: ready, asked, killed piece by piece, ended without a trace."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.installation import Installation, until
from support.seaweed import free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240), pytest.mark.xdist_group("run-parent")]

CHILDREN = ("record", "serve", "store")
READY_WITHIN_S = 30
ENDED_WITHIN_S = 20


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def new_installation(root: Path) -> Installation:
    return Installation(root, port=free_port(), store_port=free_ports()["s3"])


def answer(installation: Installation, path: str) -> tuple[int, dict[str, Any]] | None:
    """Status and body of an HTTP answer, None while nobody listens."""
    connection = http.client.HTTPConnection("127.0.0.1", installation.port, timeout=5)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def ready(installation: Installation) -> bool:
    found = answer(installation, "/readyz")
    return found is not None and found[0] == http.HTTPStatus.OK


def processes_of(root: Path) -> set[int]:
    """Every process whose command line names a place under `root`: all of ours do."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if os.fsencode(root) in path.read_bytes():
                found.add(int(path.parent.name))
    return found


def pids(installation: Installation) -> dict[str, int | None]:
    return {name: installation.child(name) for name in CHILDREN}


def left_behind(installation: Installation) -> list[str]:
    """Files that only a running or a crashed installation has."""
    return [
        str(path.relative_to(installation.data))
        for path in installation.data.rglob("*")
        if path.suffix in {".part", ".tmp", ".sock"}
    ]


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, float]]:
    """A running installation, and how long it took until it was ready."""
    installation = new_installation(tmp_path_factory.mktemp("run"))
    began = time.monotonic()
    try:
        installation.start()
        until(lambda: ready(installation), 60, installation.log)
        yield installation, time.monotonic() - began
    finally:
        installation.stop()


@pytest.fixture
def installation(started: tuple[Installation, float]) -> Installation:
    return started[0]


def test_it_is_alive_and_ready_within_half_a_minute(started: tuple[Installation, float]) -> None:
    installation, seconds = started
    assert seconds < READY_WITHIN_S
    assert answer(installation, "/healthz") == (200, {"status": "alive"})
    assert answer(installation, "/readyz") == (200, {"status": "ready", "lacking": {}})


def test_doctor_is_answered_over_the_socket_and_finds_everything_proven(installation: Installation) -> None:
    found = installation.run("doctor")  # serve owns the catalogue: without the socket this is refused
    lacking = {each["name"]: each["detail"] for each in found["properties"] if each["state"] != "proven"}
    assert (found["ok"], lacking) == (True, {})
    assert {"lock-delete-refused", "disk", "database", "recorder"} <= {each["name"] for each in found["properties"]}


def test_the_socket_and_the_plan_are_ours_alone(installation: Installation) -> None:
    for name in ("control.sock", "plan.json", "keys/credentials.key", "store/keeper.secret.key"):
        assert stat.S_IMODE((installation.data / name).stat().st_mode) == 0o600, name


@pytest.mark.parametrize("name", CHILDREN)
def test_a_child_that_is_killed_comes_back_and_the_others_do_not_notice(installation: Installation, name: str) -> None:
    until(lambda: None not in pids(installation).values() and ready(installation), 30, installation.log)
    before = pids(installation)
    killed = installation.kill(name)
    until(lambda: installation.child(name) not in {None, killed}, 20, installation.log)
    until(lambda: ready(installation) and installation.status() is not None, 30, installation.log)
    until(lambda: installation.run("doctor", code=None)["ok"], 60, installation.log)
    assert {other: pid for other, pid in pids(installation).items() if other != name} == {
        other: pid for other, pid in before.items() if other != name
    }


def test_a_second_run_on_the_same_data_is_refused_in_one_line_and_disturbs_nothing(installation: Installation) -> None:
    until(lambda: None not in pids(installation).values(), 30, installation.log)
    before = pids(installation)
    second = subprocess.run(
        [sys.executable, "-m", "camera_gateway", "--config", str(installation.config), "run", "--for", "20"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (second.returncode, second.stdout) == (4, "")
    assert len(second.stderr.splitlines()) == 1
    assert "another run uses" in second.stderr
    assert str(installation.data) in second.stderr
    assert pids(installation) == before
    assert ready(installation)


def test_sigterm_ends_everything_in_time_and_leaves_no_trace_and_it_starts_again(tmp_path: Path) -> None:
    installation = new_installation(tmp_path)
    try:
        for _ in range(2):
            installation.start()
            assert processes_of(tmp_path) >= {pid for pid in pids(installation).values() if pid is not None}
            assert "control.sock" in left_behind(installation)
            began = time.monotonic()
            installation.stop()
            assert time.monotonic() - began < ENDED_WITHIN_S
            assert processes_of(tmp_path) == set()
            assert left_behind(installation) == []
            assert "Traceback" not in (installation.root / "run.log").read_text()
    finally:
        installation.kill_everything()


def test_a_sigterm_in_the_middle_of_the_start_leaves_no_process_either(tmp_path: Path) -> None:
    installation = new_installation(tmp_path)
    with (tmp_path / "run.log").open("ab") as log:
        run = subprocess.Popen(
            [sys.executable, "-m", "camera_gateway", "--config", str(installation.config), "run"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        until(lambda: len(processes_of(tmp_path)) > 1, 30, installation.log)  # the parent and its first child
        run.send_signal(signal.SIGTERM)
        assert run.wait(ENDED_WITHIN_S) == 0
        assert processes_of(tmp_path) == set()
        assert left_behind(installation) == []
    finally:
        run.kill()
        run.wait()


def test_kill_9_of_the_parent_takes_the_children_along_and_the_next_run_comes_up(tmp_path: Path) -> None:
    installation = new_installation(tmp_path)
    try:
        installation.start()
        installation.kill_everything()
        until(lambda: processes_of(tmp_path) == set(), 5, installation.log)
        installation.start()
        until(lambda: ready(installation), READY_WITHIN_S, installation.log)
        assert installation.run("doctor")["ok"]
    finally:
        installation.stop()
