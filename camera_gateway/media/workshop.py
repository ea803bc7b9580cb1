"""Jailed children that stay: one job after another for one camera, so that a picture need not wait for a new process.

Promises: a child serves one camera only, so that one camera's bytes never meet another's; at most so many work at
once and so many jobs wait, beyond that `Busy`; a child that is too slow, dies or answers nonsense is killed and its
job fails. What comes out is to be distrusted as what went in. Blocks; for threads that may wait.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import struct
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from camera_gateway.media.jail import JailError

if TYPE_CHECKING:
    from collections.abc import Mapping

CHILD = "camera_gateway.media.picture_child"
HEAD = struct.Struct(">II")
"""Before each request and each answer: the length of its JSON and of the bytes that follow it."""
SOUND_MARGIN = 3
"""AAC frames that are coded before and after those that count: a frame overlaps the next one, and the encoder shapes
its windows by what is coming; with less, slices do not fit together."""
LONGEST_JSON = 1 << 20
LARGEST_ANSWER = 64 << 20
JOBS = 100
"""After so many a child is replaced: what a decoder leaks or has been made to remember ends there."""
IDLE_S = 60.0
_PIECE = 1 << 16


class Busy(Exception):
    """All children work and enough jobs wait. `retry_s` is when to ask again."""

    def __init__(self, retry_s: int) -> None:
        super().__init__("all decoders are busy")
        self.retry_s = retry_s


@dataclass(slots=True)
class _Child:
    process: subprocess.Popen[bytes]
    camera: str = ""
    jobs: int = 0
    since_s: float = field(default_factory=time.monotonic)


class Workshop:
    """Up to `children` at work at once, `waiting` jobs in line. Made by `roles`; `close` ends every child.

    `spare`: keep one more ready that nobody has used, so that the next camera need not wait for a new process.
    `jobs`: after how many a child is replaced. `environment`: all that a child has of one.
    """

    def __init__(
        self,
        children: int = 1,
        waiting: int = 8,
        child: tuple[str, ...] = ("-m", CHILD),
        *,
        spare: bool = True,
        jobs: int = JOBS,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._free = threading.Semaphore(children)
        self._lock = threading.Lock()
        self._limit = children + waiting
        self._keep = children + 1
        self._inside = 0
        self._idle: list[_Child] = []
        self._program = child
        self._spare = spare
        self._jobs = jobs
        self._environment = dict(environment or {})
        self._closed = False

    def do(self, camera: str, job: Mapping[str, Any], payload: bytes, wall_s: float) -> tuple[dict[str, Any], bytes]:
        """Have a job done for a camera; return the answer's JSON and bytes.

        Raises `Busy`, and `JailError` when the child gave no answer within `wall_s` or none that can be read.
        """
        with self._lock:
            if self._inside >= self._limit:
                raise Busy(1)
            self._inside += 1
        try:
            with self._free:
                child = self._take(camera)
                try:
                    answer = _exchange(child.process, job, payload, time.monotonic() + wall_s)
                except BaseException:
                    _end(child)
                    raise
                self._give_back(child)
                return answer
        finally:
            with self._lock:
                self._inside -= 1

    def warm(self) -> None:
        """Have a child ready that nobody has used."""
        with self._lock:
            if self._closed or any(not child.camera for child in self._idle):
                return
            self._idle.append(self._new())

    def tidy(self) -> None:
        """End the children that nobody has needed for a while."""
        with self._lock:
            ended = [child for child in self._idle if time.monotonic() - child.since_s > IDLE_S]
            self._idle = [child for child in self._idle if child not in ended]
        for child in ended:
            _end(child)

    def close(self) -> None:
        """End every child. Harmless to repeat."""
        with self._lock:
            self._closed = True
            ended, self._idle = self._idle, []
        for child in ended:
            _end(child)

    def _take(self, camera: str) -> _Child:
        with self._lock:
            known = next((child for child in self._idle if child.camera == camera), None)
            found = known or next((child for child in self._idle if not child.camera), None)
            if found is not None:
                self._idle.remove(found)
        if found is not None and found.process.poll() is not None:
            _end(found)
            found = None
        child = found or self._new()
        child.camera = camera
        return child

    def _give_back(self, child: _Child) -> None:
        child.jobs += 1
        child.since_s = time.monotonic()
        ended: list[_Child] = []
        with self._lock:
            if self._closed or child.jobs >= self._jobs:
                ended.append(child)
            else:
                self._idle.append(child)
            while len(self._idle) > self._keep:
                ended.append(self._idle.pop(0))
        for each in ended:
            _end(each)
        if self._spare:
            self.warm()

    def _new(self) -> _Child:
        return _Child(
            subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-I", *self._program],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=self._environment,
                cwd="/",
                close_fds=True,
                start_new_session=True,
            )
        )


def _end(child: _Child) -> None:
    process = child.process
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):  # what had not been written is of no use to anybody
                pipe.close()


def _exchange(
    process: subprocess.Popen[bytes], job: Mapping[str, Any], payload: bytes, deadline: float
) -> tuple[dict[str, Any], bytes]:
    """Write one request and read one answer, neither beyond the deadline."""
    if process.stdin is None or process.stdout is None:
        msg = "the child has no pipes"
        raise RuntimeError(msg)
    into, out = process.stdin.fileno(), process.stdout.fileno()
    os.set_blocking(into, False)
    text = json.dumps(job).encode()
    left = memoryview(HEAD.pack(len(text), len(payload)) + text + payload)
    answer = bytearray()
    wanted = HEAD.size
    while len(answer) < wanted:
        writable, readable = _await(into if left else None, out, deadline)
        if writable:
            left = _written(into, left)
        if readable:
            answer += _piece(out, wanted - len(answer))
            if len(answer) == HEAD.size == wanted:
                wanted += _lengths(answer)
    return _parsed(answer)


def _await(into: int | None, out: int, deadline: float) -> tuple[bool, bool]:
    """Return whether there is room to write and something to read."""
    poll = select.poll()
    poll.register(out, select.POLLIN)
    if into is not None:
        poll.register(into, select.POLLOUT)
    left_s = deadline - time.monotonic()
    ready = {fd for fd, _ in poll.poll(left_s * 1000)} if left_s > 0 else set()
    if not ready:
        raise JailError("time", "the decoder was too slow")
    return into in ready, out in ready


def _written(into: int, left: memoryview) -> memoryview:
    try:
        return left[os.write(into, left[:_PIECE]) :]
    except BlockingIOError:
        return left
    except BrokenPipeError as error:
        raise JailError("died", "the decoder ended before a job") from error


def _piece(out: int, wanted: int) -> bytes:
    piece = os.read(out, min(_PIECE, wanted))
    if not piece:
        raise JailError("died", "the decoder ended in the middle of a job")
    return piece


def _parsed(answer: bytearray) -> tuple[dict[str, Any], bytes]:
    size, _ = HEAD.unpack_from(answer)
    try:
        told = json.loads(answer[HEAD.size : HEAD.size + size])
    except ValueError as error:
        raise JailError("died", "the decoder gave an answer that makes no sense") from error
    if not isinstance(told, dict):
        raise JailError("died", "the decoder gave an answer that makes no sense")
    return told, bytes(answer[HEAD.size + size :])


def _lengths(head: bytearray) -> int:
    size, data = HEAD.unpack(head)
    if size > LONGEST_JSON or data > LARGEST_ANSWER:
        raise JailError("too-much", "the decoder has more to say than any picture needs")
    return int(size + data)
