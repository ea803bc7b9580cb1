"""A plain MP4 (`ftyp moov mdat`) out of fragments of our own, for people who fetch footage.

Promises: no re-encoding, the bytes of every sample untouched, sound and picture in step, start and end
by edit list (the pictures before the start that decoding needs are in the file, and hidden; shown is
from the picture that stood at the start, as readers round to a picture anyway, each track for itself),
bounded memory: tables of numbers only, while the media data is streamed past. Pure: reading
is a callback. Must not know where segments are kept.

A gap stays as time: the last sample before it simply lasts longer, so that the picture stands still
and later footage keeps its place. An empty edit in the middle would say the same more honestly, but
most players honour empty edits only at the very start and would pull later footage forward. A
change of format within a codec is a further sample entry; another codec is a further track.
"""

import struct
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, islice
from typing import Final

from camera_gateway.media.boxes import box, full_box
from camera_gateway.media.fragments import Fragment, Init, Track, TrackRun
from camera_gateway.media.movie import movie_header, track_box
from camera_gateway.media.sample_entries import audio_entry, video_entry

_US: Final = 1_000_000
_MP4_TO_UNIX_S: Final = 2_082_844_800
_MAX_I32: Final = 0x7FFFFFFF
_MAX_U32: Final = 0xFFFFFFFF
_MOVIE_TIMESCALE: Final = 90_000
_COARSE_TIMESCALES: Final = (10_000, 1_000)
_COPY_BYTES: Final = 1 << 20


FILE_TYPE: Final = box(b"ftyp", b"isom", struct.pack(">I", 0x200), b"isom", b"iso4", b"mp41")


class Mp4Error(ValueError):
    """A movie that cannot be written."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes to copy: `size` bytes from byte `offset` of `source`."""

    source: str
    offset: int
    size: int


def pre_roll(fragments: Sequence[Fragment], track_id: int, time: int) -> int:
    """Return the index of the fragment to begin with so that the picture at `time` can be decoded.

    That is the last one that begins with a keyframe presented at or before `time` (run time, in units
    of the track); 0 where there is none.
    """
    found = 0
    for index, fragment in enumerate(fragments):
        run = fragment.run(track_id)
        if run and run.keyframes and run.keyframes[0]:
            if run.base_time + run.composition[0] > time:
                break
            found = index
    return found


class PlainMp4:
    """Collects fragments in order of time, then gives the head of the file and the pieces after it.

    `start_us` and `end_us` are the span shown, wall time in µs since 1970; `start_us` is also written
    as the creation time of the movie. Raises Mp4Error when the span is empty or beyond 24 days, the
    longest that a last frame may stand still in every player.
    """

    def __init__(self, *, start_us: int, end_us: int) -> None:
        if end_us <= start_us:
            raise Mp4Error("a span without duration")
        if (end_us - start_us) * _COARSE_TIMESCALES[-1] // _US > _MAX_I32:
            raise Mp4Error("a span of more than 24 days in one file")
        self._start_us = start_us
        self._duration_us = end_us - start_us
        self._tracks: dict[tuple[str, str], _TrackTables] = {}
        self._pieces: list[Piece] = []
        self._data_bytes = 0

    def add(self, source: str, init: Init, fragment: Fragment, origin_us: int) -> None:
        """Append a fragment of the file that `source` names.

        `origin_us` is the wall time of the run's time 0. Fragments come in order of time; where two
        overlap, decode times are pressed together, and the presentation times of pictures kept.
        """
        for run in fragment.runs:
            track = next((t for t in init.tracks if t.track_id == run.track_id), None)
            if track is None or not run.sizes:
                continue
            tables = self._tables(track)
            tables.add(track, run, origin_us - self._start_us, self._data_bytes)
            self._copy(source, run.offset, sum(run.sizes))

    def head(self) -> bytes:
        """Return everything before the media data: ftyp, moov and the header of mdat.

        Raises:
            Mp4Error: no fragment was added.

        """
        if 8 + self._data_bytes <= _MAX_U32:
            mdat = struct.pack(">I4s", 8 + self._data_bytes, b"mdat")
        else:
            mdat = struct.pack(">I4sQ", 1, b"mdat", 16 + self._data_bytes)
        # Offsets do not change the size of moov once their width is fixed: build once to measure.
        before = len(FILE_TYPE) + len(self.movie_box(0)) + len(mdat)
        return FILE_TYPE + self.movie_box(before) + mdat

    def movie_box(self, data_offset: int) -> bytes:
        """Return moov, for a file whose media data begin at `data_offset`.

        Raises:
            Mp4Error: no fragment was added.

        """
        if not self._tracks:
            raise Mp4Error("a movie without samples")
        return self._moov(data_offset, wide=self._data_bytes > _MAX_U32 - (1 << 30))

    @property
    def size_bytes(self) -> int:
        """Length of the whole file."""
        return len(self.head()) + self._data_bytes

    @property
    def data_bytes(self) -> int:
        """Length of the media data."""
        return self._data_bytes

    @property
    def piece_count(self) -> int:
        """How many pieces there are so far."""
        return len(self._pieces)

    def pieces(self) -> Iterator[Piece]:
        """Yield what follows the head, in order; pieces that touch in one source are one."""
        yield from self._pieces

    def write(self, read: Callable[[str, int, int], bytes]) -> Iterator[bytes]:
        """Yield the whole file; `read(source, offset, size)` returns exactly that many bytes.

        Raises:
            Mp4Error: no fragment was added, or `read` came back short.

        """
        yield self.head()
        yield from self.data(read)

    def data(self, read: Callable[[str, int, int], bytes], since: int = 0) -> Iterator[bytes]:
        """Yield the media data, in order, from piece `since` on.

        Raises:
            Mp4Error: `read` came back short.

        """
        for piece in islice(self._pieces, since, None):
            for at in range(0, piece.size, _COPY_BYTES):
                size = min(_COPY_BYTES, piece.size - at)
                data = read(piece.source, piece.offset + at, size)
                if len(data) != size:
                    raise Mp4Error(f"{piece.source} has {len(data)} of {size} bytes at {piece.offset + at}")
                yield data

    def _tables(self, track: Track) -> "_TrackTables":
        form = track.video or track.audio
        key = (track.kind, form.codec if form else "")
        if key not in self._tracks:
            span_s = -(-self._duration_us // _US)
            fits = (t for t in (track.timescale, *_COARSE_TIMESCALES) if t * span_s <= _MAX_I32)
            timescale = next(fits, _COARSE_TIMESCALES[-1])
            self._tracks[key] = _TrackTables(len(self._tracks) + 1, timescale)
        return self._tracks[key]

    def _copy(self, source: str, offset: int, size: int) -> None:
        self._data_bytes += size
        if self._pieces:
            last = self._pieces[-1]
            if last.source == source and last.offset + last.size == offset:
                self._pieces[-1] = Piece(source, last.offset, last.size + size)
                return
        self._pieces.append(Piece(source, offset, size))

    def _moov(self, data_offset: int, *, wide: bool) -> bytes:
        created = self._start_us // _US + _MP4_TO_UNIX_S
        early = max((t.early * _MOVIE_TIMESCALE // t.timescale for t in self._tracks.values()), default=0)
        duration = self._duration_us * _MOVIE_TIMESCALE // _US + early
        mvhd = movie_header(_MOVIE_TIMESCALE, duration, created, len(self._tracks) + 1)
        traks = (t.trak(created, duration, early, data_offset, wide=wide) for t in self._tracks.values())
        return box(b"moov", mvhd, *traks)


class _TrackTables:
    """The sample tables of one track, growing; times in the track's units from the start of the span."""

    def __init__(self, track_id: int, timescale: int) -> None:
        self.track_id = track_id
        self.timescale = timescale
        self._last_track: Track | None = None
        self.side: tuple[int, int] | None = None
        self.entries: list[bytes] = []
        self.sizes = array("I")
        self.deltas = array("I")  # one less than samples; the last duration is apart
        self.composition = array("i")
        self.sync = array("I")
        self.chunk_offsets = array("Q")
        self.chunk_samples = array("I")
        self.chunk_entries = array("I")
        self.first_decode = 0
        self.last_decode = 0
        self.last_duration = 0
        self.first_shown: int | None = None
        self.early = 0  # how long before the start the picture that stands there was first shown

    def add(self, track: Track, run: TrackRun, origin_us: int, offset: int) -> None:
        self.chunk_entries.append(self._entry(track))
        self.chunk_offsets.append(offset)
        self.chunk_samples.append(len(run.sizes))
        self.sizes.extend(run.sizes)
        origin = origin_us * self.timescale // _US
        for sample in run.samples():
            # from absolute times, so that rounding never adds up
            decode = origin + sample.decode_time * self.timescale // track.timescale
            shown = origin + sample.presentation_time * self.timescale // track.timescale
            duration = max(sample.duration * self.timescale // track.timescale, 1)
            self._place(decode, shown, duration)
            if track.video and -duration < shown <= 0:
                self.early = -shown
            if sample.keyframe:
                self.sync.append(len(self.composition))

    def _entry(self, track: Track) -> int:
        if track is self._last_track:  # parsing the sets again for each fragment would cost most of the time
            return self.chunk_entries[-1]
        self._last_track = track
        if track.video:
            entry = video_entry(track.video, track.parameter_sets)
            self.side = self.side or (track.video.width, track.video.height)
        elif track.audio:
            entry = audio_entry(track.audio)
        else:
            raise Mp4Error("a track without a format")
        if entry not in self.entries:
            self.entries.append(entry)
        return self.entries.index(entry) + 1

    def _place(self, decode: int, shown: int, duration: int) -> None:
        if self.first_shown is None:
            self.first_decode, self.first_shown = decode, shown
        else:
            earliest = self.last_decode + 1
            if decode < earliest:
                # sound is heard in the order of its decode times; a composition offset confuses players
                shown = shown if self.side else earliest
                decode = earliest
            delta = decode - self.last_decode
            if delta > _MAX_I32:
                raise Mp4Error("footage far outside the span")
            self.deltas.append(delta)
            self.first_shown = min(self.first_shown, shown)
        if abs(shown - decode) > _MAX_I32:
            raise Mp4Error("a presentation time far from its decode time")
        self.composition.append(shown - decode)
        self.last_decode, self.last_duration = decode, duration

    def trak(self, created: int, movie_duration: int, early: int, data_offset: int, *, wide: bool) -> bytes:
        return track_box(
            self.track_id,
            b"".join(self._stbl(data_offset, wide=wide)),
            timescale=self.timescale,
            side=self.side,
            created=created,
            movie_duration=movie_duration,
            media_duration=self.last_decode + self.last_duration - self.first_decode,
            edits=self._edits(movie_duration, early),
        )

    def _edits(self, movie_duration: int, early: int) -> bytes:
        """Show from `early` before the span (movie units), after an empty edit where we begin later."""
        start = -(early * self.timescale // _MOVIE_TIMESCALE)
        first = max(self.first_shown or 0, start)
        wait = min((first - start) * _MOVIE_TIMESCALE // self.timescale, movie_duration)
        edits = [(wait, -1)] if wait else []
        if movie_duration > wait:
            edits.append((movie_duration - wait, first - self.first_decode))
        body = b"".join(struct.pack(">QqI", duration, time, 0x10000) for duration, time in edits)
        return box(b"edts", full_box(b"elst", 1, 0, struct.pack(">I", len(edits)), body))

    def _stbl(self, data_offset: int, *, wide: bool) -> Iterator[bytes]:
        yield full_box(b"stsd", 0, 0, struct.pack(">I", len(self.entries)), *self.entries)
        yield full_box(b"stts", 0, 0, _run_lengths(chain(self.deltas, (self.last_duration,))))
        if any(self.composition):
            yield full_box(b"ctts", int(min(self.composition) < 0), 0, _run_lengths(self.composition))
        if len(self.sync) != len(self.sizes):
            yield full_box(b"stss", 0, 0, struct.pack(">I", len(self.sync)), _big_endian(self.sync))
        yield full_box(b"stsc", 0, 0, self._chunks())
        yield full_box(b"stsz", 0, 0, struct.pack(">II", 0, len(self.sizes)), _big_endian(self.sizes))
        offsets = array("Q" if wide else "I", (data_offset + offset for offset in self.chunk_offsets))
        count = struct.pack(">I", len(offsets))
        yield full_box(b"co64" if wide else b"stco", 0, 0, count, _big_endian(offsets))

    def _chunks(self) -> bytes:
        """Sample-to-chunk table (8.7.4): an entry wherever count or sample entry changes."""
        table = array("I")
        number = 1
        for pair, same in groupby(zip(self.chunk_samples, self.chunk_entries, strict=True)):
            table.extend((number, *pair))
            number += sum(1 for _ in same)
        return struct.pack(">I", len(table) // 3) + _big_endian(table)


def _run_lengths(values: Iterable[int]) -> bytes:
    """Pack (count, value) for stretches of equal values, after the number of stretches."""
    pairs = array("I")
    for value, same in groupby(values):
        pairs.append(sum(1 for _ in same))
        pairs.append(value & _MAX_U32)
    return struct.pack(">I", len(pairs) // 2) + _big_endian(pairs)


def _big_endian(values: "array[int]") -> bytes:
    swapped = values[:]
    if struct.pack("=H", 1) != struct.pack(">H", 1):
        swapped.byteswap()
    return swapped.tobytes()
