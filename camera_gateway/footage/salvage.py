"""What a crash left behind becomes segments again, up to the last whole fragment (invariants C5, D3, D7).

Promises: afterwards no part and no half-sealed file is left; every byte that a player can use is in a sealed
segment that says of itself that it was salvaged; nothing is silently shortened: what was cut off is told. Needs the
spool for itself: call it before recording begins.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from camera_gateway.domain.footage import ClockMethod, Origin, RunEnd, Sidecar, parse_sidecar
from camera_gateway.domain.ids import CameraId, InstitutionId, RunId, SegmentId
from camera_gateway.errors import InvalidInput
from camera_gateway.media.boxes import BoxError
from camera_gateway.media.fragments import fragments, last_whole_fragment, read_init
from storage.errors import SpoolError
from storage.spool import Orphan, PartFile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from camera_gateway.media.fragments import Fragment, Init
    from storage.spool import PartFacts, Spool

US = 1_000_000
LOOK_BACK = 8
"""Newest sidecars that are read to find where a camera's footage ends."""
UNCERTAINTY_US = 1_000_000
"""Of a salvaged segment's times: the quality of the clock was only in memory."""


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What became of one file. `end_us` None: nothing in it could be kept, and it is gone."""

    camera: CameraId
    name: str
    start_us: int | None
    end_us: int | None
    kept_bytes: int
    cut_bytes: int
    detail: str


@dataclass(slots=True)
class _Content:
    """What a part's boxes tell."""

    keep_bytes: int
    start_us: int
    end_us: int
    media_start_us: int
    media_duration_us: int
    frames: int
    keyframes: int
    gop_max_us: int
    init: Init


def salvage_all(
    spool: Spool, institution_of: Mapping[CameraId, InstitutionId], software: str, *, strangers: bool = True
) -> list[Salvaged]:
    """Salvage every part and orphan of these cameras; with `strangers`, files of all others are set aside.

    Raises SpoolError only when the spool cannot even be listed; a file that resists is left for the next start
    and reported.
    """
    results: list[Salvaged] = []
    for entry in list(spool.scan()):
        if not strangers and entry.queue not in institution_of:
            continue
        if isinstance(entry, PartFile) or (isinstance(entry, Orphan) and entry.kind == "data-without-sidecar"):
            results.append(_one(spool, entry, institution_of, software))
        elif isinstance(entry, Orphan) and entry.kind != "unknown":
            spool.release(entry)
    return results


def salvage_part(
    spool: Spool,
    entry: PartFile | Orphan,
    institution: InstitutionId,
    software: str,
    *,
    run_end: RunEnd = RunEnd.CRASHED,
) -> Salvaged:
    """Seal one file up to its last whole fragment, or remove it when it has none.

    Raises SpoolError when the disk refuses; then the file stays as it is.
    """
    camera = CameraId(entry.queue)
    try:
        content = _read(entry.path)
    except (BoxError, OSError, ValueError) as error:
        content = None
        detail = f"no whole fragment ({error})"
    else:
        detail = "no whole fragment" if content is None else ""
    if content is None:
        spool.release(entry)
        return Salvaged(camera, entry.name, None, None, 0, entry.bytes, detail)
    sealed = spool.reseal(
        entry,
        keep_bytes=content.keep_bytes,
        sidecar=lambda facts: _sidecar(facts, content, entry.path, institution, software, run_end).to_bytes(),
    )
    cut = entry.bytes - sealed.bytes
    return Salvaged(camera, entry.name, content.start_us, content.end_us, sealed.bytes, cut, f"{cut} bytes cut off")


def latest_end(spool: Spool, camera: CameraId) -> int | None:
    """Return the end of the camera's newest sealed footage that still lies in the spool."""
    folder = spool.root / camera
    try:
        found = [p for p in folder.iterdir() if p.name.endswith(".json") and not p.name.endswith(".record.json")]
        found.sort(key=lambda p: p.stat().st_mtime_ns)
    except FileNotFoundError:
        return None
    newest: int | None = None
    for path in found[-LOOK_BACK:]:
        try:
            end_us = parse_sidecar(path.read_bytes(), path.name).end_us
        except (InvalidInput, OSError):
            continue  # intake judges it
        newest = end_us if newest is None else max(newest, end_us)
    return newest


def _one(
    spool: Spool, entry: PartFile | Orphan, institution_of: Mapping[CameraId, InstitutionId], software: str
) -> Salvaged:
    camera = CameraId(entry.queue)
    institution = institution_of.get(camera)
    try:
        if institution is None:
            spool.quarantine(entry, "left by a crash, and the plan has no such camera")
            return Salvaged(camera, entry.name, None, None, 0, entry.bytes, "of an unknown camera: set aside")
        return salvage_part(spool, entry, institution, software)
    except SpoolError as error:
        return Salvaged(camera, entry.name, None, None, 0, 0, f"left for the next start: {error}")


def _read(path: Path) -> _Content | None:
    """Take a file's whole fragments apart; None when there is none. Raises BoxError, OSError."""
    with path.open("rb") as file:
        init = read_init(file)
        keep = last_whole_fragment(file)
        if keep <= init.size:
            return None
        whole: list[Fragment] = []
        for fragment in fragments(file, init.size):
            whole.append(fragment)
            if fragment.end >= keep:
                break
    video = init.track("video")
    if video is None:
        return None
    return _measured(whole, init, video.track_id, video.timescale, keep)


def _measured(whole: list[Fragment], init: Init, track_id: int, hz: int, keep: int) -> _Content | None:
    """Find times and counts from the sample tables and the wall clocks of the fragments."""
    runs = [run for fragment in whole if (run := fragment.run(track_id)) is not None]
    walls = [
        (fragment.wall_us, fragment.wall_media_time)
        for fragment in whole
        if fragment.wall_us is not None and fragment.wall_media_time is not None and fragment.wall_track_id == track_id
    ]
    if not runs or not walls:
        return None
    first_wall, first_media = walls[0]
    keys: list[int] = []
    frames = 0
    for run in runs:
        time = run.base_time
        for duration, keyframe in zip(run.durations, run.keyframes, strict=True):
            frames += 1
            if keyframe:
                keys.append(time)
            time += duration
    begin, end = runs[0].base_time, runs[-1].end_time
    shown_first = begin + runs[0].composition[0]
    last_wall, last_media = walls[-1]
    # what the recorder says of the end: its wall clock at the last fragment, and that fragment's length
    lead = shown_first - begin
    end_us = last_wall + (end + lead - last_media) * US // hz
    gops = [b - a for a, b in zip(keys, [*keys[1:], end], strict=True)]
    return _Content(
        keep_bytes=keep,
        start_us=first_wall - (first_media - shown_first) * US // hz,
        end_us=end_us,
        media_start_us=begin * US // hz,
        media_duration_us=end * US // hz - begin * US // hz,
        frames=frames,
        keyframes=len(keys),
        gop_max_us=max(gops, default=0) * US // hz,
        init=init,
    )


def _sidecar(
    facts: PartFacts, content: _Content, path: Path, institution: InstitutionId, software: str, run_end: RunEnd
) -> Sidecar:
    video, audio = content.init.track("video"), content.init.track("audio")
    shape = video.video if video is not None else None
    with path.open("rb") as file:
        init_sha256 = hashlib.sha256(file.read(content.init.size)).hexdigest()
    return Sidecar(
        segment=SegmentId(facts.name),
        run=RunId(facts.name.rpartition("-")[0]),
        run_end=run_end,
        institution=institution,
        camera=CameraId(facts.queue),
        start_us=content.start_us,
        end_us=max(content.end_us, content.start_us + 1),
        media_start_us=content.media_start_us,
        media_duration_us=content.media_duration_us,
        clock_method=ClockMethod.ARRIVAL,
        clock_offset_us=None,
        wall_uncertainty_us=UNCERTAINTY_US,
        video_codec=shape.codec_string if shape is not None else "",
        audio_codec=audio.audio.codec_string if audio is not None and audio.audio is not None else None,
        width=shape.width if shape is not None else 0,
        height=shape.height if shape is not None else 0,
        frames=content.frames,
        keyframes=content.keyframes,
        gop_max_us=content.gop_max_us,
        damaged_units=0,
        packets_received=0,
        packets_lost=0,
        size_bytes=facts.bytes,
        sha256=facts.sha256,
        init_sha256=init_sha256,
        software=software,
        origin=Origin.SALVAGED,
    )
