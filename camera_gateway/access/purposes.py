"""Why somebody looks at recorded footage: the closed list of purposes, and how a request states one. Pure.

Promises that a purpose is a known code, with a case where its kind has one (invariant Z2). The codes and their names
in three languages stand here alone; pages and registers take them from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import unquote

from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

HEADER = "X-Access-Purpose"
LONGEST_CASE = 100
LONGEST_TEXT = 500
BAD = "purpose-invalid"
NEEDED = "purpose-needed"


class Code(StrEnum):
    """What footage is looked at for."""

    INSPECTION = "inspection"
    INCIDENT = "incident"
    REQUEST = "request"
    COMPLAINT = "complaint"
    SAFETY = "safety"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True)
class Kind:
    """One row: the names by language, and whether a case (a number or a name of the matter) must be given."""

    code: Code
    names: Mapping[str, str]
    needs_case: bool


KINDS: Mapping[Code, Kind] = {
    kind.code: kind
    for kind in (
        Kind(
            Code.INSPECTION,
            {"kk": "Тексеру", "ru": "Проверка", "en": "Inspection"},
            needs_case=True,
        ),
        Kind(
            Code.INCIDENT,
            {"kk": "Оқиғаны тексеру", "ru": "Разбор происшествия", "en": "Incident"},
            needs_case=True,
        ),
        Kind(
            Code.REQUEST,
            {"kk": "Органның сұрау салуы", "ru": "Запрос органа", "en": "Request of an authority"},
            needs_case=True,
        ),
        Kind(
            Code.COMPLAINT,
            {"kk": "Шағым немесе өтініш", "ru": "Жалоба или обращение", "en": "Complaint"},
            needs_case=True,
        ),
        Kind(
            Code.SAFETY,
            {"kk": "Баланың қауіпсіздігі", "ru": "Безопасность ребёнка", "en": "Safety of a child"},
            needs_case=False,
        ),
        Kind(
            Code.MAINTENANCE,
            {"kk": "Жабдықты тексеру", "ru": "Проверка оборудования", "en": "Check of the equipment"},
            needs_case=False,
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Stated:
    """A purpose as it was stated; `case` and `text` may be empty where the code allows."""

    code: Code
    case: str
    text: str


def stated(code: str, case: str = "", text: str = "") -> Stated:
    """Check a stated purpose; `InvalidInput` (code "purpose-invalid") says what is missing."""
    try:
        known = Code(code.strip())
    except ValueError:
        raise _bad("this purpose is not known", f"use one of: {', '.join(Code)}") from None
    case, text = " ".join(case.split()), " ".join(text.split())
    if KINDS[known].needs_case and not case:
        raise _bad(f"the purpose {known} needs a case", "give its number, or a few words that name it")
    if len(case) > LONGEST_CASE or not case.isprintable():
        raise _bad(f"a case is at most {LONGEST_CASE} printable characters", "shorten it")
    if len(text) > LONGEST_TEXT or not text.isprintable():
        raise _bad(f"the words beside a purpose are at most {LONGEST_TEXT} printable characters", "shorten them")
    return Stated(known, case, text)


def parse_header(value: str) -> Stated:
    """Read `X-Access-Purpose: code; case=…; text=…`; values may be percent-encoded UTF-8, as headers are ASCII."""
    code, *rest = value.split(";")
    fields = {"case": "", "text": ""}
    for part in rest:
        name, equals, given = part.partition("=")
        if not equals or name.strip().lower() not in fields:
            raise _bad(f"{HEADER} is not understood", f"write {HEADER}: inspection; case=2026-17")
        fields[name.strip().lower()] = unquote(given.strip(), errors="replace")
    return stated(code, fields["case"], fields["text"])


def _bad(message: str, hint: str) -> InvalidInput:
    return InvalidInput(message, hint=hint, code=BAD)
