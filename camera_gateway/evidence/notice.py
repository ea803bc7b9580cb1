"""The notice of an incident for police and prosecutor, in Russian and Kazakh. Pure.

Promises the moments of each step as they were written down (it happened, it was entered, its footage was on hold, the
notice was written), with the audit row that proves the entry, so that "immediately" is a number and not a word. The
text is a draft for the head to sign and send: it names no law that nobody here has read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from camera_gateway.evidence.manifest import instant

if TYPE_CHECKING:
    from collections.abc import Mapping

RECIPIENTS = ("police", "prosecutor")
LANGUAGES = ("ru", "kk")
_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Notice:
    """What a notice says. Times in µs UTC; `confirmed_us` None: the store has not confirmed the hold yet."""

    incident: str
    institution: str
    cameras: tuple[tuple[str, str], ...]
    at_us: int
    text: str
    reported_by: str
    reported_us: int
    hold: str
    held_from_us: int
    held_to_us: int
    confirmed_us: int | None
    written_us: int
    local_at: str
    """The moment in the institution's local time, with its offset."""
    audit_row: int
    audit_digest: str


_WORDS: Mapping[str, Mapping[str, str]] = {
    "ru": {
        "police": "В орган внутренних дел (полицию)",
        "prosecutor": "В прокуратуру",
        "title": "СООБЩЕНИЕ О ПРОИСШЕСТВИИ",
        "institution": "Учреждение",
        "number": "Запись в журнале происшествий",
        "when": "Время происшествия",
        "local": "местное время",
        "cameras": "Камеры",
        "what": "Что произошло",
        "held": "Видеозаписи этих камер за период ниже, прошлые и будущие, не удаляются до снятия запрета",
        "hold": "Запрет на удаление",
        "steps": "Отметки времени (UTC):",
        "happened": "происшествие",
        "entered": "внесено в журнал и наложен запрет на удаление",
        "confirmed": "хранилище подтвердило запрет",
        "waiting": "хранилище ещё не подтвердило; удаление записей шлюзом уже исключено",
        "written": "составлено это сообщение",
        "after": "через {seconds} с после внесения в журнал",
        "later": "через {seconds} с после происшествия",
        "by": "Сообщил(а)",
        "proof": "Доказательство времени: строка {row} журнала действий, хеш",
        "ask": "Записи выдаются по запросу уполномоченного органа: пакет с подписью, описью и средствами проверки.",
        "sign": "Руководитель: ______________________    Дата и время отправки: ______________________",
    },
    "kk": {
        "police": "Ішкі істер органына (полицияға)",
        "prosecutor": "Прокуратураға",
        "title": "ОҚИҒА ТУРАЛЫ ХАБАРЛАМА",
        "institution": "Мекеме",
        "number": "Оқиғалар журналындағы жазба",
        "when": "Оқиға уақыты",
        "local": "жергілікті уақыт",
        "cameras": "Камералар",
        "what": "Не болды",
        "held": "Осы камералардың төмендегі кезеңдегі бар және алдағы бейнежазбалары тыйым алынғанға дейін жойылмайды",
        "hold": "Жоюға тыйым",
        "steps": "Уақыт белгілері (UTC):",
        "happened": "оқиға",
        "entered": "журналға енгізіліп, жоюға тыйым салынды",
        "confirmed": "қойма тыйымды растады",
        "waiting": "қойма әлі растаған жоқ; шлюздің жазбаларды жоюы енді мүмкін емес",
        "written": "осы хабарлама жасалды",
        "after": "журналға енгізілгеннен кейін {seconds} с өткенде",
        "later": "оқиғадан кейін {seconds} с өткенде",
        "by": "Хабарлаған",
        "proof": "Уақыттың дәлелі: әрекеттер журналының {row}-жолы, хеші",
        "ask": "Жазбалар уәкілетті органның сұрауы бойынша беріледі: қол, тізімдеме және тексеру құралдары бар пакет.",
        "sign": "Басшы: ______________________    Жіберілген күні мен уақыты: ______________________",
    },
}


def notice_text(notice: Notice, recipient: str, language: str) -> str:
    """Return the notice for `police` or `prosecutor` in `ru` or `kk`."""
    words = _WORDS[language]

    def after(at_us: int) -> str:
        return words["after"].format(seconds=_seconds(at_us - notice.reported_us))

    if notice.confirmed_us is None:
        confirmed = f"  –  {words['waiting']}"
    else:
        confirmed = f"  {instant(notice.confirmed_us)}  {words['confirmed']} ({after(notice.confirmed_us)})"
    entered = words["later"].format(seconds=_seconds(notice.reported_us - notice.at_us))
    lines = [
        words[recipient],
        "",
        words["title"],
        "",
        f"{words['institution']}: {notice.institution}",
        f"{words['number']}: {notice.incident}",
        f"{words['when']}: {instant(notice.at_us)} ({words['local']}: {notice.local_at})",
        f"{words['cameras']}: {', '.join(f'{name} ({camera})' for camera, name in notice.cameras)}",
        f"{words['what']}: {notice.text}",
        "",
        f"{words['held']}.",
        f"{words['hold']}: {notice.hold}, {instant(notice.held_from_us)} – {instant(notice.held_to_us)}",
        "",
        words["steps"],
        f"  {instant(notice.at_us)}  {words['happened']}",
        f"  {instant(notice.reported_us)}  {words['entered']} ({entered})",
        confirmed,
        f"  {instant(notice.written_us)}  {words['written']} ({after(notice.written_us)})",
        "",
        f"{words['by']}: {notice.reported_by}",
        f"{words['proof'].format(row=notice.audit_row)} {notice.audit_digest}",
        "",
        words["ask"],
        "",
        words["sign"],
    ]
    return "\n".join(lines) + "\n"


def _seconds(value_us: int) -> str:
    return f"{value_us / _US:.3f}"
