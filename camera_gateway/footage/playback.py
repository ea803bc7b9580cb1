"""Stills and renditions of stored segments: what is needed is read, made in the jail, and remembered for a moment.

Promises: a still reads one picture, a slice itself and the sound beside it, never a whole segment; at most so many
bytes are remembered. Synchronous; for threads that may wait. Whether somebody may see it is asked before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from camera_gateway.footage.indexing import AHEAD_BYTES, read_range
from camera_gateway.footage.remembered import Remembered
from camera_gateway.media.boxes import BoxError
from camera_gateway.media.fragments import fragments, read_init
from camera_gateway.media.rendition import Rendition, RenditionError, Source, Still, make_rendition, make_still

if TYPE_CHECKING:
    from camera_gateway.footage.reader import Located, Reader
    from camera_gateway.media.fragment_index import FragmentAt, FragmentIndex
    from camera_gateway.media.fragments import Init
    from camera_gateway.media.workshop import Workshop

STILLS_BYTES = 16 << 20
RENDITIONS_BYTES = 48 << 20
INITS_BYTES = 1 << 20
LARGEST_SLICE = 64 << 20
G711 = frozenset({"alaw", "ulaw"})


@dataclass(frozen=True, slots=True)
class StillAt:
    """A still and the wall time of its picture, µs UTC."""

    still: Still
    at_us: int


class Playback:
    """Makes pictures of segments. One for the process."""

    def __init__(self, reader: Reader, workshop: Workshop) -> None:
        self.reader = reader
        self.workshop = workshop
        self._stills: Remembered[StillAt] = Remembered(STILLS_BYTES, lambda still: len(still.still.jpeg))
        self._made: Remembered[Rendition] = Remembered(RENDITIONS_BYTES, lambda made: len(made.media))
        self._made_inits: Remembered[bytes] = Remembered(INITS_BYTES, len)
        self._inits: Remembered[bytes] = Remembered(INITS_BYTES, len)

    def forget(self) -> None:
        """Forget what was made."""
        for each in (self._stills, self._made, self._made_inits, self._inits):
            each.forget()

    def init(self, segment: Located, index: FragmentIndex) -> bytes:
        """Return `ftyp moov` of a segment. Raises what `Reader.chunks` does."""
        key = segment.sidecar.init_sha256
        found = self._inits.get(key)
        if found is None:
            found = read_range(self.reader, segment, 0, index.init_bytes)
            self._inits.put(key, found)
        return found

    def still(self, segment: Located, index: FragmentIndex, since_start_us: int, width: int) -> StillAt:
        """Return the last keyframe at or before a moment of a segment, at most `width` wide.

        Raises `RenditionError`, `Busy`, and what `Reader.chunks` does.
        """
        at = index.fragments[index.at(since_start_us)]
        key = (segment.sidecar.segment, at.offset, width)
        found = self._stills.get(key)
        if found is None:
            sample = self._keyframe(segment, at)
            video = self._parsed(segment, index).track("video")
            if video is None:
                raise RenditionError("damaged")
            still = make_still(self.workshop, segment.sidecar.camera, video, sample, width)
            found = StillAt(still, segment.sidecar.start_us + index.since_start_us(at))
            self._stills.put(key, found)
        return found

    def rendition(self, segment: Located, index: FragmentIndex, first: int, stop: int) -> Rendition:
        """Return fragments `first` up to and without `stop` as every browser plays them.

        Raises `RenditionError`, also where there are no such fragments; `Busy`; what `Reader.chunks` does.
        """
        key = (segment.sidecar.segment, first, stop)
        found = self._made.get(key)
        if found is None:
            found = self._make(segment, index, first, stop)
            self._made.put(key, found)
            self._made_inits.put(segment.sidecar.init_sha256, found.init)
        return found

    def known_rendition_init(self, segment: Located) -> bytes | None:
        """Return what `rendition_init` would, where it is remembered; waits for nothing."""
        return self._made_inits.get(segment.sidecar.init_sha256)

    def rendition_init(self, segment: Located, index: FragmentIndex) -> bytes:
        """Return the init segment that fits the renditions of a segment. Raises as `rendition` does."""
        found = self.known_rendition_init(segment)
        if found is None:
            found = self.rendition(segment, index, 0, 1).init  # one is enough to know the encoder's parameter sets
        return found

    def _make(self, segment: Located, index: FragmentIndex, first: int, stop: int) -> Rendition:
        parts = index.fragments
        if not 0 <= first < stop <= len(parts):
            raise RenditionError("no-such-slice")
        begin = next((n for n in range(first, -1, -1) if parts[n].key_bytes), 0)
        size = parts[stop - 1].end - parts[begin].offset
        if size > LARGEST_SLICE:
            raise RenditionError("too-long")
        init = self._parsed(segment, index)
        data = read_range(self.reader, segment, parts[begin].offset, size)
        around = []
        audio = init.track("audio")
        if audio is not None and audio.audio is not None and audio.audio.codec in G711:
            beside = [parts[n] for n in (first - 1, stop) if 0 <= n < len(parts) and not begin <= n < stop]
            around = [run for each in beside for run in self._sound_of(segment, each, audio.track_id)]
            if first > begin:
                around += sound_in(data, audio.track_id)
        source = Source(init, data, first - begin, tuple(around))
        return make_rendition(self.workshop, segment.sidecar.camera, source)

    def _sound_of(self, segment: Located, part: FragmentAt, track_id: int) -> list[tuple[int, bytes]]:
        """Read a fragment's sound alone: its headers, then the bytes that they name."""
        head = read_range(self.reader, segment, part.offset, min(AHEAD_BYTES, part.size))
        try:
            found = next(fragments(_Cut(head, part.size), 0), None)
        except BoxError:
            return []
        run = None if found is None else found.run(track_id)
        if run is None:
            return []
        return [(run.base_time, read_range(self.reader, segment, part.offset + run.offset, sum(run.sizes)))]

    def _keyframe(self, segment: Located, at: FragmentAt) -> bytes:
        data = read_range(self.reader, segment, at.offset, at.key_bytes or at.size)
        try:
            found = next(fragments(_Cut(data, at.size), 0), None)
        except BoxError as error:
            raise RenditionError("damaged") from error
        for run in () if found is None else found.runs:
            if run.keyframes[0] and run.offset + run.sizes[0] <= len(data):
                return data[run.offset : run.offset + run.sizes[0]]
        raise RenditionError("damaged")

    def _parsed(self, segment: Located, index: FragmentIndex) -> Init:
        try:
            return read_init(self.init(segment, index))
        except BoxError as error:
            raise RenditionError("damaged") from error


def sound_in(data: bytes, track_id: int) -> list[tuple[int, bytes]]:
    """Return the sound of whole fragments as (first sample's number, bytes)."""
    try:
        runs = [run for each in fragments(data, 0) if (run := each.run(track_id)) is not None]
    except BoxError:
        return []
    return [(run.base_time, data[run.offset : run.offset + sum(run.sizes)]) for run in runs]


class _Cut:
    """The beginning of a fragment as a source that knows how long the whole is: headers can be read, media not."""

    def __init__(self, data: bytes, size: int) -> None:
        self._data = data
        self._size = size

    @property
    def size(self) -> int:
        """Length of the whole fragment, in bytes."""
        return self._size

    def read_at(self, offset: int, count: int) -> bytes:
        """Return what of it is there."""
        return self._data[offset : offset + count]
