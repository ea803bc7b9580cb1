"""A backup as one tar file: a consistent copy of the catalogue, the settings, and the list of the keys, or the keys.

Promises a file that is 0600, whole or absent, and never written over another; inside it SHA256SUMS, so that
`sha256sum -c` says after unpacking whether it is as it was. Needs no lock: SQLite copies a database that is in use.
Must not know what a setting means.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import sqlite3
import tarfile
import tempfile
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from camera_gateway.catalogue import sqlite
from camera_gateway.clock import rfc3339
from camera_gateway.errors import InvalidInput, NotFound, Refused, Unavailable
from storage.checksum import sha256_of, sha256_of_file
from storage.files import fsync_directory

if TYPE_CHECKING:
    from collections.abc import Sequence

VERSION = 1
MANIFEST, SUMS, KEYS, CATALOGUE = "MANIFEST.json", "SHA256SUMS", "keys.json", "catalogue.sqlite"
_OWNER_ONLY = 0o600
_LARGEST_TEXT = 64 << 20


@dataclass(frozen=True, slots=True)
class Sources:
    """What goes into a backup. Paths of `keys` are kept relative to `data_dir`."""

    database: Path
    data_dir: Path
    settings: Path | None
    keys: Sequence[Path]


@dataclass(frozen=True, slots=True)
class Backup:
    """What was written: `sha256` is that of the whole file, the one to keep elsewhere."""

    file: Path
    size_bytes: int
    sha256: str
    files: tuple[str, ...]


@dataclass(slots=True)
class _Tar:
    """A tar that is being written, and the hashes of what is in it."""

    tar: tarfile.TarFile
    made_us: int
    sums: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, data: bytes) -> None:
        self.tar.addfile(self._info(name, len(data)), io.BytesIO(data))
        self.sums[name] = sha256_of(data)

    def add_file(self, name: str, path: Path) -> None:
        self.sums[name] = sha256_of_file(path)
        with path.open("rb") as source:
            self.tar.addfile(self._info(name, path.stat().st_size), source)

    def _info(self, name: str, size: int) -> tarfile.TarInfo:
        info = tarfile.TarInfo(name)
        info.size, info.mode, info.mtime = size, _OWNER_ONLY, self.made_us // 1_000_000
        return info


def make_backup(target: Path, sources: Sources, facts: dict[str, Any], made_us: int, *, with_keys: bool) -> Backup:
    """Write a backup to `target`. `facts` go into the manifest.

    Raises `Refused` when there is a file already, `NotFound` without a catalogue, `Unavailable` for a disk that fails.
    """
    if not sources.database.exists():
        raise NotFound(f"no catalogue in {sources.database.parent}", hint="run: camera-gateway init")
    if target.exists():
        raise Refused(f"{target} exists", hint="a backup is never written over another: choose another name")
    try:
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=target.absolute().parent) as work:
            copy, draft = Path(work) / CATALOGUE, Path(work) / "draft.tar"
            sqlite.copy_database(sources.database, copy)
            os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _OWNER_ONLY))
            with draft.open("wb") as sink:
                with tarfile.open(fileobj=sink, mode="w", format=tarfile.PAX_FORMAT) as tar:
                    files = _fill(_Tar(tar, made_us), copy, sources, facts, with_keys=with_keys)
                sink.flush()
                os.fsync(sink.fileno())
            made = Backup(target, draft.stat().st_size, sha256_of_file(draft), files)
            os.link(draft, target)  # unlike a rename it never replaces
            fsync_directory(target.absolute().parent)
    except FileExistsError as error:
        raise Refused(f"{target} exists", hint="choose another name") from error
    except (OSError, sqlite3.Error) as error:
        raise Unavailable(f"the backup {target} cannot be written: {error}", hint="check the disk") from error
    return made


def _fill(tar: _Tar, copy: Path, sources: Sources, facts: dict[str, Any], *, with_keys: bool) -> tuple[str, ...]:
    tar.add_file(CATALOGUE, copy)
    if sources.settings is not None:
        tar.add_file("gateway.toml", sources.settings)
    tar.add(KEYS, _json([_described(path, sources.data_dir) for path in sources.keys]))
    if with_keys:
        for path in sources.keys:
            tar.add_file(path.relative_to(sources.data_dir).as_posix(), path)
    files = tuple(tar.sums)
    manifest = {"version": VERSION, "made_at": rfc3339(tar.made_us), "with_keys": with_keys, **facts}
    tar.add(MANIFEST, _json({**manifest, "files": list(files)}))
    tar.add(SUMS, "".join(f"{digest}  {name}\n" for name, digest in tar.sums.items()).encode())
    return files


def _described(path: Path, data_dir: Path) -> dict[str, Any]:
    """Name a key without giving it away: what must be kept elsewhere, and whether it is still the same."""
    data = path.read_bytes()
    # of a hash nobody gets a random key back
    digest = hashlib.sha256(b"camera-gateway key\n" + data).hexdigest()[:16]
    return {"name": path.relative_to(data_dir).as_posix(), "bytes": len(data), "fingerprint": digest}


def _json(value: Any) -> bytes:  # noqa: ANN401 - JSON
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def verify_backup(file: Path) -> list[str]:
    """Return what is wrong with a backup, nothing for a sound one: its list, its hashes, the catalogue's pages.

    `InvalidInput` for a file that is no backup, `NotFound` when there is none.
    """
    hint = "give the file that camera-gateway backup wrote"
    if not file.is_file():
        raise NotFound(f"no file {file}", hint=hint)
    try:
        with tarfile.open(file, "r:") as tar:
            return _verify(tar, file, hint)
    except (tarfile.TarError, UnicodeDecodeError, EOFError) as error:
        raise InvalidInput(f"{file} is no backup: {error}", hint=hint) from error
    except OSError as error:
        raise Unavailable(f"{file} cannot be read: {error.strerror}", hint="check the disk") from error


def _verify(tar: tarfile.TarFile, file: Path, hint: str) -> list[str]:
    members = {member.name: member for member in tar.getmembers() if member.isfile()}
    if SUMS not in members or members[SUMS].size > _LARGEST_TEXT:
        raise InvalidInput(f"{file} is no backup: it has no {SUMS}", hint=hint)
    expected = {}
    for line in _reader(tar, members[SUMS]).read().decode().splitlines():
        digest, _, name = line.partition("  ")
        expected[name] = digest
    wrong = [f"{name}: is missing" for name in expected if name not in members]
    wrong += [f"{name}: is not in the list" for name in members if name not in expected and name != SUMS]
    for name in sorted(expected.keys() & members.keys()):
        with _reader(tar, members[name]) as source:
            if hashlib.file_digest(source, "sha256").hexdigest() != expected[name]:
                wrong.append(f"{name}: its SHA-256 is not the listed one")
    if CATALOGUE in members and not any(text.startswith(CATALOGUE) for text in wrong):
        wrong += [f"{CATALOGUE}: {found}" for found in _pages(tar, members[CATALOGUE])]
    return wrong


def _pages(tar: tarfile.TarFile, member: tarfile.TarInfo) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="backup-") as work:
        copy = Path(work) / CATALOGUE
        with copy.open("wb") as sink, _reader(tar, member) as source:
            while piece := source.read(1 << 20):
                sink.write(piece)
        try:
            with closing(sqlite3.connect(copy)) as connection:
                found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(5)")]
        except sqlite3.Error as error:
            return [str(error)]
    return [] if found == ["ok"] else found


def _reader(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Any:  # noqa: ANN401 - tarfile's own reader
    found = tar.extractfile(member)
    if found is None:
        raise InvalidInput(f"{member.name} in the backup is no file")
    return found
