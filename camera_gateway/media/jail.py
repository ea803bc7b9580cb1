"""The jail in which bytes from a camera are decoded: a child process that can compute and nothing else (Z5, M2).

Two halves. `run_jailed` starts the child: an environment of nothing, no descriptor but its source, one pipe and
/dev/null, a time budget after which it is killed. `enter` is called by the child itself, once its modules are loaded
and before it reads the first byte: limits, no new privileges, Landlock and seccomp where the kernel has them. What
comes out of the pipe is to be distrusted as the bytes were. Linux only; knows no codec.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import select
import signal
import struct
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Limits:
    """What a jailed child may use: seconds of wall time and of CPU, bytes of address space and of answer."""

    wall_s: float = 20.0
    cpu_s: int = 10
    memory_bytes: int = 1_500_000_000
    answer_bytes: int = 65_536


class JailError(Exception):
    """The child gave no answer. `cause` is `time`, `too-much` or `died`."""

    def __init__(self, cause: str, detail: str) -> None:
        super().__init__(detail)
        self.cause = cause


def run_jailed(arguments: Sequence[str], source: int, limits: Limits) -> bytes:
    """Run `python -I` with `arguments`, descriptor `source` as its standard input; return what it wrote.

    Raises `JailError` when it was too slow, wrote too much, or ended in any other way than with code 0.
    """
    child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-I", *arguments],
        stdin=source,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},
        cwd="/",
        close_fds=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + limits.wall_s
    with child:
        try:
            answer = _answer(child, deadline, limits.answer_bytes)
            code = child.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired as error:
            raise JailError("time", f"killed after {limits.wall_s:g} s") from error
        finally:
            child.kill()  # harmless once it has been waited for
    if code:
        raise JailError("died", f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}")
    return answer


def _answer(child: subprocess.Popen[bytes], deadline: float, at_most: int) -> bytes:
    """Read the pipe to its end, no further than allowed."""
    if child.stdout is None:
        msg = "the child has no pipe"
        raise RuntimeError(msg)
    pipe = child.stdout.fileno()
    answer = bytearray()
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    while True:
        left_s = deadline - time.monotonic()
        if left_s <= 0 or not poll.poll(left_s * 1000):
            raise subprocess.TimeoutExpired(child.args, 0)
        piece = os.read(pipe, 65_536)
        if not piece:
            return bytes(answer)
        answer += piece
        if len(answer) > at_most:
            raise JailError("too-much", f"wrote more than {at_most} bytes")


_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_LANDLOCK_CREATE_RULESET, _LANDLOCK_RESTRICT_SELF, _LANDLOCK_VERSION = 444, 446, 1
_SECCOMP_SET_MODE_FILTER, _SECCOMP_TSYNC = 1, 1
_RET_ALLOW, _RET_KILL, _RET_EPERM = 0x7FFF0000, 0x80000000, 0x00050001
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06

# what computing on descriptors that are open takes; no open, no socket, no process, no signal, no memory of others:
# read write close fstat lseek mmap mprotect munmap brk rt_sigaction rt_sigprocmask rt_sigreturn pread64 readv writev
# sched_yield mremap madvise getpid exit sigaltstack gettid futex sched_getaffinity clock_gettime clock_nanosleep
# exit_group getrandom rseq set_robust_list restart_syscall times getrusage
_X86_64 = "0 1 3 5 8 9 10 12 11 13 14 15 17 19 20 24 25 28 39 60 131 186 202 204 228 230 231 318 334 273 219 100 98"
_AARCH64 = (
    "63 64 57 80 62 222 226 215 214 134 135 139 67 65 66 124 216 233 172 93 132 178 98 123 113 115 94 278 293 99 "
    "128 153 165"
)
_ALLOWED = {
    "x86_64": (
        0xC000003E,
        317,
        tuple(int(number) for number in _X86_64.split()),
    ),
    "aarch64": (
        0xC00000B7,
        277,
        tuple(int(number) for number in _AARCH64.split()),
    ),
}
"""By machine: AUDIT_ARCH, the number of seccomp(2), the numbers of the system calls that stay (asm/unistd.h)."""


def enter(limits: Limits) -> frozenset[str]:
    """Give up, for good, everything but computing; return which of `landlock` and `seccomp` the kernel has granted.

    Raises `OSError` when limits or no-new-privileges are refused: then nothing may be decoded.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    _demand(libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0), "prctl")
    _demand(libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl")
    _demand(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")
    granted = {"landlock"} if _landlock(libc) else set()
    for what, amount in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, limits.cpu_s),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 0),  # what is open stays open; nothing else ever is, no file and no socket
    ):
        resource.setrlimit(what, (amount, amount))
    if _seccomp(libc):
        granted.add("seccomp")
    return frozenset(granted)


def _landlock(libc: ctypes.CDLL) -> bool:
    """Forbid every access to files, TCP, abstract sockets and signals that this kernel's Landlock knows."""
    version = libc.syscall(_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), _LANDLOCK_VERSION)
    if version < 1:
        return False
    files = (1 << {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)) - 1
    words = [files, *([3] if version >= 4 else []), *([3] if version >= 6 else [])]  # noqa: PLR2004 - ABI numbers
    ruleset = struct.pack(f"={len(words)}Q", *words)
    handle = libc.syscall(_LANDLOCK_CREATE_RULESET, ruleset, ctypes.c_size_t(len(ruleset)), 0)
    if handle < 0:
        return False
    done = libc.syscall(_LANDLOCK_RESTRICT_SELF, handle, 0)
    os.close(handle)
    return bool(done == 0)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def _seccomp(libc: ctypes.CDLL) -> bool:
    """Refuse every system call that is not listed, in all threads; kill one of a foreign architecture."""
    known = _ALLOWED.get(platform.machine())
    if known is None:
        return False
    architecture, seccomp, allowed = known
    code = [(_LOAD, 0, 0, 4), (_JUMP_IF_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _RET_KILL), (_LOAD, 0, 0, 0)]
    # each match jumps over the rest of the list and over the refusal, to the permission at the end
    code += [(_JUMP_IF_EQUAL, len(allowed) - place, 0, number) for place, number in enumerate(allowed)]
    code += [(_RETURN, 0, 0, _RET_EPERM), (_RETURN, 0, 0, _RET_ALLOW)]
    packed = b"".join(struct.pack("=HBBI", *line) for line in code)
    program = _Program(len(code), packed)
    return bool(libc.syscall(seccomp, _SECCOMP_SET_MODE_FILTER, _SECCOMP_TSYNC, ctypes.byref(program)) == 0)


def _demand(answer: int, what: str) -> None:
    if answer != 0:
        raise OSError(ctypes.get_errno(), f"{what} was refused")
