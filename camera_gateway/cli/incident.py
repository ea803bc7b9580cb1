"""`camera-gateway incident …`: report an incident in one step, and see the register.

Promises that notices which cannot be written as files do not undo the entry and the hold.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from camera_gateway.cli.shell import command
from camera_gateway.cli.times import TimeParameter
from camera_gateway.clock import SystemClock
from camera_gateway.errors import Unavailable

if TYPE_CHECKING:
    from camera_gateway.cli.shell import Shell

group = click.Group("incident", help="Incidents: hold the footage, enter it, write the notices.")


@command(group, "report")
@click.argument("institution")
@click.option("--camera", "cameras", multiple=True, help="A camera; repeatable. Without: all of the institution.")
@click.option("--at", "at_us", type=TimeParameter(SystemClock()), required=True, help="When it happened.")
@click.option("--text", required=True, help="What happened, in a few sentences.")
@click.option(
    "-o", "--output", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Where the notices go."
)
def report(shell: Shell, institution: str, *, output: Path, **arguments: Any) -> int:  # noqa: ANN401 - the options above
    """Hold an hour on both sides of the moment, enter the incident, and write the notices (Russian, Kazakh)."""
    arguments["cameras"] = list(arguments["cameras"])
    found = shell.call("incident.report", institution=institution, **arguments)
    files = [output / name for name in found["notices"]]
    try:
        output.mkdir(parents=True, exist_ok=True)
        for file, text in zip(files, found["notices"].values(), strict=True):
            file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Unavailable(
            f"{found['incident']['id']} is entered and its footage is on hold, but {output} cannot be written"
            f" ({error.strerror})",
            hint="the notices are in the answer of --json",
        ) from error
    if not shell.out.document({**found, "files": [str(file) for file in files]}):
        shell.out.say(f"{found['incident']['id']} is entered; {found['hold']['id']} keeps its footage")
        shell.out.fields(found["steps"], indent="  ")
        if not found["hold"]["confirmed"]:
            shell.out.say(f"{found['hold']['why']}; nothing of it will be deleted, and the store is asked again")
        for file in files:
            shell.out.say(f"notice: {file}")
    return 1 if found["hold"].get("findings") else 0


@command(group, "list")
def list_(shell: Shell) -> None:
    """List the register of incidents."""
    rows = shell.call("incident.list")
    if not shell.out.document(rows):
        columns = ("id", "institution", "cameras", "at", "text", "hold", "reported_by", "reported_at")
        shell.out.table(rows, columns, empty="no incident")
