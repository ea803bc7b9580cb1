"""A spool that fills: copies go first, then the oldest becomes a told loss, and nothing is lost with deny-new."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.gateway_rig import Inline, Rig

from camera_gateway.catalogue.audit_log import list_rows
from camera_gateway.catalogue.gaps import gaps_in_span
from camera_gateway.domain.footage import GapCause, SegmentState
from camera_gateway.domain.schedule import always
from camera_gateway.supervision import Stop
from camera_gateway.timetable import Bell
from camera_gateway.upload.policy import Pending
from camera_gateway.upload.quota import Quota, QuotaRules, run_quota
from storage.errors import SpoolFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from camera_gateway.catalogue.segments import SegmentRow
    from camera_gateway.domain.ids import SegmentId
    from camera_gateway.upload.quota import SpoolForecast, WhenFull
    from storage.spool import Usage

SIZE = 10_000


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with Rig(tmp_path / "data", cameras=1) as made:
        yield made


class Judge:
    """A quota over a rig; what is busy and held is the test's."""

    def __init__(self, rig: Rig, when_full: WhenFull, quota_bytes: int, margin_bytes: int) -> None:
        self.busy: frozenset[SegmentId] = frozenset()
        self.held: set[str] = set()
        self.quota = Quota(
            books=rig.books,
            spool=rig.spool,
            rules=QuotaRules(when_full, quota_bytes, margin_bytes),
            clock=rig.clock,
            observer=rig.seen,
            pending=lambda backlog: Pending(backlog, always(), "Asia/Almaty", 0, 0),
            inflow_bps=lambda: 80_000,
            busy=lambda: self.busy,
            held=self._is_held,
        )

    def _is_held(self, row: SegmentRow) -> bool:
        return row.sidecar.segment in self.held


def fill(rig: Rig, count: int) -> list[SegmentId]:
    found = [rig.seal(rig.cameras[0], number, bytes(SIZE)).segment for number in range(count)]
    rig.take()
    return found


def lost(rig: Rig) -> list[str]:
    return sorted(row.sidecar.segment for row in rig.rows() if row.state is SegmentState.LOST)


def test_with_room_nothing_happens_and_the_forecast_says_how_long_it_lasts(rig: Rig) -> None:
    fill(rig, 2)
    forecast = Judge(rig, "drop-oldest", 200_000, 20_000).quota.enforce()
    assert lost(rig) == []
    assert forecast.until_loss_s is not None
    assert forecast.until_loss_s == pytest.approx((200_000 - forecast.used_bytes) * 8 / 80_000, abs=1)


def test_drop_oldest_loses_the_oldest_and_each_loss_is_a_gap_and_an_audit_row(rig: Rig) -> None:
    names = fill(rig, 10)
    Judge(rig, "drop-oldest", 100_000, 30_000).quota.enforce()
    gone = lost(rig)
    assert gone == names[: len(gone)]
    assert 3 <= len(gone) <= 5
    rows = {str(row.sidecar.segment): row.sidecar for row in rig.rows()}
    for name in gone:
        sidecar = rows[name]
        (gap,) = rig.books.read(
            lambda tx, s=sidecar: gaps_in_span(tx, s.camera, s.start_us, s.end_us)  # type: ignore[misc]
        )
        assert (gap.cause, gap.start_us, gap.end_us) == (GapCause.SPOOL_FULL, sidecar.start_us, sidecar.end_us)
    audited = [row.object for row in rig.books.read(list_rows) if row.action == "segment.lost"]
    assert audited == [f"segment:{name}" for name in gone]
    assert len(rig.files()) == 2 * (10 - len(gone))


def test_copies_of_what_is_stored_go_before_anything_is_lost(rig: Rig) -> None:
    names = fill(rig, 10)
    for name in names[5:]:
        rig.transfer().advance(name)
    Judge(rig, "drop-oldest", 100_000, 30_000).quota.enforce()
    assert lost(rig) == []
    released = [row.sidecar.segment for row in rig.rows() if row.state is SegmentState.RELEASED]
    assert released
    assert set(released) <= set(names[5:])


def test_neither_a_held_segment_nor_one_under_way_is_dropped(rig: Rig) -> None:
    names = fill(rig, 10)
    judge = Judge(rig, "drop-oldest", 100_000, 30_000)
    judge.held = {names[0]}
    judge.busy = frozenset({names[1]})
    judge.quota.enforce()
    assert lost(rig)[:2] == names[2:4]


def test_deny_new_loses_nothing_and_gives_up_copies_of_what_is_stored(rig: Rig) -> None:
    names = fill(rig, 10)
    for name in names[:4]:
        rig.transfer().advance(name)
    Judge(rig, "deny-new", 120_000, 30_000).quota.enforce()
    assert lost(rig) == []
    released = {row.sidecar.segment for row in rig.rows() if row.state is SegmentState.RELEASED}
    assert released
    assert released <= set(names[:4])


async def test_the_service_goes_on_after_a_failing_disk(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(rig, 1)
    judge = Judge(rig, "deny-new", 1, 10)
    failures: list[str] = []
    stop, bell = Stop(), Bell("quota")
    usage = rig.spool.usage

    def fails() -> Usage:
        monkeypatch.setattr(rig.spool, "usage", usage)
        raise SpoolFailed

    def failed(code: str) -> None:
        failures.append(code)
        bell.ring()

    def forecast_then_stop(_forecast: SpoolForecast) -> None:
        stop.request()

    monkeypatch.setattr(rig.spool, "usage", fails)
    rig.seen.forecast = forecast_then_stop  # type: ignore[method-assign]
    await run_quota(judge.quota, clock=rig.clock, thread=Inline(), bell=bell, failing=failed, stop=stop, period_s=3600)
    assert failures == ["disk-error"]
