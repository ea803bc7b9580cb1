"""`camera-gateway hold …`: keep footage until a person lifts it, whatever the rules say.

Translates only: the work is in actions/holds. What is wrong with the store's holds makes the exit code 1.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from camera_gateway.cli.shell import command, read_token
from camera_gateway.cli.times import TimeParameter
from camera_gateway.clock import SystemClock

if TYPE_CHECKING:
    from camera_gateway.cli.shell import Shell

group = click.Group("hold", help="Legal holds: keep footage until a person lifts it.")
_TIME = TimeParameter(SystemClock())


@command(group, "place")
@click.option("--camera", "cameras", multiple=True, help="A camera; repeatable.")
@click.option("--institution", help="Every camera of an institution, also those still to come.")
@click.option("--from", "from_us", type=_TIME, required=True, help="Start of the span.")
@click.option("--to", "to_us", type=_TIME, help="End of the span (default: open-ended).")
@click.option("--reason", required=True, help="Why, in a sentence.")
@click.option("--case", default="", help="The case it is for.")
@click.option("--dry-run", is_flag=True, help="Only say what it would do.")
def place(shell: Shell, **arguments: Any) -> int:  # noqa: ANN401 - the options above
    """Place a hold; in force in the store when this command answers."""
    arguments["cameras"] = list(arguments["cameras"])
    found = shell.call("hold.place", **arguments)
    findings = found["in_force"]["findings"] if found["hold"] else []
    if shell.out.document(found):
        return 1 if findings else 0
    shell.out.say("impact:")
    shell.out.fields(found["impact"], indent="  ")
    if found["hold"]:
        done = found["in_force"]
        shell.out.say(f"{found['hold']['id']} is in force; {done['segments']} stored segments are held by the store")
        if done["gone_s"]:
            shell.out.say(f"gone before it came: {done['gone_s']:.0f} s")
            shell.out.table(done["gone"], ("camera", "from", "to"), empty="")
        shell.out.table(findings, ("invariant", "what", "where"), empty="")
    return 1 if findings else 0


@command(group, "list")
@click.option("--lifted", is_flag=True, help="Also those that were lifted.")
def list_(shell: Shell, *, lifted: bool) -> None:
    """List holds."""
    rows = shell.call("hold.list", lifted=lifted)
    if not shell.out.document(rows):
        columns = ("id", "owner", "cameras", "from", "to", "reason", "case", "placed_by", "in_force_at", "lifted_at")
        shell.out.table(rows, columns, empty="no hold")


@command(group, "lift")
@click.argument("hold")
@click.option("--reason", required=True, help="Why, in a sentence.")
@click.option(
    "--second-token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The token of the second person, who approves.",
)
def lift(shell: Shell, hold: str, *, reason: str, second_token_file: Path | None) -> None:
    """Lift HOLD; a second person approves. What no other hold covers is under its rules again."""
    second = None if second_token_file is None else read_token(second_token_file)
    found = shell.call("hold.lift", hold=hold, reason=reason, second=second)
    if not shell.out.document(found):
        shell.out.say(f"{found['hold']['id']} is lifted; {found['released_segments']} segments were released")


@command(group, "check")
@click.option("--all", "everything", is_flag=True, help="Look at every stored segment, not only where holds are.")
def check(shell: Shell, *, everything: bool) -> int:
    """Hold the store to the catalogue; a hold that is missing there is placed again, and told."""
    found = shell.call("hold.check", everything=everything)
    if not shell.out.document(found):
        shell.out.table(found["findings"], ("invariant", "what", "where"), empty="the store holds what it should")
    return 0 if found["ok"] else 1
