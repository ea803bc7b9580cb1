"""Reading a segment back: from the spool while it is there, else from the store.

Promises that what is read whole was hashed and is what was sealed, else `IntegrityFailed`; memory does not grow with
the segment. Synchronous. Knows no catalogue: where a segment is comes in with it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from typing import TYPE_CHECKING, Literal, Protocol

from camera_gateway.errors import Unavailable
from storage.errors import Corrupt, Missing, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from camera_gateway.domain.footage import Sidecar
    from storage.blobs import BlobStore

_CHUNK_BYTES = 1 << 20
_SPOOL_PATH = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*/[A-Za-z0-9_-][A-Za-z0-9._-]*")

Place = Literal["spool", "store"]


class Located(Protocol):
    """A segment and where its bytes are; a catalogue row is one."""

    @property
    def sidecar(self) -> Sidecar:
        """What was sealed."""
        ...

    @property
    def spool_path(self) -> str | None:
        """Path below the spool; None once it was released."""
        ...

    @property
    def key(self) -> str | None:
        """Key in the store; None before the first attempt."""
        ...

    @property
    def version_id(self) -> str | None:
        """Version in the store; None before the store has answered."""
        ...


class IntegrityFailed(Exception):
    """The bytes are gone or are not those that were sealed; `detail` says which, in one line."""

    def __init__(self, segment: str, detail: str) -> None:
        super().__init__(f"segment {segment}: {detail}")
        self.segment = segment
        self.detail = detail


class Reader:
    """Reads segments. `spool_root` and `store` may be None where there is none at hand."""

    def __init__(self, spool_root: Path | None, store: BlobStore | None) -> None:
        self._spool_root = spool_root
        self._store = store

    def chunks(self, segment: Located, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Yield bytes `start` to `start + length` (to the end when None), unchecked.

        Raises `IntegrityFailed` when no place has them, `Unavailable` when the store cannot be asked now.
        """
        path = self.file_of(segment)
        if path is not None:
            with contextlib.suppress(FileNotFoundError):  # released just now: the store has it
                with path.open("rb") as file:
                    yield from _pieces_of(file.fileno(), start, length)
                return
        yield from self._from_store(segment, start, length)

    def copy_verified(self, segment: Located, target: Path) -> Place:
        """Make `target` the whole segment, hashed; a link to the spool's file where that is possible.

        A damaged spool copy is passed over when the store has the segment. Raises `IntegrityFailed`,
        `Unavailable`, OSError (target).
        """
        failure = self._link_verified(segment, target)
        if failure is None:
            return "spool"
        if segment.version_id is None:
            raise failure
        digest = hashlib.sha256()
        with target.open("wb") as file:
            for chunk in self._from_store(segment, 0, None):
                digest.update(chunk)
                file.write(chunk)
        if digest.hexdigest() != segment.sidecar.sha256:
            raise IntegrityFailed(segment.sidecar.segment, "the SHA-256 of the stored object is not the sealed one")
        return "store"

    def file_of(self, segment: Located) -> Path | None:
        """Return where the spool copy should be; None when there is none or its path is not one of ours."""
        if self._spool_root is None or segment.spool_path is None:
            return None
        return self._spool_root / segment.spool_path if _SPOOL_PATH.fullmatch(segment.spool_path) else None

    def _link_verified(self, segment: Located, target: Path) -> IntegrityFailed | None:
        """Link or copy the spool file, so that a release cannot take it away; what is wrong with it, or None."""
        path = self.file_of(segment)
        name = segment.sidecar.segment
        if path is None:
            return IntegrityFailed(name, "the segment is neither in the spool nor in the store")
        digest = hashlib.sha256()
        try:
            try:
                os.link(path, target)
            except FileNotFoundError:
                raise
            except OSError:  # another file system, or not our file
                with path.open("rb") as source, target.open("wb") as copy:
                    for chunk in _pieces_of(source.fileno(), 0, None):
                        copy.write(chunk)
            with target.open("rb") as file:
                for chunk in _pieces_of(file.fileno(), 0, None):
                    digest.update(chunk)
        except FileNotFoundError:
            return IntegrityFailed(name, "the file is not in the spool")
        if digest.hexdigest() == segment.sidecar.sha256:
            return None
        target.unlink()  # never write through a link into the spool
        return IntegrityFailed(name, "the SHA-256 of the spooled file is not the sealed one")

    def _from_store(self, segment: Located, start: int, length: int | None) -> Iterator[bytes]:
        if self._store is None:
            raise Unavailable("there is no store to read from", hint="see [store] in the settings")
        name = segment.sidecar.segment
        if segment.key is None:
            raise IntegrityFailed(name, "the segment was never put into the store")
        try:
            version_id = segment.version_id
            with self._store.get(segment.key, version_id=version_id, start=start, length=length) as chunks:
                yield from chunks
        except Missing as error:
            raise IntegrityFailed(name, "the object is not in the store") from error
        except Corrupt as error:
            raise IntegrityFailed(name, "the store says that the object is damaged") from error
        except StoreError as error:
            hint = "try again; see: camera-gateway doctor"
            raise Unavailable(f"the store cannot be read ({error.code})", hint=hint) from error


def _pieces_of(fd: int, start: int, length: int | None) -> Iterator[bytes]:
    offset, left = start, length
    while left is None or left > 0:
        data = os.pread(fd, _CHUNK_BYTES if left is None else min(left, _CHUNK_BYTES), offset)
        if not data:
            return
        yield data
        offset += len(data)
        left = None if left is None else left - len(data)
