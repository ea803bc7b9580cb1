"""The program inside the jail: an MP4 on standard input, one keyframe's codec and size as JSON on standard output.

Loads everything, enters the jail, and only then reads. Run by `keyframe`, never imported by it.
"""

from __future__ import annotations

import importlib
import json
import os
from typing import Any, BinaryIO

import av
from av.codec.context import CodecContext
from av.video.stream import VideoStream

from camera_gateway.media.jail import Limits, enter
from camera_gateway.media.keyframe import CODECS

LOADED_LATE = ("audio.stream", "audio.codeccontext", "video.codeccontext", "subtitles.stream", "subtitles.codeccontext")
"""What PyAV imports only when a file makes it: inside the jail it could not."""


def look(file: BinaryIO) -> dict[str, Any]:  # noqa: PLR0911 - an answer each
    """Return codec, width and height of the first keyframe that decodes without an error; else the cause."""
    try:
        container = av.open(file, "r", format="mp4")
    except (av.FFmpegError, OSError, ValueError):
        return {"cause": "not-mp4"}
    with container:
        stream = next((stream for stream in container.streams if isinstance(stream, VideoStream)), None)
        if stream is None:
            return {"cause": "no-video"}
        context = stream.codec_context
        codec = str(context.codec.canonical_name)
        if codec not in CODECS:
            return {"cause": "codec-refused"}
        context.thread_count = 1
        context.options = {"err_detect": "explode"}
        try:
            for packet in container.demux(stream):
                if packet.is_keyframe and packet.size:
                    for frame in (*context.decode(packet), *context.decode(None)):
                        if frame.key_frame and not frame.is_corrupt:
                            return {"codec": codec, "width": frame.width, "height": frame.height}
                    return {"cause": "undecodable"}
        except (av.FFmpegError, OSError, ValueError):
            return {"cause": "undecodable"}
        return {"cause": "no-keyframe"}


def main() -> None:
    """Enter the jail and answer."""
    file = open(0, "rb", buffering=0, closefd=False)  # noqa: SIM115 - a descriptor, for the process's life
    for name in LOADED_LATE:
        importlib.import_module(f"av.{name}")
    for codec in CODECS:
        CodecContext.create(codec, "r")
    enter(Limits())
    file.seek(0)
    os.write(1, json.dumps(look(file)).encode())
    os._exit(0)


if __name__ == "__main__":
    main()
