"""Which outages begin, grow and end, from one look at every camera. Pure.

Promises: cameras of a site that were lost together are one outage of the network, not one each; whose recorder is
silent is an outage of the gateway, and no camera is blamed for it; what comes and goes within the debounce is none,
and what comes back for less than the settling time has not come back; a start is when it was really lost, not when
it was noticed. Nothing is remembered between two looks but the open outages, so a restart changes no decision.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from camera_gateway.clock import US
from camera_gateway.domain.footage import GapCause
from camera_gateway.domain.outage import NewOutage, OpenOutage, OutageKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from camera_gateway.domain.footage import GapRecord

TOGETHER_US = 15 * US
"""Losses of one site that follow each other this closely are one: a dead switch, and not as many dead cameras."""
PART_US = 300 * US
"""So long after some cameras of an outage came back, those that did not are outages of their own."""
SEAM_US = 2 * US
"""Gap records that touch within this are one loss."""
NETWORKLIKE = frozenset({GapCause.CAMERA_UNREACHABLE.value, GapCause.STREAM_STALLED.value})
"""What a dead switch looks like from here; a wrong password is not."""

State = Literal["up", "down", "unseen", "excused", "off"]


@dataclass(frozen=True, slots=True)
class Sight:
    """One camera at one look. `since_us`: since when it is so, really.

    "up": it delivers. "down": it does not, and `cause` says why. "unseen": no recorder speaks of it. "excused": it is
    not asked for now, by calendar or planned work; what is open stays open. "off": nobody wants it.
    """

    camera: str
    institution: str
    site: str
    state: State
    since_us: int
    cause: str = ""
    recorder_us: int | None = None
    """When the recorder that speaks of it has started."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long something must last. `debounce_us`: to be lost; `settle_us`: to be back."""

    debounce_us: int
    settle_us: int


@dataclass(frozen=True, slots=True)
class Grown:
    """An open outage turned out to be of more cameras."""

    number: int
    cameras: tuple[str, ...]
    kind: OutageKind


@dataclass(frozen=True, slots=True)
class Ended:
    """An open outage is over since `end_us`."""

    number: int
    end_us: int


Change = NewOutage | Grown | Ended


def changes(
    sights: Sequence[Sight],
    outages: Sequence[OpenOutage],
    store_lost_us: int | None,
    now_us: int,
    limits: Limits,
) -> list[Change]:
    """Return what one look changes. `store_lost_us`: since when the store has not answered; None: it does."""
    by_site: dict[str, list[Sight]] = {}
    for sight in sights:
        by_site.setdefault(sight.site, []).append(sight)
    found: list[Change] = []
    for site in sorted({*by_site, *(outage.site for outage in outages)}):
        look = _Look(by_site.get(site, []), [o for o in outages if o.site == site], now_us, limits)
        found += look.gateway()
        found += look.store(store_lost_us)
        found += look.cameras()
    return found


class _Look:
    """One look at one site."""

    def __init__(self, sights: list[Sight], outages: list[OpenOutage], now_us: int, limits: Limits) -> None:
        self._sights = {sight.camera: sight for sight in sights}
        self._outages = outages
        self._now_us = now_us
        self._limits = limits

    def gateway(self) -> list[Change]:
        unseen = [sight for sight in self._sights.values() if sight.state == "unseen"]
        known = self._of_kind(OutageKind.GATEWAY)
        if known is None:
            if any(self._lasts(sight) for sight in unseen):
                return [self._new(unseen, OutageKind.GATEWAY, GapCause.GATEWAY_DOWN.value)]
            return []
        if unseen:
            return []
        started = [sight.recorder_us for sight in self._sights.values() if sight.recorder_us is not None]
        back_us = min((us for us in started if us > known.start_us), default=self._now_us)
        return [Ended(known.number, back_us)]

    def store(self, lost_us: int | None) -> list[Change]:
        known = self._of_kind(OutageKind.STORE)
        if lost_us is None:
            return [] if known is None else [Ended(known.number, self._now_us)]
        if known is not None or not self._sights or self._now_us - lost_us < self._limits.debounce_us:
            return []
        some = next(iter(self._sights.values()))
        return [NewOutage(some.institution, some.site, (), OutageKind.STORE, "store-unreachable", lost_us)]

    def cameras(self) -> list[Change]:
        found: list[Change] = []
        fresh = {sight.camera: sight for sight in self._sights.values() if sight.state == "down"}
        for outage in self._outages:
            if outage.kind in (OutageKind.GATEWAY, OutageKind.STORE):
                continue
            for camera in outage.cameras:
                fresh.pop(camera, None)
            found += self._known(outage, fresh)
        return found + self._begun(fresh)

    def _known(self, outage: OpenOutage, fresh: dict[str, Sight]) -> list[Change]:
        """Return what becomes of an open outage; what joins it is taken out of `fresh`."""
        members = {camera: self._sights.get(camera) for camera in outage.cameras}
        back = {camera: self._back_us(sight) for camera, sight in members.items()}
        returned = [us for us in back.values() if us is not None]
        end_us = max([outage.start_us, *returned])
        if len(returned) == len(members):
            return [Ended(outage.number, end_us)]
        left = [sight for camera, sight in members.items() if sight is not None and back[camera] is None]
        settling = any(sight.state == "up" for sight in left)
        if returned and not settling and self._now_us - end_us >= PART_US:
            # the switch is repaired; what is still lost is so for another reason, and all the same since then
            kind = OutageKind.NETWORK if len(left) > 1 else OutageKind.CAMERA
            rest = self._new(left, kind, next((s.cause for s in left if s.cause), GapCause.UNKNOWN.value))
            return [Ended(outage.number, end_us), replace(rest, start_us=outage.start_us)]
        joining = [
            sight
            for sight in fresh.values()
            if sight.cause in NETWORKLIKE and abs(sight.since_us - outage.start_us) <= TOGETHER_US
        ]
        if not joining or not self._networklike(outage):
            return []
        for sight in joining:
            del fresh[sight.camera]
        cameras = tuple(sorted({*outage.cameras, *(sight.camera for sight in joining)}))
        return [Grown(outage.number, cameras, OutageKind.NETWORK)]

    def _begun(self, fresh: dict[str, Sight]) -> list[Change]:
        found: list[Change] = []
        together: list[list[Sight]] = []
        for sight in sorted(fresh.values(), key=lambda sight: (sight.since_us, sight.camera)):
            if sight.cause not in NETWORKLIKE:
                if self._lasts(sight):
                    found.append(self._new([sight], OutageKind.CAMERA, sight.cause))
            elif together and sight.since_us - together[-1][-1].since_us <= TOGETHER_US:
                together[-1].append(sight)
            else:
                together.append([sight])
        for group in together:
            if any(self._lasts(sight) for sight in group):
                kind = OutageKind.NETWORK if len(group) > 1 else OutageKind.CAMERA
                cause = Counter(sight.cause for sight in group).most_common(1)[0][0]
                found.append(self._new(group, kind, cause))
        return found

    def _new(self, sights: list[Sight], kind: OutageKind, cause: str) -> NewOutage:
        first = sights[0]
        cameras = tuple(sorted(sight.camera for sight in sights))
        start_us = min(sight.since_us for sight in sights)
        return NewOutage(first.institution, first.site, cameras, kind, cause, start_us)

    def _of_kind(self, kind: OutageKind) -> OpenOutage | None:
        return next((outage for outage in self._outages if outage.kind is kind), None)

    def _lasts(self, sight: Sight) -> bool:
        return self._now_us - sight.since_us >= self._limits.debounce_us

    def _back_us(self, sight: Sight | None) -> int | None:
        """Return since when a camera is back, or not wanted any more; None: it is lost, or not back for long enough."""
        if sight is None:
            return self._now_us
        if sight.state == "off":
            return sight.since_us
        if sight.state == "up" and self._now_us - sight.since_us >= self._limits.settle_us:
            return sight.since_us
        return None

    def _networklike(self, outage: OpenOutage) -> bool:
        causes = {s.cause for c in outage.cameras if (s := self._sights.get(c)) is not None and s.state == "down"}
        return bool(causes & NETWORKLIKE)


def lost_since(records: Iterable[GapRecord], since_us: int) -> int:
    """Return when a gap that is open since `since_us` really began: a long one is written down in pieces.

    What the schedule or an operator wanted ends the search, and so does the silence of the gateway: the camera is not
    blamed for what nobody could see.
    """
    pieces = sorted((r for r in records if r.start_us < since_us), key=lambda r: r.end_us, reverse=True)
    for piece in pieces:
        if piece.end_us < since_us - SEAM_US or piece.cause in _NOT_LOST:
            break
        since_us = min(since_us, piece.start_us)
    return since_us


_NOT_LOST = frozenset(
    {
        GapCause.SCHEDULE_OFF,
        GapCause.OPERATOR_DISABLED,
        GapCause.PLANNED_MAINTENANCE,
        GapCause.GATEWAY_DOWN,
        GapCause.EXPIRED,
        GapCause.DELETED,
    }
)


def flaps(counts: Sequence[tuple[int, int]], now_us: int, *, within_us: int, times: int) -> bool:
    """Whether a camera was lost at least `times` within `within_us`; `counts` are (moment, reconnects so far)."""
    recent = [count for at_us, count in counts if now_us - at_us <= within_us]
    # a counter that falls is of a recorder that was restarted
    lost = sum(max(0, later - earlier) for earlier, later in pairwise(recent))
    return lost >= times
