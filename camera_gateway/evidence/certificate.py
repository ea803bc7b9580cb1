"""The certificate that no recording exists for a span, with the causes, in Kazakh, Russian and English. Pure.

Promises to claim no more than is known: that this gateway holds nothing of the span, and what it wrote down as the
cause. The text is signed with the package that it lies in, by EXPORT.txt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from camera_gateway.evidence.manifest import instant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from camera_gateway.evidence.package import SpanGap


@dataclass(frozen=True, slots=True)
class NothingFound:
    """What the certificate is about. Times in µs UTC; `cameras` are ids with names, `sealed` says how far it is."""

    request: str
    requester: str
    body: str
    case: str
    institution: str
    cameras: tuple[tuple[str, str], ...]
    start_us: int
    end_us: int
    made_us: int
    gaps: tuple[SpanGap, ...]
    sealed_days: str
    unsealed_days: str


_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "CERTIFICATE: NO RECORDING EXISTS",
        "request": "Request",
        "for": "For",
        "case": "Case",
        "institution": "Institution",
        "cameras": "Cameras",
        "span": "Span (UTC)",
        "to": "to",
        "made": "Made at (UTC)",
        "says": "This gateway holds no recording of these cameras for this span. What it wrote down as the reason:",
        "none": "the camera was not registered with this gateway",
        "nothing": "nothing was written down",
        "sealed": "Days whose list of gaps is sealed",
        "unsealed": "Days not sealed yet",
        "limit": (
            "The certificate says what this gateway knows. It does not say that no other system has a recording."
            " Its signature is EXPORT.sig over EXPORT.txt, which lists this file; see HOW-TO-VERIFY."
        ),
    },
    "ru": {
        "title": "СПРАВКА: ЗАПИСИ НЕТ",
        "request": "Запрос",
        "for": "Кому",
        "case": "Дело",
        "institution": "Учреждение",
        "cameras": "Камеры",
        "span": "Период (UTC)",
        "to": "–",
        "made": "Составлено (UTC)",
        "says": "За этот период у шлюза нет записи указанных камер. Записанные причины:",
        "none": "камера не была зарегистрирована в этом шлюзе",
        "nothing": "причина не записана",
        "sealed": "Дни, перечень пробелов которых опечатан",
        "unsealed": "Дни, ещё не опечатанные",
        "limit": (
            "Справка сообщает то, что известно этому шлюзу. Она не утверждает, что записи нет в других системах."
            " Подпись справки – EXPORT.sig к файлу EXPORT.txt, где указан этот файл; см. HOW-TO-VERIFY."
        ),
    },
    "kk": {
        "title": "АНЫҚТАМА: ЖАЗБА ЖОҚ",
        "request": "Сұрау",
        "for": "Кімге",
        "case": "Іс",
        "institution": "Мекеме",
        "cameras": "Камералар",
        "span": "Кезең (UTC)",
        "to": "–",
        "made": "Жасалған уақыты (UTC)",
        "says": "Бұл кезең үшін шлюзде аталған камералардың жазбасы жоқ. Жазылып алынған себептер:",
        "none": "камера бұл шлюзде тіркелмеген",
        "nothing": "себебі жазылмаған",
        "sealed": "Үзілістер тізімі мөрленген күндер",
        "unsealed": "Әлі мөрленбеген күндер",
        "limit": (
            "Анықтама осы шлюзге белгілі мәліметті ғана білдіреді. Ол басқа жүйелерде жазба жоқ дегенді білдірмейді."
            " Анықтаманың қолы – осы файл көрсетілген EXPORT.txt файлына қойылған EXPORT.sig; HOW-TO-VERIFY қараңыз."
        ),
    },
}

_CAUSES: Mapping[str, tuple[str, str, str]] = {
    # cause: English, Russian, Kazakh
    "camera-unreachable": (
        "the camera could not be reached",
        "камера была недоступна",
        "камераға қосылу мүмкін болмады",
    ),
    "camera-auth": (
        "the camera refused the account",
        "камера отклонила учётную запись",
        "камера тіркелгіні қабылдамады",
    ),
    "camera-refused-sessions": (
        "the camera refused the connection",
        "камера отказала в сеансе",
        "камера сеанстан бас тартты",
    ),
    "stream-stalled": ("the camera sent nothing", "камера не передавала данные", "камера дерек жібермеді"),
    "stream-corrupt": ("the stream was damaged", "поток был повреждён", "ағын зақымдалған"),
    "codec-refused": ("a format that is not recorded", "неподдерживаемый формат", "қолдау көрсетілмейтін пішім"),
    "gateway-down": ("the gateway was not running", "шлюз не работал", "шлюз жұмыс істемеді"),
    "disk-full": ("the disk was full", "диск был заполнен", "диск толып қалды"),
    "disk-error": ("a fault of the disk", "ошибка диска", "диск қатесі"),
    "spool-full": ("given up because the spool was full", "удалено из-за переполнения буфера", "буфер толып, жойылды"),
    "clock-step": ("the clock was set", "перевод часов", "сағат ауыстырылды"),
    "schedule-off": ("outside the recording schedule", "вне расписания записи", "жазу кестесінен тыс"),
    "operator-disabled": ("switched off by an operator", "отключено оператором", "оператор өшірген"),
    "planned-maintenance": ("planned maintenance", "плановые работы", "жоспарлы жұмыстар"),
    "integrity-failed": ("recorded, and damaged since", "запись повреждена", "жазба зақымдалған"),
    "expired": (
        "deleted when its time had run out",
        "удалено по истечении срока хранения",
        "сақтау мерзімі өтіп, жойылды",
    ),
    "deleted": ("deleted by order", "удалено по распоряжению", "өкім бойынша жойылды"),
    "unknown": ("unknown", "неизвестно", "белгісіз"),
}
LANGUAGES = ("en", "ru", "kk")


def cause_in(cause: str, language: str) -> str:
    """Return a cause of the closed list in words."""
    return _CAUSES[cause][LANGUAGES.index(language)]


def no_recording(found: NothingFound, language: str) -> str:
    """Return the certificate in one language."""
    words = _WORDS[language]
    lines = [
        words["title"],
        "",
        f"{words['request']}: {found.request}",
        f"{words['for']}: {found.requester}, {found.body}",
        f"{words['case']}: {found.case}",
        f"{words['institution']}: {found.institution}",
        f"{words['cameras']}: {', '.join(f'{name} ({camera})' for camera, name in found.cameras)}",
        f"{words['span']}: {instant(found.start_us)} {words['to']} {instant(found.end_us)}",
        f"{words['made']}: {instant(found.made_us)}",
        "",
        words["says"],
        *(_causes(found, words, language) or [f"  {words['nothing']}"]),
        "",
        f"{words['sealed']}: {found.sealed_days}",
        f"{words['unsealed']}: {found.unsealed_days}",
        "",
        words["limit"],
    ]
    return "\n".join(lines) + "\n"


def _causes(found: NothingFound, words: Mapping[str, str], language: str) -> Sequence[str]:
    lines = []
    for gap in sorted(found.gaps, key=lambda gap: (gap.camera, gap.start_us)):
        cause = words["none"] if gap.cause is None else f"{gap.cause} – {cause_in(gap.cause, language)}"
        detail = f" ({gap.detail})" if gap.detail and gap.cause is not None else ""
        lines.append(f"  {gap.camera}: {instant(gap.start_us)} – {instant(gap.end_us)}: {cause}{detail}")
    return lines
