"""Facts that nobody can measure and people declare: which there are, what a value of each may be. Pure.

A fact is declared for an institution or for a camera, by somebody, with evidence, and mostly until a day. Metrics of
standards that are facts have the fact's name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from camera_gateway.domain.camera import Zone
from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CUSTOM = re.compile(r"x\.[a-z0-9][a-z0-9_.-]{0,60}")
LONGEST_TEXT = 200
FactValue = bool | float | str | tuple[str, ...]


class FactType(StrEnum):
    """What a value is."""

    YES_NO = "yes_no"
    NUMBER = "number"
    CHOICE = "choice"
    TEXT = "text"
    DATES = "dates"
    """Days, YYYY-MM-DD, separated by commas."""


@dataclass(frozen=True, slots=True)
class FactKind:
    """A fact that can be declared. `days` is how long it is good for where nobody says otherwise; 0: for ever."""

    name: str
    type: FactType
    scope: str
    """"institution" or "camera"."""
    title: Mapping[str, str]
    unit: str = ""
    choices: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    days: int = field(default=0)


_PLACES = {
    Zone.ENTRANCE: ("How many entrances there are", "Сколько всего входов", "Кіреберістердің саны"),
    Zone.ENTRANCE_EMERGENCY: (
        "How many emergency exits there are",
        "Сколько всего запасных выходов",
        "Қосалқы шығу есіктерінің саны",
    ),
    Zone.CORRIDOR: ("How many corridors there are", "Сколько всего коридоров", "Дәліздердің саны"),
    Zone.STAIRS: ("How many staircases there are", "Сколько всего лестниц", "Баспалдақтардың саны"),
    Zone.PLAYGROUND: ("How many playgrounds there are", "Сколько всего детских площадок", "Балалар алаңдарының саны"),
    Zone.PLAYROOM: ("How many playrooms there are", "Сколько всего игровых комнат", "Ойын бөлмелерінің саны"),
    Zone.COMMON_ROOM: (
        "How many common rooms there are",
        "Сколько всего комнат общего пользования",
        "Ортақ бөлмелердің саны",
    ),
}
"""Zones of which a text may ask that each place has a camera: how many there are must be declared."""


def _kinds() -> tuple[FactKind, ...]:
    yes, number, choice, text = FactType.YES_NO, FactType.NUMBER, FactType.CHOICE, FactType.TEXT

    def of(name: str, type_: FactType, en: str, ru: str, kk: str, **more: object) -> FactKind:
        scope = str(more.pop("scope", "institution"))
        return FactKind(name, type_, scope, {"en": en, "ru": ru, "kk": kk}, **more)  # type: ignore[arg-type]

    return (
        of(
            "institution.locality",
            choice,
            "Kind of place the institution stands in",
            "Тип населённого пункта",
            "Елді мекеннің түрі",
            choices=("rural", "district_centre", "city", "capital"),
        ),
        of(
            "institution.headcount",
            number,
            "People in the institution at most",
            "Наибольшее число людей в учреждении",
            "Мекемедегі адамдардың ең көп саны",
        ),
        of(
            "video.present",
            yes,
            "A video surveillance system is installed",
            "Система видеонаблюдения установлена",
            "Бейнебақылау жүйесі орнатылған",
            evidence=("acceptance_act",),
        ),
        of(
            "integration.police_centre",
            yes,
            "The cameras feed the police operational control centre",
            "Изображение передаётся в центр оперативного управления полиции",
            "Бейне полицияның жедел басқару орталығына беріледі",
            evidence=("connection_act",),
            days=365,
        ),
        of(
            "power.backup_present",
            yes,
            "The security systems have backup power",
            "У систем безопасности есть резервное питание",
            "Қауіпсіздік жүйелерінің резервтік қоректенуі бар",
            evidence=("ups_passport", "power_test_log"),
            days=365,
        ),
        of(
            "power.backup_minutes",
            number,
            "How long the backup power lasts",
            "На сколько хватает резервного питания",
            "Резервтік қоректену қанша уақытқа жетеді",
            unit="min",
            evidence=("power_test_log",),
            days=365,
        ),
        of(
            "signage.present",
            yes,
            "Signs tell of the video surveillance",
            "Таблички предупреждают о видеонаблюдении",
            "Бейнебақылау туралы ескерту тақтайшалары бар",
            evidence=("photo",),
            days=365,
        ),
        of(
            "storage.country",
            text,
            "Country in which the footage is stored (two letters)",
            "Страна, где хранятся записи (две буквы)",
            "Жазбалар сақталатын ел (екі әріп)",
            evidence=("provider_contract",),
            days=365,
        ),
        of(
            "storage.encrypted",
            yes,
            "The store encrypts what lies in it",
            "Хранилище шифрует записи",
            "Қойма жазбаларды шифрлайды",
            evidence=("provider_contract",),
            days=365,
        ),
        of(
            "camera.count_added",
            number,
            "Cameras that were added",
            "Число добавленных камер",
            "Қосымша орнатылған камералар саны",
            evidence=("acceptance_act",),
        ),
        of(
            "system.grade",
            choice,
            "Grade of the system (EN 62676-1-1)",
            "Класс системы (EN 62676-1-1)",
            "Жүйенің класы (EN 62676-1-1)",
            choices=("1", "2", "3", "4"),
            evidence=("system_passport",),
        ),
        of(
            "calendar.exam_days",
            FactType.DATES,
            "Days of examinations",
            "Дни экзаменов",
            "Емтихан күндері",
            evidence=("order",),
        ),
        *(of(f"places.{zone}", number, *words, evidence=("floor_plan",)) for zone, words in _PLACES.items()),
        of(
            "scene.width_m",
            number,
            "Width of the scene at the target",
            "Ширина сцены в плоскости цели",
            "Нысана тұсындағы көріністің ені",
            scope="camera",
            unit="m",
            evidence=("measurement",),
        ),
        of(
            "camera.role",
            text,
            "What the picture must allow: monitor, detect, observe, recognise, identify …",
            "Что должно позволять изображение: monitor, detect, observe, recognise, identify …",
            "Кескін неге мүмкіндік беруі тиіс: monitor, detect, observe, recognise, identify …",
            scope="camera",
            evidence=("design",),
        ),
        of(
            "time.osd_present",
            yes,
            "Date and time are burnt into the picture",
            "Дата и время впечатаны в изображение",
            "Күні мен уақыты кескінге түсірілген",
            scope="camera",
            evidence=("photo",),
            days=365,
        ),
        of(
            "time.offset_s",
            number,
            "Camera clock minus true time, checked by hand",
            "Часы камеры минус верное время, проверено вручную",
            "Камера сағаты мен дұрыс уақыттың айырмасы, қолмен тексерілген",
            scope="camera",
            unit="s",
            evidence=("photo",),
            days=31,
        ),
        of(
            "image.day_night",
            yes,
            "The night picture is usable",
            "Ночное изображение пригодно",
            "Түнгі кескін жарамды",
            scope="camera",
            evidence=("photo",),
            days=365,
        ),
    )


FACTS: Mapping[str, FactKind] = {kind.name: kind for kind in _kinds()}


def is_custom(name: str) -> bool:
    """Whether this is a fact of the installation's own: "x." and a name."""
    return CUSTOM.fullmatch(name) is not None


def kind_of(name: str) -> FactKind:
    """Return the kind of a fact; one of the installation's own is a text. `InvalidInput` for an unknown one."""
    if name in FACTS:
        return FACTS[name]
    if is_custom(name):
        return FactKind(name, FactType.TEXT, "institution", {"en": name, "ru": name, "kk": name})
    raise InvalidInput(
        f"fact {name[:60]!r} is not known", hint="see: camera-gateway declare kinds; your own begin with x."
    )


def parse_value(kind: FactKind, text: str) -> FactValue:
    """Read a declared value; `InvalidInput` that says what it may be."""
    return _READERS[kind.type](kind, text.strip())


def _yes_no(kind: FactKind, words: str) -> bool:
    if words.lower() not in {"yes", "true", "no", "false"}:
        raise InvalidInput(f"{kind.name}: {words[:40]!r} is neither yes nor no", hint="write yes or no")
    return words.lower() in {"yes", "true"}


def _number(kind: FactKind, words: str) -> float:
    try:
        number = float(words)
    except ValueError:
        number = float("nan")
    if not abs(number) < 1e12:  # noqa: PLR2004 - also what is no number at all
        raise InvalidInput(f"{kind.name}: {words[:40]!r} is no number", hint="write for example 12 or 3.5")
    return number


def _choice(kind: FactKind, words: str) -> str:
    if words not in kind.choices:
        raise InvalidInput(f"{kind.name}: {words[:40]!r} is not known", hint=f"use one of: {', '.join(kind.choices)}")
    return words


def _dates(kind: FactKind, words: str) -> tuple[str, ...]:
    try:
        return tuple(sorted(date.fromisoformat(day.strip()).isoformat() for day in words.split(",")))
    except ValueError as error:
        raise InvalidInput(f"{kind.name}: {error}", hint="write 2027-06-01,2027-06-04") from error


def _text(kind: FactKind, words: str) -> str:
    if not words or len(words) > LONGEST_TEXT or not words.isprintable():
        raise InvalidInput(f"{kind.name}: the text is empty, too long or has control characters", hint="one line")
    return words


_READERS: Mapping[FactType, Callable[[FactKind, str], FactValue]] = {
    FactType.YES_NO: _yes_no,
    FactType.NUMBER: _number,
    FactType.CHOICE: _choice,
    FactType.DATES: _dates,
    FactType.TEXT: _text,
}
