"""Where the fragments of a segment lie and what they show: enough to play or seek without reading the whole file.

Promises: a scan reads headers only; the written form is some six bytes a fragment, and what cannot be read back is a
`ValueError`. Pure. Knows the files of `fmp4` alone, neither spool nor store.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from camera_gateway.media.boxes import BoxError, source_of
from camera_gateway.media.fragments import fragments, read_init

if TYPE_CHECKING:
    from collections.abc import Iterator

    from camera_gateway.media.boxes import Readable

US: Final = 1_000_000
VERSION: Final = 1
LONGEST: Final = 20_000
"""Fragments of one segment at most: a segment is given up at 600 s, and a fragment lasts a second or one GOP."""
_SHIFT, _MORE = 7, 0x80
_NUMBER_BITS: Final = 63


@dataclass(frozen=True, slots=True)
class FragmentAt:
    """One fragment: `offset` and `size` in bytes of the segment's file, `start` and `duration` in ticks of its video.

    `start` is the decode time since the run's start (tfdt). `key_bytes` is 0 unless the fragment begins with a
    keyframe; then so many bytes from `offset` on hold its headers and that one picture.
    """

    offset: int
    size: int
    start: int
    duration: int
    key_bytes: int

    @property
    def end(self) -> int:
        """Offset after its last byte."""
        return self.offset + self.size


@dataclass(frozen=True, slots=True)
class FragmentIndex:
    """All fragments of one segment, in order.

    `init_bytes` is the length of `ftyp moov`, `timescale` the ticks per second of the video, `lead` the composition
    offset of the first picture: what lies between decode and presentation time (B-pictures).
    """

    init_bytes: int
    timescale: int
    lead: int
    fragments: tuple[FragmentAt, ...]

    def to_text(self) -> str:
        """Return the written form: version, then base64 of variable-length numbers."""
        numbers = [self.init_bytes, self.timescale, self.lead, self.fragments[0].start, len(self.fragments)]
        before = 0
        for each in self.fragments:
            change = each.duration - before
            numbers += (each.size, change << 1 if change >= 0 else (-change << 1) - 1, each.key_bytes)
            before = each.duration
        return f"{VERSION}:{base64.b64encode(_packed(numbers)).decode('ascii')}"

    def ticks_us(self, ticks: int) -> int:
        """Return a duration in µs, rounded to the nearest."""
        return (ticks * US + self.timescale // 2) // self.timescale

    def since_start_us(self, fragment: FragmentAt) -> int:
        """Return how long after the segment's first picture a fragment begins, µs."""
        return self.ticks_us(fragment.start - self.fragments[0].start)

    def at(self, since_start_us: int) -> int:
        """Return the number of the last fragment that begins with a keyframe at or before a moment of the segment."""
        best = 0
        for number, each in enumerate(self.fragments):
            if self.since_start_us(each) > since_start_us:
                break
            if each.key_bytes:
                best = number
        return best


@dataclass(frozen=True, slots=True)
class Slice:
    """Fragments `first` up to and without `stop`, of which the first begins with a keyframe: what a player fetches.

    `offset` and `size` in bytes of the file, `since_start_us` after the segment's first picture, `duration_us` long.
    """

    first: int
    stop: int
    offset: int
    size: int
    since_start_us: int
    duration_us: int


def slices(index: FragmentIndex, at_least_us: int) -> Iterator[Slice]:
    """Yield the segment in slices of at least `at_least_us`, the last one and long GOPs excepted."""
    parts = index.fragments
    keys = [number for number, each in enumerate(parts) if each.key_bytes or number == 0]
    first = keys[0]
    for key in [*keys[1:], len(parts)]:
        span = index.ticks_us(parts[key - 1].start + parts[key - 1].duration - parts[first].start)
        if span < at_least_us and key < len(parts):
            continue
        yield slice_of(index, first, key)
        first = key


def slice_of(index: FragmentIndex, first: int, stop: int) -> Slice:
    """Return the slice of fragments `first` up to and without `stop`; `ValueError` where there are no such ones."""
    if not 0 <= first < stop <= len(index.fragments):
        msg = f"no fragments {first} to {stop}"
        raise ValueError(msg)
    begin, last = index.fragments[first], index.fragments[stop - 1]
    start_us = index.since_start_us(begin)
    # ends are rounded, not lengths: a second of small slices adds up to a second
    end_us = index.ticks_us(last.start + last.duration - index.fragments[0].start)
    return Slice(first, stop, begin.offset, last.end - begin.offset, start_us, end_us - start_us)


def scan(data: Readable) -> FragmentIndex:
    """Read the headers of a whole segment.

    Raises:
        BoxError: damaged, torn, or no segment of ours.

    """
    source = source_of(data)
    init = read_init(source)
    video = init.track("video")
    if video is None:
        raise BoxError("no video track", 0)
    found: list[FragmentAt] = []
    lead = 0
    for fragment in fragments(source, init.size):
        run = fragment.run(video.track_id)
        if run is None or not run.sizes:
            raise BoxError("a fragment without pictures", fragment.offset)
        if len(found) == LONGEST:
            raise BoxError(f"more than {LONGEST} fragments", fragment.offset)
        if not found:
            lead = max(0, run.composition[0])
        else:
            before = found[-1]
            if before.end != fragment.offset or run.base_time < before.start:
                raise BoxError("fragments that do not follow each other", fragment.offset)
            found[-1] = replace(before, duration=run.base_time - before.start)
        key_bytes = run.offset + run.sizes[0] - fragment.offset if run.keyframes[0] else 0
        found.append(FragmentAt(fragment.offset, fragment.size, run.base_time, run.end_time - run.base_time, key_bytes))
    if not found:
        raise BoxError("no fragments", init.size)
    return FragmentIndex(init.size, video.timescale, lead, tuple(found))


def parse_index(text: str) -> FragmentIndex:
    """Return what `FragmentIndex.to_text` wrote; `ValueError` for anything else."""
    version, _, data = text.partition(":")
    if version != str(VERSION):
        msg = "a fragment index of another version"
        raise ValueError(msg)
    try:
        numbers = _unpacked(base64.b64decode(data, validate=True))
        init_bytes, timescale, lead, start, count = (next(numbers) for _ in range(5))
        if not 0 < count <= LONGEST or timescale == 0:
            msg = "a fragment index that makes no sense"
            raise ValueError(msg)
        offset, duration = init_bytes, 0
        found = []
        for _ in range(count):
            size, change, key_bytes = next(numbers), next(numbers), next(numbers)
            duration += -(change + 1 >> 1) if change & 1 else change >> 1
            found.append(FragmentAt(offset, size, start, duration, key_bytes))
            offset += size
            start += duration
    except (binascii.Error, StopIteration, RuntimeError) as error:
        msg = "a fragment index that is damaged"
        raise ValueError(msg) from error
    return FragmentIndex(init_bytes, timescale, lead, tuple(found))


def _packed(numbers: list[int]) -> bytes:
    """Write numbers that are not negative, seven bits a byte, the lowest first."""
    out = bytearray()
    for number in numbers:
        rest = number
        while rest >= _MORE:
            out.append(rest & _MORE - 1 | _MORE)
            rest >>= _SHIFT
        out.append(rest)
    return bytes(out)


def _unpacked(data: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in data:
        number |= (byte & _MORE - 1) << shift
        if byte & _MORE:
            shift += _SHIFT
            if shift > _NUMBER_BITS:
                msg = "a number without end"
                raise ValueError(msg)
        else:
            yield number
            number = shift = 0
