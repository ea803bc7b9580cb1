"""A state machine over recording, intake, upload, release, faults and kills: the model is what was sealed."""

from __future__ import annotations

import hashlib
import random
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from support.fuses import Fuse, FusedBooks, FusedStore, Killed
from support.gateway_rig import Rig

from camera_gateway.catalogue.gaps import gaps_in_span
from camera_gateway.domain.footage import SegmentState
from camera_gateway.footage.check import Depth, check
from camera_gateway.intake.recovering import recover
from camera_gateway.upload.release import release_due
from storage.errors import Missing, Transient

if TYPE_CHECKING:
    from camera_gateway.domain.footage import Sidecar


class Moody:
    """A store whose next calls fail before or after their effect, or that is down altogether."""

    def __init__(self, store: Any) -> None:  # noqa: ANN401 - any store of the contract
        self.inner = store
        self.moods: list[str] = []
        self.down = False

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - passed through
        found = getattr(self.inner, name)
        if not callable(found):
            return found

        def call(*args: Any, **kwargs: Any) -> object:  # noqa: ANN401 - passed through
            mood = self.moods.pop(0) if self.moods else "well"
            if self.down or mood == "before":
                raise Transient("reset")
            result = found(*args, **kwargs)
            if mood == "after":
                raise Transient("time-out", ambiguous=True)
            return result

        return call


class Life(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.rig = Rig(Path(self.folder.name) / "data")
        self.store = Moody(self.rig.store)
        self.sealed: dict[str, tuple[Sidecar, bytes]] = {}
        self.damaged: set[str] = set()
        self.minute = dict.fromkeys(self.rig.cameras, 0)
        self.fuse = Fuse()

    def teardown(self) -> None:
        self.rig.close()
        self.folder.cleanup()

    def live(self, work: Any) -> None:  # noqa: ANN401 - any call
        """Do what `serve` does; when the fuse blows, the process is gone and starts anew."""
        try:
            work()
        except Killed:
            self.rig.restart()
        self.fuse = Fuse()

    def transfer(self) -> Any:  # noqa: ANN401 - a Transfer
        store: Any = FusedStore(self.store, self.fuse)
        return self.rig.transfer(store, books=FusedBooks(self.rig.books, self.fuse))

    @rule(camera=st.integers(0, 1), size=st.integers(0, 3000))
    def record(self, camera: int, size: int) -> None:
        who = self.rig.cameras[camera]
        data = random.Random(f"{who}{self.minute[who]}").randbytes(size)
        sidecar = self.rig.seal(who, self.minute[who], data)
        self.minute[who] += 1
        self.sealed[sidecar.segment] = (sidecar, data)

    @rule()
    def take(self) -> None:
        self.rig.take()

    @rule(moods=st.lists(st.sampled_from(["well", "before", "after"]), max_size=6))
    def spoil(self, moods: list[str]) -> None:
        self.store.moods = moods

    @rule(down=st.booleans())
    def outage(self, down: bool) -> None:  # noqa: FBT001 - drawn
        self.store.down = down

    @rule(blow_at=st.integers(0, 12))
    def set_fuse(self, blow_at: int) -> None:
        self.fuse = Fuse(blow_at)

    @rule(which=st.integers(0, 50))
    def upload(self, which: int) -> None:
        rows = self.rig.rows()
        if rows:
            segment = rows[which % len(rows)].sidecar.segment
            self.live(lambda: self.transfer().advance(segment))

    @rule()
    def upload_all(self) -> None:
        def work() -> None:
            transfer = self.transfer()
            for row in self.rig.rows():
                transfer.advance(row.sidecar.segment)

        self.live(work)

    @rule()
    def release(self) -> None:
        self.live(lambda: release_due(FusedBooks(self.rig.books, self.fuse), self.rig.spool, self.rig.clock, 0))

    @rule()
    def kill_and_start(self) -> None:
        self.rig.restart()
        recover(self.rig.books, self.rig.spool, self.rig.clock, self.rig.seen)

    @precondition(lambda self: any(row.state is SegmentState.SPOOLED for row in self.rig.rows()))
    @rule(which=st.integers(0, 50), empty=st.booleans())
    def damage(self, which: int, empty: bool) -> None:  # noqa: FBT001 - drawn
        rows = [row for row in self.rig.rows() if row.state is SegmentState.SPOOLED]
        sidecar = rows[which % len(rows)].sidecar
        path = self.rig.data_dir / "spool" / sidecar.camera / f"{sidecar.segment}.mp4"
        path.write_bytes(b"" if empty else b"\xff" * (sidecar.size_bytes + 1))
        if sidecar.size_bytes or not empty:
            self.damaged.add(sidecar.segment)

    @invariant()
    def at_most_one_version_of_each_key(self) -> None:
        keys = [version.key for version in self.rig.store.list_versions("")]
        assert len(keys) == len(set(keys))

    @invariant()
    def what_is_called_stored_is_there_byte_for_byte(self) -> None:
        for row in self.rig.rows():
            if row.state in {SegmentState.STORED, SegmentState.RELEASED}:
                assert row.key is not None
                content = b"".join(self.rig.store.get(row.key, version_id=row.version_id))
                assert content == self.sealed[row.sidecar.segment][1]

    @invariant()
    def nothing_that_was_sealed_is_lost_unless_it_was_damaged(self) -> None:
        known = {str(row.sidecar.segment): row for row in self.rig.rows()}
        for segment, (sidecar, data) in self.sealed.items():
            row = known.get(segment)
            if row is not None and row.state is SegmentState.LOST:
                assert segment in self.damaged
                (gap,) = self.rig.books.read(
                    lambda tx, s=sidecar: gaps_in_span(tx, s.camera, s.start_us, s.end_us)  # type: ignore[misc]
                )
                assert (gap.start_us, gap.end_us) == (sidecar.start_us, sidecar.end_us)
            elif segment not in self.damaged:
                assert self.somewhere(sidecar, data)

    def somewhere(self, sidecar: Sidecar, data: bytes) -> bool:
        path = self.rig.data_dir / "spool" / sidecar.camera / f"{sidecar.segment}.mp4"
        if path.exists() and path.read_bytes() == data:
            return True
        key = self.rig.row(sidecar.segment).key
        try:
            return key is not None and self.rig.store.head(key).sha256 == hashlib.sha256(data).hexdigest()
        except Missing:
            return False

    @rule()
    def good_weather_settles_everything(self) -> None:
        """After everything heals, one ordinary round stores all that can be stored, and the check is silent."""
        self.store.moods, self.store.down = [], False
        self.fuse = Fuse()
        self.rig.restart()
        recover(self.rig.books, self.rig.spool, self.rig.clock, self.rig.seen)
        self.rig.take()
        for _ in range(2):
            self.upload_all()
        states = {row.sidecar.segment: row.state for row in self.rig.rows()}
        assert set(states) == set(self.sealed)
        assert set(states.values()) <= {SegmentState.STORED, SegmentState.RELEASED, SegmentState.LOST}
        found = check(self.rig.books, self.rig.spool, self.rig.store, self.rig.clock, Depth.HASH)
        assert [f for f in found if "quarantine" not in f.what] == []


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
