"""The uploader on real threads against a real S3 server that is killed in the middle."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from support.gateway_rig import Proofs, Rig
from support.seaweed import Seaweed

from camera_gateway.clock import SystemClock
from camera_gateway.domain.footage import SegmentState
from camera_gateway.domain.retention import RetentionPolicy
from camera_gateway.footage.books import Books
from camera_gateway.footage.check import Depth, check
from camera_gateway.supervision import Stop
from camera_gateway.timetable import Bell
from camera_gateway.upload.uploader import Uploader, UploadRules
from storage.limited import Limited, TokenBucket
from storage.retrying import Patience, Retrying
from storage.s3 import S3Address, S3Store
from storage.s3_lock import canary

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

POLICY = RetentionPolicy("default", 2000, 2)
"""The rig's footage is of 2025: the date must lie ahead for a real store."""
DEADLINE_S = 90.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    with Seaweed(tmp_path_factory.mktemp("seaweed")) as running:
        yield running


@pytest.fixture
def store(server: Seaweed) -> Iterator[S3Store]:
    address = S3Address(
        endpoint=server.endpoint,
        region="us-east-1",
        bucket="uploader",
        access_key=server.access_key,
        secret_key=server.secret_key,
        connect_timeout_s=2.0,
    )
    made = S3Store(address, SystemClock().now_us)
    made.ensure_bucket()
    yield made
    made.close()


async def until(condition: object, deadline_s: float = DEADLINE_S) -> None:
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        if condition():  # type: ignore[operator]
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come to pass in time")


async def test_a_store_killed_in_the_middle_gets_everything_once(
    tmp_path: Path, server: Seaweed, store: S3Store
) -> None:
    proven = {prop.name: prop.state for prop in canary(store, SystemClock().now_us)}
    clock = SystemClock()
    limits = Limited(store, upload=TokenBucket(), download=TokenBucket())
    composed = Retrying(limits, Patience(attempts=2, first_s=0.05, cap_s=0.2))
    with (
        ThreadPoolExecutor(1) as catalogue_thread,
        ThreadPoolExecutor(5) as threads,
        Rig(tmp_path / "data", composed, clock) as rig,
    ):
        rig.books = Books(rig.catalogue, catalogue_thread)
        rig.proofs = Proofs(checksum_on_head=proven["checksum-on-head"] == "proven", lock_proven=True)
        for number in range(30):
            for camera in rig.cameras:
                rig.seal(camera, number, bytes([number]) * 200_000)
        rig.take()
        bell, stop = Bell("upload"), Stop()
        uploader = Uploader(
            books=rig.books,
            spool=rig.spool,
            transfer=rig.transfer(policy_for=lambda _camera, _at_us: POLICY),
            rules=UploadRules(workers=4, scan_s=0.5),
            clock=clock,
            threads=threads,
            bell=bell,
            observer=rig.seen,
            set_rate_bps=limits.set_rate_bps,
        )
        async with asyncio.TaskGroup() as group:
            task = group.create_task(uploader.run(stop))
            await until(lambda: len(rig.seen.of("stored")) >= 10)
            server.kill9()
            await until(lambda: uploader.status.state == "unreachable")
            server.start()
            await until(lambda: {row.state for row in rig.rows()} == {SegmentState.RELEASED})
            stop.request()
            await task
        keys = [version.key for version in composed.list_versions("v1/")]
        assert len(keys) == len(set(keys)) == 60
        assert rig.files() == set()
        assert list(check(rig.books, rig.spool, composed, clock, Depth.HASH)) == []
        assert all(row.locked and row.lock_mode == "governance" for row in rig.rows())
        assert rig.seen.of("alarm") == []
