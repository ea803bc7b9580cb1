"""The files of a spool and the order in which they get their names; what part and spool share.

Promises that a published segment has its sidecar before its data can be seen, that a made or removed name is durable
on return, and that an OSError becomes SpoolFull or SpoolFailed in one place (D6). Knows no marker and no lock.
"""

from __future__ import annotations

import contextlib
import errno
from typing import TYPE_CHECKING, Protocol

from storage.errors import SpoolFailed, SpoolFull
from storage.files import write_new
from storage.spool_entries import DATA, DRAFT, SIDECAR, Sealed, checked, file_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from storage.files import Files, Stat
    from storage.spool_entries import PartFacts

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class Failing(Protocol):
    """What is useless after a failure: a part."""

    failed: bool


class SpoolDirectory:
    """Queues under one root, on one file system."""

    def __init__(self, root: Path, files: Files, reserve_bytes: int) -> None:
        self.root = root
        self.files = files
        self.reserve_bytes = reserve_bytes

    def path_of(self, queue: str, name: str, suffix: str) -> Path:
        """Path of one file of an entry; ValueError unless both names are plain."""
        file = file_name(name, suffix)
        return self.root / checked(queue) / file

    def free_bytes(self) -> int:
        """Bytes free for the spool: the file system's, less the reserve; may be negative."""
        with self.refusing("free space"):
            return self.files.free_bytes(self.root) - self.reserve_bytes

    def check_reserve(self) -> None:
        """Raise SpoolFull when only the reserve is left (D10)."""
        if self.reserve_bytes and self.free_bytes() <= 0:
            raise SpoolFull("only the reserve is left")

    def publish(self, facts: PartFacts, source: Path, described: bytes) -> Sealed:
        """Give synced data its sidecar and both their names, durably. Raises OSError."""
        data = self.path_of(facts.queue, facts.name, DATA)
        sidecar = self.path_of(facts.queue, facts.name, SIDECAR)
        draft = sidecar.with_name(sidecar.name + DRAFT)
        write_new(draft, described, self.files)
        self.files.rename(draft, sidecar)
        if source != data:
            self.files.rename(source, data)
        self.files.fsync_directory(data.parent)
        seen = self.files.stat(data)
        return Sealed(
            queue=facts.queue,
            name=facts.name,
            path=data,
            sidecar_path=sidecar,
            bytes=facts.bytes,
            modified_us=seen.modified_us,
            sha256=facts.sha256,
        )

    def remove(self, path: Path) -> None:
        """Remove a name durably; absent is fine. Raises OSError."""
        self.unlink(path)
        self.files.fsync_directory(path.parent)

    def unlink(self, path: Path) -> None:
        """Remove a name, durable only with the next sync of its directory; absent is fine. Raises OSError."""
        with contextlib.suppress(FileNotFoundError):
            self.files.unlink(path)

    def stat(self, path: Path) -> Stat | None:
        """Look at a file, None when there is none. Raises OSError."""
        try:
            return self.files.stat(path)
        except FileNotFoundError:
            return None

    def listing(self, queue: str) -> list[tuple[Path, Stat]]:
        """Return the files of a queue with their sizes, in the order of their names; an absent queue has none."""
        folder = self.root / queue
        found = []
        with self.refusing("scan"):
            try:
                names = self.files.names(folder)
            except FileNotFoundError:
                return []
            for name in names:
                seen = self.stat(folder / name)
                if seen is not None and not seen.is_directory:
                    found.append((folder / name, seen))
        return found

    @contextlib.contextmanager
    def refusing(self, what: str, part: Failing | None = None) -> Iterator[None]:
        """Turn an OSError into SpoolFull or SpoolFailed, and its part into a failed one (D6)."""
        try:
            yield
        except OSError as error:
            if part is not None:
                part.failed = True
            raise translated(what, error) from error


def make_directory(files: Files, path: Path) -> None:
    """Create one directory durably; present is fine."""
    try:
        files.make_directory(path)
    except FileExistsError:
        return
    files.fsync_directory(path.parent)


def is_full(error: OSError) -> bool:
    """Whether the disk or a quota has no space left."""
    return error.errno in _FULL


def translated(what: str, error: OSError) -> SpoolFull | SpoolFailed:
    """Say an OSError in our words: the step and the errno's name, never a path."""
    kind = SpoolFull if is_full(error) else SpoolFailed
    return kind(f"{what}: {errno.errorcode.get(error.errno or 0, 'unknown error')}")
