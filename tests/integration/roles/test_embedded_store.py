"""The embedded store with its two identities, on a real SeaweedFS: what each may do, and what a crash leaves."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import stat
import subprocess
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from support import seaweed

from camera_gateway.clock import SystemClock
from camera_gateway.roles import embedded_store
from camera_gateway.roles.stores import create_bucket, open_configured, store_settings
from camera_gateway.settings.schema import Settings
from storage.blobs import SECOND_US, Lock
from storage.checksum import sha256_of
from storage.errors import Denied, Exists, Locked, Missing
from storage.s3 import S3Address, S3Store
from storage.s3_lock import canary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from botocore.client import BaseClient

    from camera_gateway.roles.embedded_store import EmbeddedStore
    from storage.blobs import BlobStore

CLOCK = SystemClock()
BUCKET = "footage"
HOUR_US = 3_600 * SECOND_US
READY_WITHIN_S = 10
NINE = {
    "versioning",
    "object-lock",
    "lock-delete-refused",
    "lock-shorten-refused",
    "checksum-enforced",
    "checksum-on-head",
    "conditional-put",
    "range-get",
    "clock",
}


def settings_of(data_dir: Path, port: int) -> Settings:
    return Settings.model_validate(
        {"site": {"data_dir": data_dir}, "store": {"kind": "embedded", "bucket": BUCKET, "port": port}}
    )


class Running:
    """The embedded store of one data directory, started as `run` starts it."""

    def __init__(self, data_dir: Path) -> None:
        self.settings = settings_of(data_dir, seaweed.free_ports()["s3"])
        store = self.settings.store
        self.store = embedded_store.prepare(data_dir, store.bucket, store.port)
        self.child = embedded_store.child(self.store)

    def start(self) -> float:
        """Start it; seconds until it answered."""
        began = time.monotonic()
        self.child.start()
        while not self.store.healthy():
            assert self.child.finished() is None, (self.store.directory / "weed.log").read_text()[-4000:]
            assert time.monotonic() - began < 60
            time.sleep(0.05)
        return time.monotonic() - began

    def end(self, number: signal.Signals) -> None:
        self.child.signal(number)
        deadline = time.monotonic() + 20
        while self.child.finished() is None:
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def filer_port(self) -> int:
        return self.store.first_port + embedded_store.PORTS.index("filer")


@contextmanager
def opened(address: S3Address) -> Iterator[S3Store]:
    store = S3Store(address, CLOCK.now_us)
    yield store
    store.close()


def address(store: EmbeddedStore, *, keeper: bool, bucket: str = BUCKET) -> S3Address:
    access = store.keeper_access_key_file if keeper else store.access_key_file
    secret = store.keeper_secret_key_file if keeper else store.secret_key_file
    return S3Address(store.endpoint, "us-east-1", bucket, access.read_text(), secret.read_text())


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    started = Running(tmp_path_factory.mktemp("embedded"))
    try:
        started.start()
        create_bucket(started.settings, CLOCK)
        yield started
    finally:
        started.end(signal.SIGTERM)


@pytest.fixture
def gateway(running: Running) -> Iterator[BlobStore]:
    """The store as `serve` opens it."""
    found = open_configured(running.settings, CLOCK, lambda _observation: None)
    yield found.store
    found.close()


@pytest.fixture
def client(running: Running) -> Iterator[BaseClient]:
    """boto3 with the gateway's key, to ask what our own store never asks."""
    with opened(address(running.store, keeper=False)) as store:
        yield store._client


@pytest.fixture
def keeper(running: Running) -> Iterator[S3Store]:
    with opened(address(running.store, keeper=True)) as store:
        yield store


def put(store: BlobStore, key: str, data: bytes = b"footage", lock: Lock | None = None) -> str:
    return store.put(key, data, sha256=sha256_of(data), lock=lock).version_id


def an_hour() -> Lock:
    return Lock.until("governance", CLOCK.now_us() + HOUR_US)


def refused(ask: Callable[[], object]) -> str:
    """The code with which the store refuses."""
    with pytest.raises(ClientError) as caught:
        ask()
    return str(caught.value.response["Error"]["Code"])


def test_r4_the_gateway_s_key_is_enough_to_prove_all_nine_properties(gateway: BlobStore) -> None:
    found = {each.name: each.state for each in canary(gateway, CLOCK.now_us)}
    assert found == dict.fromkeys(NINE, "proven")


def test_the_gateway_s_key_is_enough_for_everything_that_footage_needs(gateway: BlobStore) -> None:
    version = put(gateway, "v1/needs/a.mp4", lock=an_hour())
    with pytest.raises(Exists):
        put(gateway, "v1/needs/a.mp4", b"other")
    assert b"".join(gateway.get("v1/needs/a.mp4", start=2, length=3)) == b"ota"
    assert [blob.key for blob in gateway.list("v1/needs/")] == ["v1/needs/a.mp4"]
    assert [each.version_id for each in gateway.list_versions("v1/needs/")] == [version]
    gateway.place_hold("v1/needs/a.mp4", version)
    longer = Lock.until("governance", CLOCK.now_us() + 2 * HOUR_US)
    gateway.extend_lock("v1/needs/a.mp4", version, longer)
    info = gateway.head("v1/needs/a.mp4", version)
    assert (info.sha256, info.lock, info.hold) == (sha256_of(b"footage"), longer, True)
    assert gateway.versioning()


def test_a_file_sent_in_parts_is_locked_with_the_gateway_s_key(running: Running, tmp_path: Path) -> None:
    path, lock = tmp_path / "long.mp4", an_hour()
    path.write_bytes(os.urandom(6 << 20))
    digest = sha256_of(path.read_bytes())
    in_parts = S3Store(
        address(running.store, keeper=False), CLOCK.now_us, multipart_from_bytes=5 << 20, part_bytes=5 << 20
    )
    receipt = in_parts.put("v1/parts/long.mp4", path, sha256=digest, lock=lock)
    assert in_parts.head("v1/parts/long.mp4", receipt.version_id).lock == lock
    assert in_parts.abort_stale_uploads(CLOCK.now_us()) == 0
    in_parts.close()


def test_the_gateway_s_key_can_make_and_remove_no_bucket(running: Running, client: BaseClient) -> None:
    assert refused(lambda: client.create_bucket(Bucket="another")) == "AccessDenied"
    assert refused(lambda: client.delete_bucket(Bucket=BUCKET)) == "AccessDenied"
    with opened(address(running.store, keeper=False, bucket="another")) as stranger, pytest.raises(Denied):
        stranger.ensure_bucket()


CHANGES: dict[str, dict[str, Any]] = {
    "put_bucket_versioning": {"VersioningConfiguration": {"Status": "Suspended"}},
    "put_object_lock_configuration": {
        "ObjectLockConfiguration": {
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}},
        }
    },
    "put_bucket_lifecycle_configuration": {
        "LifecycleConfiguration": {
            "Rules": [{"ID": "all", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}]
        }
    },
    "delete_bucket_lifecycle": {},
    "put_bucket_policy": {
        "Policy": json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
                ],
            }
        )
    },
    "put_bucket_acl": {"ACL": "public-read-write"},
    "put_bucket_cors": {"CORSConfiguration": {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}},
    "put_bucket_encryption": {
        "ServerSideEncryptionConfiguration": {
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        }
    },
    "put_bucket_tagging": {"Tagging": {"TagSet": [{"Key": "owner", "Value": "nobody"}]}},
}


@pytest.mark.parametrize("operation", CHANGES)
def test_the_gateway_s_key_changes_nothing_of_the_bucket_itself(client: BaseClient, operation: str) -> None:
    assert refused(lambda: getattr(client, operation)(Bucket=BUCKET, **CHANGES[operation])) == "AccessDenied"


def test_the_bucket_is_still_versioned_and_lockable_and_has_no_rule(keeper: S3Store) -> None:
    told = keeper._client.get_object_lock_configuration(Bucket=BUCKET)["ObjectLockConfiguration"]
    assert told["ObjectLockEnabled"] == "Enabled"
    assert "Rule" not in told
    assert keeper.versioning()
    assert refused(lambda: keeper._client.get_bucket_lifecycle_configuration(Bucket=BUCKET)).startswith("NoSuch")


def test_the_gateway_s_key_cannot_bypass_governance_retention(gateway: BlobStore, client: BaseClient) -> None:
    lock = an_hour()
    version = put(gateway, "v1/bypass/a.mp4", lock=lock)
    place = {"Bucket": BUCKET, "Key": "v1/bypass/a.mp4", "VersionId": version}
    soon = {"Mode": "GOVERNANCE", "RetainUntilDate": datetime.fromtimestamp(CLOCK.now_us() // SECOND_US + 60, UTC)}
    assert refused(lambda: client.delete_object(**place, BypassGovernanceRetention=True)) == "AccessDenied"
    assert (
        refused(lambda: client.put_object_retention(**place, BypassGovernanceRetention=True, Retention=soon))
        == "AccessDenied"
    )
    many = {"Objects": [{"Key": place["Key"], "VersionId": version}]}
    answer = client.delete_objects(Bucket=BUCKET, BypassGovernanceRetention=True, Delete=many)
    assert [error["Code"] for error in answer["Errors"]] == ["AccessDenied"]
    assert gateway.head("v1/bypass/a.mp4", version).lock == lock


def test_the_keeper_s_key_could_bypass_which_is_why_the_gateway_does_not_use_it(
    gateway: BlobStore, keeper: S3Store
) -> None:
    version = put(gateway, "v1/keeper/a.mp4", lock=an_hour())
    place = {"Bucket": BUCKET, "Key": "v1/keeper/a.mp4", "VersionId": version}
    keeper._client.delete_object(**place, BypassGovernanceRetention=True)
    with pytest.raises(Missing):
        gateway.head("v1/keeper/a.mp4", version)


def test_the_gateway_s_key_may_delete_what_nothing_protects_and_hide_but_not_lose_the_rest(
    gateway: BlobStore, client: BaseClient
) -> None:
    bare = put(gateway, "v1/marker/bare.mp4")
    gateway.delete_version("v1/marker/bare.mp4", bare)
    held = put(gateway, "v1/marker/held.mp4")
    gateway.place_hold("v1/marker/held.mp4", held)
    place = {"Bucket": BUCKET, "Key": "v1/marker/held.mp4"}
    assert refused(lambda: client.delete_object(**place, VersionId=held)) == "AccessDenied"
    client.delete_object(**place)  # a delete marker
    with pytest.raises(Missing):
        gateway.head("v1/marker/held.mp4")
    assert b"".join(gateway.get("v1/marker/held.mp4", version_id=held)) == b"footage"
    with pytest.raises(Locked):
        gateway.delete_version("v1/marker/held.mp4", held)


def test_the_gateway_s_key_sees_nothing_of_another_bucket(running: Running, keeper: S3Store) -> None:
    keeper._client.create_bucket(Bucket="footage-2")
    keeper._client.put_object(Bucket="footage-2", Key="v1/a", Body=b"private")
    with opened(address(running.store, keeper=False, bucket="footage-2")) as stranger:
        asked: tuple[Callable[[], object], ...] = (
            lambda: list(stranger.list("")),
            lambda: stranger.get("v1/a"),
            lambda: put(stranger, "v1/b"),
        )
        for ask in asked:
            with pytest.raises(Denied):
                ask()


def test_serve_is_given_the_gateway_s_key_and_never_the_keeper_s(running: Running) -> None:
    given = store_settings(running.settings)
    assert given.access_key_file == running.store.access_key_file
    assert given.secret_key_file == running.store.secret_key_file
    keys = {
        path.read_text()
        for path in (
            running.store.access_key_file,
            running.store.secret_key_file,
            running.store.keeper_access_key_file,
            running.store.keeper_secret_key_file,
        )
    }
    assert len(keys) == 4


def test_an_unsigned_delete_on_the_filer_s_port_is_401_and_the_object_stays(
    running: Running, gateway: BlobStore
) -> None:
    put(gateway, "v1/filer/a.mp4", lock=an_hour())
    for path in (f"/buckets/{BUCKET}/v1/filer/a.mp4", f"/buckets/{BUCKET}/v1/filer?recursive=true"):
        for method in ("GET", "DELETE"):
            connection = http.client.HTTPConnection("127.0.0.1", running.filer_port(), timeout=5)
            connection.request(method, urllib.parse.quote(path, safe="/?="))
            assert connection.getresponse().status == http.HTTPStatus.UNAUTHORIZED
            connection.close()
    assert b"".join(gateway.get("v1/filer/a.mp4")) == b"footage"


def test_it_is_ready_in_time_and_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    store = Running(tmp_path)
    try:
        assert store.start() < READY_WITHIN_S
        create_bucket(store.settings, CLOCK)
        with opened(address(store.store, keeper=False)) as gateway:
            versions = {f"v1/kill/{n:02d}.mp4": put(gateway, f"v1/kill/{n:02d}.mp4", lock=an_hour()) for n in range(20)}
            store.end(signal.SIGKILL)
            assert store.start() < READY_WITHIN_S
            create_bucket(store.settings, CLOCK)  # as the next life of `run` does
            assert [blob.key for blob in gateway.list("v1/")] == sorted(versions)
            for key, version in versions.items():
                assert gateway.head(key, version).lock is not None
                assert b"".join(gateway.get(key)) == b"footage"
            put(gateway, "v1/kill/after.mp4")
    finally:
        store.end(signal.SIGTERM)


def test_it_is_not_ready_before_what_holds_its_bytes_has_reported(tmp_path: Path) -> None:
    """The same program in two processes: what answers for it first, and what holds the bytes only then."""
    store = Running(tmp_path).store
    environment = embedded_store.child(store).environment
    ports = {name: store.first_port + n for n, name in enumerate(embedded_store.PORTS)}
    common = [f"-dir={store.directory / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"]
    front = [
        *("server", *common, "-volume=false", "-filer", "-s3", "-master.telemetry=false"),
        *(f"-{name}.port={ports[name]}" for name in ("s3", "master", "filer")),
        *(f"-s3.config={store.directory / 's3.json'}", "-s3.port.iceberg=0", "-s3.port.lance=0"),
    ]
    bytes_behind = ["volume", *common, f"-port={ports['volume']}", f"-mserver=127.0.0.1:{ports['master']}"]
    with ExitStack() as processes:

        def start(words: list[str]) -> None:
            log = processes.enter_context((store.directory / "weed.log").open("ab"))
            command = [str(seaweed.weed_binary()), "-logtostderr=true", *words]
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
            processes.callback(process.wait)
            processes.callback(process.kill)

        def until(what: Callable[[], object]) -> None:
            deadline = time.monotonic() + 60
            while not what():
                assert time.monotonic() < deadline, (store.directory / "weed.log").read_text()[-4000:]
                time.sleep(0.05)

        def s3_says_healthy() -> bool:
            connection = http.client.HTTPConnection("127.0.0.1", ports["s3"], timeout=1)
            try:
                connection.request("GET", "/healthz")
                return connection.getresponse().status == http.HTTPStatus.OK
            except OSError:
                return False
            finally:
                connection.close()

        start(front)
        until(s3_says_healthy)
        assert not store.healthy()
        start(bytes_behind)
        until(store.healthy)


def test_it_is_started_as_the_tests_start_theirs(tmp_path: Path) -> None:
    store = embedded_store.prepare(tmp_path, BUCKET, seaweed.free_ports()["s3"])
    child = embedded_store.child(store)
    ports = {name: str(store.first_port + n) for n, name in enumerate(seaweed.PORT_NAMES)}
    expected = [argument.format(directory=store.directory, **ports) for argument in seaweed.ARGUMENTS]
    assert list(child.command) == [str(seaweed.weed_binary()), *expected]
    assert child.environment is not None
    for name in seaweed.SIGNING_KEYS:
        assert len(bytes.fromhex(child.environment[name])) == 32
    assert set(child.environment) == {"PATH", "HOME", "TMPDIR", *seaweed.SIGNING_KEYS}


def _everything(directory: Path) -> dict[str, tuple[int, int, bytes]]:
    return {
        str(path.relative_to(directory)): (path.stat().st_ino, path.stat().st_mtime_ns, path.read_bytes())
        for path in directory.rglob("*")
        if path.is_file()
    }


def test_preparing_it_again_changes_no_key_no_port_and_no_file(tmp_path: Path) -> None:
    first, second = seaweed.free_ports()["s3"], seaweed.free_ports()["s3"]
    prepared = embedded_store.prepare(tmp_path, BUCKET, first)
    before = _everything(tmp_path)
    assert embedded_store.prepare(tmp_path, BUCKET, second) == prepared
    assert _everything(tmp_path) == before
    assert prepared.first_port == first


def test_its_files_are_ours_alone(tmp_path: Path) -> None:
    store = embedded_store.prepare(tmp_path, BUCKET, seaweed.free_ports()["s3"])
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in store.directory.rglob("*")}
    assert modes.pop("data") == modes.pop("tmp") == stat.S_IMODE(store.directory.stat().st_mode) == 0o700
    assert set(modes) == {
        "access.key",
        "secret.key",
        "keeper.access.key",
        "keeper.secret.key",
        "signing.json",
        "s3.json",
        "port",
    }
    assert set(modes.values()) == {0o600}


def test_two_commands_at_once_make_one_set_of_keys(tmp_path: Path) -> None:
    port = seaweed.free_ports()["s3"]
    with ThreadPoolExecutor(8) as commands:
        made = list(commands.map(lambda _: embedded_store.prepare(tmp_path, BUCKET, port), range(16)))
    assert len(set(made)) == 1
    told = {
        identity["name"]: (identity["credentials"], identity["actions"])
        for identity in json.loads((tmp_path / "store" / "s3.json").read_text())["identities"]
    }
    keys = {name: [*credentials[0].values()] for name, (credentials, _) in told.items()}
    assert keys == {
        "keeper": [made[0].keeper_access_key_file.read_text(), made[0].keeper_secret_key_file.read_text()],
        "gateway": [made[0].access_key_file.read_text(), made[0].secret_key_file.read_text()],
    }
    assert told["keeper"][1] == ["Admin"]
    assert not {"Admin", "BypassGovernanceRetention", f"Write:{BUCKET}", "Write"} & set(told["gateway"][1])


def test_a_port_that_is_taken_is_passed_over(tmp_path: Path) -> None:
    wanted = seaweed.free_ports()["s3"]
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", wanted + embedded_store.GRPC_OFFSET + 2))
        listener.listen()
        store = embedded_store.prepare(tmp_path, BUCKET, wanted)
    assert store.first_port != wanted
