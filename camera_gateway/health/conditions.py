"""From what the services have seen to what deserves an alert. Pure.

Promises: a source that has not been heard says nothing, neither that all is well nor that something is wrong; ids and
figures only, no name of a person, no text that a person wrote, no secret.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from camera_gateway.clock import US
from camera_gateway.domain.alert import CODES, Condition
from camera_gateway.domain.outage import OutageKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

HOUR_US = 3_600 * US
SPOOL_SOON_S = 24 * 3_600.0
SPOOL_NEAR_S = 6 * 3_600.0
HEAD_OLD_S = 3 * 3_600.0
"""The audit's head is anchored each hour; two missed ones are a trouble."""
CERTIFICATE_DAYS, CERTIFICATE_LAST_DAYS = 30, 3
DISK_RESERVES = 1.2
"""A disk with less free than this many reserves is as good as full."""
DRILL_GOOD = 1.0

_CODE_OF_KIND = {
    OutageKind.CAMERA: "camera-down",
    OutageKind.NETWORK: "network-down",
    OutageKind.GATEWAY: "gateway-down",
    OutageKind.STORE: "store-unreachable",
}


@dataclass(frozen=True, slots=True)
class Lost:
    """An outage as alerts see it."""

    number: int
    institution: str
    site: str
    cameras: tuple[str, ...]
    kind: OutageKind
    cause: str
    start_us: int
    end_us: int | None
    reported: bool
    late_us: int | None = None
    """When it was noticed, if it was over by then."""


@dataclass(frozen=True, slots=True)
class Duty:
    """A rule that asks for a report upward: of a loss longer than `threshold_us`, within `deadline_us` of its start."""

    standard: str
    rule: str
    threshold_us: int
    deadline_us: int


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that was noticed at a camera or a site: where, what, since when."""

    institution: str | None
    where: str
    what: str
    since_us: int
    figure: float = 0.0


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known at one look. None: nobody has looked yet."""

    now_us: int
    outages: Sequence[Lost] = ()
    """Those that are open, and those of late."""
    duties: Mapping[str, Sequence[Duty]] = field(default_factory=dict)
    """By institution."""
    flapping: Sequence[Mark] = ()
    clocks_off: Sequence[Mark] = ()
    impaired: Sequence[Mark] = ()
    changed_devices: Sequence[Mark] = ()
    incidents: Sequence[Mark] = ()
    seals_missing: Sequence[Mark] = ()
    unwitnessed: Sequence[Mark] = ()
    failing_channels: Sequence[Mark] = ()
    spool_known: bool = False
    spool_until_loss_s: float | None = None
    disk_free_bytes: int | None = None
    disk_reserve_bytes: int = 0
    store_failed: Sequence[str] | None = None
    audit_head_age_s: float | None = None
    drill_ok: float | None = None
    clock_trouble: str | None = None
    """"" : the clocks agree."""
    certificate_days: int | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """An open alert of an outage: it keeps its subject while its outage, or one of its cameras, is still lost."""

    code: str
    subject: str
    outage: int | None
    cameras: frozenset[str]


def conditions(facts: Facts, named: Sequence[Named] = ()) -> tuple[list[Condition], frozenset[str]]:
    """Return what deserves an alert, and the codes of which it can be said that nothing else does."""
    found = [
        *_lost(facts, named),
        *_to_report(facts),
        *_marked(facts),
        *_installation(facts),
    ]
    return found, _spoken(facts)


def _lost(facts: Facts, named: Sequence[Named]) -> Iterable[Condition]:
    """Yield one per camera or switch, and one for the whole gateway or the store, however many sites they serve."""
    whole: dict[OutageKind, list[Lost]] = {}
    late: dict[int, list[Lost]] = {}
    for lost in facts.outages:
        if lost.end_us is not None:
            if lost.late_us is not None:
                late.setdefault(lost.late_us, []).append(lost)
        elif lost.kind in (OutageKind.GATEWAY, OutageKind.STORE):
            whole.setdefault(lost.kind, []).append(lost)
        else:
            code, subject = _subject(lost, named)
            detail = {"site": lost.site, "cameras": list(lost.cameras), "count": len(lost.cameras), "cause": lost.cause}
            yield Condition(code, subject, lost.institution, lost.start_us, detail, lost.number)
    for kind, several in whole.items():
        yield _together(_CODE_OF_KIND[kind], kind.value, several)
    for noticed_us, several in late.items():
        until_us = max(lost.end_us or lost.start_us for lost in several)
        yield _together("gateway-was-down", f"noticed:{noticed_us}", several, until_us=until_us)


def _together(code: str, subject: str, several: Sequence[Lost], **more: int) -> Condition:
    cameras = sorted({camera for lost in several for camera in lost.cameras})
    sites = sorted(lost.site for lost in several)
    first = min(several, key=lambda lost: lost.start_us)
    detail = {"sites": sites, "cameras": cameras, "count": len(cameras), **more}
    return Condition(code, subject, None, first.start_us, detail, first.number)


def _subject(lost: Lost, named: Sequence[Named]) -> tuple[str, str]:
    """Return code and subject of a camera's or a switch's outage; what has an alert keeps it."""
    for alert in named:
        if alert.outage == lost.number:
            return alert.code, alert.subject
    code = _CODE_OF_KIND[lost.kind]
    for alert in named:
        if alert.code == code and alert.cameras & set(lost.cameras):
            return alert.code, alert.subject
    if lost.kind is OutageKind.CAMERA:
        return code, f"camera:{lost.cameras[0]}"
    return code, f"site:{lost.site}:{lost.cameras[0]}"


def _to_report(facts: Facts) -> Iterable[Condition]:
    """Yield what a standard wants reported upward, and nobody has said that it was."""
    for lost in facts.outages:
        if lost.reported or lost.kind is OutageKind.STORE:
            continue
        lasted_us = (facts.now_us if lost.end_us is None else lost.end_us) - lost.start_us
        due = [duty for duty in facts.duties.get(lost.institution, ()) if lasted_us >= duty.threshold_us]
        if not due:
            continue
        duty = min(due, key=lambda duty: duty.deadline_us)
        late = facts.now_us - lost.start_us >= duty.deadline_us
        detail: dict[str, Any] = {
            "outage": f"outage-{lost.number}",
            "site": lost.site,
            "cameras": list(lost.cameras),
            "count": len(lost.cameras),
            "rule": f"{duty.standard} {duty.rule}",
            "until_us": lost.start_us + duty.deadline_us,
        }
        code = "outage-report-overdue" if late else "outage-to-report"
        yield Condition(code, f"outage:{lost.number}", lost.institution, lost.start_us, detail, lost.number)


def _marked(facts: Facts) -> Iterable[Condition]:
    """Yield what is noticed camera by camera, day by day, channel by channel."""
    for code, marks in (
        ("camera-flapping", facts.flapping),
        ("camera-clock", facts.clocks_off),
        ("picture-impaired", facts.impaired),
        ("device-changed", facts.changed_devices),
        ("incident-entered", facts.incidents),
        ("seal-missing", facts.seals_missing),
        ("witness-waiting", facts.unwitnessed),
        ("notices-failing", facts.failing_channels),
    ):
        for mark in marks:
            detail = {"where": mark.where, "what": mark.what, "figure": mark.figure}
            yield Condition(code, f"{mark.where}:{mark.what}".rstrip(":"), mark.institution, mark.since_us, detail)


def _installation(facts: Facts) -> Iterable[Condition]:
    def whole(code: str, **detail: Any) -> Condition:  # noqa: ANN401 - figures and ids
        return Condition(code, "installation", None, facts.now_us, detail)

    left_s = facts.spool_until_loss_s
    if left_s is not None and left_s < SPOOL_SOON_S:
        yield whole("spool-loss-near" if left_s < SPOOL_NEAR_S else "spool-horizon", hours=round(left_s / 3_600, 1))
    free = facts.disk_free_bytes
    if free is not None and free < facts.disk_reserve_bytes * DISK_RESERVES:
        yield whole("disk-low", free_mb=free // 1_000_000)
    if facts.store_failed:
        yield whole("store-property-failed", what=", ".join(facts.store_failed))
    if facts.audit_head_age_s is not None and facts.audit_head_age_s > HEAD_OLD_S:
        yield whole("audit-head-old", hours=round(facts.audit_head_age_s / 3_600, 1))
    if facts.drill_ok is not None and facts.drill_ok < DRILL_GOOD:
        yield whole("drill-failed", percent=round(100 * facts.drill_ok, 1))
    if facts.clock_trouble:
        yield whole("clock-differs", what=facts.clock_trouble)
    days = facts.certificate_days
    if days is not None and days < CERTIFICATE_DAYS:
        yield whole("certificate-ends-now" if days < CERTIFICATE_LAST_DAYS else "certificate-ends", days=days)


def _spoken(facts: Facts) -> frozenset[str]:
    silent: set[str] = set()
    for codes, heard in (
        (("spool-horizon", "spool-loss-near"), facts.spool_known),
        (("disk-low",), facts.disk_free_bytes is not None),
        (("store-property-failed",), facts.store_failed is not None),
        (("audit-head-old",), facts.audit_head_age_s is not None),
        (("drill-failed",), facts.drill_ok is not None),
        (("clock-differs",), facts.clock_trouble is not None),
    ):
        if not heard:
            silent.update(codes)
    return frozenset(CODES) - silent
