"""The program inside the jail that makes pictures for browsers: stills, H.264 from H.265, AAC from G.711.

Loads everything, enters the jail, and only then reads: jobs on standard input, answers on standard output, until the
pipe ends. Gets single access units, no files: nothing is demultiplexed here. Run by `workshop`, never imported.
"""

from __future__ import annotations

import importlib
import json
import os
from fractions import Fraction
from typing import Any, cast

import av
from av.audio.frame import AudioFrame
from av.codec.context import CodecContext
from av.packet import Packet
from av.video.frame import VideoFrame

from camera_gateway.media.jail import Limits, enter
from camera_gateway.media.workshop import HEAD, SOUND_MARGIN

DECODERS = ("h264", "hevc")
LAWS = {"alaw": "pcm_alaw", "ulaw": "pcm_mulaw"}
LATE = ("audio.stream", "audio.codeccontext", "video.codeccontext", "video.reformatter", "subtitles.codeccontext")
"""What PyAV imports only when it is needed: inside the jail it could not."""
AAC_FRAME = 1024
PRIMED = SOUND_MARGIN + 1
"""Packets of AAC before the first that counts: the frames before it, and the encoder's own delay of one."""
LIMITS = Limits(cpu_s=900)
LARGEST_JOB = 256 << 20
X264 = {
    "preset": "ultrafast",
    "tune": "zerolatency",
    "profile": "main",
    "level": "4.1",
    "crf": "24",
    "x264-params": "keyint=100000:scenecut=0:bframes=0:threads=1:sliced-threads=0:lookahead-threads=1:repeat-headers=1"
    ":annexb=1:force-cfr=1",
}


class Failed(Exception):
    """No picture came out; the one word goes back as it is."""


def still(job: dict[str, Any], payload: bytes) -> tuple[dict[str, Any], bytes]:
    """Decode one access unit and return it as JPEG, at most `width` wide."""
    frames = list(_decoded(job["codec"], [(payload, 0, 0)]))
    if not frames:
        raise Failed("undecodable")
    return _jpeg(frames[0], job["width"])


def video(job: dict[str, Any], payload: bytes) -> tuple[dict[str, Any], bytes]:
    """Decode access units `[size, pts, dts]`, encode H.264 from `from` on: `frames` are `[size, pts, keyframe]`."""
    units, at = [], 0
    for size, pts, dts in job["units"]:
        units.append((payload[at : at + size], pts, dts))
        at += size
    told: list[tuple[int, int, bool]] = []
    data: list[bytes] = []
    encoder: Any = None
    side = (0, 0)
    for frame in _decoded(job["codec"], units):
        if frame.pts is None or frame.pts < job["from"]:
            continue  # only there for those that lean on it
        if encoder is None:
            side = _fitting(frame.width, frame.height, job["width"])
            encoder = _x264(side, job["hz"])
        picture = frame.reformat(side[0], side[1], "yuv420p", threads=1)  # a thread could not be made here
        picture.pts, picture.time_base = frame.pts, Fraction(1, job["hz"])
        picture.pict_type = 0
        _collect(encoder.encode(picture), told, data)
    if encoder is None:
        raise Failed("undecodable")
    _collect(encoder.encode(None), told, data)
    return {"frames": told, "width": side[0], "height": side[1]}, b"".join(data)


def audio(job: dict[str, Any], payload: bytes) -> tuple[dict[str, Any], bytes]:
    """Encode G.711 samples as AAC-LC; `sizes` are of the packets without those that only prime the encoder."""
    decoder = cast("Any", CodecContext.create(LAWS[job["law"]], "r"))
    decoder.sample_rate, decoder.layout = job["rate"], "mono"
    decoder.format = "s16"
    encoder = _aac(job["rate"])
    packets: list[bytes] = []
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=job["rate"], frame_size=AAC_FRAME)
    heard = decoder.decode(Packet(payload)) if payload else []
    pts = 0
    for frame in [*heard, None]:
        for part in resampler.resample(frame):
            part.pts, part.time_base = pts, Fraction(1, job["rate"])
            pts += part.samples
            packets += [bytes(packet) for packet in encoder.encode(part)]
    packets += [bytes(packet) for packet in encoder.encode(None)]
    kept = packets[PRIMED : PRIMED + job["packets"]]
    return {"sizes": [len(each) for each in kept], "config": bytes(encoder.extradata).hex()}, b"".join(kept)


def _decoded(codec: str, units: list[tuple[bytes, int, int]]) -> list[Any]:
    if codec not in DECODERS:
        raise Failed("codec-refused")
    decoder = cast("Any", CodecContext.create(codec, "r"))
    decoder.thread_count = 1
    frames = []
    for data, pts, dts in units:
        packet = Packet(data)
        packet.pts, packet.dts = pts, dts
        try:
            frames += decoder.decode(packet)
        except av.FFmpegError:
            continue  # the next one may be whole
    frames += decoder.decode(None)
    return frames


def _x264(side: tuple[int, int], hz: int) -> Any:  # noqa: ANN401 - libav's types differ between its versions
    encoder = cast("Any", CodecContext.create("libx264", "w"))
    encoder.width, encoder.height = side
    encoder.pix_fmt = "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, hz), Fraction(25)
    encoder.thread_count = 1
    encoder.options = X264
    return encoder


def _aac(rate: int) -> Any:  # noqa: ANN401 - libav's types differ between its versions
    encoder = cast("Any", CodecContext.create("aac", "w"))
    encoder.sample_rate, encoder.layout, encoder.format = rate, "mono", "fltp"
    encoder.time_base, encoder.bit_rate = Fraction(1, rate), 32_000
    encoder.open()
    return encoder


def _collect(packets: list[Any], told: list[tuple[int, int, bool]], data: list[bytes]) -> None:
    for packet in packets:
        told.append((packet.size, packet.pts, bool(packet.is_keyframe)))
        data.append(bytes(packet))


def _jpeg(frame: Any, widest: int) -> tuple[dict[str, Any], bytes]:  # noqa: ANN401 - libav's types differ
    width, height = _fitting(frame.width, frame.height, widest)
    encoder = cast("Any", CodecContext.create("mjpeg", "w"))
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
    encoder.time_base, encoder.thread_count = Fraction(1, 25), 1
    encoder.options = {"qmin": "4", "qmax": "4", "huffman": "default"}
    picture = frame.reformat(width, height, "yuvj420p", threads=1)
    picture.pts = 0
    packets = [*encoder.encode(picture), *encoder.encode(None)]
    return {"width": width, "height": height}, b"".join(bytes(packet) for packet in packets)


def _fitting(width: int, height: int, widest: int) -> tuple[int, int]:
    """Return an even size, no wider than asked, in the picture's own proportions."""
    if width <= widest:
        return max(2, width & ~1), max(2, height & ~1)
    return widest & ~1, max(2, round(height * widest / width) & ~1)


JOBS = {"still": still, "video": video, "audio": audio}


def warm_up() -> None:
    """Do one of everything, so that what libav loads or looks up late is there before the jail is."""
    for name in LATE:
        importlib.import_module(f"av.{name}")
    for codec in DECODERS:
        CodecContext.create(codec, "r")
    blank = VideoFrame(64, 48, "yuv420p")
    blank.pts = 0
    encoder = _x264((64, 48), 90_000)
    coded = b"".join(bytes(packet) for packet in [*encoder.encode(blank), *encoder.encode(None)])
    still({"codec": "h264", "width": 32}, coded)
    audio({"law": "alaw", "rate": 8_000, "packets": 1}, bytes(4 * AAC_FRAME))
    AudioFrame("s16", "mono", 16)


def serve() -> None:
    """Answer jobs until the pipe ends."""
    while True:
        head = _read(HEAD.size)
        if not head:
            return
        text, data = HEAD.unpack(head)
        if text + data > LARGEST_JOB:
            return
        job, payload = json.loads(_read(text)), _read(data)
        try:
            told, answer = JOBS[job["job"]](job, payload)
        except Failed as error:
            told, answer = {"cause": str(error)}, b""
        except (av.FFmpegError, OSError, ValueError, MemoryError):
            told, answer = {"cause": "undecodable"}, b""
        words = json.dumps(told).encode()
        _write(HEAD.pack(len(words), len(answer)) + words + answer)


def _read(count: int) -> bytes:
    pieces = []
    while count:
        piece = os.read(0, min(count, 1 << 20))
        if not piece:
            return b""
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)


def _write(data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(1, left) :]


def main() -> None:
    """Enter the jail and answer."""
    warm_up()
    enter(LIMITS)
    serve()
    os._exit(0)


if __name__ == "__main__":
    main()
