"""Our fragmented MP4 writer: an init segment, then fragments (contract: objects in the bucket).

Promises: `ftyp moov` and `[prft] moof mdat`, brand iso6, one video and at most one audio track, the
bytes of the access units untouched; one packed header per fragment and no work per sample beyond a
few C-speed passes over lists of numbers. No I/O: bytes come out, the caller writes and hashes them.
Must not know cameras, files or clocks. Why `avc1`/`hvc1` with the parameter sets both in the init
segment and left in the samples: see `sample_entries`.
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from camera_gateway.media.boxes import box, full_box
from camera_gateway.media.formats import AudioFormat, VideoFormat
from camera_gateway.media.movie import movie_header, track_box
from camera_gateway.media.sample_entries import audio_entry, video_entry

VIDEO_TRACK_ID: Final = 1
AUDIO_TRACK_ID: Final = 2

# Sample flags (14496-12 8.8.3.1): depends on no other sample; depends on others, not a sync sample.
SYNC_SAMPLE: Final = 0x02000000
DEPENDENT_SAMPLE: Final = 0x01010000

_NTP_TO_UNIX_S: Final = 2_208_988_800
_US: Final = 1_000_000
_MAX_U32: Final = 0xFFFFFFFF
_MAX_I32: Final = 0x7FFFFFFF
_VERSION_1: Final = 0x01000000

# tfhd and trun flags (14496-12 8.8.7, 8.8.8)
_TFHD_DEFAULT_DURATION: Final = 0x000008
_TFHD_DEFAULT_SIZE: Final = 0x000010
_TFHD_DEFAULT_FLAGS: Final = 0x000020
_TFHD_BASE_IS_MOOF: Final = 0x020000
_TRUN_DATA_OFFSET: Final = 0x000001
_TRUN_FIRST_FLAGS: Final = 0x000004
_TRUN_DURATION: Final = 0x000100
_TRUN_SIZE: Final = 0x000200
_TRUN_FLAGS: Final = 0x000400
_TRUN_COMPOSITION: Final = 0x000800


class FragmentError(ValueError):
    """Samples that cannot be written as one fragment."""


@dataclass(frozen=True, slots=True)
class VideoTrack:
    """A video track: format, its parameter sets in any order, time units per second."""

    format: VideoFormat
    parameter_sets: tuple[bytes, ...]
    timescale: int = 90000


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """An audio track: format and time units per second, which is the sample rate."""

    format: AudioFormat
    timescale: int


class Samples:
    """Collects the samples of one track for one fragment; plain lists, of equal length but `pieces`.

    `base_time` is the decode time of the first sample, in units of the track's time scale since the
    start of the run. `durations` are decode durations, `composition` signed offsets from decode to
    presentation time. `pieces` are the bytes of all samples in order, however divided: their total
    length is the sum of `sizes`.
    """

    __slots__ = ("base_time", "composition", "durations", "keyframes", "pieces", "sizes")

    def __init__(self, base_time: int) -> None:
        self.base_time = base_time
        self.durations: list[int] = []
        self.sizes: list[int] = []
        self.keyframes: list[bool] = []
        self.composition: list[int] = []
        self.pieces: list[bytes] = []

    def __len__(self) -> int:
        return len(self.sizes)

    @property
    def duration(self) -> int:
        """Sum of the durations, in units of the track's time scale."""
        return sum(self.durations)

    @property
    def size_bytes(self) -> int:
        """Sum of the sizes."""
        return sum(self.sizes)

    def add(
        self,
        pieces: Sequence[bytes],
        size: int,
        duration: int,
        *,
        keyframe: bool = True,
        composition: int = 0,
    ) -> None:
        """Append one sample, made of `pieces` of `size` bytes together."""
        self.pieces += pieces
        self.sizes.append(size)
        self.durations.append(duration)
        self.keyframes.append(keyframe)
        self.composition.append(composition)


def length_prefixed(nals: Iterable[bytes]) -> tuple[list[bytes], int]:
    """Return (pieces, size) of an access unit: each NAL unit after its four-byte length."""
    pieces: list[bytes] = []
    size = 0
    for nal in nals:
        length = len(nal)
        pieces.append(length.to_bytes(4, "big"))
        pieces.append(nal)
        size += 4 + length
    return pieces, size


def init_segment(video: VideoTrack, audio: AudioTrack | None) -> bytes:
    """Return `ftyp moov`; equal input gives equal bytes (no creation time), so that it can be hashed.

    Raises:
        ParameterSetError: damaged or incomplete parameter sets.

    """
    picture = video.format
    entry = video_entry(picture, video.parameter_sets)
    traks = [_trak(VIDEO_TRACK_ID, video.timescale, (picture.width, picture.height), entry)]
    trexs = [_trex(VIDEO_TRACK_ID)]
    if audio is not None:
        traks.append(_trak(AUDIO_TRACK_ID, audio.timescale, None, audio_entry(audio.format)))
        trexs.append(_trex(AUDIO_TRACK_ID))
    mvhd = movie_header(video.timescale, 0, 0, AUDIO_TRACK_ID + 1)
    moov = box(b"moov", mvhd, *traks, box(b"mvex", *trexs))
    return box(b"ftyp", b"iso6", bytes(4), b"iso6", b"mp41") + moov


def fragment(sequence: int, video: Samples | None, audio: Samples | None, wall_us: int | None) -> list[bytes]:
    """Return one fragment: its header bytes (prft, moof, head of mdat), then all pieces in order.

    `sequence` counts fragments of a file from 1. Either track may be None or empty. `wall_us` is
    the wall time (UTC, µs since 1970) of the first video sample, or of the first audio sample where
    there is no video; None leaves the prft out.

    Raises:
        FragmentError: no samples at all, or a number that its field cannot hold.

    """
    header: list[int | bytes] = []
    layout = [">"]
    runs: list[tuple[int, Samples]] = []
    if video is not None and video.sizes:
        runs.append((VIDEO_TRACK_ID, video))
    if audio is not None and audio.sizes:
        runs.append((AUDIO_TRACK_ID, audio))
    if not runs:
        raise FragmentError("a fragment without samples")
    trafs = [_traf(track_id, samples) for track_id, samples in runs]
    moof_size = 24 + sum(traf.size for traf in trafs)
    if wall_us is not None:
        layout.append("I4sIIQQ")
        header += _prft(runs[0][0], runs[0][1], wall_us)
    layout.append("I4sI4sII")
    header += (moof_size, b"moof", 16, b"mfhd", 0, sequence)
    data = 8
    pieces: list[bytes] = []
    for traf, (_, samples) in zip(trafs, runs, strict=True):
        traf.values[traf.data_offset_at] = moof_size + data
        layout.append(traf.layout)
        header += traf.values
        data += traf.data_bytes
        pieces += samples.pieces
    layout.append("I4s")
    header += (data, b"mdat")
    try:
        return [struct.pack("".join(layout), *header), *pieces]
    except struct.error as error:
        raise FragmentError(f"a number beyond its field: {error}") from error


class _Traf:
    """A track fragment box as numbers to be packed."""

    __slots__ = ("data_bytes", "data_offset_at", "layout", "size", "values")

    def __init__(self, layout: str, values: list[int | bytes], size: int, data_offset_at: int, data_bytes: int) -> None:
        self.layout = layout
        self.values = values
        self.size = size
        self.data_offset_at = data_offset_at
        self.data_bytes = data_bytes


def _traf(track_id: int, samples: Samples) -> _Traf:
    """Lay out traf, tfhd, tfdt, trun; what all samples share goes into tfhd, once."""
    count = len(samples.sizes)
    data_bytes = sum(samples.sizes)
    if not len(samples.durations) == len(samples.keyframes) == len(samples.composition) == count:
        raise FragmentError("the columns of a track differ in length")
    if sum(map(len, samples.pieces)) != data_bytes:
        raise FragmentError("the sizes do not add up to the bytes of the pieces")

    head_flags, run_flags, defaults, first_flags, columns = _layout(samples, count)
    width = len(columns)
    flat = [0] * (width * count)
    for index, column in enumerate(columns):
        flat[index::width] = column
    head_size = 16 + 4 * len(defaults)
    run_size = 20 + 4 * (len(first_flags) + len(flat))
    size = 8 + head_size + 20 + run_size
    values: list[int | bytes] = [size, b"traf", head_size, b"tfhd", head_flags, track_id, *defaults]
    values += (20, b"tfdt", _VERSION_1, samples.base_time)
    values += (run_size, b"trun", _VERSION_1 | run_flags, count)
    data_offset_at = len(values)
    values.append(0)
    values += first_flags
    values += flat
    layout = f"I4sI4sII{len(defaults)}II4sIQI4sIII{len(first_flags) + len(flat)}I"
    return _Traf(layout, values, size, data_offset_at, data_bytes)


def _layout(samples: Samples, count: int) -> tuple[int, int, list[int], list[int], list[Sequence[int]]]:
    """Return (tfhd flags, trun flags, defaults for tfhd, first sample's flags, columns of trun)."""
    durations, sizes, composition = samples.durations, samples.sizes, samples.composition
    head_flags = _TFHD_BASE_IS_MOOF | _TFHD_DEFAULT_FLAGS
    run_flags = _TRUN_DATA_OFFSET
    defaults: list[int] = []
    columns: list[Sequence[int]] = []
    if durations.count(durations[0]) == count:
        head_flags |= _TFHD_DEFAULT_DURATION
        defaults.append(durations[0])
    else:
        run_flags |= _TRUN_DURATION
        columns.append(durations)
    if sizes.count(sizes[0]) == count:
        head_flags |= _TFHD_DEFAULT_SIZE
        defaults.append(sizes[0])
    else:
        run_flags |= _TRUN_SIZE
        columns.append(sizes)
    first_flags: list[int] = []
    keyframes = samples.keyframes.count(True)
    defaults.append(SYNC_SAMPLE if keyframes == count else DEPENDENT_SAMPLE)
    if keyframes == 1 and samples.keyframes[0] and count > 1:
        run_flags |= _TRUN_FIRST_FLAGS
        first_flags.append(SYNC_SAMPLE)
    elif 0 < keyframes < count:
        run_flags |= _TRUN_FLAGS
        columns.append([SYNC_SAMPLE if k else DEPENDENT_SAMPLE for k in samples.keyframes])
    if any(composition):
        if max(composition) > _MAX_I32 or min(composition) < -_MAX_I32:
            raise FragmentError("a composition offset beyond 31 bits")
        run_flags |= _TRUN_COMPOSITION
        columns.append([offset & _MAX_U32 for offset in composition])
    return head_flags, run_flags, defaults, first_flags, columns


def _prft(track_id: int, samples: Samples, wall_us: int) -> tuple[int | bytes, ...]:
    """ProducerReferenceTimeBox, version 1 (14496-12 8.16.5): wall clock of a presentation time.

    Flags 0: the time at which the picture was taken, as well as we know it. The media time is the
    presentation time of the first sample, in the units and from the origin of its tfdt.
    """
    seconds, rest_us = divmod(wall_us, _US)
    # NTP seconds wrap in 2036 (RFC 5905 section 6: era 1); readers add the era by plausibility.
    ntp = (seconds + _NTP_TO_UNIX_S & _MAX_U32) << 32 | ((rest_us << 32) + _US // 2) // _US
    media_time = samples.base_time + samples.composition[0]
    return (32, b"prft", _VERSION_1, track_id, ntp, media_time)


def _trex(track_id: int) -> bytes:
    return full_box(b"trex", 0, 0, struct.pack(">IIIII", track_id, 1, 0, 0, 0))


def _trak(track_id: int, timescale: int, side: tuple[int, int] | None, entry: bytes) -> bytes:
    """Return trak with empty sample tables, as a fragmented file has them."""
    tables = (
        full_box(b"stsd", 0, 0, struct.pack(">I", 1), entry),
        full_box(b"stts", 0, 0, bytes(4)),
        full_box(b"stsc", 0, 0, bytes(4)),
        full_box(b"stsz", 0, 0, bytes(8)),
        full_box(b"stco", 0, 0, bytes(4)),
    )
    return track_box(track_id, b"".join(tables), timescale=timescale, side=side)
