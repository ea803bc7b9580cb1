"""Retention and holds on a real SeaweedFS with its object lock, days scaled to seconds: exact at every look.

The store itself refuses what a lock or a hold forbids; that is asked of it directly as well.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from support.retention_rig import RetentionRig
from support.seaweed import Seaweed

from camera_gateway.catalogue import tombstones as tombstone_rows
from camera_gateway.clock import SystemClock
from camera_gateway.domain.retention import Defaults
from storage.s3 import S3Address, S3Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from camera_gateway.domain.footage import Sidecar

pytestmark = pytest.mark.slow

S = 1_000_000
FLOOR, MARGIN = 8, 1
"""In days of a second."""
ROUNDS = 16


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    with Seaweed(tmp_path_factory.mktemp("seaweed")) as running:
        yield running


@pytest.fixture
def store(server: Seaweed, request: pytest.FixtureRequest) -> Iterator[S3Store]:
    made = S3Store(
        S3Address(
            endpoint=server.endpoint,
            region="us-east-1",
            bucket=f"keeps-{abs(hash(request.node.name)) % 10**8}",
            access_key=server.access_key,
            secret_key=server.secret_key,
        ),
        SystemClock().now_us,
    )
    made.ensure_bucket()
    yield made
    made.close()


@pytest.fixture
def rig(tmp_path: Path, store: S3Store) -> Iterator[RetentionRig]:
    clock = SystemClock()
    with RetentionRig(tmp_path / "data", store, clock, cameras=2) as made:
        made.defaults = Defaults(FLOOR, MARGIN, 30, day_us=S)
        made.length_us = S
        made.first_us = clock.now_us() // S * S
        yield made


def wait_until(us: int) -> None:
    """Let real time pass: the store has no other."""
    while (left_s := us / S - SystemClock().now_us() / S) > 0:
        time.sleep(min(left_s, 0.2))


def keep_up(rig: RetentionRig, number: int) -> None:
    """Have a round record what is now, even where the rounds before took longer than their days."""
    late_us = SystemClock().now_us() - (rig.first_us + (number + 1) * S)
    rig.first_us += max(0, late_us) // S * S


def assert_exact(
    rig: RetentionRig,
    sidecars: Iterable[Sidecar],
    held: dict[str, tuple[int, int]],
    promised: dict[str, int],
    swept_us: tuple[int, int],
) -> None:
    """Hold the store to what was promised, around the time at which it was swept."""
    present = rig.versions()
    for sidecar in sidecars:
        start_us, end_us = held.get(sidecar.camera, (0, 0))
        key = rig.row(sidecar.segment).key
        is_held = sidecar.start_us < end_us and sidecar.end_us > start_us
        if is_held or promised[sidecar.segment] > swept_us[1]:
            assert key in present, "gone too early"
        elif promised[sidecar.segment] + S <= swept_us[0]:  # a second for the roundings of the store's Date
            assert key not in present, "kept too long"


def test_days_of_a_second_with_holds_and_rules_leave_exactly_what_they_imply(rig: RetentionRig) -> None:
    chance = random.Random(7)
    held: dict[str, tuple[int, int]] = {}
    promised: dict[str, int] = {}
    sidecars = {}
    numbers: dict[str, int] = {}
    for number in range(ROUNDS):
        wait_until(rig.first_us + (number + 1) * S)
        keep_up(rig, number)
        for camera in rig.cameras:
            sidecar = rig.store_at(camera, number)
            sidecars[sidecar.segment] = sidecar
            promised[sidecar.segment] = rig.row(sidecar.segment).retain_until_us or 0
        if number in {3, 8}:
            camera = chance.choice(rig.cameras)
            start_us, end_us = rig.first_us + (number - 2) * S, rig.first_us + (number + 2) * S
            hold, placed = rig.place_hold(camera, start_us, end_us)
            assert placed.gone == {}
            held[camera], numbers[camera] = (start_us, end_us), hold.number
        if number == 5:
            rig.rule(FLOOR + 4, 30)
            assert rig.extend() > 0
            for name, sidecar in sidecars.items():
                if not rig.expired(name):
                    promised[name] = max(promised[name], sidecar.end_us + (FLOOR + 4 + MARGIN) * S)
        before = rig.clocks.now_us()
        swept = rig.sweep()
        assert swept.findings == []
        after = SystemClock().now_us()
        assert_exact(rig, sidecars.values(), held, promised, (before, after))
    assert any(rig.expired(name) for name in sidecars)
    for number in set(numbers.values()):
        rig.lift_hold(number)
    wait_until(max(promised.values()) + 2 * S)
    rig.sweep()
    assert rig.versions() == set()
    assert rig.books.read(tombstone_rows.unconfirmed) == []
    assert all(rig.expired(name) for name in sidecars)


def test_the_store_itself_refuses_what_a_hold_or_a_lock_forbids_and_the_refusal_is_a_finding(
    rig: RetentionRig, server: Seaweed, store: S3Store
) -> None:
    sidecar = rig.store_at(rig.cameras[0], 0)
    row = rig.row(sidecar.segment)
    key, version = row.key or "", row.version_id or ""
    client = boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        aws_access_key_id=server.access_key,
        aws_secret_access_key=server.secret_key,
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
    )
    bucket = store._bucket
    with pytest.raises(ClientError):
        client.delete_object(Bucket=bucket, Key=key, VersionId=version)  # its lock
    # somebody else holds it, behind our back: our row says nothing of it
    store.place_hold(key, version)
    wait_until((row.retain_until_us or 0) + 2 * S)
    with pytest.raises(ClientError):
        client.delete_object(Bucket=bucket, Key=key, VersionId=version)
    swept = rig.sweep()
    assert [finding.invariant for finding in swept.findings] == ["R1"]
    assert not rig.expired(sidecar.segment)
    assert rig.versions() == {key}
    assert [f.invariant for f in rig.keeper().drift(everything=True)] == ["R3"]
    store.lift_hold(key, version)
    assert rig.sweep().confirmed == 1
    client.close()
    assert rig.versions() == set()


def test_versions_delete_markers_and_uploads_of_others_under_the_key_go_as_well(
    rig: RetentionRig, server: Seaweed, store: S3Store
) -> None:
    sidecar = rig.store_at(rig.cameras[0], 0)
    key = rig.row(sidecar.segment).key or ""
    client = boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        aws_access_key_id=server.access_key,
        aws_secret_access_key=server.secret_key,
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
    )
    client.delete_object(Bucket=store._bucket, Key=key)  # a marker
    client.put_object(Bucket=store._bucket, Key=key, Body=b"of somebody else")
    client.close()
    assert len(list(store.list_versions(key))) == 3
    wait_until((rig.row(sidecar.segment).retain_until_us or 0) + 2 * S)
    swept = rig.sweep()
    assert (swept.segments, swept.confirmed, swept.findings) == (1, 1, [])
    assert list(store.list_versions(key)) == []
