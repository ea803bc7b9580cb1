"""A day sealed in a real S3 store with object lock: real segments, as a stranger downloads them, and S1."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.clips import fragmented, h264_clip
from support.gateway_rig import INSTITUTION, MINUTE_US, START_US, Proofs, Rig
from support.sealed_days import new_key
from support.seaweed import Seaweed

from camera_gateway.catalogue import registry, seals
from camera_gateway.clock import HeldClock, SystemClock
from camera_gateway.domain.naming import DAY_US, day_span_us, utc_day
from camera_gateway.domain.retention import RetentionPolicy
from camera_gateway.evidence import enclosures, verifier
from camera_gateway.evidence.bucket_check import Known, check_site, from_bucket
from camera_gateway.evidence.sealed_files import SealedFiles
from camera_gateway.evidence.sealing import Described, Report, Sealer
from storage.checksum import sha256_of
from storage.errors import StoreError
from storage.s3 import S3Address, S3Store
from storage.s3_lock import canary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.footage import Sidecar
    from storage.blobs import BlobStore

KEY = new_key()
DAY = utc_day(START_US)
POLICY = RetentionPolicy("default", 2_000, 2)
"""The rig's footage is of 2025: the date must lie ahead for a real store."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    with Seaweed(tmp_path_factory.mktemp("seaweed")) as running:
        yield running


def open_bucket(server: Seaweed, bucket: str) -> S3Store:
    address = S3Address(
        endpoint=server.endpoint,
        region="us-east-1",
        bucket=bucket,
        access_key=server.access_key,
        secret_key=server.secret_key,
        connect_timeout_s=2.0,
    )
    made = S3Store(address, SystemClock().now_us)
    made.ensure_bucket()
    return made


def run(rig: Rig, store: BlobStore) -> Report:
    described = Described("gw-1", "camera-gateway test", "c" * 64)
    files = SealedFiles(store, "governance", 3_650)
    return Sealer(rig.books, files, KEY, described, rig.clock, worm=lambda: "proven now", witness=None).run()


def told(sidecar: Sidecar, _facts: object) -> bytes:
    return sidecar.to_bytes()


def forget(tx: Transaction) -> None:
    tx.connection.exec_driver_sql("DELETE FROM seals")
    tx.connection.exec_driver_sql("DELETE FROM sealed_days")


def test_a_day_of_real_segments_is_sealed_locked_and_made_anew_from_the_bucket_alone(
    server: Seaweed, tmp_path: Path
) -> None:
    store = open_bucket(server, "sealed-day")
    movie = fragmented(h264_clip())
    assert {item.state for item in canary(store, SystemClock().now_us) if "lock" in item.name} == {"proven"}
    with Rig(tmp_path / "data", store, HeldClock(START_US + 60 * MINUTE_US)) as rig:
        rig.proofs = Proofs(checksum_on_head=True, lock_proven=True)
        for number in range(3):
            for camera in rig.cameras:
                data = movie.data + b"\0\0\0\x0cfree" + number.to_bytes(4, "big")
                sidecar = replace(rig.sidecar(camera, number, data), init_sha256=sha256_of(movie.init))
                part = rig.spool.begin(camera, sidecar.segment)
                part.write(data)
                part.seal(partial(told, sidecar))
            rig.put_gap(rig.cameras[0], f"gap-{number}", START_US + 4 * MINUTE_US, START_US + (5 + number) * MINUTE_US)
        rig.take()
        transfer = rig.transfer(policy_for=lambda _camera, _at_us: POLICY)
        for row in rig.rows():
            transfer.advance(row.sidecar.segment)
        assert {row.state.value for row in rig.rows()} == {"stored"}
        rig.clock.step_wall(day_span_us(DAY)[1] + 31 * MINUTE_US - rig.clock.now_us())
        report = run(rig, store)
        assert (len(report.made), report.findings) == (2, [])

        files = SealedFiles(store, "governance", 3_650)
        keys = [blob.key for blob in store.list("v1/")]
        texts = {key: files.read(key) for key in keys if not key.endswith(".mp4")}
        for key in texts:
            info = store.head(key)
            assert info.lock is not None
            assert info.lock.retain_until_us == day_span_us(DAY)[1] + 3_650 * DAY_US
            with pytest.raises(StoreError):
                store.delete_version(key, info.version_id)

        rig.books.write(forget)  # and now the bucket alone
        for camera in rig.cameras:
            made = from_bucket(files, INSTITUTION, camera, DAY)
            assert {made.key(kind): data for kind, data in made.files().items()}.items() <= texts.items()
        site = rig.books.read(lambda tx: registry.get_site(tx, rig.sites[0]))
        nothing = Known(lambda _key: False, lambda _key: False, {})
        checked = check_site(files, {KEY.public.fingerprint: KEY.public}, site, nothing, rebuild=True)
        assert (checked.failures, checked.counts["segments"]) == ([], 3)
        assert run(rig, store).findings == []
        found = rig.books.read(lambda tx: seals.get(tx, rig.sites[0], DAY))
        assert found.text == texts[f"v1/{INSTITUTION}/seals/{rig.sites[0]}/{DAY}/SEAL.{DAY}.txt"]
        assert {key: files.read(key) for key in texts} == texts
    download(store, keys, tmp_path / "got")
    store.close()
    script: list[str | Path] = [sys.executable, "-I", "-S", Path(verifier.__file__), tmp_path / "got"]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (
        0,
        "OK: 0 failures; sound: 2 seals, 8 manifests, 6 segments",
    )
    shell = Path(enclosures.__file__).parent / "texts" / "verify.sh"
    done = subprocess.run(["sh", shell, tmp_path / "got"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def download(store: BlobStore, keys: list[str], folder: Path) -> None:
    for key in keys:
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        with store.get(key) as chunks:
            path.write_bytes(b"".join(chunks))
    (folder / "seal.pub").write_bytes(KEY.public.pem)
