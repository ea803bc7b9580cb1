"""What only a real S3 server shows: markers, lost connections, kill -9, resumed uploads, refusals."""

from __future__ import annotations

import http.client
import itertools
import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from support.seaweed import Seaweed

from storage.blobs import SECOND_US, Lock
from storage.checksum import sha256_of
from storage.errors import Denied, Exists, Locked, Missing, Permanent, StoreError, Transient
from storage.multipart import journal_path
from storage.opening import StoreSettings, open_store
from storage.retrying import Patience, Retrying
from storage.s3 import S3Address, S3Store
from storage.s3_lock import canary

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from storage.observed import Observation

PART_BYTES = 5 << 20
HOUR_US = 3600 * SECOND_US
NUMBERS = itertools.count(1)


def now_us() -> int:
    return time.time_ns() // 1000  # noqa: TID251 -- compared with the clock of a real server


def address(server: Seaweed, bucket: str) -> S3Address:
    return S3Address(
        endpoint=server.endpoint,
        region="us-east-1",
        bucket=bucket,
        access_key=server.access_key,
        secret_key=server.secret_key,
        connect_timeout_s=2.0,
    )


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    with Seaweed(tmp_path_factory.mktemp("seaweed")) as running:
        yield running


@pytest.fixture
def bucket() -> str:
    return f"bucket-{next(NUMBERS)}"


@pytest.fixture
def store(server: Seaweed, bucket: str) -> Iterator[S3Store]:
    opened = S3Store(address(server, bucket), now_us, multipart_from_bytes=PART_BYTES, part_bytes=PART_BYTES)
    opened.ensure_bucket()
    yield opened
    opened.close()


@pytest.fixture
def big(tmp_path: Path) -> Path:
    path = tmp_path / "big.mp4"
    path.write_bytes(os.urandom(4 * PART_BYTES + 12_345))
    return path


def put(store: S3Store, key: str, data: bytes = b"data") -> str:
    return store.put(key, data, sha256=sha256_of(data)).version_id


def test_making_a_bucket_twice_is_harmless(store: S3Store) -> None:
    assert store.ensure_bucket() is False
    assert store.versioning() is True


def test_u2_a_stranger_s_delete_marker_is_seen_and_the_version_below_is_still_there(
    store: S3Store, bucket: str
) -> None:
    version_id = put(store, "a")
    store._client.delete_object(Bucket=bucket, Key="a")
    with pytest.raises(Missing):
        store.head("a")
    assert b"".join(store.get("a", version_id=version_id)) == b"data"
    versions = list(store.list_versions("a"))
    assert [(v.is_delete_marker, v.is_latest) for v in versions] == [(True, True), (False, False)]
    with pytest.raises(Missing):
        store.head("a", versions[0].version_id)
    store.delete_version("a", versions[0].version_id)
    assert store.head("a").version_id == version_id


def test_a_lost_bucket_does_not_look_like_a_lost_blob(server: Seaweed) -> None:
    nowhere = S3Store(address(server, "no-such-bucket"), now_us)
    for ask in (lambda: nowhere.head("a"), lambda: nowhere.get("a"), lambda: list(nowhere.list(""))):
        with pytest.raises(Permanent):
            ask()
    with pytest.raises(Permanent):
        put(nowhere, "a")
    nowhere.close()


def test_s4_a_wrong_secret_is_denied_and_no_message_tells_a_secret_or_a_key(
    server: Seaweed, store: S3Store, bucket: str
) -> None:
    wrong = replace(address(server, bucket), secret_key="not-the-secret-key")
    stranger = S3Store(wrong, now_us)
    asked = (
        lambda: put(stranger, "v1/kg-7/cam"),
        lambda: stranger.get("v1/kg-7/cam"),
        lambda: stranger.head("v1/kg-7/cam"),
        stranger.server_time_us,
    )
    for ask in asked:
        with pytest.raises(Denied) as caught:
            ask()
        for secret in ("kg-7", "not-the-secret-key", server.access_key, "127.0.0.1"):
            assert secret not in str(caught.value)
    assert server.access_key not in repr(wrong)
    stranger.close()


def test_a_server_that_is_down_is_transient_and_was_certainly_not_asked(tmp_path: Path) -> None:
    with Seaweed(tmp_path) as own:
        store = S3Store(address(own, "bucket-1"), now_us)
        store.ensure_bucket()
        own.kill9()
        with pytest.raises(Transient) as caught:
            put(store, "a")
        assert caught.value.ambiguous is False
        brought_back: list[Seaweed] = []

        def sleep(_seconds: float) -> None:
            if not brought_back:
                brought_back.append(own.start())

        patient = Retrying(store, Patience(attempts=4), sleep=sleep)
        assert patient.put("a", b"data", sha256=sha256_of(b"data")).size == 4
        assert store.head("a").sha256 == sha256_of(b"data")
        store.close()


def test_what_was_acknowledged_survives_kill_9_of_the_store(tmp_path: Path) -> None:
    with Seaweed(tmp_path) as own:
        store = S3Store(address(own, "bucket-1"), now_us)
        store.ensure_bucket()
        lock = Lock.until("governance", now_us() + HOUR_US)
        blobs = {f"v1/{number:03d}": os.urandom(20_000) for number in range(40)}
        for key, data in blobs.items():
            store.put(key, data, sha256=sha256_of(data), lock=lock, metadata={"n": key})
        own.kill9()
        own.start()
        assert [blob.key for blob in store.list("v1/")] == sorted(blobs)
        for key, data in blobs.items():
            info = store.head(key)
            assert (info.sha256, info.lock, dict(info.metadata)) == (sha256_of(data), lock, {"n": key})
            assert b"".join(store.get(key)) == data
        with pytest.raises(Locked):
            store.delete_version("v1/000", store.head("v1/000").version_id)
        store.close()


def test_nobody_deletes_a_locked_blob_through_the_filer_without_its_key(
    server: Seaweed, store: S3Store, bucket: str
) -> None:
    lock = Lock.until("compliance", now_us() + HOUR_US)
    version_id = store.put("v1/a", b"data", sha256=sha256_of(b"data"), lock=lock).version_id
    connection = http.client.HTTPConnection("127.0.0.1", server.ports["filer"], timeout=5)
    try:
        connection.request("DELETE", f"/buckets/{bucket}/v1?recursive=true")
        assert connection.getresponse().status == http.HTTPStatus.UNAUTHORIZED
    finally:
        connection.close()
    assert store.head("v1/a", version_id).lock == lock


class StopError(StoreError):
    """Raised by pace, to break an upload off."""


def stop_after(count: int) -> tuple[list[int], Any]:
    sent: list[int] = []

    def pace(size: int) -> None:
        if sum(sent) + size > count:
            raise StopError("enough")
        sent.append(size)

    return sent, pace


def test_u8_an_upload_that_broke_off_goes_on_where_its_journal_says(store: S3Store, big: Path) -> None:
    digest = sha256_of(big.read_bytes())
    lock = Lock.until("governance", now_us() + HOUR_US)
    _, pace = stop_after(2 * PART_BYTES + 1000)
    with pytest.raises(StopError):
        store.put("v1/big", big, sha256=digest, lock=lock, pace=pace)
    with pytest.raises(Missing):
        store.head("v1/big")
    assert journal_path(big).exists()
    resent: list[int] = []
    receipt = store.put("v1/big", big, sha256=digest, lock=lock, pace=resent.append)
    assert sum(resent) == 2 * PART_BYTES + 12_345
    assert store.head("v1/big", receipt.version_id).lock == lock
    with store.get("v1/big") as chunks:
        assert sha256_of(b"".join(chunks)) == digest
    assert not journal_path(big).exists()


def test_u8_a_stale_upload_is_aborted_and_the_next_attempt_begins_anew(store: S3Store, big: Path) -> None:
    digest = sha256_of(big.read_bytes())
    _, pace = stop_after(PART_BYTES)
    with pytest.raises(StopError):
        store.put("v1/big", big, sha256=digest, pace=pace)
    assert store.abort_stale_uploads(now_us() - HOUR_US) == 0
    assert store.abort_stale_uploads(now_us() + HOUR_US) == 1
    with pytest.raises(Transient) as caught:
        store.put("v1/big", big, sha256=digest)
    assert caught.value.ambiguous
    store.put("v1/big", big, sha256=digest)
    assert store.head("v1/big").size == big.stat().st_size
    assert store.abort_stale_uploads(now_us() + HOUR_US) == 0


@pytest.mark.parametrize("journal", [b"", b"{", b"[]", b'{"key": 1}'])
def test_a_journal_that_cannot_be_read_is_as_good_as_none(store: S3Store, big: Path, journal: bytes) -> None:
    journal_path(big).write_bytes(journal)
    store.put("v1/big", big, sha256=sha256_of(big.read_bytes()))
    assert not journal_path(big).exists()


def test_a_journal_of_other_bytes_is_given_up(store: S3Store, big: Path) -> None:
    _, pace = stop_after(PART_BYTES)
    with pytest.raises(StopError):
        store.put("v1/big", big, sha256=sha256_of(big.read_bytes()), pace=pace)
    big.write_bytes(os.urandom(2 * PART_BYTES))
    store.put("v1/big", big, sha256=sha256_of(big.read_bytes()))
    assert store.head("v1/big").size == 2 * PART_BYTES
    assert store.abort_stale_uploads(now_us() + HOUR_US) == 0


def test_u2_two_uploads_in_parts_of_one_key_make_one_version(store: S3Store, big: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.mp4"
    other.write_bytes(os.urandom(2 * PART_BYTES))
    digest = sha256_of(big.read_bytes())
    _, pace = stop_after(3 * PART_BYTES)
    with pytest.raises(StopError):
        store.put("v1/big", big, sha256=digest, pace=pace)
    store.put("v1/big", other, sha256=sha256_of(other.read_bytes()))
    with pytest.raises(Exists):
        store.put("v1/big", big, sha256=digest)
    assert len(list(store.list_versions("v1/big"))) == 1
    assert store.abort_stale_uploads(now_us() + HOUR_US) == 0


def test_a_store_is_opened_from_settings_and_proven_through_all_its_layers(
    server: Seaweed, bucket: str, tmp_path: Path
) -> None:
    (tmp_path / "access").write_text(server.access_key + "\n")
    (tmp_path / "secret").write_text(server.secret_key + "\n")
    settings = StoreSettings(
        kind="s3",
        endpoint=server.endpoint,
        bucket=bucket,
        access_key_file=tmp_path / "access",
        secret_key_file=tmp_path / "secret",
        upload_bps=80_000_000,
    )
    seen: list[Observation] = []
    opened = open_store(settings, now_us=now_us, observer=seen.append, create=True)
    assert {p.name: p.state for p in canary(opened.store, now_us)} == dict.fromkeys(
        (
            "versioning",
            "object-lock",
            "lock-delete-refused",
            "lock-shorten-refused",
            "checksum-enforced",
            "checksum-on-head",
            "conditional-put",
            "range-get",
            "clock",
        ),
        "proven",
    )
    assert {"put", "head", "get", "try-delete"} <= {observation.operation for observation in seen}
    opened.limits.set_rate_bps(0)
    with pytest.raises(Transient):
        opened.store.put("v1/a", b"data", sha256=sha256_of(b"data"))
    assert seen[-1].error == "paused"
    opened.close()


def test_r4_a_bucket_without_object_lock_is_found_out(server: Seaweed, store: S3Store) -> None:
    store._client.create_bucket(Bucket="plain-bucket")
    plain = S3Store(address(server, "plain-bucket"), now_us)
    found = {p.name: p.state for p in canary(plain, now_us)}
    assert found["versioning"] == "absent"
    for name in ("object-lock", "lock-delete-refused", "lock-shorten-refused"):
        assert found[name] in ("absent", "failed")
    assert found["conditional-put"] == "proven"
    plain.close()
