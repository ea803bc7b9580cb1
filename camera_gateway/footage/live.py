"""The live edge of a camera: the last fragments of the part that grows in the spool, as an HLS playlist.

Promises: whole fragments only; numbers that never go back, not even over a restart; nothing older than the window, so
that who may see live sees nothing recorded. Reads what the recorder writes and touches nothing. Synchronous; for
threads that may wait. Whether somebody may see it is asked before.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from camera_gateway.footage.playback import sound_in
from camera_gateway.footage.playlist import date_time, seconds
from camera_gateway.footage.remembered import Remembered
from camera_gateway.media.boxes import BoxError
from camera_gateway.media.fragments import fragments, read_init
from camera_gateway.media.rendition import Rendition, RenditionError, Source, make_rendition
from camera_gateway.media.workshop import SOUND_MARGIN
from storage.spool_entries import DATA, PART

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from camera_gateway.media.fragments import Fragment, Init
    from camera_gateway.media.workshop import Workshop

US = 1_000_000
WINDOW_US = 12 * US
"""How far back the live edge reaches."""
LEAST = 6
"""Fragments that stay in any case, and no more than `MOST`, however short they are."""
MOST = 40
LONGEST_GOP = 30
"""Fragments back to the keyframe that a rendition leans on."""
STALE_US = 20 * US
"""A part whose newest picture is older than this does not grow."""
NUMBERED_US = US // 5
"""Numbers begin with the time in these, so that they go on after a restart: fragments last longer on average."""
SOUND_LATE = SOUND_MARGIN + 1
LIVE_RENDITIONS_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class LivePiece:
    """One fragment. `number` is its media sequence number, `segment` the segment that it is part of."""

    number: int
    segment: str
    run: str
    map: str
    """The segment whose init segment fits: the first of its run that was seen."""
    offset: int
    size: int
    wall_us: int
    duration_us: int
    keyframe: bool
    follows: bool
    """Whether media time goes on from the piece before."""


class LiveFeed:
    """One camera's live edge. `look` as often as somebody asks; for any thread."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._pieces: deque[LivePiece] = deque()
        self._inits: dict[str, tuple[bytes, Init]] = {}
        self._segment = ""
        self._offset = 0
        self._map = ""
        self._made: Remembered[Rendition] = Remembered(LIVE_RENDITIONS_BYTES, lambda made: len(made.media))

    def look(self, now_us: int) -> tuple[LivePiece, ...]:
        """Read what has been written since the last look; the pieces of the window, the newest last.

        Empty where nothing grows. `now_us` is UTC.
        """
        with self._lock:
            for _ in range(2):  # the part that was, to its end; then the one after it
                if self._read_on():
                    break
                newest = self._newest_part()
                if newest is None or newest == self._segment:
                    break
                self._segment, self._offset = newest, 0
            self._forget(now_us)
            pieces = tuple(self._pieces)
        if not pieces or now_us - pieces[-1].wall_us - pieces[-1].duration_us > STALE_US:
            return ()
        return pieces

    def init(self, segment: str) -> bytes | None:
        """Return `ftyp moov` for the pieces whose `map` is this."""
        with self._lock:
            found = self._inits.get(segment)
            return None if found is None else found[0]

    def media(self, segment: str, offset: int) -> bytes | None:
        """Return one fragment that is in the window; None when it is not, or is gone."""
        with self._lock:
            piece = next((p for p in self._pieces if p.segment == segment and p.offset == offset), None)
        return None if piece is None else self._bytes(piece)

    def rendition(self, workshop: Workshop, camera: str, segment: str, offset: int) -> Rendition | None:
        """Return one fragment as every browser plays it; None when it is not in the window, or is gone.

        Raises `RenditionError` and `Busy`.
        """
        with self._lock:
            pieces = list(self._pieces)
            inits = dict(self._inits)
        at = next((n for n, p in enumerate(pieces) if p.segment == segment and p.offset == offset), None)
        if at is None:
            return None
        key = (segment, offset)
        found = self._made.get(key)
        if found is None:
            begin = next((n for n in range(at, -1, -1) if pieces[n].keyframe), None)
            if begin is None or any(not pieces[n].follows for n in range(begin + 1, at + 1)):
                raise RenditionError("undecodable")
            data = [self._bytes(piece) for piece in pieces[begin : at + 1]]
            whole = b"".join(each for each in data if each is not None)
            init = inits[pieces[at].map][1]
            audio = init.track("audio")
            around = [] if audio is None else sound_in(whole, audio.track_id)
            if audio is not None and begin and pieces[begin].follows:
                around += sound_in(self._bytes(pieces[begin - 1]) or b"", audio.track_id)
            late = SOUND_LATE if audio is not None and audio.audio is not None and audio.audio.codec != "aac" else 0
            source = Source(init, whole, at - begin, tuple(around), late)
            found = make_rendition(workshop, camera, source)
            self._made.put(key, found)
        return found

    def rendition_init(self, workshop: Workshop, camera: str, segment: str) -> bytes | None:
        """Return the init segment of the renditions of pieces whose `map` is this; None when there are none.

        Raises `RenditionError` and `Busy`.
        """
        with self._lock:
            piece = next((p for p in self._pieces if p.map == segment and p.keyframe), None)
        made = None if piece is None else self.rendition(workshop, camera, piece.segment, piece.offset)
        return None if made is None else made.init

    def _bytes(self, piece: LivePiece) -> bytes | None:
        for suffix in (PART, DATA):
            try:
                with (self._directory / f"{piece.segment}{suffix}").open("rb") as file:
                    data = os.pread(file.fileno(), piece.size, piece.offset)
            except FileNotFoundError:
                continue  # sealed between two looks
            return data if len(data) == piece.size else None
        return None

    def _newest_part(self) -> str | None:
        """Return the name of the part that was written to last."""
        try:
            with os.scandir(self._directory) as entries:
                parts = [(each.stat().st_mtime_ns, each.name) for each in entries if each.name.endswith(PART)]
        except FileNotFoundError:
            return None
        return max(parts)[1].removesuffix(PART) if parts else None

    def _read_on(self) -> bool:
        """Read the present segment from where the last look ended; False when it has ended or is none."""
        if not self._segment:
            return False
        for suffix in (PART, DATA):
            try:
                with (self._directory / f"{self._segment}{suffix}").open("rb") as file:
                    self._take(file)
            except FileNotFoundError:
                continue
            return suffix == PART
        return False

    def _take(self, file: BinaryIO) -> None:
        try:
            if not self._offset:
                init = read_init(file)
                self._begin(os.pread(file.fileno(), init.size, 0), init)
            for found in fragments(file, self._offset):
                self._add(found)
        except BoxError:
            return  # the last fragment is being written: the next look has it whole

    def _begin(self, data: bytes, init: Init) -> None:
        run = self._segment.rpartition("-")[0]
        same = self._pieces and self._pieces[-1].run == run and self._inits[self._pieces[-1].map][0] == data
        if not same:
            self._inits[self._segment] = (data, init)
            self._map = self._segment
        self._offset = init.size

    def _add(self, found: Fragment) -> None:
        video = self._inits[self._map][1].track("video")
        run = None if video is None else found.run(video.track_id)
        self._offset = found.end
        if video is None or run is None or found.wall_us is None:
            return
        before = self._pieces[-1] if self._pieces else None
        piece = LivePiece(
            number=found.wall_us // NUMBERED_US if before is None else before.number + 1,
            segment=self._segment,
            run=self._segment.rpartition("-")[0],
            map=self._map,
            offset=found.offset,
            size=found.size,
            wall_us=found.wall_us,
            duration_us=(run.end_time - run.base_time) * US // video.timescale,
            keyframe=run.keyframes[0],
            follows=before is not None and before.map == self._map,
        )
        self._pieces.append(piece)

    def _forget(self, now_us: int) -> None:
        pieces = self._pieces
        while len(pieces) > MOST or (len(pieces) > LEAST and pieces[0].wall_us < now_us - WINDOW_US):
            if len(pieces) <= LONGEST_GOP and not any(piece.keyframe for piece in list(pieces)[1:]):
                break  # what follows leans on the only keyframe that there is
            pieces.popleft()
        kept = {piece.map for piece in pieces} | {self._map}
        self._inits = {name: init for name, init in self._inits.items() if name in kept}


def live_playlist(pieces: tuple[LivePiece, ...], *, h264: bool = False) -> str:
    """Return the playlist of the live edge: one entry per fragment; addresses relative to `cameras/ID/live.m3u8`."""
    rendition = "h264/" if h264 else ""
    longest_us = max(piece.duration_us for piece in pieces)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{max(1, -(-longest_us // US))}",
        f"#EXT-X-MEDIA-SEQUENCE:{pieces[0].number}",
    ]
    for number, piece in enumerate(pieces):
        if number == 0 or not piece.follows:
            if number:
                lines.append("#EXT-X-DISCONTINUITY")
            lines.append(f'#EXT-X-MAP:URI="live/{piece.map}/{rendition}init.mp4"')
        lines += (
            f"#EXT-X-PROGRAM-DATE-TIME:{date_time(piece.wall_us)}",
            f"#EXTINF:{seconds(piece.duration_us)},",
            f"live/{piece.segment}/{rendition}{piece.offset}.m4s",
        )
    return "\n".join([*lines, ""])
