"""The plan on disk: written by `serve`, read by `record`.

Promises 0600, atomic and durable replacement, and that whatever `read_plan` returns is whole: a recorder keeps its
last plan rather than follow a damaged one. Passwords pass through as ciphertext.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from camera_gateway.domain.camera import StreamAddress
from camera_gateway.domain.ids import CameraId, InstitutionId, SiteId
from camera_gateway.domain.plan import PLAN_VERSION, CameraPlan, Plan
from camera_gateway.domain.schedule import parse_schedule, zone
from camera_gateway.errors import InvalidInput, NotFound
from camera_gateway.handover.fields import Fields
from storage.files import atomic_replace

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class PlanStamp:
    """What tells one written plan from the next without reading it."""

    inode: int
    modified_ns: int
    size_bytes: int


def write_plan(path: Path, plan: Plan) -> None:
    """Replace the plan (0600); raises OSError when it cannot be written durably."""
    record = {"version": PLAN_VERSION, **asdict(plan)}
    atomic_replace(path, json.dumps(record, sort_keys=True, ensure_ascii=False, indent=1).encode() + b"\n")


def read_plan(path: Path) -> Plan:
    """Return the plan; `NotFound` when there is none yet, `InvalidInput` when it is damaged or of another version."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise NotFound(f"no plan in {path}", hint="serve writes it: run: camera-gateway serve") from None
    except OSError as error:
        raise InvalidInput(f"{path}: cannot be read ({error.strerror})", hint="check its owner and mode") from error
    found = Fields.parse(data, str(path))
    found.demand_version(PLAN_VERSION)
    cameras = tuple(_camera(each) for each in found.each("cameras"))
    if len({each.camera for each in cameras}) != len(cameras):
        raise InvalidInput(f"{path}: a camera is named twice", hint="serve writes it anew when it starts")
    return Plan(found.integer("generation"), found.text("owner"), found.integer("written_us"), cameras)


def plan_stamp(path: Path) -> PlanStamp | None:
    """Return the present plan's stamp; None when there is no plan."""
    try:
        seen = path.stat()
    except FileNotFoundError:
        return None
    return PlanStamp(seen.st_ino, seen.st_mtime_ns, seen.st_size)


def plan_changed(path: Path, known_stamp: PlanStamp | None) -> PlanStamp | None:
    """Return the present stamp when it differs from `known_stamp`, else None.

    Take the stamp first and read the plan after it: a plan written in between is then seen as changed again.
    """
    stamp = plan_stamp(path)
    return None if stamp == known_stamp else stamp


def _camera(found: Fields) -> CameraPlan:
    address = found.inner("address")
    plan = CameraPlan(
        camera=CameraId(found.text("camera")),
        institution=InstitutionId(found.text("institution")),
        site=SiteId(found.text("site")),
        active=found.flag("active"),
        address=StreamAddress(address.text("host"), address.integer("port"), address.text("path")),
        allowed_networks=found.texts("allowed_networks"),
        username=found.optional_text("username"),
        password_sealed=found.optional_text("password_sealed"),
        time_zone=found.text("time_zone"),
        schedule=found.texts("schedule"),
        holidays=found.texts("holidays"),
        registered_us=found.integer("registered_us"),
        segment_s=found.number("segment_s"),
    )
    zone(plan.time_zone)
    parse_schedule(plan.schedule, plan.holidays)
    return plan
