"""The one place where stores are composed: observed(retrying(limited(store))).

Takes settings as plain values, reads the credential files, and hands out the store together with
the limits that may be changed while it is in use. Knows no configuration format.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from storage.errors import Denied, Permanent
from storage.limited import Limited, TokenBucket
from storage.local import LocalStore
from storage.observed import Observed
from storage.retrying import Patience, Retrying

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from pathlib import Path

    from storage.blobs import BlobStore, LockMode
    from storage.observed import Observer

StoreKind = Literal["s3", "directory"]


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """What it takes to open a store; an embedded store is an `s3` one on loopback.

    *s3* needs bucket and both key files, *directory* needs directory. `endpoint` None is Amazon's.
    `lock_mode` is what callers make locks with; None means no locks are wanted. Rates are bits per
    second, None for no limit.
    """

    kind: StoreKind
    directory: Path | None = None
    endpoint: str | None = None
    region: str = "us-east-1"
    bucket: str = ""
    path_style: bool = True
    access_key_file: Path | None = None
    secret_key_file: Path | None = None
    lock_mode: LockMode | None = "governance"
    upload_bps: int | None = None
    download_bps: int | None = None
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 60.0
    connections: int = 16
    patience: Patience = field(default_factory=Patience)


@dataclass(frozen=True, slots=True)
class OpenedStore:
    """A composed store, and the handle to change its bandwidth."""

    store: BlobStore
    limits: Limited

    def close(self) -> None:
        """Let go of connections."""
        self.store.close()


def open_store(
    settings: StoreSettings,
    *,
    now_us: Callable[[], int],
    observer: Observer,
    create: bool = False,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    rng: random.Random | None = None,
) -> OpenedStore:
    """Open and compose a store; `create` makes an absent bucket, with versions and object lock.

    Nothing is asked of an S3 store unless `create`. Raises Permanent for settings that do not
    suffice, Denied when a credential file cannot be read; with `create` whatever the store says.
    """
    store = _directory(settings, now_us) if settings.kind == "directory" else None
    if store is None:
        store = _s3(settings, now_us, create=create)
    limits = Limited(
        store,
        upload=TokenBucket(settings.upload_bps, clock=clock, sleep=sleep),
        download=TokenBucket(settings.download_bps, clock=clock, sleep=sleep),
    )
    retrying = Retrying(limits, settings.patience, sleep=sleep, rng=rng)
    return OpenedStore(Observed(retrying, observer, clock=clock), limits)


def _directory(settings: StoreSettings, now_us: Callable[[], int]) -> BlobStore:
    if settings.directory is None:
        raise Permanent("a directory store needs a directory")
    return LocalStore(settings.directory, now_us)


def _s3(settings: StoreSettings, now_us: Callable[[], int], *, create: bool) -> BlobStore:
    from storage.s3 import S3Address, S3Store  # noqa: PLC0415 - and boto3 with it, a quarter of a second

    if not settings.bucket:
        raise Permanent("an s3 store needs a bucket")
    address = S3Address(
        endpoint=settings.endpoint,
        region=settings.region,
        bucket=settings.bucket,
        access_key=_secret(settings.access_key_file, "access key"),
        secret_key=_secret(settings.secret_key_file, "secret key"),
        path_style=settings.path_style,
        connect_timeout_s=settings.connect_timeout_s,
        read_timeout_s=settings.read_timeout_s,
        connections=settings.connections,
    )
    store = S3Store(address, now_us)
    if create:
        store.ensure_bucket()
    return store


def _secret(path: Path | None, what: str) -> str:
    if path is None:
        raise Permanent(f"an s3 store needs a file with its {what}")
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Denied(f"the file with the {what} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:  # its text would repeat what the file holds
        raise Denied(f"the file with the {what} is not text") from None
    if not secret:
        raise Denied(f"the file with the {what} is empty")
    return secret
