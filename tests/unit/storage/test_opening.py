from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from storage.blobs import SECOND_US, Lock
from storage.checksum import sha256_of
from storage.errors import Denied, Locked, Permanent, Transient
from storage.files import RealFiles
from storage.local import LocalStore
from storage.opening import OpenedStore, StoreSettings, open_store

if TYPE_CHECKING:
    from pathlib import Path

    from storage.observed import Observation

NOW_US = 1_800_000_000_000_000


def opened(settings: StoreSettings, seen: list[Observation] | None = None) -> OpenedStore:
    observer = (seen if seen is not None else []).append
    return open_store(settings, now_us=lambda: NOW_US, observer=observer)


def test_a_directory_store_is_opened_limited_retried_and_observed(tmp_path: Path) -> None:
    seen: list[Observation] = []
    store = opened(StoreSettings(kind="directory", directory=tmp_path / "d"), seen)
    store.store.put("a", b"data", sha256=sha256_of(b"data"))
    assert b"".join(store.store.get("a")) == b"data"
    assert [(o.operation, o.bytes) for o in seen] == [("put", 4), ("get", 4)]
    store.limits.set_rate_bps(0)
    with pytest.raises(Transient):
        store.store.put("b", b"data", sha256=sha256_of(b"data"))
    assert not store.store.capabilities.locks
    store.close()


def test_settings_that_do_not_suffice_are_refused_by_what_is_missing(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("k")
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(Permanent, match="directory"):
        opened(StoreSettings(kind="directory"))
    with pytest.raises(Permanent, match="bucket"):
        opened(StoreSettings(kind="s3"))
    with pytest.raises(Permanent, match="access key"):
        opened(StoreSettings(kind="s3", bucket="b"))
    with pytest.raises(Denied, match="secret key"):
        opened(StoreSettings(kind="s3", bucket="b", access_key_file=key, secret_key_file=tmp_path / "none"))
    with pytest.raises(Denied, match="empty"):
        opened(StoreSettings(kind="s3", bucket="b", access_key_file=key, secret_key_file=tmp_path / "empty"))
    (tmp_path / "noise").write_bytes(b"\xff\xfehunter2")
    with pytest.raises(Denied, match="is not text") as caught:
        opened(StoreSettings(kind="s3", bucket="b", access_key_file=tmp_path / "noise", secret_key_file=key))
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_what_a_directory_holds_is_there_after_it_was_opened_again(tmp_path: Path) -> None:
    lock = Lock("governance", NOW_US + 60 * SECOND_US)
    first = LocalStore(tmp_path, lambda: NOW_US)
    receipt = first.put("v1/a", b"data", sha256=sha256_of(b"data"), lock=lock, metadata={"x": "я"})
    first.place_hold("v1/a", receipt.version_id)
    time_us = [NOW_US]
    again = LocalStore(tmp_path, lambda: time_us[0])
    info = again.head("v1/a", receipt.version_id)
    assert (info.lock, info.hold, dict(info.metadata)) == (lock, True, {"x": "я"})
    again.lift_hold("v1/a", receipt.version_id)
    with pytest.raises(Locked):
        again.delete_version("v1/a", receipt.version_id)
    time_us[0] += 60 * SECOND_US
    again.delete_version("v1/a", receipt.version_id)
    assert list(again.list("")) == []


def test_a_copy_that_a_crash_left_half_is_no_blob_and_is_cleared_away(tmp_path: Path) -> None:
    store = LocalStore(tmp_path, lambda: NOW_US)
    (tmp_path / "%new" / "half").write_bytes(b"da")
    (tmp_path / "v1").mkdir()
    (tmp_path / "v1" / "a%").mkdir()
    (tmp_path / "v1" / "a%" / "0.data").write_bytes(b"data")
    assert list(store.list_versions("")) == []
    store.put("v1/a", b"data", sha256=sha256_of(b"data"))
    assert store.abort_stale_uploads(NOW_US * 2) == 1
    assert list((tmp_path / "%new").iterdir()) == []


def test_a_second_process_that_changes_the_directory_at_once_is_told_to_try_again(tmp_path: Path) -> None:
    store = LocalStore(tmp_path, lambda: NOW_US)
    files = RealFiles()
    held = files.lock(tmp_path / "%lock")
    with pytest.raises(Transient):
        store.put("a", b"data", sha256=sha256_of(b"data"))
    files.close(held)
    store.put("a", b"data", sha256=sha256_of(b"data"))


def test_a_description_that_cannot_be_read_is_not_passed_over(tmp_path: Path) -> None:
    store = LocalStore(tmp_path, lambda: NOW_US)
    receipt = store.put("a", b"data", sha256=sha256_of(b"data"))
    (tmp_path / "a%" / f"{receipt.version_id}.json").write_text("{}")
    with pytest.raises(Permanent):
        store.head("a")
