"""A data directory of its own and the real command line on it: what a shell sees, without the recorder and without S3.

`Directory.run` starts `python -m camera_gateway`, or with `here` calls the same entry point in this process, which
spares a second per command; `serving` runs `serve` beside it. Everything that a command printed is kept, so that a
test can look for what must not be there.
"""

from __future__ import annotations

import io
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from camera_gateway.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CONFIG = """\
[site]
data_dir = "data"
allowed_networks = ["127.0.0.0/8"]

[store]
kind = "directory"
directory = "store"
object_lock = "none"

[api]
port = {port}
"""
INSTITUTION = "kg-12"


@dataclass(frozen=True, slots=True)
class Done:
    """One command that ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:  # noqa: ANN401 - JSON
        return json.loads(self.out)

    @property
    def line(self) -> str:
        """The one line of an error for a person."""
        assert self.out == ""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        return lines[0]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Directory:
    """An installation that was made by `init`."""

    def __init__(self, root: Path, *, more: str = "", init: bool = True, here: bool = False) -> None:
        root.mkdir(parents=True, exist_ok=True)
        (root / "store").mkdir(exist_ok=True)
        self.root, self.data = root, root / "data"
        self.port = free_port()
        self.config = root / "gateway.toml"
        self.config.write_text(CONFIG.format(port=self.port) + more, encoding="utf-8")
        self.printed: list[str] = []
        self.here = here
        if init:
            assert self.run("init").code == 0

    def run(
        self,
        *words: str,
        stdin: str | None = None,
        config: bool = True,
        environment: dict[str, str] | None = None,
        timeout_s: float = 90,
    ) -> Done:
        """Run one command to its end; `config` puts --config in front."""
        arguments = [*(["--config", str(self.config)] if config else []), *words]
        if self.here and config and environment is None:
            done = _called(arguments, stdin)
        else:
            ended = subprocess.run(
                [sys.executable, "-m", "camera_gateway", *arguments],
                input=stdin,
                capture_output=True,
                text=True,
                timeout=timeout_s,
                check=False,
                cwd=self.root,
                env={**os.environ, "COLUMNS": "200", **(environment or {})},
            )
            done = Done(ended.returncode, ended.stdout, ended.stderr)
        self.printed += [done.out, done.err]
        assert "Traceback" not in done.out + done.err, done.err
        return done

    def json(self, *words: str, stdin: str | None = None, code: int = 0) -> Any:  # noqa: ANN401 - JSON
        """Run with --json; hold it to its exit code, one document, and silence beside it."""
        done = self.run(*words, "--json", stdin=stdin)
        assert done.code == code, done
        assert done.err == "", done.err
        return done.document

    def add_institution(self, *words: str) -> None:
        self.json("institution", "add", "--name", "Детский сад № 12", "--id", INSTITUTION, *words)

    def camera_words(self, url: str, identity: str = "yard", *words: str) -> list[str]:
        fixed = ["camera", "add", "--institution", INSTITUTION, "--name", "Двор", "--zone", "yard"]
        return [*fixed, "--id", identity, "--url", url, *words]

    @contextmanager
    def serving(self) -> Iterator[subprocess.Popen[bytes]]:
        """Run `serve` until the block ends; it must end in good order."""
        process = self.start_serve()
        log = self.root / "serve.log"
        try:
            self.await_answer(process, lambda: answers(self.data / "control.sock"))
            yield process
            process.send_signal(signal.SIGCONT)
            process.terminate()
            assert process.wait(30) == 0, log.read_text()[-4000:]
        finally:
            process.kill()
            process.wait()
        assert "Traceback" not in log.read_text()

    def start_serve(self) -> subprocess.Popen[bytes]:
        """Start `serve`, its log in serve.log; the caller ends it."""
        with (self.root / "serve.log").open("ab") as file:
            return subprocess.Popen(
                [sys.executable, "-m", "camera_gateway", "--config", str(self.config), "serve"],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                cwd=self.root,
            )

    def await_answer(self, process: subprocess.Popen[bytes], answered: Callable[[], bool]) -> None:
        """Wait until `serve` answers."""
        log = self.root / "serve.log"
        deadline = time.monotonic() + 60
        while not answered():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)

    def everything(self) -> Iterator[tuple[str, bytes]]:
        """Every byte that this installation has printed, logged or kept, by where."""
        for number, text in enumerate(self.printed):
            yield f"output {number}", text.encode()
        for path in self.root.rglob("*"):
            if path.is_file() and not path.is_symlink():
                yield str(path.relative_to(self.root)), path.read_bytes()


def _called(arguments: list[str], stdin: str | None) -> Done:
    """Call the entry point in this process; an exception that would be a traceback is raised."""
    out, err, before = io.StringIO(), io.StringIO(), sys.stdin
    root = logging.getLogger()
    handlers, level = root.handlers.copy(), root.level
    root.handlers.clear()  # the command's own setting up would close those of pytest
    sys.stdin = io.StringIO(stdin or "")
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main.main(args=arguments, prog_name="camera-gateway")
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    finally:
        sys.stdin, root.handlers = before, handlers
        root.setLevel(level)
        structlog.reset_defaults()
    return Done(code, out.getvalue(), err.getvalue())


def answers(path: Path) -> bool:
    """Whether somebody listens at a Unix socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True
