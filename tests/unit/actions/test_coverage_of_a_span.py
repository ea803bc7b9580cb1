"""`footage coverage` over a real catalogue and real status files: every second of a span is accounted for, once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from support.gateway_rig import MINUTE_US, START_US, Rig

from camera_gateway.access.door import Door
from camera_gateway.actions.footage import Span, coverage_, fetch_plan, list_
from camera_gateway.actions.gateway import Gateway
from camera_gateway.catalogue.registry import set_camera_state
from camera_gateway.clock import rfc3339
from camera_gateway.domain.camera import CameraState
from camera_gateway.domain.footage import GapCause
from camera_gateway.domain.people import Actor
from camera_gateway.errors import InvalidInput, NotFound
from camera_gateway.handover.status_file import CameraStatus, RecorderStatus, status_path, write_status
from camera_gateway.settings.schema import Settings
from camera_gateway.settings.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from camera_gateway.domain.ids import CameraId

ACTOR = Actor("shell", "alia")


def m(minutes: float) -> int:
    return START_US + round(minutes * MINUTE_US)


class Scene:
    """A gateway at minute 60 of its cameras' life."""

    def __init__(self, rig: Rig, gateway: Gateway) -> None:
        self.rig, self.gateway = rig, gateway
        self.camera: CameraId = rig.cameras[0]
        self.now_us = rig.clock.now_us()

    def sealed(self, *numbers: int) -> None:
        for number in numbers:
            self.rig.seal(self.camera, number)
        self.rig.take()

    def gap(self, start: float, end: float) -> None:
        self.rig.put_gap(self.camera, f"gap-{start}-{end}", m(start), m(end))
        self.rig.take()

    def says(self, *, age_s: float = 0.5, **values: Any) -> None:  # noqa: ANN401 - fields of a status
        status: dict[str, Any] = {
            "camera": self.camera,
            "state": "recording",
            "cause": None,
            "probe_cause": None,
            "detail": "",
            "since_us": START_US,
            "last_packet_us": None,
            "open_from_us": None,
            "open_to_us": None,
            "last_end_us": None,
            "gap_from_us": None,
            "fps": 25.0,
            "bitrate_bps": 1,
            "clock_offset_us": None,
            "packets_received": 0,
            "packets_lost": 0,
            "reconnects": 0,
            "reconnects_by_cause": {},
            "timestamp_jumps": 0,
            "segments_sealed": 0,
            "video": "",
            "session": "",
        }
        report = RecorderStatus(
            shard=0,
            shards=1,
            pid=1,
            started_us=START_US,
            written_us=self.now_us - round(age_s * 1e6),
            software="test",
            plan_generation=1,
            owner=self.rig.catalogue.identity,
            spool_free_bytes=1,
            spool_bytes=0,
            seal_seconds=0.0,
            cameras=(CameraStatus(**(status | values)),),
        )
        write_status(status_path(self.gateway.data_dir / "status", 0), report)

    async def coverage(self, start: float, end: float) -> dict[str, Any]:
        """Ask, and hold every answer to C1: recorded and required gaps fill what is expected; none overlap."""
        found = await coverage_(self.gateway, ACTOR, Span(camera=self.camera, from_us=m(start), to_us=m(end)))
        spans = [(us(g["from"]), us(g["to"]), g["required"]) for g in found["gaps"]]
        assert spans == sorted(spans)
        for (_, end_us, _), (start_us, _, _) in pairwise(spans):
            assert end_us <= start_us
        assert all(us(found["from"]) <= s < e <= us(found["to"]) for s, e, _ in spans)
        missing = sum(e - s for s, e, required in spans if required) / 1e6
        assert found["expected_s"] == pytest.approx(found["recorded_s"] + missing)
        assert found["stored_s"] <= found["put_s"] <= found["recorded_s"] <= found["expected_s"]
        return found


def us(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1e6)


def gaps(found: dict[str, Any]) -> list[tuple[float, float, str]]:
    """Gaps in minutes of the cameras' life."""
    spans = [(us(g["from"]), us(g["to"]), g["cause"]) for g in found["gaps"]]
    return [((s - START_US) / MINUTE_US, (e - START_US) / MINUTE_US, cause) for s, e, cause in spans]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    (tmp_path / "keys").mkdir(mode=0o700)
    Vault.create(tmp_path / "keys" / "credentials.key")
    with Rig(tmp_path) as rig, ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
        yield Scene(
            rig,
            Gateway(
                settings=Settings(),
                config_file=None,
                data_dir=tmp_path,
                clock=rig.clock,
                catalogue=rig.catalogue,
                vault=Vault.load(tmp_path / "keys" / "credentials.key"),
                spool=rig.spool,
                store=rig.store,
                catalogue_thread=one,
                store_threads=other,
                door=Door.build(Vault.load(tmp_path / "keys" / "credentials.key"), rig.clock),
                registry_changed=lambda: None,
            ),
        )


async def test_a_span_before_the_camera_was_registered_expects_nothing(scene: Scene) -> None:
    found = await scene.coverage(-120, -60)
    assert (found["expected_s"], found["gaps"], found["open"]) == (0, [], None)
    assert (us(found["from"]), us(found["to"])) == (m(-120), m(-60))


async def test_nothing_is_missing_before_the_camera_was_registered(scene: Scene) -> None:
    scene.sealed(0, 1)
    scene.gap(2, 4)
    found = await scene.coverage(-10, 4)
    assert found["expected_s"] == 240
    assert gaps(found) == [(2, 4, "camera-unreachable")]


async def test_a_hole_in_the_past_is_unknown_and_not_blamed_on_a_recorder_that_is_down_now(scene: Scene) -> None:
    scene.sealed(*range(5), *range(10, 20))
    found = await scene.coverage(0, 10)
    assert gaps(found) == [(5, 10, "unknown")]
    assert found["unknown_s"] == 300
    assert gaps(await scene.coverage(6, 9)) == [(6, 9, "unknown")]


async def test_without_a_recorder_all_since_the_last_segment_is_down_whatever_span_is_asked(scene: Scene) -> None:
    scene.sealed(*range(20))
    assert gaps(await scene.coverage(10, 60)) == [(20, 60, "gateway-down")]
    assert gaps(await scene.coverage(40, 50)) == [(40, 50, "gateway-down")]
    assert gaps(await scene.coverage(0, 20)) == []


async def test_the_answer_ends_where_the_open_part_begins(scene: Scene) -> None:
    scene.sealed(58)
    scene.says(open_from_us=m(59), open_to_us=m(59.9), last_end_us=m(59))
    found = await scene.coverage(58, 60)
    assert (us(found["to"]), us(found["asked_to"])) == (m(59), m(60))
    assert found["open"] == {"from": rfc3339(m(59))}
    assert (found["expected_s"], found["recorded_s"], found["gaps"]) == (60, 60, [])


async def test_a_span_inside_the_open_part_is_empty(scene: Scene) -> None:
    scene.sealed(58)
    scene.says(open_from_us=m(59), open_to_us=m(59.9), last_end_us=m(59))
    found = await scene.coverage(59.2, 59.6)
    assert found["from"] == found["to"]
    assert (found["expected_s"], found["gaps"]) == (0, [])
    assert found["open"] is not None


async def test_a_span_of_the_past_is_not_called_open(scene: Scene) -> None:
    scene.sealed(*range(59))
    scene.says(open_from_us=m(59), open_to_us=m(59.9), last_end_us=m(59))
    found = await scene.coverage(10, 59)
    assert found["open"] is None
    assert us(found["to"]) == m(59)


async def test_the_future_is_not_judged(scene: Scene) -> None:
    scene.sealed(58)
    scene.says(open_from_us=m(59), open_to_us=m(59.9), last_end_us=m(59))
    assert us((await scene.coverage(58, 90))["to"]) == m(59)
    later = await scene.coverage(70, 90)
    assert (later["expected_s"], later["gaps"], later["from"] == later["to"]) == (0, [], True)
    scene.says(state="connecting", last_end_us=m(59), gap_from_us=m(59), cause=GapCause.CAMERA_AUTH)
    found = await scene.coverage(58, 90)
    assert us(found["to"]) == m(60)
    assert gaps(found) == [(59, 60, "camera-auth")]


async def test_a_reconnect_stays_visible_while_the_next_part_is_open(scene: Scene) -> None:
    scene.sealed(56)
    scene.gap(57, 58)
    scene.says(open_from_us=m(58), open_to_us=m(59.9), last_end_us=m(57))
    found = await scene.coverage(56, 60)
    assert us(found["to"]) == m(58)
    assert gaps(found) == [(57, 58, "camera-unreachable")]


async def test_a_dead_recorder_does_not_hide_its_absence_behind_an_open_part(scene: Scene) -> None:
    scene.sealed(29)
    scene.says(age_s=1740, open_from_us=m(30), open_to_us=m(31), last_end_us=m(30))
    found = await scene.coverage(29, 60)
    assert us(found["to"]) == m(60)
    assert gaps(found) == [(30, 31, "gateway-down"), (31, 60, "gateway-down")]
    assert found["open"] is None


async def test_a_dead_recorder_is_not_missed_where_the_schedule_asks_for_nothing(scene: Scene) -> None:
    # minute 0 is 2025-10-09T08:53:20Z, a Thursday; minute 6 min 40 s is 14:00 in Almaty
    recorder = scene.gateway.settings.recorder.model_copy(update={"schedule": ("mon-fri 08:00-14:00",)})
    settings = scene.gateway.settings.model_copy(update={"recorder": recorder})
    object.__setattr__(scene.gateway, "settings", settings)
    scene.sealed(0, 1)
    found = await scene.coverage(0, 60)
    edge = 6 + 40 / 60
    assert gaps(found) == [(2, pytest.approx(edge), "gateway-down"), (pytest.approx(edge), 60, "schedule-off")]
    assert found["expected_s"] == 400


async def test_a_paused_camera_shows_who_stopped_it(scene: Scene) -> None:
    scene.sealed(0)
    scene.says(state="paused", last_end_us=m(1), gap_from_us=m(1), cause=GapCause.OPERATOR_DISABLED)
    assert gaps(await scene.coverage(0, 60)) == [(1, 60, "operator-disabled")]


async def test_a_retired_camera_is_expected_until_then(scene: Scene) -> None:
    scene.sealed(*range(30))
    scene.rig.clock.step_wall(m(35) - scene.now_us)
    with scene.rig.catalogue.write(ACTOR) as tx:
        set_camera_state(tx, scene.camera, CameraState.RETIRED)
    scene.rig.clock.step_wall(m(60) - m(35))
    found = await scene.coverage(0, 60)
    assert found["expected_s"] == 35 * 60
    assert gaps(found) == [(30, 35, "gateway-down")]
    after = await scene.coverage(40, 60)
    assert (after["expected_s"], after["gaps"]) == (0, [])


async def test_lost_footage_is_a_gap_with_its_own_cause(scene: Scene) -> None:
    from camera_gateway.catalogue.segments import mark_lost  # noqa: PLC0415 - only here

    scene.sealed(*range(5))
    lost = scene.rig.rows()[2].sidecar
    with scene.rig.catalogue.write(ACTOR) as tx:
        mark_lost(tx, lost.segment, GapCause.SPOOL_FULL, "dropped")
    assert gaps(await scene.coverage(0, 5)) == [(2, 3, "spool-full")]


async def test_what_waits_for_the_store_is_told(scene: Scene) -> None:
    scene.sealed(0, 1)
    waiting = (await scene.coverage(0, 2))["not_yet_stored"]
    assert (waiting["segments"], waiting["seconds"], waiting["bytes"]) == (2, 120, 4000)
    assert waiting["eta"] is not None
    assert (await scene.coverage(-5, 0))["not_yet_stored"] is None


async def test_a_fetch_asks_for_the_camera_s_life_only_and_leaves_an_audit_row(scene: Scene) -> None:
    scene.sealed(0, 1)
    scene.gap(2, 5)
    span = Span(camera=scene.camera, from_us=m(-5), to_us=m(90))
    plan = await fetch_plan(scene.gateway, ACTOR, span)
    assert (plan["from_us"], plan["to_us"]) == (m(0), m(60))
    assert len(plan["segments"]) == 2
    assert [g["cause"] for g in plan["gaps"]] == ["camera-unreachable", "gateway-down"]
    with scene.rig.catalogue.read() as tx:
        from camera_gateway.catalogue.audit_log import list_rows  # noqa: PLC0415 - only here

        row = list(list_rows(tx, 0, 1000))[-1]
    assert (row.action, row.actor) == ("footage.fetch", "shell:alia")
    with pytest.raises(NotFound):
        await fetch_plan(scene.gateway, ACTOR, Span(camera=scene.camera, from_us=m(-9), to_us=m(-5)))


async def test_the_list_says_of_each_segment_whether_the_camera_signed_it(scene: Scene) -> None:
    scene.sealed(0, 1, 2)
    listed = await list_(scene.gateway, ACTOR, Span(camera=scene.camera, from_us=m(0), to_us=m(3)))
    assert [row["camera_signed"] for row in listed] == ["yes", "no", "unknown"]


async def test_questions_that_make_no_sense_are_refused(scene: Scene) -> None:
    with pytest.raises(InvalidInput):
        await scene.coverage(5, 5)
    with pytest.raises(NotFound):
        await list_(scene.gateway, ACTOR, Span(camera="nobody", from_us=m(0), to_us=m(1)))


def test_the_scene_begins_when_the_comments_say() -> None:
    assert datetime.fromtimestamp(START_US / 1e6, UTC).isoformat() == "2025-10-09T08:53:20+00:00"
