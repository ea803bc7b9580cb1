"""The program that decodes one picture for a look: it forks, and each fork enters the jail, decodes once and is gone.

The process that stays has loaded everything and never decodes a byte; a fork of it costs some milliseconds where a
new process costs a quarter of a second, and one camera's bytes never meet another's. What a fork says is handed on
unread, up to the size that a picture has. Run by `look`, never imported by it.
"""

from __future__ import annotations

import gc
import importlib
import json
import mmap
import os
from typing import Any, cast

import av
from av.codec.context import CodecContext
from av.packet import Packet
from av.video.frame import VideoFrame

from camera_gateway.domain.picture import HEIGHT, PICTURE_BYTES, WIDTH
from camera_gateway.media.jail import Limits, enter
from camera_gateway.media.look import CODECS
from camera_gateway.media.workshop import HEAD

LATE = ("video.codeccontext", "video.reformatter")
"""What PyAV imports only when it is needed: inside the jail it could not."""
LIMITS = Limits(cpu_s=10)
LARGEST_JOB = 32 << 20
LARGEST_ANSWER = HEAD.size + PICTURE_BYTES + 1024
_READY: dict[str, Any] = {}
"""Decoders that have been opened and have seen nothing: each fork has its own copy, and uses one of them once."""


def decode(codec: str, payload: bytes) -> tuple[dict[str, Any], bytes]:
    """Decode one access unit; its size, and the planes of a small picture of full range."""
    if codec not in CODECS:
        return {"cause": "codec-refused"}, b""
    try:
        decoder = _READY.pop(codec, None) or _opened(codec)
        frames = [*decoder.decode(Packet(payload)), *decoder.decode(None)]
        if not frames or frames[0].is_corrupt:
            return {"cause": "undecodable"}, b""
        small = _scaled(frames[0])
    except (av.FFmpegError, OSError, ValueError, MemoryError):
        return {"cause": "undecodable"}, b""
    return {"width": frames[0].width, "height": frames[0].height}, b"".join(_rows(plane) for plane in small.planes)


def _opened(codec: str) -> Any:  # noqa: ANN401 - libav's types differ between its versions
    decoder = cast("Any", CodecContext.create(codec, "r"))
    decoder.thread_count = 1
    # what it smooths are small steps between blocks, and those go when the picture is made small
    decoder.options = {"skip_loop_filter": "all"}
    decoder.open()
    return decoder


def _scaled(frame: Any) -> Any:  # noqa: ANN401 - libav's types differ between its versions
    # a thread could not be made here; other ways to scale read a part of the picture only
    return frame.reformat(WIDTH, HEIGHT, "yuvj420p", interpolation="AREA", threads=1)


def _rows(plane: Any) -> bytes:  # noqa: ANN401 - likewise
    data, width, line = bytes(plane), plane.width, plane.line_size
    if line == width:
        return data[: width * plane.height]
    return b"".join(data[at : at + width] for at in range(0, line * plane.height, line))


def warm_up() -> None:
    """Do once what libav loads or looks up late, so that it is there before any jail is."""
    for name in LATE:
        importlib.import_module(f"av.{name}")
    _READY.update((codec, _opened(codec)) for codec in CODECS)
    for form in ("yuv420p", "yuvj420p", "yuv420p10le"):
        _rows(_scaled(VideoFrame(64, 48, form)).planes[0])
    gc.collect()
    gc.freeze()  # a fork that does not touch them does not copy them


def serve() -> None:
    """Answer jobs until the pipe ends. Of a look nothing is left in this memory when the next one begins."""
    room, answer = _room(LARGEST_JOB), _room(LARGEST_ANSWER)
    while True:
        head = bytearray(HEAD.size)
        if _read(0, memoryview(head)) < HEAD.size:
            return
        text, data = HEAD.unpack(head)
        if text + data > LARGEST_JOB:
            return
        with memoryview(room)[: text + data] as job, memoryview(answer) as whole:
            if _read(0, job) < text + data:
                return
            codec = str(json.loads(bytes(job[:text])).get("codec"))
            with whole[: _by_a_fork(codec, job[text:], whole)] as told:
                _write(1, told if _is_whole(told) else _answer({"cause": "died"}, b""))
        for each in (room, answer):
            each.madvise(mmap.MADV_DONTNEED)


def _room(size: int) -> mmap.mmap:
    """Return memory that is taken when it is written to, and that can be forgotten."""
    return mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)


def _by_a_fork(codec: str, payload: memoryview, answer: memoryview) -> int:
    """Have a jailed fork answer, of what length is returned; it has no descriptor but the end of a pipe."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.dup2(into, 1)
            os.closerange(2, into + 1)
            os.close(0)
            enter(LIMITS)
            _write(1, _answer(*decode(codec, bytes(payload))))
        finally:
            os._exit(0)
    os.close(into)
    # no more than a picture has: what goes on writing meets a closed pipe
    size = _read(out, answer)
    os.close(out)
    os.waitpid(child, 0)
    return size


def _is_whole(answer: memoryview) -> bool:
    if len(answer) < HEAD.size:
        return False
    text, data = HEAD.unpack_from(answer)
    return len(answer) == HEAD.size + int(text) + int(data)


def _answer(told: dict[str, Any], data: bytes) -> bytes:
    words = json.dumps(told).encode()
    return HEAD.pack(len(words), len(data)) + words + data


def _read(source: int, into: memoryview) -> int:
    """Fill a piece of memory, or as much of it as there is to read; return how much that was."""
    done = 0
    while done < len(into):
        more = os.readv(source, [into[done:]])
        if not more:
            break
        done += more
    return done


def _write(target: int, data: bytes | memoryview) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(target, left) :]


def main() -> None:
    """Get ready and answer."""
    warm_up()
    serve()
    os._exit(0)


if __name__ == "__main__":
    main()
