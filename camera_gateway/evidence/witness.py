"""The second party: whoever gets a copy of each seal, so that a rewritten history contradicts somebody.

Promises that a copy is never replaced: one that differs from ours is told, not repaired. A directory is for a disk or
a mount that the auditor controls, a store for a bucket in another account, a mailbox for whoever has nothing else.
Knows seals as names and bytes.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from camera_gateway.errors import InvalidInput, Unavailable, WrongFound
from camera_gateway.evidence.mail_witness import MailWitness, Post
from camera_gateway.settings.load import read_secret
from storage.blobs import Lock
from storage.checksum import sha256_of
from storage.errors import Exists, StoreError
from storage.files import exclusive_create
from storage.opening import StoreSettings, open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from camera_gateway.settings.schema import WitnessSettings
    from storage.blobs import BlobStore, LockMode


class Witness(Protocol):
    """Keeps copies."""

    @property
    def name(self) -> str:
        """What the seal calls it."""
        ...

    def keep(self, key: str, data: bytes, until_us: int) -> None:
        """Keep a copy under a key, at least until `until_us` where it can be locked; the same again is no error.

        Raises `Unavailable` when it cannot be reached, `WrongFound` when it has another one under that key.
        """
        ...


class DirectoryWitness:
    """A directory; keys become paths below it. What binds is who controls the directory."""

    def __init__(self, name: str, directory: Path) -> None:
        self._name = name
        self._directory = directory

    @property
    def name(self) -> str:
        """What the seal calls it."""
        return self._name

    def keep(self, key: str, data: bytes, until_us: int) -> None:  # noqa: ARG002 - a directory has no locks
        """See Witness."""
        path = self._directory / key
        try:
            if not self._directory.is_dir():  # an absent mount must not become a directory on our own disk
                raise NotADirectoryError
            path.parent.mkdir(parents=True, exist_ok=True)
            exclusive_create(path, data)
        except FileExistsError:
            if path.read_bytes() != data:
                raise _contradiction(self._name, key) from None
        except OSError as error:
            raise Unavailable(
                f"witness {self._name}: {self._directory} cannot be written ({error.strerror or 'no directory'})",
                hint="is it mounted? the seals wait",
            ) from error


class StoreWitness:
    """A bucket of somebody else's account."""

    def __init__(self, name: str, store: BlobStore, lock_mode: LockMode | None = None) -> None:
        self._name = name
        self._store = store
        self._lock_mode = lock_mode

    @property
    def name(self) -> str:
        """What the seal calls it."""
        return self._name

    def keep(self, key: str, data: bytes, until_us: int) -> None:
        """See Witness."""
        lock = None if self._lock_mode is None else Lock.until(self._lock_mode, until_us)
        try:
            try:
                self._store.put(key, data, sha256=sha256_of(data), lock=lock, content_type="text/plain; charset=utf-8")
            except Exists:
                with self._store.get(key) as chunks:
                    if b"".join(chunks) != data:
                        raise _contradiction(self._name, key) from None
        except StoreError as error:
            raise Unavailable(
                f"witness {self._name}: its bucket cannot be written ({error.code})", hint="the seals wait"
            ) from error


def _post(settings: WitnessSettings) -> Post:
    password = None
    if settings.smtp_password_file is not None:
        password = read_secret(settings.smtp_password_file)
    return Post(
        host=settings.smtp_host or "",
        port=settings.smtp_port,
        tls=settings.smtp_tls,
        user=settings.smtp_user,
        password=password,
        sender=settings.mail_from or "",
        recipient=settings.mail_to or "",
    )


def _contradiction(name: str, key: str) -> WrongFound:
    return WrongFound(
        f"witness {name} has another {key} than this installation",
        hint="one of the two was rewritten: keep both as they are, and ask the auditor",
        code="witness-contradicts",
    )


@contextmanager
def opened_witness(settings: WitnessSettings, now_us: Callable[[], int]) -> Iterator[Witness | None]:
    """Open the second party that the settings name for the length of a block; None when they name none."""
    if settings.kind == "directory" and settings.directory is not None:
        yield DirectoryWitness(settings.name, settings.directory)
        return
    if settings.kind == "mail":
        yield MailWitness(settings.name, _post(settings), now_us)
        return
    if settings.kind == "none":
        yield None
        return
    wanted = StoreSettings(
        "s3",
        endpoint=settings.endpoint,
        region=settings.region,
        bucket=settings.bucket,
        path_style=settings.path_style,
        access_key_file=settings.access_key_file,
        secret_key_file=settings.secret_key_file,
    )
    try:
        opened = open_store(wanted, now_us=now_us, observer=lambda _observation: None)
    except StoreError as error:
        raise InvalidInput(f"[witness]: {error}", hint="see docs/reference/settings.md") from error
    try:
        yield StoreWitness(
            settings.name, opened.store, None if settings.object_lock == "none" else settings.object_lock
        )
    finally:
        opened.close()
