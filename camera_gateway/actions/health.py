"""Verbs on the installation itself: doctor, check (fsck), status.

Promises to prove rather than to repeat: each property was seen a moment ago, or is said to be absent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict

from camera_gateway.actions.cameras import current_statuses
from camera_gateway.actions.ongoing import STALE_US
from camera_gateway.actions.seals import signing_key
from camera_gateway.catalogue import registry, segments, upload_queue
from camera_gateway.clock import rfc3339
from camera_gateway.domain.camera import CameraState
from camera_gateway.errors import GatewayError, Unavailable
from camera_gateway.footage.books import Books
from camera_gateway.footage.check import Depth
from camera_gateway.footage.check import check as fsck
from camera_gateway.handover.status_file import read_statuses
from storage.errors import SpoolError, StoreError
from storage.s3_lock import Property, canary

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.actions.institutions import Nothing
    from camera_gateway.domain.people import Actor

NOT_REQUIRED = frozenset({"checksum-on-head", "clock"})
"""Useful where it is there; a full read-back stands in for the first, our own clock for the second."""
WORM = frozenset({"object-lock", "lock-delete-refused", "lock-shorten-refused"})
"""What must be proven before anybody may say that footage is written once."""
LOCK_PROPERTIES = frozenset({"object-lock", "lock-delete-refused", "lock-shorten-refused", "versioning"})


class CheckArgs(BaseModel):
    """What `check` takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    depth: Literal["presence", "size", "hash"] = "size"


async def doctor(gateway: Gateway, _actor: Actor, _args: Nothing) -> dict[str, Any]:
    """Prove, property by property, what this installation promises; nothing is taken on trust."""
    properties = [*await _store_properties(gateway), _disk(gateway), await _database(gateway), _recorder(gateway)]
    properties.append(await _seal_key(gateway))
    without_lock = gateway.settings.store.object_lock == "none"

    def required(name: str) -> bool:
        return name not in NOT_REQUIRED and not (without_lock and name in LOCK_PROPERTIES)

    return {
        "ok": all(p.state == "proven" for p in properties if required(p.name)),
        "properties": [
            {"name": p.name, "state": p.state, "detail": p.detail, "required": required(p.name)} for p in properties
        ],
        "findings": findings(gateway),
    }


def findings(gateway: Gateway) -> list[str]:
    """Return the findings that the installation itself carries into every report."""
    found = []
    if gateway.settings.store.kind != "s3":
        found.append("off-site: absent – the footage lies on this host; configure a store elsewhere")
    if gateway.settings.store.kind == "embedded":
        found.append(
            "embedded store: write-once for S3 clients, not against somebody with a shell on this host"
            " (SeaweedFS's own shell can delete locked objects)"
        )
    if gateway.settings.witness.kind == "none":
        found.append("witness: NONE – nobody outside this installation holds a copy of its seals")
    proven = {p.name for p in gateway.observed().store if p.state == "proven"}
    if not proven >= WORM:
        found.append(
            "worm-unproven – nothing here has shown since the start of this service that the store refuses to delete"
            " what is locked; see doctor"
        )
    return found


async def _store_properties(gateway: Gateway) -> list[Property]:
    try:
        found = await gateway.waiting(canary, gateway.store, gateway.clock.now_us)
    except StoreError as error:
        return [Property("store", "failed", f"cannot be asked: {error}")]
    return [Property("store", "proven", "it answers"), *found]


def _disk(gateway: Gateway) -> Property:
    free, reserve = gateway.spool.free_bytes(), gateway.settings.spool.reserve_bytes
    detail = f"{free // 1_000_000} MB free, reserve {reserve // 1_000_000} MB"
    return Property("disk", "proven" if free > reserve else "failed", detail)


async def _database(gateway: Gateway) -> Property:
    broken = await gateway.waiting_on_catalogue(lambda catalogue: catalogue.quick_check())
    if broken is None:
        return Property("database", "proven", "WAL, synchronous=FULL, pages and audit chain sound")
    return Property("database", "failed", broken)


async def _seal_key(gateway: Gateway) -> Property:
    try:
        key = await signing_key(gateway)
    except GatewayError as error:
        return Property("seal-key", "failed", error.message)
    return Property("seal-key", "proven", f"{key.public.fingerprint}: compare it with the paper")


def _recorder(gateway: Gateway) -> Property:
    now_us = gateway.clock.now_us()
    recorders = read_statuses(gateway.data_dir / "status")
    alive = [r for r in recorders if now_us - r.written_us < STALE_US]
    if alive:
        return Property("recorder", "proven", f"{len(alive)} process(es), {sum(len(r.cameras) for r in alive)} cameras")
    return Property("recorder", "absent", "no recorder writes its status; start: camera-gateway run")


async def check(gateway: Gateway, _actor: Actor, args: CheckArgs) -> dict[str, Any]:
    """Compare spool, catalogue and bucket with each other (invariants D, U, C, S) at the asked depth."""
    counted: dict[str, int] = {}

    def told(stage: str, done: int) -> None:
        counted[stage] = done
        gateway.progress(done, None, stage)

    def work() -> list[dict[str, str]]:
        books = Books(gateway.catalogue, gateway.catalogue_thread)
        found = fsck(books, gateway.spool, gateway.store, gateway.clock, Depth(args.depth), told)
        return [{"invariant": f.invariant, "what": f.what, "where": f.where} for f in found]

    try:
        found = await gateway.waiting(work)
    except SpoolError as error:
        raise Unavailable(f"the spool cannot be checked: {error}", hint="check the disk; see doctor") from error
    return {"ok": not found, "depth": args.depth, "findings": found, "counted": counted}


async def status(gateway: Gateway, _actor: Actor, _args: Nothing) -> dict[str, Any]:
    """Return the installation at a glance, for the terminal of `run`."""
    statuses = current_statuses(gateway)

    def work(tx: Any) -> tuple[int, Any, dict[str, int]]:  # noqa: ANN401 - a transaction
        cameras = registry.list_cameras(tx, states=(CameraState.ACTIVE, CameraState.PAUSED))
        return len(cameras), upload_queue.backlog(tx), segments.count_by_state(tx)

    cameras, backlog, counts = await gateway.read(work)
    faulty = {
        s.camera: (s.probe_cause or s.cause or "down") for s in statuses.values() if s.state not in {"recording", "off"}
    }
    return {
        "at": rfc3339(gateway.clock.now_us()),
        "cameras": cameras,
        "recording": sum(s.state == "recording" for s in statuses.values()),
        "faulty": {camera: str(cause) for camera, cause in sorted(faulty.items())},
        "segments": counts,
        "backlog_segments": backlog.segments,
        "backlog_bytes": backlog.bytes,
        "uplink_bps": gateway.uplink_bps(),
    }
