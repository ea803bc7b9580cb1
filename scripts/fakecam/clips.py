"""The clips that fake cameras serve: built once at set-up from footage, then cached.

What real cameras send: H.264 and H.265, 1080p to 704x576, keyframes every 1 to 4 s,
AAC or G.711 beside. Each begins with an IDR picture, has closed GOPs only, and
lasts L = 10 or 20 s exactly. `tiny` makes small ones for tests.
"""

from __future__ import annotations

import fcntl
import hashlib
import itertools
import json
import os
import shutil
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import av

from fakecam.encode import ClipSpec, encode
from fakecam.footage import Footage, drawn, obtain, pictures

if TYPE_CHECKING:
    from pathlib import Path

_VERSION = 2
_MANIFEST = "clips.json"

CLIPS = (
    ClipSpec(
        file="1080p25-h264-aac.mp4",
        name="ENTRANCE",
        codec="h264",
        width=1920,
        height=1080,
        fps=25,
        length_s=10,
        gop_s=2,
        bitrate_bps=4_000_000,
        profile="main",
        audio="aac",
    ),
    ClipSpec(
        file="576p25-h264-alaw.mov",
        name="CORRIDOR",
        codec="h264",
        width=704,
        height=576,
        fps=25,
        length_s=10,
        gop_s=1,
        bitrate_bps=1_000_000,
        profile="main",
        audio="alaw",
    ),
    ClipSpec(
        file="576p10-h264.mp4",
        name="YARD",
        codec="h264",
        width=704,
        height=576,
        fps=10,
        length_s=20,
        gop_s=4,
        bitrate_bps=600_000,
        profile="main",
        slices=4,
    ),
    ClipSpec(
        file="720p25-h265-ulaw.mov",
        name="GROUP ROOM",
        codec="h265",
        width=1280,
        height=720,
        fps=25,
        length_s=10,
        gop_s=2,
        bitrate_bps=2_000_000,
        profile="main",
        audio="ulaw",
    ),
    ClipSpec(
        file="720p25-h264-bframes-aac.mp4",
        name="PLAYGROUND",
        codec="h264",
        width=1280,
        height=720,
        fps=25,
        length_s=10,
        gop_s=2,
        bitrate_bps=2_000_000,
        profile="high",
        bframes=2,
        audio="aac",
    ),
)


@dataclass(frozen=True, slots=True)
class Built:
    """The clips of a folder and what their pictures are."""

    files: tuple[Path, ...]
    origin: str
    fresh: bool


def ensure(folder: Path, *, vtest: bool = False, offline: bool = False, refresh: bool = False) -> Built:
    """Build what is missing in `folder`; returns at once when all is there.

    Safe to call from several processes. Raises OSError when the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    key = _key()
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = None if refresh else _known(folder, key)
        if known is not None:
            return known
        (folder / "source").mkdir(exist_ok=True)
        footage = obtain(folder / "source", vtest=vtest, offline=offline)
        scratch = folder / f".building-{os.getpid()}"
        scratch.mkdir()
        try:
            _build(scratch, footage)
            for spec in CLIPS:
                (scratch / spec.file).replace(folder / spec.file)
        finally:
            shutil.rmtree(scratch)
        files = {spec.file: (folder / spec.file).stat().st_size for spec in CLIPS}
        manifest = {"key": key, "origin": footage.origin, "files": files}
        (folder / _MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return Built(tuple(folder / spec.file for spec in CLIPS), footage.origin, fresh=True)


def _key() -> str:
    """Digest what the clips depend on: the specifications, this code's version, the encoder's."""
    facts = [_VERSION, av.__version__, [asdict(spec) for spec in CLIPS]]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _known(folder: Path, key: str) -> Built | None:
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        whole = manifest["key"] == key and all(
            (folder / name).stat().st_size == size for name, size in manifest["files"].items()
        )
    except (OSError, ValueError, KeyError):
        return None
    if not whole:
        return None
    return Built(tuple(folder / spec.file for spec in CLIPS), manifest["origin"], fresh=False)


def _build(folder: Path, footage: Footage) -> None:
    # the longest first, two at a time: drawing is one thread, encoding several
    with ProcessPoolExecutor(max_workers=2) as pool:
        jobs = [
            pool.submit(_one, folder, footage, turn, spec)
            for turn, spec in sorted(enumerate(CLIPS), key=lambda c: -c[1].width * c[1].height * c[1].frames)
        ]
        for job in jobs:
            job.result()


def _one(folder: Path, footage: Footage, turn: int, spec: ClipSpec) -> None:
    encode(folder / spec.file, spec, pictures(footage, turn, spec.width, spec.height, spec.fps))


def tiny(folder: Path, *, length_s: int = 3) -> dict[str, Path]:
    """Clips of 320x180 with drawn pictures, for tests: by what is in them.

    Keys: `h264`, `h264-aac`, `h264-alaw`, `h264-bframes-aac`, `h265-ulaw`. GOP 1 s, 25 fps;
    `h264` has two slices in each picture.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = {}
    for key in ("h264", "h264-aac", "h264-alaw", "h264-bframes-aac", "h265-ulaw"):
        parts = key.split("-")
        audio = next((a for a in ("aac", "alaw", "ulaw") if a in parts), None)
        spec = ClipSpec(
            file=f"{key}.{'mov' if audio in ('alaw', 'ulaw') else 'mp4'}",
            name="TINY",
            codec=parts[0],
            width=320,
            height=180,
            fps=25,
            length_s=length_s,
            gop_s=1,
            bitrate_bps=300_000,
            profile="high" if "bframes" in parts else "main",
            bframes=2 if "bframes" in parts else 0,
            slices=2 if key == "h264" else 1,
            audio=audio,
            preset="ultrafast",
        )
        made[key] = folder / spec.file
        encode(made[key], spec, itertools.islice(drawn(320, 180), spec.frames))
    return made
