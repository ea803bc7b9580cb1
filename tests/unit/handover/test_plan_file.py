"""The plan on disk: whole or refused, private, and seen when it changes."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from camera_gateway.domain.camera import StreamAddress
from camera_gateway.domain.ids import CameraId, InstitutionId, SiteId
from camera_gateway.domain.plan import CameraPlan, Plan
from camera_gateway.errors import InvalidInput, NotFound
from camera_gateway.handover.plan_file import plan_changed, plan_stamp, read_plan, write_plan

if TYPE_CHECKING:
    from pathlib import Path

HALL = CameraPlan(
    camera=CameraId("hall"),
    institution=InstitutionId("school-7"),
    site=SiteId("school-7"),
    active=True,
    address=StreamAddress("fd00::5", 554, "/Әлем?x=1"),
    allowed_networks=("fd00::/8",),
    username="root",
    password_sealed="v1:c2VhbGVk",
    time_zone="Asia/Almaty",
    schedule=("mon-fri 07:00-20:00",),
    holidays=("2026-12-16",),
    registered_us=1_700_000_000_000_001,
    segment_s=2.5,
)
PLAN = Plan(
    7, "owner", 123, (HALL, replace(HALL, camera=CameraId("yard"), active=False, username=None, password_sealed=None))
)


@pytest.mark.parametrize("plan", [PLAN, Plan(0, "owner", 0, ())])
def test_a_plan_is_read_back_equal(tmp_path: Path, plan: Plan) -> None:
    write_plan(tmp_path / "plan.json", plan)
    assert read_plan(tmp_path / "plan.json") == plan


def test_only_the_owner_may_read_it_and_no_draft_is_left(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        write_plan(tmp_path / "plan.json", PLAN)
        write_plan(tmp_path / "plan.json", PLAN)
    finally:
        os.umask(old)
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"]
    assert stat.S_IMODE((tmp_path / "plan.json").stat().st_mode) == 0o600


def test_a_new_plan_is_seen_and_an_old_one_is_not_seen_again(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    assert plan_stamp(path) is None
    assert plan_changed(path, None) is None
    write_plan(path, PLAN)
    first = plan_changed(path, None)
    assert first is not None
    assert plan_changed(path, first) is None
    write_plan(path, replace(PLAN, generation=8))  # the same size, perhaps the same clock tick
    second = plan_changed(path, first)
    assert second not in (None, first)


def test_an_absent_plan_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no plan"):
        read_plan(tmp_path / "plan.json")


def test_every_cut_of_the_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    write_plan(path, PLAN)
    data = path.read_bytes()
    for length in range(0, len(data) - 2, 7):
        path.write_bytes(data[:length])
        with pytest.raises(InvalidInput, match=r"plan\.json"):
            read_plan(path)


def changed(path: Path, change: dict[str, Any], camera: dict[str, Any]) -> None:
    write_plan(path, PLAN)
    raw = json.loads(path.read_bytes())
    raw["cameras"][1] |= camera
    path.write_text(json.dumps(raw | change))


@pytest.mark.parametrize(
    ("change", "camera", "message"),
    [
        ({"version": 2}, {}, "not version 1"),
        ({"generation": "7"}, {}, "generation is not an integer"),
        ({"generation": True}, {}, "generation is not an integer"),
        ({"owner": None}, {}, "owner is not a text"),
        ({"cameras": {}}, {}, "cameras is not a list"),
        ({"cameras": [3]}, {}, r"cameras\[0\]: not a JSON object"),
        ({}, {"camera": "hall"}, "named twice"),
        ({}, {"active": 1}, r"cameras\[1\]: active is not true or false"),
        ({}, {"address": "rtsp://x"}, r"cameras\[1\]: address: not a JSON object"),
        ({}, {"address": {"host": "h", "port": "554", "path": "/"}}, "port is not an integer"),
        ({}, {"username": 3}, "username is not a text"),
        ({}, {"schedule": "daily 00:00-24:00"}, "schedule is not a list of texts"),
        ({}, {"schedule": ["sometimes"]}, "'sometimes' is not understood"),
        ({}, {"holidays": ["16.12.2026"]}, "holiday"),
        ({}, {"time_zone": "Mars"}, "'Mars' is not known"),
        ({}, {"segment_s": "60"}, "segment_s is not a number"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused_by_its_field(
    tmp_path: Path, change: dict[str, Any], camera: dict[str, Any], message: str
) -> None:
    changed(tmp_path / "plan.json", change, camera)
    with pytest.raises(InvalidInput, match=message):
        read_plan(tmp_path / "plan.json")


def test_fields_of_a_later_release_are_passed_over(tmp_path: Path) -> None:
    changed(tmp_path / "plan.json", {"news": 1}, {"more": [2]})
    assert read_plan(tmp_path / "plan.json") == PLAN
