"""Whole judgements as text, read by a person once: a good month, a bad one, and the month the time zone changed.

Written anew with: UPDATE_GOLDEN=1 pytest tests/unit/compliance/test_golden_reports.py; a difference is to be read.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.judged import DAY, HOUR, S, at, camera, fact, institution, judge, segments

from camera_gateway.compliance.daybook import Listing
from camera_gateway.compliance.evaluate import counts
from camera_gateway.domain.coverage import Gap
from camera_gateway.domain.finding import verdict
from camera_gateway.domain.footage import GapCause
from camera_gateway.domain.measured import Impaired, Looks, Outage, Waiver
from camera_gateway.domain.standard import Result

if TYPE_CHECKING:
    from camera_gateway.domain.finding import Finding
    from camera_gateway.domain.measured import InstitutionRecord

GOLDEN = Path(__file__).parents[2] / "golden" / "compliance"
ZONES = ("perimeter", "entrance", "corridor", "hall", "dining", "lobby", "cloakroom", "playground")


def good() -> tuple[InstitutionRecord, int]:
    """A school whose eight cameras did what they should in October, with its facts declared."""
    start, now = at("2026-10-01 00:00"), at("2026-11-01 00:00")
    cameras = [
        camera(
            segments(start, now, HOUR), start_us=start, now_us=now, created_us=start - DAY, id=f"c-{zone}", zone=zone
        )
        for zone in ZONES
    ]
    facts = (
        fact("integration.police_centre", True, now + DAY)  # noqa: FBT003 - the value
        | fact("power.backup_present", True, now + DAY)  # noqa: FBT003 - the value
        | fact("places.entrance", 1.0)
        | fact("places.entrance_emergency", 0.0)
    )
    return institution(*cameras, now_us=now, kind="school", facts=facts), start


def bad() -> tuple[InstitutionRecord, int]:
    """A home in which much went wrong in October, and one rule was let pass."""
    start, now = at("2026-10-01 00:00"), at("2026-11-01 00:00")
    lost = (at("2026-10-10 08:00"), at("2026-10-10 20:00"))
    down = (at("2026-10-20 00:00"), at("2026-10-21 00:00"))
    late = [*segments(start, lost[0], HOUR), *segments(lost[1], down[0], HOUR), *segments(down[1], now, HOUR)]
    gone = {s.start_us for s in late if at("2026-10-25 00:00") <= s.start_us < at("2026-10-25 03:00")}
    gaps = [Gap(*lost, GapCause.CAMERA_UNREACHABLE), Gap(*down, GapCause.GATEWAY_DOWN)]
    hall = camera(
        late, gaps, start_us=start, now_us=now, created_us=start - DAY, id="hall", zone="hall",
        listing=Listing({s.start_us for s in late} - gone, now),
    )  # fmt: skip
    slow = segments(start, now, HOUR, width=704, height=576, clock_offset_us=-47 * S)
    slow = [s._replace(frames=s.frames // 3, stored_us=s.end_us - 1) for s in slow]
    door = camera(
        slow, start_us=start, now_us=now, created_us=start - DAY, id="door",
        impaired=(Impaired("frozen", at("2026-10-30 00:00"), None),), looks=Looks(4_000, 12, 3_900),
    )  # fmt: skip
    outage = Outage(1, ("hall",), "camera", "camera-unreachable", lost[0], lost[0] + S, lost[0] + S, lost[1], None)
    waiver = Waiver(
        1, "door", "house-baseline", "resolution", "replaced in June", "token:alia", "token:dana", 0, now + DAY
    )
    return institution(hall, door, now_us=now, outages=(outage,), waivers=(waiver,)), start


def zone_change() -> tuple[InstitutionRecord, int]:
    """A new camera of a children's home in the month in which the clocks of Ayagoz went back for good."""
    start, now = at("2024-02-20 09:00"), at("2024-03-05 12:00")
    return institution(camera(segments(start, now, HOUR), start_us=start, now_us=now), now_us=now), start


def text_of(finding: Finding) -> str:
    lines = [
        f"{finding.result:<15}{finding.rule}  {finding.scope}  (clause {finding.clause}, {finding.verified})",
        f"               asked: {finding.required}; found: {finding.measured}",
        f"               how: {finding.method}",
        f"               evidence: {finding.evidence}",
    ]
    if finding.waiver is not None:
        waiver = finding.waiver
        who = f"{waiver.waived_by} and {waiver.approved_by}"
        lines.append(f"               let pass by {who}: {waiver.reason}; else {waiver.result}")
    return "\n".join(lines)


def report(record: InstitutionRecord, start_us: int) -> str:
    blocks = []
    for standard in ("kz-edu-117-2022", "house-baseline"):
        found = judge(standard, record, start_us)
        numbers = {Result(name): number for name, number in counts(found).items() if number}
        counted = ", ".join(f"{number} {name}" for name, number in numbers.items())
        blocks.append(f"== {standard}: {verdict(numbers)} ({counted})\n\n" + "\n".join(text_of(f) for f in found))
    return "\n\n".join(blocks) + "\n"


@pytest.mark.parametrize("month", [good, bad, zone_change], ids=lambda month: month.__name__)
def test_a_judgement_reads_as_the_golden_text_does(month: object) -> None:
    text = report(*month())  # type: ignore[operator]
    path = GOLDEN / f"{month.__name__}.txt"  # type: ignore[attr-defined]
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
