"""The control socket of a real `serve`: who asks, what is refused, and what a bad client cannot do."""

from __future__ import annotations

import getpass
import json
import signal
import socket
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from support.command_line import Directory, answers

from camera_gateway.api import control_client
from camera_gateway.api.control_client import NobodyServes, ask
from camera_gateway.errors import GatewayError, InvalidInput, NotFound, Unavailable

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


def sock(directory: Directory) -> Path:
    return directory.data / "control.sock"


def raw(directory: Directory, request: bytes, *, finish: bool = True) -> bytes:
    """Send bytes as they are and return all that comes back."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(20)
        connection.connect(str(sock(directory)))
        try:
            connection.sendall(request)
            if finish:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it may have had enough of us
        answer = b""
        try:
            while piece := connection.recv(1 << 16):
                answer += piece
        except ConnectionError:
            pass  # dropped, as it may
        return answer


def test_only_its_owner_may_open_it(served: Directory) -> None:
    mode = sock(served).stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert mode & 0o777 == 0o600
    assert not (served.data / "control.new").exists()


def test_who_asks_is_taken_from_the_kernel_and_written_down(served: Directory) -> None:
    arguments = {"name": "Школа 7", "id": "school-7", "kind": "school"}
    forged = {"verb": "institution.add", "arguments": arguments, "actor": "shell:somebody-else"}
    assert b'"result"' in raw(served, json.dumps(forged).encode() + b"\n")
    with closing(sqlite3.connect(served.data / "catalogue.sqlite")) as connection:
        rows = connection.execute("SELECT actor FROM audit WHERE object = 'institution:school-7'").fetchall()
    assert rows == [(f"shell:{getpass.getuser()}",)]


@pytest.mark.parametrize(
    "request_",
    [
        b"\n",
        b"hello\n",
        b"[]\n",
        b"null\n",
        b"{}\n",
        b'{"verb": 7}\n',
        b'{"verb": "camera.list", "arguments": [1]}\n',
        b'{"verb": "camera.list", "arguments": "x"}\n',
        b'{"verb": "camera.list", "arguments": {"password": "canary-1"}}\n',
        b'{"verb": "camera.probe", "arguments": {"url": "rtsp://127.0.0.1:9/", "seconds": 1e9}}\n',
        b'{"verb": "camera.probe", "arguments": {"url": "rtsp://127.0.0.1:9/", "seconds": NaN}}\n',
        b'{"verb": "camera.add", "arguments": {"password": {"canary-1": 1}}}\n',
        b'{"verb": "' + b"x" * 500_000 + b'"}\n',
        b"[" * 200_000 + b"\n",
        b'{"verb": "\xff\xfe"}\n',
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b'{"verb": "camera.list"',
    ],
    ids=lambda value: value[:40].decode("latin-1"),
)
def test_a_malformed_request_is_answered_with_an_error(served: Directory, request_: bytes) -> None:
    answer = raw(served, request_)
    assert answer, "dropped without a word"
    found = json.loads(answer)
    assert set(found) == {"error", "exit"}
    assert found["exit"] == 2
    assert len(answer) < 1000
    assert b"canary-1" not in answer


@pytest.mark.parametrize("request_", [b"x" * 3_000_000 + b"\n", b""], ids=["huge", "nothing"])
def test_a_request_without_measure_is_dropped_and_the_next_is_served(served: Directory, request_: bytes) -> None:
    assert raw(served, request_) == b""
    assert ask(sock(served), "camera.list", {}, answer_s=10) == []


def test_slow_and_silent_clients_keep_nobody_waiting(served: Directory) -> None:
    silent = [socket.socket(socket.AF_UNIX) for _ in range(20)]
    try:
        for connection in silent:
            connection.connect(str(sock(served)))
            connection.sendall(b'{"verb": ')
        assert ask(sock(served), "camera.list", {}, answer_s=10) == []
    finally:
        for connection in silent:
            connection.close()


def test_many_at_once_are_all_answered_and_a_change_happens_once(served: Directory) -> None:
    def add(number: int) -> Any:  # noqa: ANN401 - JSON or the error
        try:
            return ask(sock(served), "institution.add", {"name": "Одна", "id": f"one-{number % 5}"}, answer_s=60)
        except InvalidInput as error:
            return error.code

    with ThreadPoolExecutor(20) as many:
        results = list(many.map(add, range(40)))
    assert sum(isinstance(r, dict) for r in results) == 5
    assert results.count("exists") == 35
    assert served.json("check")["ok"]


def test_errors_come_back_as_they_were_raised(served: Directory) -> None:
    with pytest.raises(NotFound) as found:
        ask(sock(served), "camera.show", {"camera": "nobody"}, answer_s=10)
    assert (found.value.exit_code, found.value.code) == (3, "not-found")
    assert found.value.hint
    with pytest.raises(InvalidInput, match="no such verb"):
        ask(sock(served), "camera.explode", {}, answer_s=10)


def test_nobody_listens_is_told_from_everything_else(tmp_path: Path) -> None:
    with pytest.raises(NobodyServes):
        ask(tmp_path / "control.sock", "status", {}, answer_s=1)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "control.sock"))
    with pytest.raises(NobodyServes):
        ask(tmp_path / "control.sock", "status", {}, answer_s=1)


def test_a_service_that_hangs_up_did_not_finish(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as listener, ThreadPoolExecutor(1) as other:
        listener.bind(str(path))
        listener.listen()

        def hang_up(said: bytes) -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(said)

        for said in (b"", b"\n", b'\n{"result": '):
            other.submit(hang_up, said)
            with pytest.raises(Unavailable):
                ask(path, "status", {}, answer_s=5)


def test_a_service_that_holds_the_catalogue_and_does_not_answer_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = Directory(tmp_path, here=True)
    with directory.serving() as process:
        monkeypatch.setattr(control_client, "HEARD_S", 1.0)
        process.send_signal(signal.SIGSTOP)
        error = directory.json("camera", "list", code=5)["error"]
        assert "does not answer" in error["message"]
        process.send_signal(signal.SIGCONT)
        assert directory.json("camera", "list") == []


def test_a_socket_left_by_a_dead_service_is_passed_by_and_then_replaced(tmp_path: Path) -> None:
    directory = Directory(tmp_path, here=True)
    process = directory.start_serve()
    directory.await_answer(process, lambda: answers(sock(directory)))
    process.kill()
    process.wait()
    assert sock(directory).exists()
    assert not answers(sock(directory))
    directory.add_institution()  # opens the catalogue itself
    with directory.serving():
        assert [i["id"] for i in directory.json("institution", "list")] == ["kg-12"]
        second = directory.run("serve", environment={"CAMERA_GATEWAY_API__PORT": "1"})
        assert second.code == 4
        assert "another process owns the catalogue" in second.line
        assert answers(sock(directory)), "the second one took the first one's socket away"
    assert not sock(directory).exists()


def test_a_data_directory_may_be_deeper_than_a_socket_s_name_may_be_long(tmp_path: Path) -> None:
    directory = Directory(tmp_path / ("d" * 60) / ("e" * 60), here=True)
    assert len(str(sock(directory))) > 107
    directory.add_institution()
    with pytest.raises(NobodyServes):
        ask(sock(directory), "status", {}, answer_s=1)
    process = directory.start_serve()
    try:
        directory.await_answer(process, lambda: isinstance(try_status(directory), dict))
        assert [i["id"] for i in directory.json("institution", "list")] == ["kg-12"]
    finally:
        process.terminate()
        assert process.wait(30) == 0


def try_status(directory: Directory) -> Any:  # noqa: ANN401 - JSON or None
    try:
        return ask(sock(directory), "status", {}, answer_s=10)
    except GatewayError:
        return None
