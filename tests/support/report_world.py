"""A small world that reports are made of: two centres of a region, three cameras, one bad night. Pure values.

What went wrong is known here, so that a report can be held to it: see BROKEN_US and the names of the days.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from camera_gateway.compliance.documents.findings import compliance_report
from camera_gateway.compliance.documents.gaps import certificate, gap_register
from camera_gateway.compliance.documents.keeping import Keeping, KeptDay, retention_report
from camera_gateway.compliance.documents.layout import Sealed
from camera_gateway.compliance.documents.material import Explained, Frame, Judged, Listed, Registered, Subject, Watched
from camera_gateway.compliance.documents.model import Document, Kind, canonical, digest_of
from camera_gateway.compliance.documents.packs import inspection_pack, monthly_report
from camera_gateway.compliance.documents.registers import Gone, Held, Late, access_register, destruction_report
from camera_gateway.compliance.documents.statement import id_of, statement
from camera_gateway.domain.coverage import Coverage, Gap
from camera_gateway.domain.footage import GapCause
from camera_gateway.evidence.signing import SigningKey

if TYPE_CHECKING:
    from collections.abc import Mapping

US = 1_000_000
DAY_US = 86_400 * US
START_US = 1_793_473_200 * US
"""2026-11-01 00:00 in Almaty (UTC+5)."""
END_US = START_US + 30 * DAY_US
MADE_US = END_US + 7_200 * US
TODAY = date(2026, 12, 1)
ZONE = "Asia/Almaty"
BROKEN_US = (START_US + 3 * DAY_US + 7_200 * US, START_US + 3 * DAY_US + 9_005 * US)
"""In this night nobody could reach the camera of the corridor."""
KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(random.Random(24).randbytes(32)))
AYAGOZ = Subject("ayagoz-centre", "Аягөз балаларды оңалту орталығы", "social_centre", "Абай")
HOME = Subject("semey-home", "Семей балалар үйі", "childrens_home", "Абай")
INSTALLATION = ("off-site: absent", "witness: NONE", "worm-unproven")
PERSON = "Әлия Сейтқали, әдіскер (token:alia)"
FRAME = Frame(START_US, END_US, MADE_US, PERSON, ZONE, INSTALLATION, ("SEAL.2026-11-29.txt", "a1" * 32))


def covered(*gaps: Gap, days: int = 30) -> Coverage:
    lost = sum(gap.end_us - gap.start_us for gap in gaps if gap.required)
    whole = days * DAY_US
    kept = whole - lost
    return Coverage(START_US, START_US + whole, whole, kept, kept, kept - 60 * US, kept - 120 * US, gaps)


NIGHT = Gap(*BROKEN_US, GapCause.CAMERA_UNREACHABLE, "no answer\tat all")
UNEXPLAINED = Gap(START_US + 9 * DAY_US, START_US + 9 * DAY_US + 1_500_000, GapCause.UNKNOWN)
OFF = Gap(START_US + DAY_US, START_US + 2 * DAY_US, GapCause.SCHEDULE_OFF, required=False)
WORDS = Explained(
    BROKEN_US[0], BROKEN_US[1], "Электр жарығы өшті; «Казахтелеком» жөндеді", "token:alia", BROKEN_US[1] + 3_600 * US
)
HALL = Watched("ayagoz-hall", "Холл, кіреберіс", "lobby", covered(OFF))
CORRIDOR = Watched("ayagoz-corridor", "Дәліз, 2-қабат", "corridor", covered(NIGHT, UNEXPLAINED), (WORDS,))
BEDROOM = Watched("semey-bedroom", "Жатын бөлме № 3", "bedroom", covered())


TITLES = {
    "archive-30": (
        "Жазбалар кемінде 30 тәулік сақталады",
        "Записи хранятся не менее 30 суток",
        "Recordings are kept for at least 30 days",
    ),
    "resolution": ("Ең төмен ажыратымдылық", "Наименьшее разрешение", "The least resolution"),
    "uptime": (
        "Камера бақыланған уақыттың 99,5 %-ында бейне береді",
        "Камера передаёт изображение 99,5 % времени наблюдения",
        "A camera delivers for 99.5 % of the time watched",
    ),
    "clock": ("Камера сағаты дәл", "Часы камеры точны", "A camera's clock is right"),
}


def finding(
    rule: str, clause: str, scope: str, result: str, required: str, measured: str, **more: object
) -> dict[str, Any]:
    return {
        "rule": rule,
        "clause": clause,
        "scope": scope,
        "result": result,
        "required": required,
        "measured": measured,
        "verified": "secondary",
        "title": dict(zip(("kk", "ru", "en"), TITLES[rule], strict=True)),
        "method": "a method",
        "method_code": "listed-days",
        "evidence": "",
        **more,
    }


def check(standard: str, basis: str, *findings: Mapping[str, Any]) -> dict[str, Any]:
    results = [str(one["result"]) for one in findings]
    return {
        "standard": standard,
        "title": {"en": f"Standard {standard}", "ru": f"Стандарт {standard}", "kk": f"{standard} стандарты"},
        "edition": "2022-03-30",
        "basis": basis,
        "findings": list(findings),
        "counts": {result: results.count(result) for result in results},
    }


def law(days: int, result: str, institution: str = "ayagoz") -> dict[str, Any]:
    return check(
        "kz-edu-117-2022",
        "law",
        finding(
            "archive-30",
            "p.88",
            f"camera:{institution}-hall",
            result,
            ">= 30 d",
            f"{days} d",
            evidence="each day 99% kept with no hole over 300 s, bucket listed 2026-11-30T20:59:00Z"
            + ("; incomplete: 2026-11-18, 2026-11-17" if result == "fail" else ""),
            data={
                "required": {"op": ">=", "value": 30, "unit": "d"},
                "complete_days": days,
                "incomplete": ["2026-11-18", "2026-11-17"] if result == "fail" else [],
                "listed_at": "2026-11-30T20:59:00Z",
            },
        ),
        finding("resolution", "p.85", f"institution:{institution}", "text_needed", "?", "–", method_code="text-needed"),
    )


HOUSE = check(
    "house-baseline",
    "house",
    finding(
        "uptime",
        "H-3",
        "camera:ayagoz-corridor",
        "fail",
        ">= 0.995",
        "0.9993",
        verified="unverified",
        method_code="uptime-by-gaps",
        evidence="down for 1806.5 s of 30 d watched; nobody watched for 0 s",
        data={"up_s": 2_590_193.5, "down_s": 1_806.5, "observer_down_s": 0.0, "required": {"op": ">="}},
    ),
    finding("clock", "H-7", "camera:ayagoz-hall", "unknown", "<= 2 s", "–", method_code="sender-reports"),
)
JUDGED = (
    Judged(AYAGOZ, "house-baseline", HOUSE),
    Judged(AYAGOZ, "kz-edu-117-2022", law(13, "fail")),
    Judged(AYAGOZ, "kz-knb-69-2020", why="the bucket cannot be listed"),
)
EARLIER = (
    "monthly-20261101-0123456789ab",
    "2026-11-01T04:00:00Z",
    {
        "judged": [["house", "ayagoz-centre", "house-baseline", "2022-03-30"]],
        "results": [["house", "ayagoz-centre", "house-baseline", "H-7 clock", "camera:ayagoz-hall", "fail"]],
    },
)


def days_of(present: int, of: int) -> tuple[KeptDay, ...]:
    """Return days from yesterday back, of which the oldest and the nearest `present - 1` are complete."""
    days = []
    for back in range(1, of + 1):
        complete = back < present or back == of
        kept = DAY_US if complete else DAY_US // 4
        days.append(KeptDay(TODAY - timedelta(back), complete, DAY_US, kept, DAY_US - kept))
    return tuple(days)


KEEPING = (
    Keeping("ayagoz-corridor", "Дәліз, 2-қабат", "corridor", 30, "kz-edu-117-2022 p.88", days_of(13, 30),
            MADE_US - 30 * DAY_US, 32),
    Keeping("ayagoz-hall", "Холл, кіреберіс", "lobby", 30, "kz-edu-117-2022 p.88", days_of(31, 30),
            MADE_US - 30 * DAY_US, 20),
    Keeping("ayagoz-new", "Ас үй", "kitchen", 30, "kz-edu-117-2022 p.88", days_of(5, 4), MADE_US - 4 * DAY_US, 32),
    Keeping("ayagoz-yard", "Аула", "yard", 30, "kz-edu-117-2022 p.88", None, None, None),
)  # fmt: skip
REGISTERED = (
    Registered(
        "ayagoz-corridor", "Дәліз, 2-қабат", "corridor", "баспалдақ жанында", "overview", "2025-09-01",
        "Acme C-1", "SN-0001", START_US, "token:alia", living=True, offset_us=-150_000, offset_at_us=END_US - 60 * US,
    ),
    Registered("ayagoz-hall", "Холл, кіреберіс", "lobby"),
)  # fmt: skip
VIEWINGS = (
    {
        "number": 7, "camera": "ayagoz-hall", "camera_name": "Холл, кіреберіс", "action": "archive",
        "from": "2026-11-04T03:00:00Z", "to": "2026-11-04T03:10:00Z", "at": "2026-11-05T04:00:00Z",
        "ended": "2026-11-05T04:12:00Z", "actor": "session:serik", "name": "Серік Ахметов", "post": "директор",
        "purpose": "incident", "case": "=cmd|'/c calc'!A1",
    },
    {
        "number": 8, "camera": "ayagoz-hall", "camera_name": "Холл, кіреберіс", "action": "live",
        "from": None, "to": None, "at": "2026-11-06T04:00:00Z", "ended": "2026-11-06T04:01:00Z",
        "actor": "shell:root", "name": "", "post": "", "purpose": "", "case": "",
    },
)  # fmt: skip
LISTED = Listed(
    facts=(
        {
            "camera": None, "fact": "power.backup_minutes", "value": 45, "evidence": "акт от 01.10.2026",
            "declared_by": "token:alia", "declared_at": "2026-10-01T05:00:00Z", "valid_until": "2027-10-01T05:00:00Z",
        },
    ),
    outages=(
        {
            "number": 1, "kind": "camera", "cameras": ["ayagoz-corridor"], "cause": "camera-unreachable",
            "start": "2026-11-03T21:00:00Z", "detected_at": "2026-11-03T21:00:30Z",
            "notified_at": "2026-11-03T21:05:00Z", "end": "2026-11-03T21:30:05Z", "reported_at": None,
        },
    ),
    viewings=VIEWINGS,
)  # fmt: skip
HELD = Held("hold-4", ("ayagoz-hall",), START_US - 5 * DAY_US, None, START_US, None, "26-7510-31/4")
GONE = (
    Gone("ayagoz-corridor", START_US - 40 * DAY_US, START_US - 39 * DAY_US, 3_000_000_000, "policy-1", "ab" * 32,
         "system:gateway", None, START_US + DAY_US, confirmed=True, withdrawn=False),
    Gone("ayagoz-hall", START_US - 4 * DAY_US, START_US - 3 * DAY_US, 1_000, "policy-1", "cd" * 32,
         "token:alia", "token:serik", START_US + 2 * DAY_US, confirmed=False, withdrawn=False),
    Gone("ayagoz-hall", START_US - 9 * DAY_US, START_US - 8 * DAY_US, 1_000, "policy-1", "cd" * 32,
         "token:alia", "token:serik", START_US + 2 * DAY_US, confirmed=False, withdrawn=True),
)  # fmt: skip
LATE = (Late("ayagoz-hall", 2, 2_000, START_US - 60 * DAY_US, "policy-1"),)
RULE = ("99 %", "300")


def documents() -> dict[Kind, Document]:
    """Return one report of each kind."""
    day = Frame(START_US + 3 * DAY_US, START_US + 4 * DAY_US, MADE_US, PERSON, ZONE, INSTALLATION)
    one = Coverage(
        day.start_us, day.end_us, DAY_US, DAY_US - 1_805 * US, DAY_US - 1_805 * US, DAY_US - 1_805 * US, 0, (NIGHT,)
    )
    seal = ("SEAL.2026-11-03.txt", "5e" * 32, day.end_us + 1_800 * US)
    return {
        Kind.COVERAGE_CERTIFICATE: certificate(
            day,
            AYAGOZ,
            Watched(CORRIDOR.id, CORRIDOR.name, CORRIDOR.zone, one),
            (date(2026, 11, 4), day.end_us),
            [seal],
        ),
        Kind.RETENTION: retention_report(FRAME, AYAGOZ, KEEPING, TODAY, RULE),
        Kind.GAP_REGISTER: gap_register(FRAME, AYAGOZ, (HALL, CORRIDOR)),
        Kind.INSPECTION_PACK: inspection_pack(
            FRAME, AYAGOZ, JUDGED, (HALL, CORRIDOR), REGISTERED, LISTED, (KEEPING, TODAY, RULE), None
        ),
        Kind.MONTHLY: monthly_report(
            FRAME,
            "Абай",
            (AYAGOZ, HOME),
            (*JUDGED, Judged(HOME, "kz-edu-117-2022", law(30, "pass", "semey"))),
            {AYAGOZ.id: (HALL, CORRIDOR), HOME.id: (BEDROOM,)},
            EARLIER,
        ),
        Kind.DESTRUCTION: destruction_report(FRAME, AYAGOZ, GONE, [HELD], LATE),
        Kind.ACCESS_REGISTER: access_register(FRAME, AYAGOZ, None, VIEWINGS),
        Kind.COMPLIANCE: compliance_report(FRAME, AYAGOZ, JUDGED[1:2]),
    }


def sealed(document: Document) -> Sealed:
    """Return a document as it is kept."""
    text = statement(document, KEY.public.fingerprint)
    return Sealed(id_of(document), digest_of(canonical(document)), text, KEY.sign(text.encode()).hex())
