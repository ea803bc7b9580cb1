"""A few seconds of footage as every browser plays them: H.264 from H.265, AAC from G.711, each time kept.

Promises: a picture keeps its presentation time to the tick and its wall time (prft), so that a burnt-in clock stays
true; H.264 and AAC are passed on bit for bit; slices that follow each other fit without a seam. Boxes are read and
written here, in memory-safe code; codecs run in the jail. Must not import `av`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from camera_gateway.media.aac_config import aac_format
from camera_gateway.media.boxes import BoxError
from camera_gateway.media.fmp4 import AudioTrack, Samples, VideoTrack, fragment, init_segment, length_prefixed
from camera_gateway.media.formats import ParameterSetError
from camera_gateway.media.fragments import fragments, split_nals
from camera_gateway.media.jail import JailError
from camera_gateway.media.parameter_sets import is_parameter_set, video_format
from camera_gateway.media.workshop import SOUND_MARGIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from camera_gateway.media.fragments import Fragment, Init, Track, TrackRun
    from camera_gateway.media.workshop import Workshop

US = 1_000_000
WIDEST = 1280
"""A rendition's width at most: a machine without a hardware codec keeps up with this, not with 4K."""
AAC_FRAME = 1024
SILENCE = {"alaw": 0xD5, "ulaw": 0xFF}
"""The code of zero (ITU-T G.711 tables 1a and 2a, with the even bits of A-law inverted)."""
RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
"""Sampling frequencies of an AudioSpecificConfig by their index (ISO/IEC 14496-3 table 1.18)."""
CODECS = {"h264": "h264", "h265": "hevc"}
WALL_S = 30.0
STILL_WALL_S = 10.0
_JPEG = b"\xff\xd8\xff"
_START = b"\x00\x00\x00\x01"
_CLOSED_ABOVE_US = 12 * US


class RenditionError(Exception):
    """No rendition can be made. `cause` is a word of the jail's, "undecodable", "damaged" or "too-long"."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Source:
    """What a rendition is made of: fragments of one segment from a keyframe on, `skip` of which are not shown.

    `data` are the fragments' bytes. `sound_around` are runs of G.711 just before and just after them, as (first
    sample's number, bytes), where there are any: an AAC frame leans on its neighbours.
    """

    init: Init
    data: bytes
    skip: int = 0
    sound_around: tuple[tuple[int, bytes], ...] = ()
    sound_late: int = 0
    """So many AAC frames come with the slice after theirs: where what follows is not there yet, at the live edge."""


@dataclass(frozen=True, slots=True)
class Still:
    """A picture as JPEG, and its size in pixels."""

    jpeg: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Rendition:
    """The init segment that fits, and the fragments."""

    init: bytes
    media: bytes


@dataclass(frozen=True, slots=True)
class _Heard:
    track: AudioTrack
    samples: Samples


def make_rendition(workshop: Workshop, camera: str, source: Source) -> Rendition:
    """Make the slice that starts at fragment `source.skip` playable.

    Raises `RenditionError`, and `Busy` when too much waits already.
    """
    try:
        found = list(fragments(source.data, 0))
        shown = found[source.skip :]
        video, audio = source.init.track("video"), source.init.track("audio")
        if video is None or video.video is None or not shown:
            raise RenditionError("damaged")
        heard = None if audio is None or audio.audio is None else _sound(workshop, camera, source, shown, audio)
        if video.video.codec == "h264":
            return _copied(source, shown, video, heard)
        return _coded_again(workshop, camera, source, found, video, heard)
    except (BoxError, ParameterSetError) as error:
        raise RenditionError("damaged") from error
    except JailError as error:
        raise RenditionError(error.cause) from error


def make_still(workshop: Workshop, camera: str, video: Track, sample: bytes, width: int) -> Still:
    """Decode one keyframe, as it lies in the file, to a JPEG at most `width` wide.

    Raises `RenditionError`, and `Busy` when too much waits already.
    """
    if video.video is None:
        raise RenditionError("damaged")
    try:
        nals = [*video.parameter_sets, *split_nals(sample)]
        job = {"job": "still", "codec": CODECS[video.video.codec], "width": width}
        told, jpeg = workshop.do(camera, job, b"".join(_START + nal for nal in nals), STILL_WALL_S)
    except BoxError as error:
        raise RenditionError("damaged") from error
    except JailError as error:
        raise RenditionError(error.cause) from error
    match told:
        case {"width": int(wide), "height": int(high)} if jpeg.startswith(_JPEG):
            return Still(jpeg, wide, high)
        case {"cause": str(cause)}:
            raise RenditionError(cause[:40])
    raise RenditionError("died")


def _copied(source: Source, shown: Sequence[Fragment], video: Track, heard: _Heard | None) -> Rendition:
    """Keep the pictures as they are; the sound goes into the first fragment."""
    if video.video is None:
        raise RenditionError("damaged")
    out = []
    for number, part in enumerate(shown):
        run = part.run(video.track_id)
        pictures = None if run is None else _samples(run, source.data)
        sound = heard.samples if heard is not None and number == 0 else None
        out += fragment(part.sequence, pictures, sound, part.wall_us)
    track = VideoTrack(video.video, video.parameter_sets, video.timescale)
    return Rendition(init_segment(track, None if heard is None else heard.track), b"".join(out))


def _coded_again(
    workshop: Workshop, camera: str, source: Source, found: Sequence[Fragment], video: Track, heard: _Heard | None
) -> Rendition:
    runs = [run for part in found if (run := part.run(video.track_id)) is not None]
    first = next((run for part in found[source.skip :] if (run := part.run(video.track_id)) is not None), None)
    if first is None or video.video is None:
        raise RenditionError("damaged")
    if (runs[-1].end_time - runs[0].base_time) * US > _CLOSED_ABOVE_US * video.timescale:
        raise RenditionError("too-long")
    lead = runs[0].composition[0]
    from_pts, end_pts = first.base_time + first.composition[0], runs[-1].end_time + lead
    if not source.skip:
        from_pts = min(sample.presentation_time for sample in first.samples())
    units, payload = _units(runs, source.data, video)
    job = {
        "job": "video",
        "codec": CODECS[video.video.codec],
        "width": WIDEST,
        "hz": video.timescale,
        "from": from_pts,
        "units": units,
    }
    told, data = workshop.do(camera, job, payload, WALL_S)
    frames = _frames(told, data, from_pts, end_pts)
    pictures = Samples(frames[0][0])
    ends = [pts for pts, _, _ in frames[1:]] + [max(end_pts, frames[-1][0] + 1)]
    for (pts, nals, keyframe), end in zip(frames, ends, strict=True):
        pieces, size = length_prefixed(nals)
        pictures.add(pieces, size, end - pts, keyframe=keyframe)
    sets = tuple(nal for nal in frames[0][1] if is_parameter_set("h264", nal))
    track = VideoTrack(video_format("h264", sets), sets, video.timescale)
    shown = found[source.skip]
    wall_us = None
    if shown.wall_us is not None and shown.wall_media_time is not None and shown.wall_track_id == video.track_id:
        wall_us = shown.wall_us + (frames[0][0] - shown.wall_media_time) * US // video.timescale
    media = fragment(shown.sequence, pictures, None if heard is None else heard.samples, wall_us)
    return Rendition(init_segment(track, None if heard is None else heard.track), b"".join(media))


def _units(runs: Sequence[TrackRun], data: bytes, video: Track) -> tuple[list[list[int]], bytes]:
    """Return `[size, pts, dts]` of each access unit and their bytes with start codes, parameter sets first."""
    units: list[list[int]] = []
    payload: list[bytes] = [_START + nal for nal in video.parameter_sets]
    for run in runs:
        for sample in run.samples():
            nals = split_nals(data[sample.offset : sample.offset + sample.size])
            payload += [_START + nal for nal in nals]
            units.append([sum(len(nal) + len(_START) for nal in nals), sample.presentation_time, sample.decode_time])
    units[0][0] += sum(len(nal) + len(_START) for nal in video.parameter_sets)
    return units, b"".join(payload)


def _frames(told: dict[str, Any], data: bytes, from_pts: int, end_pts: int) -> list[tuple[int, list[bytes], bool]]:
    """Return (pts, NAL units, keyframe) of each frame, and believe nothing that cannot be."""
    match told:
        case {"frames": [_, *_] as frames}:
            pass
        case {"cause": str(cause)}:
            raise RenditionError(cause[:40])
        case _:
            raise RenditionError("died")
    result: list[tuple[int, list[bytes], bool]] = []
    at, before = 0, from_pts - 1
    for each in frames:
        match each:
            case [int(size), int(pts), bool(keyframe)] if size > 0 and before < pts < end_pts:
                nals = annex_b(data[at : at + size])
                if not nals:
                    raise RenditionError("died")
                result.append((pts, nals, keyframe))
                at, before = at + size, pts
            case _:
                raise RenditionError("died")
    return result


def annex_b(data: bytes) -> list[bytes]:
    """Return the NAL units of a byte stream (ITU-T H.264 annex B)."""
    parts = data.split(_START[1:])[1:]
    return [nal for part in parts if (nal := part.rstrip(b"\x00"))]


def _samples(run: TrackRun, data: bytes) -> Samples:
    """Return a run as it is to be written again."""
    samples = Samples(run.base_time)
    samples.durations = list(run.durations)
    samples.sizes = list(run.sizes)
    samples.keyframes = list(run.keyframes)
    samples.composition = list(run.composition)
    samples.pieces = [data[run.offset : run.offset + sum(run.sizes)]]
    return samples


# ---- sound


def _sound(workshop: Workshop, camera: str, source: Source, shown: Sequence[Fragment], audio: Track) -> _Heard | None:
    form = audio.audio
    runs = [run for part in shown if (run := part.run(audio.track_id)) is not None]
    if form is None:
        return None
    if form.codec == "aac":
        joined = Samples(runs[0].base_time if runs else 0)
        for run in runs:
            one = _samples(run, source.data)
            for name in ("durations", "sizes", "keyframes", "composition", "pieces"):
                getattr(joined, name).extend(getattr(one, name))
        return _Heard(AudioTrack(form, audio.timescale), joined)
    track = AudioTrack(aac_format(aac_config(form.sample_rate)), form.sample_rate)
    if not runs:
        return _Heard(track, Samples(0))
    late = source.sound_late
    first, stop = -(-runs[0].base_time // AAC_FRAME) - late, -(-runs[-1].end_time // AAC_FRAME) - late
    first = max(first, 0)
    samples = Samples(first * AAC_FRAME)
    if stop > first:
        pieces = [(run.base_time, source.data[run.offset : run.offset + sum(run.sizes)]) for run in runs]
        wanted = ((first - SOUND_MARGIN) * AAC_FRAME, (stop + SOUND_MARGIN) * AAC_FRAME)
        pcm = _laid_out([*source.sound_around, *pieces], *wanted, SILENCE[form.codec])
        job = {"job": "audio", "law": form.codec, "rate": form.sample_rate, "packets": stop - first}
        told, data = workshop.do(camera, job, pcm, WALL_S)
        for packet in _packets(told, data, stop - first):
            samples.add([packet], len(packet), AAC_FRAME)
    return _Heard(track, samples)


def aac_config(rate: int) -> bytes:
    """Return the AudioSpecificConfig of mono AAC-LC (ISO/IEC 14496-3 1.6.2.1); `ParameterSetError` for odd rates."""
    if rate not in RATES:
        raise ParameterSetError(f"no AAC at {rate} Hz")
    return (2 << 11 | RATES.index(rate) << 7 | 1 << 3).to_bytes(2, "big")


def _laid_out(pieces: Sequence[tuple[int, bytes]], start: int, stop: int, silence: int) -> bytes:
    """Return samples `start` to `stop`, silence where nobody has them."""
    out = bytearray([silence]) * (stop - start)
    for at, data in pieces:
        begin, end = max(at, start), min(at + len(data), stop)
        if begin < end:
            out[begin - start : end - start] = data[begin - at : end - at]
    return bytes(out)


def _packets(told: dict[str, Any], data: bytes, wanted: int) -> list[bytes]:
    sizes = told.get("sizes")
    if not isinstance(sizes, list) or len(sizes) != wanted:
        raise RenditionError("undecodable")
    result, at = [], 0
    for size in sizes:
        if not isinstance(size, int) or size <= 0 or at + size > len(data):
            raise RenditionError("died")
        result.append(data[at : at + size])
        at += size
    return result
