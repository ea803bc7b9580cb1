"""From settings to an open store: embedded, S3 or directory. The one place that knows all three kinds.

Opening asks the store nothing; the gateway's key is used for everything but making the embedded store's bucket.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from camera_gateway.errors import InvalidInput, Unavailable
from camera_gateway.roles import embedded_store
from storage.errors import Permanent, StoreError
from storage.opening import OpenedStore, StoreSettings, open_store
from storage.retrying import Patience

if TYPE_CHECKING:
    from camera_gateway.clock import Clock
    from camera_gateway.settings.schema import Settings
    from storage.observed import Observer

ONE_TRY = Patience(attempts=1)
"""For callers with a schedule of their own, such as the uploader: retry lives in one place."""


def store_settings(settings: Settings) -> StoreSettings:
    """Translate `[store]`."""
    store = settings.store
    lock_mode = None if store.object_lock == "none" else store.object_lock
    if store.kind == "directory":
        return StoreSettings("directory", directory=store.directory, lock_mode=lock_mode)
    if store.kind == "embedded":
        embedded = embedded_store.prepare(settings.site.data_dir, store.bucket, store.port)
        return StoreSettings(
            "s3",
            endpoint=embedded.endpoint,
            bucket=embedded.bucket,
            access_key_file=embedded.access_key_file,
            secret_key_file=embedded.secret_key_file,
            lock_mode=lock_mode,
            connect_timeout_s=5.0,
        )
    return StoreSettings(
        "s3",
        endpoint=store.endpoint,
        region=store.region,
        bucket=store.bucket,
        path_style=store.path_style,
        access_key_file=store.access_key_file,
        secret_key_file=store.secret_key_file,
        lock_mode=lock_mode,
    )


def open_configured(settings: Settings, clock: Clock, observer: Observer) -> OpenedStore:
    """Open the configured store without asking it anything yet."""
    try:
        return open_store(store_settings(settings), now_us=clock.now_us, observer=observer)
    except Permanent as error:
        raise InvalidInput(f"[store]: {error}", hint="see docs/reference/settings.md") from error


def create_bucket(settings: Settings, clock: Clock) -> None:
    """Make the embedded store's bucket with versions and object lock; one that exists is left as it is.

    The only use of the keeper's key. Raises Unavailable.
    """
    store = embedded_store.prepare(settings.site.data_dir, settings.store.bucket, settings.store.port)
    keeper = replace(
        store_settings(settings),
        access_key_file=store.keeper_access_key_file,
        secret_key_file=store.keeper_secret_key_file,
    )
    try:
        opened = open_store(keeper, now_us=clock.now_us, observer=lambda _observation: None, create=True)
    except StoreError as error:
        raise Unavailable(f"the bucket cannot be made: {error}", hint="see: camera-gateway doctor") from error
    opened.close()
