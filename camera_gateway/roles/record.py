"""The recorder: plan in, sealed segments out. No database, no cloud keys, no HTTP, no decoder.

One process for up to `cameras_per_shard` cameras, else a parent that holds the spool and one child per shard. The
settings are read by a first life of the process, which then becomes the recorder: what only reading settings needs
is not carried along in memory.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from camera_gateway.clock import SystemClock
from camera_gateway.errors import GatewayError, Refused, Unavailable
from camera_gateway.footage.salvage import salvage_all
from camera_gateway.handover.plan_file import read_plan
from camera_gateway.ingest.session import Limits
from camera_gateway.ingest.shard import Shard, ShardSettings, shard_of
from camera_gateway.supervision import Stop, services, stop_on_signals
from storage.errors import SpoolBusy, SpoolError, SpoolForeign
from storage.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from camera_gateway.clock import Clock
    from camera_gateway.domain.plan import CameraPlan, Plan
    from camera_gateway.settings.schema import Settings

PLAN_EVERY_S = 0.5
BUSY_TRIES = 20
"""Half seconds to wait for an earlier recorder to leave the spool."""
MEMORY = ":".join(
    f"glibc.malloc.{each}" for each in ("hugetlb=1", f"trim_threshold={16 << 20}", f"mmap_threshold={4 << 20}")
)
"""Huge pages, and what pictures needed stays for the next ones: giving it back and forth costs 2 % of recording."""


@dataclass(frozen=True, slots=True)
class Options:
    """What recording needs to know of the settings: plain numbers and names, no secrets."""

    data_dir: str
    software: str
    reserve_bytes: int
    quota_bytes: int
    cameras_per_shard: int
    max_shards: int
    quick_ms: int
    slow_ms: int
    stall_s: float
    connect_s: float
    audio: bool
    shard: int | None = None
    """Which child this is; None: the parent, or the only process."""
    shards: int = 1


def options_of(settings: Settings) -> Options:
    """Take from the settings what recording needs."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - not carried into recording

    try:
        software = f"camera-gateway {version('camera-gateway')}"
    except PackageNotFoundError:
        software = "camera-gateway (source)"
    recorder, spool = settings.recorder, settings.spool
    return Options(
        data_dir=str(settings.site.data_dir),
        software=software,
        reserve_bytes=spool.reserve_bytes,
        quota_bytes=spool.quota_bytes if settings.upload.when_full == "deny-new" else 0,
        cameras_per_shard=recorder.cameras_per_shard,
        max_shards=recorder.max_shards or len(os.sched_getaffinity(0)),
        quick_ms=recorder.read_interval_min_ms,
        slow_ms=recorder.read_interval_max_ms,
        stall_s=recorder.stall_s,
        connect_s=recorder.connect_timeout_s,
        audio=recorder.audio,
    )


async def run_record(settings: Settings, clock: Clock, stop: Stop) -> None:
    """Record until `stop`. Raises GatewayError when spool or plan cannot be used."""
    await run_options(options_of(settings), clock, stop)


async def run_options(options: Options, clock: Clock, stop: Stop) -> None:
    """Do as `run_record`, from options."""
    plan = await _first_plan(options, stop)
    if plan is None:
        return
    if options.shard is not None:
        await _run_shard(options, plan, clock, stop, _opened(options, plan, exclusive=False))
        return
    spool = await _held(options, plan, stop)
    if spool is None:
        return
    shards = shards_for(len(plan.cameras), options)
    if shards == 1:
        await _run_shard(replace(options, shard=0), plan, clock, stop, spool)
        return
    with spool:
        _salvage(spool, plan, options, plan.cameras, strangers=True)
        await _run_children(options, shards, clock, stop)


def shards_for(cameras: int, options: Options) -> int:
    """Return how many processes share the cameras; fixed while the recorder runs, so that none moves."""
    return max(1, min(-(-cameras // options.cameras_per_shard), options.max_shards))


async def _run_shard(options: Options, plan: Plan, clock: Clock, stop: Stop, spool: Spool) -> None:
    shard = options.shard or 0
    with spool:
        mine = [camera for camera in plan.cameras if shard_of(camera.camera, options.shards) == shard]
        _salvage(spool, plan, options, mine, strangers=options.shards == 1)
        settings = ShardSettings(
            shard=shard,
            shards=options.shards,
            plan_file=Path(options.data_dir) / "plan.json",
            status_dir=Path(options.data_dir) / "status",
            software=options.software,
            limits=Limits(options.connect_s, options.stall_s, options.audio),
            quick_ms=options.quick_ms,
            slow_ms=options.slow_ms,
            quota_bytes=options.quota_bytes,
        )
        running = Shard(settings, spool, clock, _passwords(Path(options.data_dir)))
        async with services() as children:
            await running.run(stop, children)


def _salvage(spool: Spool, plan: Plan, options: Options, cameras: Sequence[CameraPlan], *, strangers: bool) -> None:
    """Turn what a crash left into segments before anything new is written."""
    log = structlog.get_logger("record")
    known = {camera.camera: camera.institution for camera in cameras}
    for done in salvage_all(spool, known, options.software, strangers=strangers):
        log.warning("salvaged", camera=done.camera, segment=done.name, kept=done.kept_bytes, detail=done.detail)
    log.info("spool", root=str(spool.root), owner=plan.owner, open_number=spool.open_number)


async def _first_plan(options: Options, stop: Stop) -> Plan | None:
    """Wait for the plan; None when the end came first."""
    told = False
    while not stop.requested:
        try:
            return read_plan(Path(options.data_dir) / "plan.json")
        except GatewayError as error:
            if not told:
                structlog.get_logger("record").info("waiting for a plan", reason=error.message)
                told = True
        await stop.within(PLAN_EVERY_S)
    return None


async def _held(options: Options, plan: Plan, stop: Stop) -> Spool | None:
    """Take the spool; an earlier recorder that is just ending is waited for."""
    for _ in range(BUSY_TRIES):
        try:
            return _opened(options, plan, exclusive=True)
        except Unavailable as error:
            if not isinstance(error.__cause__, SpoolBusy):
                raise
            last = error
        if await stop.within(PLAN_EVERY_S):
            return None
    raise last


def _opened(options: Options, plan: Plan, *, exclusive: bool) -> Spool:
    root = Path(options.data_dir) / "spool"
    try:
        return Spool.open(root, owner=plan.owner, exclusive=exclusive, reserve_bytes=options.reserve_bytes)
    except SpoolForeign as error:
        raise Refused(
            f"the spool in {root} is not this installation's: {error}", hint="mount the right disk"
        ) from error
    except SpoolError as error:
        raise Unavailable(
            f"the spool in {root} cannot be used: {error}", hint="is another recorder running?"
        ) from error


def _passwords(data_dir: Path) -> Callable[[CameraPlan], str | None]:
    """Return what opens a camera's password; key and cipher are loaded for the first camera that has one."""
    vaults: list[Callable[[CameraPlan], str]] = []

    def password_of(plan: CameraPlan) -> str | None:
        if plan.password_sealed is None:
            return None
        if not vaults:
            from camera_gateway.settings.vault import Vault  # noqa: PLC0415 - 8 MB that cameras without one save

            vault = Vault.load(data_dir / "keys" / "credentials.key")
            vaults.append(lambda camera: vault.open(camera.password_sealed or "", camera=camera.camera))
        return vaults[0](plan)

    return password_of


async def _run_children(options: Options, shards: int, clock: Clock, stop: Stop) -> None:
    """Keep one child per shard running; the parent holds the spool and does nothing else."""
    from camera_gateway.roles.children import Child, keep_running  # noqa: PLC0415 - only with several shards

    async with services() as children:
        tasks = []
        for shard in range(shards):
            command = _command(replace(options, shard=shard, shards=shards))
            child = Child(f"record {shard + 1} of {shards}", command)
            tasks.append(children.start(keep_running(child, stop, clock), name=child.name))
        await stop.wait()
        await asyncio.wait(tasks)


def _command(options: Options) -> list[str]:
    return [sys.executable, "-m", "camera_gateway.roles.record", "--options", json.dumps(asdict(options))]


def _environment() -> dict[str, str]:
    """Return our environment, with huge pages asked of glibc (2.35 and later; others pass the word over).

    Some 16 MB of pictures pass through the heap each second: in small pages a tenth of the recorder's CPU time went
    into page faults and address translation. What the operator has set of glibc's own is left alone.
    """
    told = os.environ.get("GLIBC_TUNABLES", "")
    if MEMORY.partition("=")[0] in told:
        return dict(os.environ)
    return {**os.environ, "GLIBC_TUNABLES": f"{MEMORY}:{told}" if told else MEMORY}


async def _until_signal(options: Options) -> None:
    stop = Stop()
    stop_on_signals(stop)
    await run_options(options, SystemClock(), stop)


def main(argv: Sequence[str] | None = None) -> int:
    """Record until SIGTERM or SIGINT; returns the exit code."""
    parser = argparse.ArgumentParser(prog="camera-gateway record", description="The recorder alone.")
    parser.add_argument("--config", type=Path, help="settings file")
    parser.add_argument("--options", help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    try:
        if arguments.options is None:
            from camera_gateway.roles.loading import load_settings  # noqa: PLC0415 - left behind by exec

            options = options_of(load_settings(arguments.config).settings)
            os.execve(sys.executable, _command(options), _environment())  # noqa: S606 - this very module
        from camera_gateway.logs import set_up_logs  # noqa: PLC0415 - not needed by those who only import us

        set_up_logs(role="record")
        asyncio.run(_until_signal(Options(**json.loads(arguments.options))))
    except GatewayError as error:
        hint = f"; {error.hint}" if error.hint else ""
        sys.stderr.write(f"record: {error.message}{hint}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
