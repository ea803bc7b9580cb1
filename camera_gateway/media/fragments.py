"""Reading our own fragmented MP4 back: tracks, fragments, samples, and where a torn file ends.

Promises: damaged bytes raise `BoxError` and nothing else; what is yielded lies wholly inside the
file. Reads headers only, except where the content of a torn file is to be believed. Understands the
files of `fmp4`, not every fragmented MP4 there is.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from camera_gateway.media.boxes import Box, BoxError, Readable, Source, body_of, children, find, source_of, walk
from camera_gateway.media.formats import AudioFormat, ParameterSetError, VideoFormat
from camera_gateway.media.sample_entries import read_audio_entry, read_video_entry

_MAX_SAMPLES: Final = 100_000
_BASE_IS_MOOF: Final = 0x020000
_BASE_OR_DESCRIPTION_GIVEN: Final = 0x000003
_NOT_SYNC: Final = 0x00010000
_NTP_TO_UNIX_S: Final = 2_208_988_800
_US: Final = 1_000_000
# A file system that lost its data gives back zeros by the sector; no coded picture has that many.
_TORN_ZEROS: Final = bytes(256)
_TORN_AUDIO_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Track:
    """A track of the init segment; `video` or `audio` is set, by `kind`."""

    track_id: int
    kind: Literal["video", "audio"]
    timescale: int
    video: VideoFormat | None
    audio: AudioFormat | None
    parameter_sets: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Init:
    """What `ftyp moov` says; `size` is their length in bytes, where the fragments begin."""

    size: int
    tracks: tuple[Track, ...]

    def track(self, kind: Literal["video", "audio"]) -> Track | None:
        """Return the first track of a kind."""
        return next((track for track in self.tracks if track.kind == kind), None)


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample: `offset` and `size` in bytes of the file, times in units of the track's time scale."""

    offset: int
    size: int
    decode_time: int
    duration: int
    composition: int
    keyframe: bool

    @property
    def presentation_time(self) -> int:
        """Decode time plus composition offset."""
        return self.decode_time + self.composition


@dataclass(frozen=True, slots=True)
class TrackRun:
    """The samples of one track in one fragment, column by column; `offset` is where their bytes begin."""

    track_id: int
    base_time: int
    offset: int
    durations: tuple[int, ...]
    sizes: tuple[int, ...]
    composition: tuple[int, ...]
    keyframes: tuple[bool, ...]

    def samples(self) -> Iterator[Sample]:
        """Yield them one by one."""
        offset, time = self.offset, self.base_time
        for duration, size, composition, keyframe in zip(
            self.durations, self.sizes, self.composition, self.keyframes, strict=True
        ):
            yield Sample(offset, size, time, duration, composition, keyframe)
            offset += size
            time += duration

    @property
    def end_time(self) -> int:
        """Decode time after the last sample."""
        return self.base_time + sum(self.durations)


@dataclass(frozen=True, slots=True)
class Fragment:
    """One fragment: `offset` and `size` span prft, moof and mdat.

    `wall_us` is the UTC time (µs since 1970) of the presentation time `wall_media_time` of track
    `wall_track_id`; all three are None where the fragment has no prft.
    """

    offset: int
    size: int
    sequence: int
    runs: tuple[TrackRun, ...]
    wall_us: int | None = None
    wall_media_time: int | None = None
    wall_track_id: int | None = None

    @property
    def end(self) -> int:
        """Offset of the first byte after the fragment."""
        return self.offset + self.size

    def run(self, track_id: int) -> TrackRun | None:
        """Return the samples of one track, None when it has none here."""
        return next((run for run in self.runs if run.track_id == track_id), None)


def read_init(data: Readable) -> Init:
    """Parse `ftyp moov` at the start of a file.

    Raises:
        BoxError: not there, damaged, or with a codec that we do not write.

    """
    source = source_of(data)
    head = walk(source)
    ftyp, moov = next(head, None), next(head, None)
    if ftyp is None or moov is None or ftyp.kind != b"ftyp" or moov.kind != b"moov":
        raise BoxError("no ftyp and moov at the start", 0)
    tracks = tuple(_track(source, box) for box in children(source, moov) if box.kind == b"trak")
    return Init(moov.end, tracks)


def fragments(data: Readable, start: int) -> Iterator[Fragment]:
    """Yield the fragments from byte `start` (`Init.size`, or the offset of a fragment) to the end.

    Raises:
        BoxError: the file is damaged or torn there; the fragments before have been yielded.

    """
    source = source_of(data)
    prft: Box | None = None
    moof: Box | None = None
    for box in walk(source, start):
        if box.kind == b"prft":
            prft = box
        elif box.kind == b"moof":
            moof = box
        elif box.kind == b"mdat":
            if moof is None or moof.end != box.start:
                raise BoxError("media data without a moof before it", box.start)
            yield _fragment(source, prft if prft and prft.end == moof.start else None, moof, box)
            prft = moof = None
    if prft is not None or moof is not None:
        raise BoxError("a fragment without its media data", source.size)


def last_whole_fragment(data: Readable) -> int:
    """Return the offset where the last whole fragment ends: how much of a torn part can be kept.

    Whole means: headers sound, all bytes there, every access unit divides into NAL units as its
    lengths say, and no stretch of zeros where a file system lost what was written. Everything from
    the first fragment that is not whole is left out. Without a whole fragment it is the end of the
    init segment.

    Raises:
        BoxError: not even the init segment is whole.

    """
    source = source_of(data)
    init = read_init(source)
    kinds = {track.track_id: track.kind for track in init.tracks}
    end = init.size
    try:
        for fragment in fragments(source, init.size):
            for run in fragment.runs:
                _check_content(source, run, kinds.get(run.track_id))
            end = fragment.end
    except BoxError:
        return end
    return end


def split_nals(sample: bytes) -> list[bytes]:
    """Return the NAL units of an access unit with four-byte lengths.

    Raises:
        BoxError: the lengths do not add up; `offset` counts within the sample.

    """
    nals = []
    at = 0
    while at < len(sample):
        length = int.from_bytes(sample[at : at + 4], "big")
        nal = sample[at + 4 : at + 4 + length]
        if length == 0 or len(nal) != length:
            raise BoxError("NAL unit lengths that do not fill the sample", at)
        nals.append(nal)
        at += 4 + length
    return nals


def _check_content(source: Source, run: TrackRun, kind: str | None) -> None:
    for sample in run.samples():
        content = source.read_at(sample.offset, sample.size)
        if len(content) != sample.size:
            raise BoxError("a sample is cut short", sample.offset)
        if kind == "video":
            # no NAL unit header is all zeros: nal_ref_idc and type, or nuh_temporal_id_plus1, is not
            if any(_TORN_ZEROS in nal or not any(nal[:2]) for nal in split_nals(content)):
                raise BoxError("zeros where a picture should be", sample.offset)
        elif len(content) >= _TORN_AUDIO_BYTES and not any(content):
            raise BoxError("zeros where sound should be", sample.offset)


def _track(source: Source, trak: Box) -> Track:
    tkhd, mdhd = _need(source, trak, b"tkhd"), _need(source, trak, b"mdia", b"mdhd")
    hdlr = body_of(source, _need(source, trak, b"mdia", b"hdlr"))
    stsd = _need(source, trak, b"mdia", b"minf", b"stbl", b"stsd")
    entry = next(children(source, stsd), None)
    if entry is None:
        raise BoxError("a track without a sample entry", stsd.start)
    body = body_of(source, entry)
    track_id = _word(source, tkhd, 12, 20)
    timescale = _word(source, mdhd, 12, 20)
    if timescale == 0:
        raise BoxError("a track without a time scale", mdhd.start)
    try:
        if hdlr[8:12] == b"vide":
            video, sets = read_video_entry(entry.kind, body)
            return Track(track_id, "video", timescale, video, None, sets)
        return Track(track_id, "audio", timescale, None, read_audio_entry(entry.kind, body), ())
    except ParameterSetError as error:
        raise BoxError(str(error), entry.start) from error


def _need(source: Source, within: Box, *path: bytes) -> Box:
    found = find(source, *path, within=within)
    if found is None:
        raise BoxError(f"no {b'/'.join(path).decode('latin-1')} in {within.kind!r}", within.start)
    return found


def _word(source: Source, box: Box, at: int, at_version_1: int) -> int:
    body = body_of(source, box, 1 << 16)
    offset = at_version_1 if body[:1] == b"\x01" else at
    if len(body) < offset + 4:
        raise BoxError(f"{box.kind!r} is too short", box.start)
    return int.from_bytes(body[offset : offset + 4], "big")


def _fragment(source: Source, prft: Box | None, moof: Box, mdat: Box) -> Fragment:
    sequence = 0
    runs = []
    for inner in children(source, moof):
        if inner.kind == b"mfhd":
            sequence = _word(source, inner, 4, 4)
        elif inner.kind == b"traf":
            runs.append(_run(source, inner, moof, mdat))
    start = prft.start if prft else moof.start
    wall = _wall(source, prft) if prft else (None, None, None)
    return Fragment(start, mdat.end - start, sequence, tuple(runs), *wall)


def _wall(source: Source, prft: Box) -> tuple[int, int, int]:
    body = body_of(source, prft, 64)
    if len(body) < 24 or body[0] != 1:  # noqa: PLR2004 - version 1: flags, id, NTP, media time
        raise BoxError("a prft that is not ours", prft.start)
    track_id, ntp, media_time = struct.unpack_from(">4xIQQ", body)
    seconds = (ntp >> 32) - _NTP_TO_UNIX_S
    if seconds < 0:
        seconds += 1 << 32  # NTP era 1 begins in 2036; there is no footage from before 1970
    return seconds * _US + ((ntp & 0xFFFFFFFF) * _US + (1 << 31) >> 32), media_time, track_id


def _run(source: Source, traf: Box, moof: Box, mdat: Box) -> TrackRun:
    bodies = {box.kind: body_of(source, box) for box in children(source, traf)}
    try:
        run = _unpack_run(bodies[b"tfhd"], bodies[b"tfdt"], bodies[b"trun"], moof.start)
    except (KeyError, struct.error) as error:
        raise BoxError("a track fragment is damaged", traf.start) from error
    except ValueError as error:
        raise BoxError(str(error), traf.start) from error
    if run.offset < mdat.body or run.offset + sum(run.sizes) > mdat.end:
        raise BoxError("samples outside the media data", traf.start)
    return run


def _unpack_run(tfhd: bytes, tfdt: bytes, trun: bytes, moof_start: int) -> TrackRun:
    """Read tfhd, tfdt and trun (14496-12 8.8.7, 8.8.12, 8.8.8) as `fmp4` writes them."""
    head_flags, track_id = struct.unpack_from(">II", tfhd)
    if head_flags & (_BASE_IS_MOOF | _BASE_OR_DESCRIPTION_GIVEN) != _BASE_IS_MOOF:
        raise ValueError("a track fragment that is not ours")
    at = 8
    defaults = [0, 0, 0]
    for index, flag in enumerate((0x08, 0x10, 0x20)):
        if head_flags & flag:
            (defaults[index],) = struct.unpack_from(">I", tfhd, at)
            at += 4
    (base_time,) = struct.unpack_from(">Q" if tfdt[:1] == b"\x01" else ">I", tfdt, 4)
    run_flags, count = struct.unpack_from(">II", trun)
    if not run_flags & 0x1 or count > _MAX_SAMPLES:
        raise ValueError("a track run without a data offset, or beyond all measure")
    (data_offset,) = struct.unpack_from(">i", trun, 8)
    at = 12
    first_flags = None
    if run_flags & 0x4:
        (first_flags,) = struct.unpack_from(">I", trun, at)
        at += 4
    present = [bool(run_flags & flag) for flag in (0x100, 0x200, 0x400, 0x800)]
    width = sum(present)
    flat = struct.unpack_from(f">{width * count}I", trun, at)
    columns: list[tuple[int, ...]] = []
    seen = 0
    for index, there in enumerate(present):
        columns.append(flat[seen::width] if there else (([*defaults, 0])[index],) * count)
        seen += there
    flags = list(columns[2])
    if first_flags is not None and flags:
        flags[0] = first_flags
    return TrackRun(
        track_id,
        base_time,
        moof_start + data_offset,
        columns[0],
        columns[1],
        tuple((offset ^ 0x80000000) - 0x80000000 for offset in columns[3]),
        tuple(not flag & _NOT_SYNC for flag in flags),
    )
