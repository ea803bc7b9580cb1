"""One plain MP4 of exactly the asked span, out of stored segments, and what of the span is missing and why.

Promises the original samples without re-encoding, each segment hashed before a byte of it is used, and memory for
tables of numbers only: segments wait in a work directory, on the disk, unless they lie in a file already. The next
ones are fetched and hashed by threads meanwhile. A segment that fails its check becomes a finding and a gap in the
answer, never a crash and never a frame (C2). Synchronous; knows no catalogue.
"""

from __future__ import annotations

import tempfile
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from camera_gateway.clock import US, rfc3339
from camera_gateway.domain.coverage import Gap, KeptSpan, coverage
from camera_gateway.domain.footage import GapCause, Sidecar
from camera_gateway.errors import InvalidInput, NotFound
from camera_gateway.footage.copies import Copy, CopyFiles, Window
from camera_gateway.footage.findings import Finding
from camera_gateway.footage.reader import IntegrityFailed, Place
from camera_gateway.media.boxes import BoxError
from camera_gateway.media.fragments import Fragment, Init, fragments, read_init
from camera_gateway.media.mp4 import Mp4Error, PlainMp4, pre_roll
from camera_gateway.media.mp4_in_place import Mp4InPlace, room_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from concurrent.futures import Future

    from camera_gateway.footage.reader import Located, Reader

READERS = 2
"""Segments that are fetched and hashed at a time."""
HELD_US = 500_000
"""A run's wall clock may step back by so much within one file before pictures are placed anew."""


@dataclass(frozen=True, slots=True)
class FoundSegment:
    """A segment and where it is, as a plan of what to fetch carries it. See `reader.Located`."""

    sidecar: Sidecar
    spool_path: str | None
    key: str | None
    version_id: str | None


@dataclass(frozen=True, slots=True)
class Used:
    """A segment whose samples are in the file."""

    segment: str
    start_us: int
    end_us: int
    sha256: str
    size_bytes: int
    place: Place


@dataclass(frozen=True, slots=True)
class FetchReport:
    """What a fetch gave. `missing` and the footage partition the asked span; seams within a frame count as footage."""

    from_us: int
    to_us: int
    covered_us: int
    missing: tuple[Gap, ...]
    used: tuple[Used, ...]
    findings: tuple[Finding, ...]
    size_bytes: int

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form: times RFC 3339, durations in seconds."""
        return {
            "from": rfc3339(self.from_us),
            "to": rfc3339(self.to_us),
            "covered_s": self.covered_us / US,
            "bytes": self.size_bytes,
            "missing": [
                {"from": rfc3339(g.start_us), "to": rfc3339(g.end_us), "cause": g.cause.value, "detail": g.detail}
                for g in self.missing
            ],
            "segments": [
                {
                    "id": used.segment,
                    "start": rfc3339(used.start_us),
                    "end": rfc3339(used.end_us),
                    "sha256": used.sha256,
                    "bytes": used.size_bytes,
                    "from": used.place,
                }
                for used in self.used
            ],
            "findings": [{"invariant": f.invariant, "what": f.what, "where": f.where} for f in self.findings],
        }


@dataclass(slots=True)
class _Collected:
    """What the first pass has found."""

    used: list[Used] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    failed: list[Gap] = field(default_factory=list)
    copies: dict[str, Copy] = field(default_factory=dict)
    run: str = ""
    origin_us: int = 0
    """Wall time of the time 0 of the run that is being placed."""

    def place(self, run: str, origin_us: int) -> int:
        """Return where a segment of `run` stands whose own wall clock puts the run's time 0 at `origin_us`.

        Within a run the wall clock is known better with time, mostly by finding that less delay was possible. A small
        step back is not followed: it would press two pictures together, closer than the camera ever made them.
        """
        if run != self.run or not 0 < self.origin_us - origin_us <= HELD_US:
            self.run, self.origin_us = run, origin_us
        return self.origin_us


def fetch(
    segments: Sequence[Located],
    gaps: Sequence[Gap],
    from_us: int,
    to_us: int,
    sink: BinaryIO,
    *,
    reader: Reader,
    work_dir: Path,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    copies: Mapping[str, Copy | IntegrityFailed] | None = None,
    in_place: bool = False,
) -> FetchReport:
    """Write [from_us, to_us) of one camera to `sink` as a plain MP4; see the module's promise.

    The pictures that stand before `from_us` and are needed to decode are in the file and hidden by its edit list.
    `gaps` explain what is not recorded. `progress(done, total)` counts bytes read and written. `work_dir` needs
    room for the segments of the span; `copies` are those by id that lie in a file already, or could not be had, and
    where it is given no other is looked for. With `in_place` the sink can be sought in and is at its start: each
    segment is written as it comes, and leaves the work directory at once. Raises `NotFound` when nothing of the span
    can be had (nothing is written then), `InvalidInput` for a span that one file cannot hold, `Unavailable`, OSError.
    """
    wanted = sorted(
        (s for s in segments if s.sidecar.end_us > from_us and s.sidecar.start_us < to_us),
        key=lambda s: (s.sidecar.start_us, s.sidecar.segment),
    )
    total = 2 * sum(s.sidecar.size_bytes for s in wanted)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=work_dir) as folder:
        try:
            movie = PlainMp4(start_us=from_us, end_us=to_us)
            collected = _Collected()
            writer = _InPlace(sink, movie, wanted) if in_place else _Afterwards(sink, movie)
            with CopyFiles(collected.copies) as files:
                done = 0
                for segment, copy in _copied(wanted, reader, Path(folder), copies):
                    if _collect(movie, segment, copy, from_us, to_us, collected):
                        writer.take(files)
                        if in_place and copies is None:
                            collected.copies[segment.sidecar.segment].path.unlink()
                    done += segment.sidecar.size_bytes
                    progress(done, total)
                if not collected.used:
                    raise NotFound(_nothing(collected, gaps), hint="see: camera-gateway footage coverage")
                size = writer.finish(files, lambda written: progress(min(done + written, total), total))
        except Mp4Error as error:
            raise InvalidInput(f"one file cannot hold this span: {error}", hint="ask for a shorter span") from error
    progress(total, total)
    return _report(collected, gaps, from_us, to_us, size)


def _copied(
    wanted: Sequence[Located],
    reader: Reader,
    folder: Path,
    copies: Mapping[str, Copy | IntegrityFailed] | None,
) -> Iterator[tuple[Located, Copy | IntegrityFailed]]:
    """Yield each segment with its checked copy, or with what is wrong with it; the next ones are on their way."""
    if copies is not None:
        yield from ((segment, copies[segment.sidecar.segment]) for segment in wanted)
        return

    def copy(segment: Located) -> Copy | IntegrityFailed:
        target = folder / segment.sidecar.segment
        try:
            return Copy(target, 0, segment.sidecar.size_bytes, reader.copy_verified(segment, target))
        except IntegrityFailed as error:
            target.unlink(missing_ok=True)
            return error

    begun: deque[tuple[Located, Future[Copy | IntegrityFailed]]] = deque()
    with ThreadPoolExecutor(READERS, "fetch") as threads:
        try:
            for segment in wanted:
                begun.append((segment, threads.submit(copy, segment)))
                # the first is waited for alone: nothing shares its way, and the file begins at once
                if len(begun) > READERS or segment is wanted[0]:
                    first, future = begun.popleft()
                    yield first, future.result()
            while begun:
                first, future = begun.popleft()
                yield first, future.result()
        finally:
            threads.shutdown(cancel_futures=True)


def _collect(
    movie: PlainMp4,
    segment: Located,
    copy: Copy | IntegrityFailed,
    from_us: int,
    to_us: int,
    collected: _Collected,
) -> bool:
    """Add one segment's part of the span to the movie; whether it has any."""
    sidecar = segment.sidecar
    if isinstance(copy, IntegrityFailed):
        _fail(collected, segment, copy.detail)
        return False
    try:
        with copy.path.open("rb", buffering=0) as file:
            source = Window(file.fileno(), copy.offset, copy.size)
            init = read_init(source)
            found = list(fragments(source, init.size))
    except BoxError as error:
        _fail(collected, segment, f"not the file that we write: {error}")
        return False
    origin_us = collected.place(sidecar.run, _origin_us(init, found, sidecar))
    chosen = _choose(init, found, origin_us, from_us, to_us)
    for fragment in chosen:
        movie.add(sidecar.segment, init, fragment, origin_us)
    if chosen:
        collected.copies[sidecar.segment] = copy
        used = (sidecar.segment, sidecar.start_us, sidecar.end_us, sidecar.sha256, sidecar.size_bytes)
        collected.used.append(Used(*used, copy.place))
    return bool(chosen)


def _fail(collected: _Collected, segment: Located, detail: str) -> None:
    sidecar = segment.sidecar
    where = segment.key or segment.spool_path or sidecar.segment
    collected.findings.append(Finding("C2", detail, where))
    collected.failed.append(Gap(sidecar.start_us, sidecar.end_us, GapCause.INTEGRITY_FAILED, detail))


def _origin_us(init: Init, found: list[Fragment], sidecar: Sidecar) -> int:
    """Return the wall time of the run's time 0: by the file's first wall clock, else by the sidecar."""
    for fragment in found:
        track = next((t for t in init.tracks if t.track_id == fragment.wall_track_id), None)
        if track is not None and fragment.wall_us is not None and fragment.wall_media_time is not None:
            return fragment.wall_us - fragment.wall_media_time * US // track.timescale
    return sidecar.start_us - sidecar.media_start_us


def _choose(init: Init, found: list[Fragment], origin_us: int, from_us: int, to_us: int) -> list[Fragment]:
    """Return the fragments that the span needs: from the keyframe before its start to its end."""
    video = init.track("video")
    if video is None or not found:
        return []
    first = pre_roll(found, video.track_id, (from_us - origin_us) * video.timescale // US)
    end_time = -(-(to_us - origin_us) * video.timescale // US)
    return [f for f in found[first:] if (run := f.run(video.track_id)) is None or run.base_time < end_time]


class _Afterwards:
    """Writes the whole file once its tables are known: for a sink that cannot be sought in."""

    def __init__(self, sink: BinaryIO, movie: PlainMp4) -> None:
        self._sink = sink
        self._movie = movie

    def take(self, files: CopyFiles) -> None:
        """Leave what was added where it is."""

    def finish(self, files: CopyFiles, progress: Callable[[int], None]) -> int:
        size = 0
        for data in self._movie.write(files.read):
            self._sink.write(data)
            size += len(data)
            progress(size)
        return size


class _InPlace:
    """Writes what was added at once, and the head of the file in the end."""

    def __init__(self, sink: BinaryIO, movie: PlainMp4, wanted: Sequence[Located]) -> None:
        frames = sum(segment.sidecar.frames for segment in wanted)
        duration_us = sum(segment.sidecar.media_duration_us for segment in wanted)
        self._room = room_for(frames, duration_us / US)
        self._sink = sink
        self._file: Mp4InPlace | None = None
        self._movie = movie
        self._pieces = 0

    def take(self, files: CopyFiles) -> None:
        """Append what was added since: of one segment, as pieces of two never become one."""
        self._file = self._file or Mp4InPlace(self._sink, self._room)
        for data in self._movie.data(files.read, self._pieces):
            self._file.write(data)
        self._pieces = self._movie.piece_count

    def finish(self, _files: CopyFiles, _progress: Callable[[int], None]) -> int:
        return 0 if self._file is None else self._file.finish(self._movie)


def _report(collected: _Collected, gaps: Sequence[Gap], from_us: int, to_us: int, size: int) -> FetchReport:
    spans = [KeptSpan(used.start_us, used.end_us, "stored", locked=False) for used in collected.used]
    whole = [(from_us, to_us)]
    found = coverage(from_us, to_us, whole, spans, [*collected.failed, *gaps])
    return FetchReport(
        from_us=from_us,
        to_us=to_us,
        covered_us=found.recorded_us,
        missing=found.gaps,
        used=tuple(collected.used),
        findings=tuple(collected.findings),
        size_bytes=size,
    )


def _nothing(collected: _Collected, gaps: Sequence[Gap]) -> str:
    """Say in one line that nothing can be had of the span, and why."""
    causes = sorted({gap.cause.value for gap in (*collected.failed, *gaps)})
    return "nothing of this span can be fetched" + (f": {', '.join(causes)}" if causes else "")
