"""The columns of the two tables that are imported — cameras and institutions — and the templates for them.

A header may be written as the key, in Kazakh, Russian or English; case and blanks do not count. Rows that begin with
'#' are notes: the template's own explanations are some. Promises that an error names row and column and never repeats
what stands in a column that may hold a secret.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from camera_gateway.discovery.sheet import bare, read_rows, write_csv, write_xlsx
from camera_gateway.domain.camera import InstitutionKind, Zone
from camera_gateway.domain.passport import CameraRole
from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LANGUAGES = ("kk", "ru", "en")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its key, its heading and what it means in each language, and values to choose from."""

    key: str
    heading: Mapping[str, str]
    meaning: Mapping[str, str]
    required: bool = False
    secret: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one cell or row. `column` None: with the row as a whole. `code` is stable."""

    row: int
    column: str | None
    code: str
    message: str
    hint: str = ""

    def as_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "row": self.row,
            "column": self.column,
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
        }


@dataclass(frozen=True, slots=True)
class Entry:
    """One row to be imported: its number, and the cells that are not empty by key."""

    row: int
    cells: Mapping[str, str]


def _said(kk: str, ru: str, en: str) -> dict[str, str]:
    return {"kk": kk, "ru": ru, "en": en}


_IDENTITY = Column(
    "id",
    _said("Идентификатор", "Идентификатор", "Id"),
    _said("бос қалса, атауынан жасалады", "если пусто, создаётся из названия", "if empty, made from the name"),
)

CAMERAS: tuple[Column, ...] = (
    Column(
        "institution",
        _said("Мекеме", "Учреждение", "Institution"),
        _said("мекеменің идентификаторы", "идентификатор учреждения", "id of the institution"),
    ),
    Column(
        "name",
        _said("Атауы", "Название", "Name"),
        _said("қайда қарайды, мысалы «Бас кіреберіс»", "куда смотрит, например «Главный вход»", "where it looks"),
        required=True,
    ),
    _IDENTITY,
    Column(
        "zone",
        _said("Аймақ", "Зона", "Zone"),
        _said("тізімнен таңдаңыз", "выберите из списка", "one of the list"),
        required=True,
        choices=tuple(zone.value for zone in Zone),
    ),
    Column(
        "url",
        _said("Сілтеме", "Ссылка", "URL"),
        _said(
            "rtsp://мекенжай/жол, пайдаланушысыз",
            "rtsp://адрес/путь, без учётной записи",
            "rtsp://address/path, without an account",
        ),
    ),
    Column(
        "address",
        _said("Мекенжай", "Адрес", "Address"),
        _said("сілтеме болмаса: IP мекенжайы", "если нет ссылки: IP-адрес", "without a URL: the IP address"),
    ),
    Column("port", _said("Порт", "Порт", "Port"), _said("RTSP порты (554)", "порт RTSP (554)", "RTSP port (554)")),
    Column(
        "vendor",
        _said("Өндіруші", "Производитель", "Vendor"),
        _said(
            "мысалы hikvision; жолдары кезекпен тексеріледі",
            "например hikvision; пути проверяются по очереди",
            "for example hikvision; its paths are tried in turn",
        ),
    ),
    Column(
        "channel",
        _said("Арна", "Канал", "Channel"),
        _said("тіркеушінің арнасы, 1-ден", "канал регистратора, с 1", "channel of a recorder, from 1"),
    ),
    Column(
        "username",
        _said("Пайдаланушы", "Пользователь", "User"),
        _said("тек көру құқығы бар", "только с правом просмотра", "one that may only view"),
    ),
    Column(
        "password",
        _said("Құпиясөз", "Пароль", "Password"),
        _said(
            "бірден шифрланады; импорттан кейін файлды жойыңыз",
            "шифруется сразу; после импорта удалите файл",
            "sealed at once; delete the file after the import",
        ),
        secret=True,
    ),
    Column(
        "schedule",
        _said("Жазу кестесі", "Расписание", "Schedule"),
        _said("бос: әрдайым; бірнешеуі | арқылы", "пусто: всегда; несколько через |", "empty: the usual; several by |"),
    ),
    Column(
        "place",
        _said("Орналасқан жері", "Место установки", "Place"),
        _said("қабат, бөлме, қабырға", "этаж, помещение, стена", "floor, room, wall"),
    ),
    Column(
        "role",
        _said("Міндеті", "Назначение", "Role"),
        _said("тізімнен таңдаңыз", "выберите из списка", "one of the list"),
        choices=tuple(role.value for role in CameraRole),
    ),
    Column(
        "mounted_on",
        _said("Орнатылған күні", "Дата установки", "Mounted on"),
        _said("ЖЖЖЖ-АА-КК", "ГГГГ-ММ-ДД или ДД.ММ.ГГГГ", "YYYY-MM-DD"),
    ),
    Column("serial", _said("Сериялық нөмірі", "Серийный номер", "Serial"), _said("мәтін", "текст", "text")),
    Column("mac", _said("MAC мекенжайы", "MAC-адрес", "MAC"), dict.fromkeys(LANGUAGES, "00:11:22:aa:bb:cc")),
    Column("model", _said("Үлгісі", "Модель", "Model"), _said("мәтін", "текст", "text")),
    Column("firmware", _said("Микробағдарлама", "Прошивка", "Firmware"), _said("мәтін", "текст", "text")),
    Column(
        "onvif_port",
        _said("ONVIF порты", "Порт ONVIF", "ONVIF port"),
        _said("бос: белгісіз", "пусто: неизвестен", "empty: not known"),
    ),
)

INSTITUTIONS: tuple[Column, ...] = (
    Column(
        "name",
        _said("Атауы", "Название", "Name"),
        _said("мекеменің толық атауы", "полное название учреждения", "the institution's full name"),
        required=True,
    ),
    _IDENTITY,
    Column(
        "kind",
        _said("Түрі", "Вид", "Kind"),
        _said("тізімнен таңдаңыз", "выберите из списка", "one of the list"),
        choices=tuple(kind.value for kind in InstitutionKind),
    ),
    Column(
        "region",
        _said("Өңір", "Регион", "Region"),
        _said("есептердегідей", "как в отчётах", "as reports name it"),
    ),
    Column(
        "time_zone",
        _said("Уақыт белдеуі", "Часовой пояс", "Time zone"),
        _said("мысалы Asia/Almaty", "например Asia/Almaty", "for example Asia/Almaty"),
    ),
    Column(
        "allowed_networks",
        _said("Камера желілері", "Сети камер", "Networks"),
        _said("CIDR, бірнешеуі бос орын арқылы", "CIDR, несколько через пробел", "CIDR, several by a blank"),
    ),
    Column(
        "upload_windows",
        _said("Жіберу уақыты", "Время отправки", "Upload windows"),
        _said("мысалы daily 22:00-06:00; бірнешеуі |", "например daily 22:00-06:00; несколько |", "several by |"),
    ),
    Column(
        "holidays",
        _said("Мерекелер", "Праздники", "Holidays"),
        _said("ЖЖЖЖ-АА-КК, бос орын арқылы", "ГГГГ-ММ-ДД через пробел", "YYYY-MM-DD, several by a blank"),
    ),
)


def headers_of(columns: tuple[Column, ...]) -> dict[str, str]:
    """Return the key by every way to write a header, in lower case."""
    return {
        word.lower(): column.key
        for column in columns
        for word in (column.key, column.key.replace("_", " "), *column.heading.values())
    }


def read_entries(name: str, data: bytes, columns: tuple[Column, ...]) -> tuple[list[Entry], list[Fault]]:
    """Return the rows of a file by key, and what is wrong with its form; `InvalidInput` when it holds no table."""
    known = headers_of(columns)
    rows = [row for row in read_rows(name, data, known) if not row.cells[0].startswith("#")]
    if not rows:
        raise InvalidInput("there is no row in the file", hint="fill in the template: --template FILE")
    head = rows[0]
    keys = [known.get(" ".join(cell.lower().rstrip("*").split())) for cell in head.cells]
    missing = [column.heading["en"] for column in columns if column.required and column.key not in keys]
    if missing:
        raise InvalidInput(
            f"row {head.number} has no column {', '.join(missing)}",
            hint="use the template's first row: --template FILE",
        )
    faults = [
        Fault(
            head.number,
            str(at),
            "column-unknown",
            f"column {at} has an unknown heading",
            "use the template's first row",
        )
        for at, (key, cell) in enumerate(zip(keys, head.cells, strict=True), 1)
        if key is None and cell
    ]
    twice = sorted({key for key in keys if key is not None and keys.count(key) > 1})
    faults += [Fault(head.number, key, "column-twice", f"column {key} is there twice") for key in twice]
    secret = {column.key for column in columns if column.secret}
    entries = []
    for row in rows[1:]:
        cells = {
            key: cell if key in secret else bare(cell)
            for key, cell in zip(keys, row.cells, strict=False)
            if key is not None and cell
        }
        extra = [at for at, cell in enumerate(row.cells, 1) if cell and (at > len(keys) or not head.cells[at - 1])]
        faults += [
            Fault(
                row.number, str(at), "column-unknown", f"column {at} has no heading", "is there a delimiter in a cell?"
            )
            for at in extra
        ]
        entries.append(Entry(row.number, cells))
        faults += [
            Fault(row.number, column.key, "missing", f"{column.key} is empty", "fill it in")
            for column in columns
            if column.required and column.key not in cells
        ]
    if not entries:
        raise InvalidInput("there is no row below the headings", hint="fill in a row for each")
    return entries, faults


def template(columns: tuple[Column, ...], form: str, title: str) -> bytes:
    """Return a file to fill in, CSV or XLSX: headings, and what each column means in three languages."""
    rows = [[column.key + ("*" if column.required else "") for column in columns]]
    for language in LANGUAGES:
        words = [f"{column.heading[language]}: {column.meaning[language]}" for column in columns]
        rows.append([f"# {language}: {words[0]}", *words[1:]])
    if form == "csv":
        return write_csv(rows)
    choices: dict[int, Sequence[str]] = {at: column.choices for at, column in enumerate(columns) if column.choices}
    return write_xlsx(rows, title, choices)
