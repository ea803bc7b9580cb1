"""A plain MP4 that is written while its tables grow: media data first, then the head into room kept before them.

Promises the file of `mp4`, its head in front: `ftyp moov free mdat`, where `free` is what was kept and not needed;
only when more was needed than kept stands `moov` at the end. The target can be sought in. Must not know where
footage comes from.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO, Final

from camera_gateway.media.mp4 import FILE_TYPE

if TYPE_CHECKING:
    from camera_gateway.media.mp4 import PlainMp4

_BOX_HEAD: Final = 8
_LONG_BOX_HEAD: Final = 16
_FIXED_BYTES: Final = 16 << 10
"""Boxes and parameter sets of a few tracks."""
_FRAME_BYTES: Final = 24
"""A frame in stsz, stts, ctts and stss (ISO/IEC 14496-12, 8.6 and 8.7), each for itself."""
_SECOND_BYTES: Final = 1_400
"""The frames of sound of a second (50 at the most), and the fragments of two tracks in stsc and stco."""


def room_for(frames: int, duration_s: float) -> int:
    """Return how many bytes to keep for the head of so much footage."""
    return _FIXED_BYTES + frames * _FRAME_BYTES + int(duration_s * _SECOND_BYTES)


class Mp4InPlace:
    """Writes one file from the current position of `target`, which is its start."""

    def __init__(self, target: BinaryIO, room: int) -> None:
        self._target = target
        self._room = max(room, _BOX_HEAD)
        self._data_at = len(FILE_TYPE) + self._room + _LONG_BOX_HEAD
        target.write(FILE_TYPE + _free(self._room))
        target.seek(self._data_at - _LONG_BOX_HEAD)
        target.write(_long_mdat(0))
        target.flush()

    def write(self, data: bytes) -> None:
        """Append media data."""
        self._target.write(data)

    def finish(self, movie: PlainMp4) -> int:
        """Write the head; return the length of the file. Raises Mp4Error when the movie has no samples."""
        moov = movie.movie_box(self._data_at)
        end = self._data_at + movie.data_bytes
        left = self._room - len(moov)
        self._target.seek(self._data_at - _LONG_BOX_HEAD)
        self._target.write(_long_mdat(movie.data_bytes))
        if left == 0 or left >= _BOX_HEAD:
            self._target.seek(len(FILE_TYPE))
            self._target.write(moov + (_free(left) if left else b""))
        else:
            self._target.seek(end)
            self._target.write(moov)
            end += len(moov)
        self._target.seek(end)
        return end


def _free(size: int) -> bytes:
    """Return the head of a free box; what is in it does not matter."""
    return struct.pack(">I4s", size, b"free")


def _long_mdat(data_bytes: int) -> bytes:
    return struct.pack(">I4sQ", 1, b"mdat", _LONG_BOX_HEAD + data_bytes)
