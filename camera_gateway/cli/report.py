"""`camera-gateway report …` and `compliance report`: reports made, listed, and written to files.

A report is made and signed by the verb; the file is written here, from the document that was kept.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from camera_gateway.cli.shell import command
from camera_gateway.cli.standard import TIME, compliance
from camera_gateway.compliance.documents.files import FORMATS, written
from camera_gateway.compliance.documents.model import Kind
from camera_gateway.compliance.documents.words import LANGUAGES
from camera_gateway.errors import InvalidInput
from storage.files import atomic_replace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from camera_gateway.cli.shell import Shell

group = click.Group("report", help="Reports: made, signed, kept, handed out as files.")


def _file_options(function: Callable[..., Any]) -> Callable[..., Any]:
    options = (
        click.option("--format", "form", type=click.Choice(list(FORMATS)), default="pdf", show_default=True),
        click.option("--lang", type=click.Choice(LANGUAGES), default="ru", show_default=True),
        click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="The file to write."),
    )
    for option in reversed(options):
        function = option(function)
    return function


@command(compliance, "report")
@click.argument("institution")
@click.option("--standard", required=True, help="The standard's id; see: camera-gateway standard list.")
@click.option("--month", required=True, help="The month, by the institution's clocks: YYYY-MM.")
@_file_options
def compliance_report(shell: Shell, institution: str, *, standard: str, month: str, **file: Any) -> int:  # noqa: ANN401 - the options of a file
    """Judge a month of an institution by a standard, as a signed report; exit 1 when a clause fails."""
    made = shell.call("report.make", kind="compliance", institution=institution, standard=standard, month=month)
    _write(shell, made["id"], made, **file)
    return 1 if made["failed"] else 0


@command(group, "make")
@click.argument("kind", type=click.Choice([kind.value for kind in Kind]))
@click.option("--institution", help="Whom it is about.")
@click.option("--camera", help="One camera alone.")
@click.option("--region", help="Of a monthly report: the institutions of a region.")
@click.option("--standard", help="One standard; otherwise every one that applies.")
@click.option("--month", help="YYYY-MM, by the institution's clocks.")
@click.option("--day", help="YYYY-MM-DD, likewise.")
@click.option("from_us", "--from", type=TIME, help="Start of the span, instead of a month or a day.")
@click.option("to_us", "--to", type=TIME, help="End of the span.")
def make(shell: Shell, kind: str, **arguments: Any) -> int:  # noqa: ANN401 - the options above
    """Make a report of KIND, sign it and keep it; exit 1 when something of it is not as it must be."""
    given = {name: value for name, value in arguments.items() if value is not None}
    made = shell.call("report.make", kind=kind, **given)
    if not shell.out.document(made):
        shell.out.say(f"{made['id']}  sha256 {made['sha256']}")
        shell.out.say(f"write it to a file: camera-gateway report get {made['id']} --format pdf --lang ru")
    return 1 if made["failed"] else 0


@command(group, "list")
@click.option("--kind", type=click.Choice([kind.value for kind in Kind]), help="Of one kind.")
@click.option("--institution", help="On one institution.")
@click.option("--camera", help="On one camera.")
def list_(shell: Shell, **arguments: Any) -> None:  # noqa: ANN401 - the options above
    """List the reports that were made, the newest first."""
    rows = shell.call("report.list", **{name: value for name, value in arguments.items() if value is not None})
    if not shell.out.document(rows):
        columns = ("id", "kind", "institution", "camera", "region", "from", "to", "made_by")
        shell.out.table(rows, columns, empty="no report was made yet")


@command(group, "get")
@click.argument("report")
@_file_options
def get(shell: Shell, report: str, **file: Any) -> None:  # noqa: ANN401 - the options of a file
    """Write REPORT to a file."""
    _write(shell, report, None, **file)


def _write(
    shell: Shell, report: str, made: Mapping[str, Any] | None, *, form: str, lang: str, output: Path | None
) -> None:
    """Write a file, or text without -o to standard output; with --json say what was written."""
    kept = shell.call("report.get", report=report, form=form, lang=lang)
    target = output
    to_terminal = target is None and form in {"json", "csv"} and not shell.out.as_json
    data = written(kept, form, lang)
    if to_terminal:
        click.echo(data.decode(), nl=False)
        return
    if target is None:
        target = Path(f"{report}.{lang}.{form}")
    try:
        atomic_replace(target, data)
    except OSError as error:
        raise InvalidInput(f"{target}: cannot be written ({error.strerror})", hint="choose another with -o") from error
    said = {key: value for key, value in (made or kept).items() if key != "text"}
    if not shell.out.document({**said, "file": str(target), "bytes": len(data)}):
        shell.out.say(f"{target}: {len(data)} bytes, report {report}, sha256 {kept['sha256']}")
