"""Ninety days of random holds, rules, outages, kills and clock jumps: nothing goes early, nothing stays too long (R6).

The model knows rules and holds as plain lists and counts days; it shares no code with what it judges but the numbers.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from support.fuses import Fuse, FusedBooks, FusedStore, Killed
from support.gateway_rig import START_US
from support.retention_rig import RetentionRig

from camera_gateway.catalogue import tombstones as tombstone_rows
from camera_gateway.clock import HeldClock
from camera_gateway.domain.retention import DAY_US
from camera_gateway.errors import GatewayError, Refused
from storage.errors import StoreError, Transient
from storage.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from camera_gateway.domain.footage import Sidecar

DAYS = 90
EXAMPLES = 4
"""Each takes about ten seconds; scripts that soak ask for more."""
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own in it: what is tested here is not the disk
MARGIN_DAYS = 2
SETTINGS_DAYS = 10
SLACK = 14
S = 1_000_000
LENGTH_US = 6 * 3_600 * S


@dataclass
class Footage:
    """What the model knows of a segment."""

    sidecar: Sidecar
    promised_us: int
    gone: bool = False


@dataclass
class Model:
    """Rules as (from, camera or None, floor, ceiling), holds as (number, camera or None, start, end)."""

    rules: list[tuple[int, str | None, int, int]] = field(default_factory=list)
    holds: dict[int, tuple[str | None, int, int | None]] = field(default_factory=dict)
    footage: dict[str, Footage] = field(default_factory=dict)
    key_of: dict[str, str] = field(default_factory=dict)

    def days_at(self, camera: str, at_us: int) -> int:
        """Days of promise: floor and margin, cut at the ceiling, of the newest rule for the camera or for all."""
        for wanted in (camera, None):
            found = [(f, c) for (since, scope, f, c) in self.rules if scope == wanted and since <= at_us]
            if found:
                floor, ceiling = found[-1]
                return min(floor + MARGIN_DAYS, ceiling)
        return min(SETTINGS_DAYS + MARGIN_DAYS, SETTINGS_DAYS + MARGIN_DAYS + SLACK)

    def by_rules_us(self, sidecar: Sidecar, at_us: int) -> int:
        until_us = sidecar.end_us + self.days_at(sidecar.camera, at_us) * DAY_US
        return -(-until_us // S) * S

    def promised_us(self, known: Footage, now_us: int) -> int:
        return max(known.promised_us, self.by_rules_us(known.sidecar, now_us))

    def is_held(self, sidecar: Sidecar) -> bool:
        return any(
            scope in (None, sidecar.camera) and sidecar.end_us > start and (end is None or sidecar.start_us < end)
            for scope, start, end in self.holds.values()
        )


class Moody:
    """A store that may be away, and whose deletions somebody watches."""

    def __init__(self, store: MemoryStore, deleting: Callable[[str], None]) -> None:
        self._store = store
        self._deleting = deleting
        self.away = False

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - passed through
        found = getattr(self._store, name)

        def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - passed through
            if self.away:
                raise Transient("away")
            if name == "delete_version":
                self._deleting(args[0])
            return found(*args, **kwargs)

        return call if callable(found) else found


class NinetyDays(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ninety-", dir=MEMORY if MEMORY.is_dir() else None))
        self.truth = HeldClock(START_US + 3_600 * S)
        self.memory = MemoryStore(self.truth.now_us)
        self.store = Moody(self.memory, self.judge_deletion)
        self.model = Model()
        self.day = 0
        self.jumped_us = 0
        store: Any = self.store
        self.rig = RetentionRig(self.folder / "data", store, HeldClock(START_US + 3_600 * S), cameras=2)
        self.rig.length_us = LENGTH_US
        self.rig.watch_clocks()

    def judge_deletion(self, key: str) -> None:
        """R1: at the moment of the request, by the true time."""
        known = self.model.footage[self.model.key_of[key]]
        now_us = self.truth.now_us()
        assert now_us >= self.model.promised_us(known, now_us), "deleted early"
        assert not self.model.is_held(known.sidecar), "deleted under a hold"

    # what happens

    def pass_a_day(self) -> None:
        self.day += 1
        self.truth.step_wall(DAY_US)
        self.rig.days(1)
        for camera in self.rig.cameras:
            number = (self.truth.now_us() - START_US) // LENGTH_US - 1
            sidecar = self.rig.seal_at(camera, number)
            promised_us = self.model.by_rules_us(sidecar, sidecar.end_us)
            self.model.footage[sidecar.segment] = Footage(sidecar, promised_us)
        self.rig.take()
        self.rig.upload_all()
        for row in self.rig.rows():
            if row.key is not None:
                self.model.key_of[row.key] = row.sidecar.segment

    def night(self) -> None:
        """What `serve` does by itself: holds, locks, and what is due."""
        try:
            self.rig.keeper().finish()
            self.rig.extend()
        except StoreError:
            assert self.store.away
            return
        now_us = self.truth.now_us()
        for known in self.model.footage.values():
            if not known.gone:
                known.promised_us = self.model.promised_us(known, now_us)
        self.sweep()

    def sweep(self) -> None:
        try:
            swept = self.rig.sweep()
        except (GatewayError, StoreError):
            assert self.store.away
            return
        assert swept.findings == []
        self.assert_exact()

    def assert_exact(self) -> None:
        """The versions in the store are exactly those that rules and holds imply, and the rest has tombstones."""
        now_us = self.truth.now_us()
        expected = set()
        rows = {row.sidecar.segment: row for row in self.rig.rows()}
        for known in self.model.footage.values():
            stays = self.model.is_held(known.sidecar) or self.model.promised_us(known, now_us) > now_us
            stays = stays and not known.gone
            row = rows[known.sidecar.segment]
            if stays:
                assert row.state != "expired"
                if row.state in {"stored", "released"}:
                    assert row.key is not None
                    expected.add(row.key)
                    lock = self.memory.head(row.key).lock
                    assert lock is not None
                    assert lock.retain_until_us >= self.model.by_rules_us(known.sidecar, now_us), "lock not extended"
            else:
                known.gone = True
                assert row.state == "expired"
        assert {version.key for version in self.memory.list_versions("v1/")} == expected
        assert self.rig.books.read(tombstone_rows.unconfirmed) == []

    @rule(days=st.integers(1, 9))
    def days_pass(self, days: int) -> None:
        for _ in range(min(days, DAYS - self.day)):
            self.pass_a_day()
            self.night()

    @rule(floor=st.integers(1, 25), above=st.integers(0, 20), camera=st.none() | st.integers(0, 1))
    def a_rule_changes(self, floor: int, above: int, camera: int | None) -> None:
        scope = None if camera is None else self.rig.cameras[camera]
        self.rig.rule(floor, floor + above, camera=scope)
        self.model.rules.append((self.truth.now_us(), scope, floor, floor + above))

    @rule(camera=st.none() | st.integers(0, 1), back=st.integers(-5, 30), length=st.none() | st.integers(1, 20))
    def a_hold_is_placed(self, camera: int | None, back: int, length: int | None) -> None:
        scope = None if camera is None else self.rig.cameras[camera]
        start_us = self.truth.now_us() - back * DAY_US
        end_us = None if length is None else start_us + length * DAY_US
        hold = self.rig.order_hold(scope, start_us, end_us)
        self.model.holds[hold.number] = (scope, start_us, end_us)
        try:
            self.rig.keeper().put_in_force(hold)
        except StoreError:
            assert self.store.away

    @precondition(lambda self: bool(self.model.holds))
    @rule(data=st.data())
    def a_hold_is_lifted(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.model.holds)))
        try:
            self.rig.lift_hold(number)
        except StoreError:
            assert self.store.away
        del self.model.holds[number]

    @rule()
    def the_store_goes_away_or_comes_back(self) -> None:
        self.store.away = not self.store.away

    @rule(days=st.sampled_from([-40, -1, 1, 40, 400]), both=st.booleans(), restarted=st.booleans())
    def a_clock_jumps(self, days: int, *, both: bool, restarted: bool) -> None:
        """Ours, or the host's that the store runs on too; seen by a service that ran, or by the store's clock."""
        before = self.truth.now_us()
        versions = {version.key for version in self.memory.list_versions("v1/")}
        self.rig.clock.step_wall(days * DAY_US)
        if restarted and not both:
            self.rig.forget_clocks()
        held = self.truth
        if both:
            self.memory._now_us = lambda: before + days * DAY_US
        try:
            with pytest.raises((Refused, GatewayError)):
                self.rig.sweep()
        finally:
            self.memory._now_us = held.now_us
            self.rig.clock.step_wall(-days * DAY_US)
            if restarted and not both:
                self.rig.forget_clocks()
                self.rig.watch_clocks()
        assert {version.key for version in self.memory.list_versions("v1/")} == versions

    @rule(blow_at=st.integers(0, 12))
    def a_sweep_is_killed(self, blow_at: int) -> None:
        fuse = Fuse(blow_at)
        store: Any = FusedStore(self.store, fuse)
        try:
            self.rig.sweep(books=FusedBooks(self.rig.books, fuse), store=store)
        except (Killed, StoreError, GatewayError):
            self.rig.restart()

    def teardown(self) -> None:
        if not hasattr(self, "rig"):
            return
        try:
            while self.day < DAYS:
                self.days_pass(DAYS)
            self.store.away = False
            self.settle()
        finally:
            self.rig.close()
            shutil.rmtree(self.folder)

    def settle(self) -> None:
        """Everything that was away is back: one more day, and the world is exactly what rules and holds imply."""
        self.rig.forget_clocks()
        for _ in range(2):
            self.pass_a_day()
            self.night()
        assert list(self.rig.keeper().drift(everything=True)) == []
        assert self.rig.catalogue.quick_check() is None


@pytest.mark.slow
def test_after_ninety_days_the_store_holds_exactly_what_rules_and_holds_imply() -> None:
    run_state_machine_as_test(
        NinetyDays,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=25,
            deadline=None,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking would take an hour; the seed is printed
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
