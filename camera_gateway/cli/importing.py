"""`camera-gateway camera import`, `institution import`: a table is tried whole, then created whole, by its digest.

Promises that nothing is created before every row is good: a table with a fault creates nothing and ends with 1. What
is printed and written never holds a password.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from camera_gateway.cli import camera, institution
from camera_gateway.cli.shell import command
from camera_gateway.discovery.sheet import MOST_BYTES, write_csv, write_xlsx
from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from camera_gateway.cli.shell import Shell

FORMS = ("csv", "xlsx")
_TOLD = ("row", "ok", "id", "name", "what", "faults")


def _options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add what both imports take."""
    for decorate in reversed(
        (
            click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path)),
            click.option("--dry-run", is_flag=True, help="Try every row and create nothing."),
            click.option("--digest", help="Create what a dry run has tried: the digest that it printed, no FILE."),
            click.option(
                "--template",
                type=click.Path(dir_okay=False, path_type=Path),
                help="Write the table to fill in (.csv or .xlsx), explained in Kazakh, Russian and English.",
            ),
            click.option(
                "-o",
                "--report",
                type=click.Path(dir_okay=False, path_type=Path),
                help="Write the result of every row (.csv or .xlsx).",
            ),
        )
    ):
        function = decorate(function)
    return function


@command(camera.group, "import")
@_options
@click.option("--institution", "institution_", help="For rows that name no institution.")
@click.option("--probe/--no-probe", default=True, help="Try each camera (default), or register them unseen.")
def import_cameras(shell: Shell, *, institution_: str | None, probe: bool, **options: Any) -> int:  # noqa: ANN401 - words
    """Register the cameras of a table, FILE.csv or FILE.xlsx: all of them, or none when a row has a fault."""
    return _import(shell, "camera", {"institution": institution_, "probe": probe}, **options)


@command(institution.group, "import")
@_options
def import_institutions(shell: Shell, **options: Any) -> int:  # noqa: ANN401 - words of the shell
    """Register the institutions of a table, FILE.csv or FILE.xlsx: all of them, or none when a row has a fault."""
    return _import(shell, "institution", {}, **options)


def _import(
    shell: Shell,
    kind: str,
    more: dict[str, Any],
    *,
    file: Path | None,
    dry_run: bool,
    digest: str | None,
    template: Path | None,
    report: Path | None,
) -> int:
    if sum(given is not None for given in (file, digest, template)) != 1 or (dry_run and file is None):
        raise InvalidInput("give one of: a FILE, --digest, --template", hint=f"see camera-gateway {kind} import --help")
    if template is not None:
        return _write_template(shell, kind, template)
    if report is not None:
        _form_of(report)
    if file is not None:
        found = shell.call(f"{kind}.import", file=file.name, content=_content(file), dry_run=True, **more)
    else:
        found = shell.call(f"{kind}.import", digest=digest)
    if file is not None and found["ok"] and not dry_run:
        rows = found["rows"]
        found = {**shell.call(f"{kind}.import", digest=found["digest"]), "rows": rows}
    if report is not None:
        _write_report(report, found)
    if not shell.out.document(found):
        _say(shell, kind, found, dry_run=dry_run)
    return 0 if found["ok"] else 1


def _content(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            data = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise InvalidInput(f"{file}: {error.strerror}", hint="give a readable .csv or .xlsx file") from None
    if len(data) > MOST_BYTES:
        raise InvalidInput(f"{file} has more than {MOST_BYTES} bytes", hint="split it into several files")
    return base64.b64encode(data).decode()


def _form_of(path: Path) -> str:
    form = path.suffix.lower().removeprefix(".")
    if form not in FORMS:
        raise InvalidInput(f"{path}: its name does not end in .csv or .xlsx", hint="choose one of the two")
    return form


def _write_template(shell: Shell, kind: str, path: Path) -> int:
    found = shell.call(f"{kind}.import-template", form=_form_of(path))
    _write(path, base64.b64decode(found["content"]))
    if not shell.out.document({"file": str(path)}):
        shell.out.say(f"fill in {path}, then: camera-gateway {kind} import {path} --dry-run")
    return 0


def _write(path: Path, data: bytes) -> None:
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError:
        raise InvalidInput(f"{path} exists already", hint="choose another name") from None
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror}", hint="choose another place") from None


def _write_report(path: Path, found: dict[str, Any]) -> None:
    rows = [list(_TOLD), *([str(row[key]) for key in _TOLD] for row in _flat(found))]
    _write(path, write_csv(rows) if _form_of(path) == "csv" else write_xlsx(rows, "result"))


def _flat(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one line per row: what was seen, and every fault with its column."""
    lines = []
    for row in found["rows"]:
        faults = "; ".join(_fault(fault) for fault in row["faults"])
        what = _seen(row.get("probe"))
        lines.append({**row, "ok": "yes" if row["ok"] else "no", "what": what, "faults": faults})
    return lines


def _fault(fault: dict[str, Any]) -> str:
    column = "" if fault["column"] is None else f"{fault['column']}: "
    return f"{column}{fault['message']} ({fault['code']})"


def _seen(probe: dict[str, Any] | None) -> str:
    if probe is None or not probe["ok"]:
        return ""
    video = probe["video"]
    sound = "" if probe["audio"] is None else f" + {probe['audio']['codec']}"
    return f"{video['codec']} {video['width']}x{video['height']} {video['fps']} fps{sound}, auth {probe['auth']}"


def _say(shell: Shell, kind: str, found: dict[str, Any], *, dry_run: bool) -> None:
    out = shell.out
    for fault in found["faults"]:
        out.say(f"row {fault['row']}: {_fault(fault)}. {fault['hint']}")
    out.table(_flat(found), _TOLD, empty="")
    counts = found["counts"]
    if found["created"]:
        out.say(f"created: {len(found['created'])} ({', '.join(found['created'])})")
    elif not found["ok"]:
        out.say(f"{counts['good']} of {counts['rows']} rows are good; nothing is created")
    elif dry_run:
        out.say(
            f"all {counts['rows']} rows are good; create them: camera-gateway {kind} import --digest {found['digest']}"
        )
