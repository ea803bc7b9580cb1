"""A gateway without cameras, with everything that retention and holds need; see gateway_rig.

Footage is made directly as stored segments, days apart where a test wants that, so that months pass in seconds.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from support.gateway_rig import INSTITUTION, START_US, Rig

from camera_gateway.catalogue import holds as hold_rows
from camera_gateway.catalogue.kept import get_kept
from camera_gateway.catalogue.policies import add_rule
from camera_gateway.catalogue.tombstones import remember_plan
from camera_gateway.domain.ids import SegmentId
from camera_gateway.domain.people import SYSTEM, Actor
from camera_gateway.domain.retention import DAY_US, Defaults, RuleScope
from camera_gateway.retention.extending import extend_all
from camera_gateway.retention.holding import HoldKeeper, is_held
from camera_gateway.retention.planning import plan_of, policy_for
from camera_gateway.retention.sweeping import Sweeper, Swept
from camera_gateway.retention.times import TwoClocks

if TYPE_CHECKING:
    from camera_gateway.domain.footage import Sidecar
    from camera_gateway.domain.ids import CameraId
    from camera_gateway.domain.retention import Hold, PolicyRule
    from camera_gateway.retention.holding import InForce
    from camera_gateway.retention.plan import Plan

ALIA = Actor("shell", "alia")
DEFAULTS = Defaults(floor_days=10, margin_days=2, ceiling_days=None)


class RetentionRig(Rig):
    """`defaults` are the settings' rules. `length_us` is how long each segment lasts."""

    defaults: Defaults = DEFAULTS
    length_us: int = 60_000_000
    first_us: int = START_US
    _clocks: TwoClocks | None = None

    @property
    def clocks(self) -> TwoClocks:
        if self._clocks is None:
            self._clocks = TwoClocks(self.clock, self.store)
        return self._clocks

    def watch_clocks(self) -> None:
        """From here on the clock is watched, as from the start of a process."""
        self._clocks = TwoClocks(self.clock, self.store)

    def forget_clocks(self) -> None:
        """A new process: it knows nothing of what the clock did before."""
        self._clocks = None

    def sidecar(self, camera: CameraId, number: int, data: bytes, *, run: str = "") -> Sidecar:
        made = super().sidecar(camera, number, data, run=run)
        start_us = self.first_us + number * self.length_us
        return replace(made, start_us=start_us, end_us=start_us + self.length_us, media_duration_us=self.length_us)

    def seal_at(self, camera: CameraId, number: int) -> Sidecar:
        """Seal the `number`-th segment, with bytes of its own."""
        return self.seal(camera, number, hashlib.sha256(f"{camera} {number}".encode()).digest() * 4)

    def retaining_transfer(self, **changes: object) -> Any:  # noqa: ANN401 - as the rig's
        values: dict[str, object] = {
            "policy_for": lambda camera, at_us: policy_for(self.books, self.defaults, camera, at_us),
            "is_held": lambda sidecar: is_held(self.books, sidecar),
        }
        return self.transfer(**(values | changes))

    def store_at(self, camera: CameraId, number: int) -> Sidecar:
        """Record, take in and store the `number`-th segment."""
        sidecar = self.seal_at(camera, number)
        self.take()
        self.retaining_transfer().advance(sidecar.segment)
        return sidecar

    def upload_all(self) -> None:
        transfer = self.retaining_transfer()
        for row in self.rows():
            if row.state.value in {"spooled", "intended", "put"}:
                transfer.advance(row.sidecar.segment)

    def rule(self, floor: int | None, ceiling: int | None = None, *, camera: str | None = None) -> PolicyRule:
        """Make a rule that counts from now on."""
        scope = RuleScope(None, None, camera) if camera else RuleScope(INSTITUTION)
        return self.books.write(
            lambda tx: add_rule(
                tx,
                name="policy",
                scope=scope,
                floor_days=floor,
                ceiling_days=ceiling,
                valid_from_us=self.clock.now_us(),
                reason="test",
                approved_by=None,
            ),
            ALIA,
        )

    def keeper(self, **changes: Any) -> HoldKeeper:  # noqa: ANN401 - what a test wraps
        return HoldKeeper(changes.get("books", self.books), changes.get("store", self.store))

    def order_hold(self, camera: str | None, start_us: int, end_us: int | None) -> Hold:
        """Place a hold in the catalogue only; `camera` None: the whole institution."""
        return self.books.write(
            lambda tx: hold_rows.add_hold(
                tx,
                institution=None if camera else INSTITUTION,
                cameras=(camera,) if camera else (),
                start_us=start_us,
                end_us=end_us,
                reason="an offence",
                case="17-5",
            ),
            ALIA,
        )

    def place_hold(self, camera: str | None, start_us: int, end_us: int | None) -> tuple[Hold, InForce]:
        hold = self.order_hold(camera, start_us, end_us)
        return hold, self.keeper().put_in_force(hold)

    def lift_hold(self, number: int) -> Hold:
        hold = self.books.write(
            lambda tx: hold_rows.lift_hold(tx, number, reason="closed", approved_by="token:dana"), ALIA
        )
        self.keeper().take_off(hold)
        return hold

    def sweeper(self, **changes: Any) -> Sweeper:  # noqa: ANN401 - what a test wraps
        values: dict[str, Any] = {
            "books": self.books,
            "spool": self.spool,
            "store": self.store,
            "clocks": self.clocks,
            "defaults": self.defaults,
        }
        return Sweeper(**(values | changes))

    def plan(self) -> Plan:
        """Plan for now, by the two clocks."""
        plan = plan_of(self.books, self.defaults, self.clocks.now_us())
        self.books.write(
            lambda tx: remember_plan(tx, plan.digest, plan.as_of_us, len(plan.going), plan.size_bytes), SYSTEM
        )
        return plan

    def sweep(self, plan: Plan | None = None, **changes: Any) -> Swept:  # noqa: ANN401 - what a test wraps
        return self.sweeper(**changes).sweep(plan or self.plan(), ALIA)

    def extend(self) -> int:
        return extend_all(self.books, self.store, self.defaults, self.clock.now_us()).segments

    def days(self, number: float) -> None:
        """Let days pass on both clocks."""
        self.clock._wall += round(number * DAY_US)
        self.clock._mono += round(number * DAY_US)

    def versions(self) -> set[str]:
        """Return the keys of everything under v1/ in the store, markers included."""
        return {version.key for version in self.store.list_versions("v1/")}

    def expired(self, segment: str) -> bool:
        return self.books.read(lambda tx: get_kept(tx, SegmentId(segment))) is None
