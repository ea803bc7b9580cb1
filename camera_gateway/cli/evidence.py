"""`camera-gateway evidence …`: footage as proof.

`verify` works without an installation: it is the verifier that travels in each package, under another name.
"""

from __future__ import annotations

import functools
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from camera_gateway.cli.shell import command
from camera_gateway.cli.times import TimeParameter, parse_time
from camera_gateway.clock import SystemClock
from camera_gateway.errors import InvalidInput, NotFound
from camera_gateway.evidence import verifier

if TYPE_CHECKING:
    from camera_gateway.cli.shell import Shell


NOTHING_THERE = 3

group = click.Group("evidence", help="Footage as proof.")


@command(group, "verify")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--fingerprint", help="The seal key's fingerprint on paper, SHA256:…")
def verify(shell: Shell, path: Path, *, fingerprint: str | None) -> int:
    """Check a package, a zip of one, or a bucket's files in a directory; exit 1 and the name of each wrong file."""
    if not path.exists():
        raise NotFound(f"{path} is not there")
    try:
        found = verifier.verify(path, fingerprint)
    except (OSError, zipfile.BadZipFile) as error:
        raise InvalidInput(f"{path} cannot be read: {error}", hint="give a directory or a zip") from error
    if not shell.out.document(found.as_json()):
        for line in found.lines():
            shell.out.say(line)
    return 1 if found.failures else 0


_TIME = TimeParameter(SystemClock())


@command(group, "request")
@click.option("--requester", required=True, help="Who asks, by name and post.")
@click.option("--body", required=True, help="The body that the requester asks for.")
@click.option("--legal-ground", required=True, help="The law or order that entitles it.")
@click.option("--case", required=True, help="The case it is for.")
@click.option("--camera", "cameras", multiple=True, help="A camera; repeatable.")
@click.option("--institution", help="Every camera of an institution.")
@click.option("--zone", help="Of that institution only the cameras of a zone.")
@click.option("--from", "from_us", type=_TIME, required=True, help="Start of the span.")
@click.option("--to", "to_us", type=_TIME, required=True, help="End of the span.")
@click.option("--margin", default="1h", show_default=True, help="So much more on both sides is held, such as 30m.")
def request(shell: Shell, *, margin: str, **arguments: Any) -> int:  # noqa: ANN401 - the options above
    """Ask for footage: it is on hold at once, and packed when another person has approved."""
    arguments["cameras"] = list(arguments["cameras"])
    found = shell.call("evidence.request", margin_us=_margin_us(margin), **arguments)
    hold = found["hold"]
    if not shell.out.document(found):
        shell.out.say(f"{found['request']['id']} waits for approval; {hold['id']} keeps its footage")
        if not hold["confirmed"]:
            shell.out.say(f"{hold['why']}; nothing of it will be deleted, and the store is asked again")
        elif hold["gone_s"]:
            shell.out.say(f"gone before it came: {hold['gone_s']:.0f} s")
            shell.out.table(hold["gone"], ("camera", "from", "to"), empty="")
    return 1 if hold.get("findings") else 0


@command(group, "approve")
@click.argument("request")
def approve(shell: Shell, request: str) -> None:
    """Approve REQUEST, as another user than the one who asked: with --token-file."""
    found = shell.call("evidence.approve", request=request)
    if not shell.out.document(found):
        shell.out.say(f"{found['id']} is approved by {found['approved_by']}")


@command(group, "list")
def list_(shell: Shell) -> None:
    """List requests and their packages."""
    rows = shell.call("evidence.list")
    if not shell.out.document(rows):
        columns = ("id", "cameras", "from", "to", "body", "case", "hold", "asked_by", "approved_by")
        shell.out.table(rows, columns, empty="no request")
        packages = [{"request": row["id"], **package} for row in rows for package in row["packages"]]
        shell.out.table(packages, ("request", "id", "exported_by", "finished_at", "export_sha256"), empty="")


@command(group, "export")
@click.argument("request")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A new zip (FILE.zip) or a new directory.")
def export(shell: Shell, request: str, *, output: Path | None) -> int:
    """Write the signed package of an approved REQUEST; where nothing exists, the certificate that says so."""
    target = output or Path(f"{request}.zip")
    if target.exists():
        raise InvalidInput(f"{target} is there already", hint="choose another name with -o")
    from camera_gateway.roles.exporting import export_to  # noqa: PLC0415 - and half the program with it: only here

    plan = shell.call("evidence.export-plan", request=request)
    columns = (TextColumn("exporting"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=shell.out.notes, disable=not shell.out.shows_progress) as progress:
        task = progress.add_task("export", total=None)

        def told(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        finish = functools.partial(shell.call, "evidence.export-finish")
        report = export_to(shell.loaded, shell.clock, plan, target, finish, told)
    if not shell.out.document(report):
        what = "no recording exists: certificate" if report["nothing"] else f"{report['segments']} segments"
        shell.out.say(f"{report['file']}: {what}, {report['bytes']} bytes, EXPORT.txt {report['export_sha256']}")
        shell.out.table(report["gaps"], ("camera", "from", "to", "cause"), empty="nothing is missing in this span")
        if report["unsealed_days"]:
            shell.out.say(f"not sealed yet: {', '.join(report['unsealed_days'])}; EXPORT.txt alone vouches for them")
        shell.out.table(report["findings"], ("invariant", "what", "where"), empty="")
    if report["nothing"]:
        return NOTHING_THERE  # an export with nothing at all; the certificate is written all the same
    return 1 if report["findings"] else 0


def _margin_us(text: str) -> int:
    try:
        return parse_time(f"+{text}", 0)
    except ValueError:
        raise InvalidInput(f"--margin {text!r} is no duration", hint="write 1h, 30m or 90s") from None
