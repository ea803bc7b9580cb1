"""The program that decodes one picture for a look: it forks, and each fork enters the jail, decodes once and is gone.

The process that stays has loaded everything and never decodes a byte; a fork of it costs some milliseconds where a
new process costs a quarter of a second, and one camera's bytes never meet another's. What a fork says is handed on
unread, up to the size that a picture has. Run by `look`, never imported by it.
"""

from __future__ import annotations

import gc
import importlib
import json
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
_PIECE = 1 << 20


def decode(codec: str, payload: bytes) -> tuple[dict[str, Any], bytes]:
    """Decode one access unit; its size, and the planes of a small picture of full range."""
    if codec not in CODECS:
        return {"cause": "codec-refused"}, b""
    decoder = cast("Any", CodecContext.create(codec, "r"))
    decoder.thread_count = 1
    try:
        frames = [*decoder.decode(Packet(payload)), *decoder.decode(None)]
        if not frames or frames[0].is_corrupt:
            return {"cause": "undecodable"}, b""
        small = _scaled(frames[0])
    except (av.FFmpegError, OSError, ValueError, MemoryError):
        return {"cause": "undecodable"}, b""
    return {"width": frames[0].width, "height": frames[0].height}, b"".join(_rows(plane) for plane in small.planes)


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
    for codec in CODECS:
        CodecContext.create(codec, "r")
    for form in ("yuv420p", "yuvj420p", "yuv420p10le"):
        _rows(_scaled(VideoFrame(64, 48, form)).planes[0])
    gc.collect()
    gc.freeze()  # a fork that does not touch them does not copy them


def serve() -> None:
    """Answer jobs until the pipe ends."""
    while True:
        head = _read(0, HEAD.size)
        if len(head) < HEAD.size:
            return
        text, data = HEAD.unpack(head)
        if text + data > LARGEST_JOB:
            return
        job, payload = json.loads(_read(0, text)), _read(0, data)
        answer = _by_a_fork(str(job.get("codec")), payload)
        _write(1, answer if _is_whole(answer) else _answer({"cause": "died"}, b""))


def _by_a_fork(codec: str, payload: bytes) -> bytes:
    """Return what a jailed fork answers; it has no descriptor but the end of a pipe."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.dup2(into, 1)
            os.closerange(2, into + 1)
            os.close(0)
            enter(LIMITS)
            _write(1, _answer(*decode(codec, payload)))
        finally:
            os._exit(0)
    os.close(into)
    # no more than a picture has: what goes on writing meets a closed pipe
    answer = _read(out, LARGEST_ANSWER)
    os.close(out)
    os.waitpid(child, 0)
    return answer


def _is_whole(answer: bytes) -> bool:
    if len(answer) < HEAD.size:
        return False
    text, data = HEAD.unpack_from(answer)
    return len(answer) == HEAD.size + int(text) + int(data)


def _answer(told: dict[str, Any], data: bytes) -> bytes:
    words = json.dumps(told).encode()
    return HEAD.pack(len(words), len(data)) + words + data


def _read(source: int, count: int) -> bytes:
    """Return `count` bytes, fewer where there are no more."""
    pieces = []
    while count:
        piece = os.read(source, min(count, _PIECE))
        if not piece:
            break
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)


def _write(target: int, data: bytes) -> None:
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
