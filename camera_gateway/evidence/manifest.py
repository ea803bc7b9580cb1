"""A camera-day as three text files: SHA256SUMS, INDEX.jsonl, GAPS.tsv (docs/formats/manifest.md). Pure.

Promises the same bytes for the same segments and gaps whatever their order, and nothing in them that is not in the
objects' own sidecars or in a gap record: whoever has the bucket can make each line anew (invariant S1). Parsing what
was written gives back what it was written from. Must not know where segments are kept.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from camera_gateway.clock import from_datetime, to_datetime
from camera_gateway.domain.footage import CameraSigned, GapCause, GapRecord, Origin
from camera_gateway.domain.naming import ManifestKind, manifest_key, manifest_name, object_name
from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from camera_gateway.domain.footage import Sidecar
    from camera_gateway.domain.ids import CameraId, InstitutionId

GAP_COLUMNS = ("from", "to", "cause", "detail", "gap", "observed_by", "precision_us")
_SHA256 = 64
_ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))
_UNESCAPES = {"\\": "\\", "t": "\t", "n": "\n", "r": "\r"}


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One segment in INDEX.jsonl. Wall times in µs UTC; `media_start_us` is the run's media time at `start_us`."""

    start_us: int
    end_us: int
    size_bytes: int
    sha256: str
    key: str
    version_id: str
    origin: Origin
    run: str
    segment: str
    media_start_us: int
    clock_offset_us: int | None
    wall_uncertainty_us: int
    packets_lost: int
    init_sha256: str
    camera_signed: CameraSigned

    @property
    def name(self) -> str:
        """The name under which SHA256SUMS lists it."""
        return object_name(self.key)


@dataclass(frozen=True, slots=True)
class CameraDay:
    """What one seal says of a camera's UTC day; `addendum` 0 is the first word, 1 and on is what came later."""

    institution: InstitutionId
    camera: CameraId
    day: date
    addendum: int
    segments: tuple[IndexEntry, ...]
    gaps: tuple[GapRecord, ...]

    def name(self, kind: ManifestKind) -> str:
        """Return the name of one of the three files."""
        return manifest_name(self.camera, self.day, kind, self.addendum)

    def key(self, kind: ManifestKind) -> str:
        """Return the key of one of the three files."""
        return manifest_key(self.institution, self.camera, self.day, kind, self.addendum)

    def files(self) -> dict[ManifestKind, bytes]:
        """Return the bytes of the three files."""
        return {
            ManifestKind.SHA256SUMS: sha256sums(self.segments),
            ManifestKind.INDEX: index(self.segments),
            ManifestKind.GAPS: gaps_table(self.gaps),
        }


def entry_of(sidecar: Sidecar, key: str, version_id: str) -> IndexEntry:
    """Return the entry of a stored segment, from what the object says of itself and the version that holds it."""
    return IndexEntry(
        start_us=sidecar.start_us,
        end_us=sidecar.end_us,
        size_bytes=sidecar.size_bytes,
        sha256=sidecar.sha256,
        key=key,
        version_id=version_id,
        origin=sidecar.origin,
        run=sidecar.run,
        segment=sidecar.segment,
        media_start_us=sidecar.media_start_us,
        clock_offset_us=sidecar.clock_offset_us,
        wall_uncertainty_us=sidecar.wall_uncertainty_us,
        packets_lost=sidecar.packets_lost,
        init_sha256=sidecar.init_sha256,
        camera_signed=sidecar.camera_signed,
    )


def sha256sums(entries: Iterable[IndexEntry]) -> bytes:
    """Return the list that `sha256sum -c` reads (GNU coreutils, text mode), by name."""
    return "".join(f"{entry.sha256}  {entry.name}\n" for entry in _in_order(entries)).encode("ascii")


def index(entries: Iterable[IndexEntry]) -> bytes:
    """Return INDEX.jsonl: a JSON object a line, by name, keys in their fixed order."""
    return "".join(index_line(entry) for entry in _in_order(entries)).encode("ascii")


def index_line(entry: IndexEntry) -> str:
    """Return one line of INDEX.jsonl."""
    values = {
        "start": instant(entry.start_us),
        "end": instant(entry.end_us),
        "bytes": entry.size_bytes,
        "sha256": entry.sha256,
        "key": entry.key,
        "version_id": entry.version_id,
        "origin": entry.origin.value,
        "run": entry.run,
        "segment": entry.segment,
        "media_start_us": entry.media_start_us,
        "clock_offset_us": entry.clock_offset_us,
        "wall_uncertainty_us": entry.wall_uncertainty_us,
        "packets_lost": entry.packets_lost,
        "init_sha256": entry.init_sha256,
        "camera_signed": entry.camera_signed.value,
    }
    return json.dumps(values, ensure_ascii=True) + "\n"


def gaps_table(records: Iterable[GapRecord]) -> bytes:
    """Return GAPS.tsv: a header, then a line per gap record that touches the day, whole, by start."""
    ordered = sorted(records, key=lambda record: (record.start_us, record.end_us, record.gap))
    return ("\t".join(GAP_COLUMNS) + "\n" + "".join(gap_line(record) for record in ordered)).encode()


def gap_line(record: GapRecord) -> str:
    """Return one line of GAPS.tsv; tabs, line ends and backslashes of a detail are written as in C."""
    cells = (
        instant(record.start_us),
        instant(record.end_us),
        record.cause.value,
        record.detail,
        record.gap,
        record.observed_by,
        str(record.precision_us),
    )
    return "\t".join(escaped(cell) for cell in cells) + "\n"


def parse_index(data: bytes, where: str) -> tuple[IndexEntry, ...]:
    """Parse INDEX.jsonl; `InvalidInput` names file and line unless it is exactly as `index` writes it."""
    entries = []
    for number, line in enumerate(_lines(data, where), 1):
        try:
            values: dict[str, Any] = json.loads(line)
            values["start_us"], values["end_us"] = parse_instant(values.pop("start")), parse_instant(values.pop("end"))
            values["size_bytes"], values["origin"] = values.pop("bytes"), Origin(values["origin"])
            values["camera_signed"] = CameraSigned(values["camera_signed"])
            entries.append(IndexEntry(**{field.name: values.pop(field.name) for field in fields(IndexEntry)}))
            if values:
                raise InvalidInput(f"{where}:{number}: unknown field {next(iter(values))}")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidInput(f"{where}:{number}: not an index line ({error})") from error
    if index(entries) != data:
        raise InvalidInput(f"{where}: not in the order and form in which an index is written")
    return tuple(entries)


def parse_sha256sums(data: bytes, where: str) -> dict[str, str]:
    """Parse SHA256SUMS to name → hash; `InvalidInput` names file and line."""
    found: dict[str, str] = {}
    for number, line in enumerate(_lines(data, where), 1):
        sha256, space, name = line[:_SHA256], line[_SHA256 : _SHA256 + 2], line[_SHA256 + 2 :]
        if space != "  " or not name or "/" in name or name in found or not _is_hash(sha256):
            raise InvalidInput(f"{where}:{number}: not a line of sha256sum")
        found[name] = sha256
    return found


def parse_gaps(data: bytes, where: str, institution: InstitutionId, camera: CameraId) -> tuple[GapRecord, ...]:
    """Parse GAPS.tsv of a camera; `InvalidInput` names file and line unless it is exactly as `gaps_table` writes it."""
    lines = _lines(data, where)
    if not lines or tuple(lines[0].split("\t")) != GAP_COLUMNS:
        raise InvalidInput(f"{where}:1: not the header of a table of gaps")
    records = []
    for number, line in enumerate(lines[1:], 2):
        try:
            since, until, cause, detail, gap, observed_by, precision = (unescaped(c) for c in line.split("\t"))
            record = GapRecord(
                gap=gap,
                camera=camera,
                institution=institution,
                start_us=parse_instant(since),
                end_us=parse_instant(until),
                cause=GapCause(cause),
                detail=detail,
                observed_by=observed_by,
                precision_us=int(precision),
            )
        except (ValueError, KeyError) as error:
            raise InvalidInput(f"{where}:{number}: not a line of gaps ({error})") from error
        records.append(record)
    if gaps_table(records) != data:
        raise InvalidInput(f"{where}: not in the order and form in which gaps are written")
    return tuple(records)


def instant(at_us: int) -> str:
    """Write µs UTC as RFC 3339 with always six decimals, so that text sorts as time does."""
    return to_datetime(at_us).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_instant(text: str) -> int:
    """Read what `instant` has written; `ValueError` for anything else."""
    at_us = from_datetime(datetime.fromisoformat(text))
    if instant(at_us) != text:
        msg = f"{text!r} is not a time as it is written here"
        raise ValueError(msg)
    return at_us


def _in_order(entries: Iterable[IndexEntry]) -> list[IndexEntry]:
    return sorted(entries, key=lambda entry: (entry.name, entry.key))


def _lines(data: bytes, where: str) -> list[str]:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{where}: is not UTF-8") from error
    if text and not text.endswith("\n"):
        raise InvalidInput(f"{where}: its last line is cut")
    return text.split("\n")[:-1]  # not splitlines, which ends lines at more than a line feed


def _is_hash(text: str) -> bool:
    return len(text) == _SHA256 and all(c in "0123456789abcdef" for c in text)


def escaped(cell: str) -> str:
    """Write a cell of a table on one line: backslash, tab and line ends as in C."""
    for plain, written in _ESCAPES:
        cell = cell.replace(plain, written)
    return cell


def unescaped(cell: str) -> str:
    """Undo `escaped`; `KeyError` for what it does not write."""
    pieces = iter(cell)
    return "".join(_UNESCAPES[next(pieces, "")] if piece == "\\" else piece for piece in pieces)
