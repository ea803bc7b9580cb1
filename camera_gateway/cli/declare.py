"""`camera-gateway declare|waiver|process|gap …`: what people say beside what is measured.

Translates only: the work is in actions/declaring and actions/waiving.
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

_TIME = TimeParameter(SystemClock())

declare = click.Group("declare", help="Facts that nobody can measure: declared by a person, with evidence.")
waiver = click.Group("waiver", help="Rules that two people let pass for a while.")
process = click.Group("process", help="The register of processes: what was done or happened, and when.")
gap = click.Group("gap", help="Explanations of gaps; the gaps themselves are never changed.")


@command(declare, "kinds")
def kinds(shell: Shell) -> None:
    """List the facts that can be declared; your own begin with x."""
    rows = shell.call("fact.kinds")
    if not shell.out.document(rows):
        shown = [{**row, "title": row["title"]["en"]} for row in rows]
        shell.out.table(shown, ("fact", "scope", "type", "unit", "title"), empty="none")


@command(declare, "set")
@click.argument("fact")
@click.argument("value")
@click.option("--institution", required=True, help="The institution.")
@click.option("--camera", help="The camera, for a fact of one.")
@click.option("--evidence", required=True, help="What shows it: an act, a photograph, by number and date.")
@click.option("valid_until_us", "--valid-until", type=_TIME, help="Until when it holds (default: as usual for it).")
def set_(shell: Shell, **arguments: Any) -> None:  # noqa: ANN401 - the options above
    """Declare that FACT is VALUE."""
    found = shell.call("declare.set", **arguments)
    if not shell.out.document(found):
        shell.out.say(
            f"{found['id']}: {found['fact']} = {found['value']}, until {found['valid_until'] or 'further notice'}"
        )


@command(declare, "list")
@click.option("--institution", help="Of one institution.")
@click.option("withdrawn", "--all", is_flag=True, help="Also what was withdrawn.")
def list_facts(shell: Shell, *, institution: str | None, withdrawn: bool) -> None:
    """List declarations."""
    rows = shell.call("declare.list", institution=institution, withdrawn=withdrawn)
    if not shell.out.document(rows):
        columns = (
            "number",
            "institution",
            "camera",
            "fact",
            "value",
            "state",
            "valid_until",
            "declared_by",
            "evidence",
        )
        shell.out.table(rows, columns, empty="nothing is declared")


@command(declare, "withdraw")
@click.argument("number", type=int)
def withdraw_fact(shell: Shell, number: int) -> None:
    """Withdraw the declaration with this NUMBER; its row stays."""
    found = shell.call("declare.withdraw", number=number)
    if not shell.out.document(found):
        shell.out.say(f"{found['id']} does not hold any more")


@command(waiver, "grant")
@click.option("--institution", required=True, help="The institution.")
@click.option("--camera", help="One camera (default: the whole institution).")
@click.option("--standard", required=True, help="The standard's id.")
@click.option("--rule", required=True, help="The rule's id.")
@click.option("--reason", required=True, help="Why, in a sentence.")
@click.option("until_us", "--until", type=_TIME, required=True, help="Until when, within a year.")
@click.option(
    "--second-token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The token of the second person, who approves.",
)
def grant(shell: Shell, *, second_token_file: Path | None, **arguments: Any) -> None:  # noqa: ANN401 - the options above
    """Let a rule pass for a while; a second person approves. The measurement stays beside it."""
    second = None if second_token_file is None else read_token(second_token_file)
    found = shell.call("waiver.grant", second=second, **arguments)
    if not shell.out.document(found):
        shell.out.say(f"{found['id']}: {found['standard']} {found['rule']} is let pass until {found['until']}")


@command(waiver, "list")
@click.option("--institution", help="Of one institution.")
@click.option("withdrawn", "--all", is_flag=True, help="Also what was withdrawn.")
def list_waivers(shell: Shell, *, institution: str | None, withdrawn: bool) -> None:
    """List waivers."""
    rows = shell.call("waiver.list", institution=institution, withdrawn=withdrawn)
    if not shell.out.document(rows):
        columns = ("number", "institution", "camera", "standard", "rule", "state", "until", "waived_by", "approved_by")
        shell.out.table(rows, columns, empty="nothing is let pass")


@command(waiver, "withdraw")
@click.argument("number", type=int)
def withdraw_waiver(shell: Shell, number: int) -> None:
    """End the waiver with this NUMBER before its time."""
    found = shell.call("waiver.withdraw", number=number)
    if not shell.out.document(found):
        shell.out.say(f"{found['id']} is ended; the rule is judged as it stands")


@command(process, "note")
@click.argument("process")
@click.option("--institution", required=True, help="The institution.")
@click.option("--camera", help="The camera that it is about.")
@click.option("at_us", "--at", type=_TIME, default="now", show_default=True, help="When it happened.")
@click.option("done_us", "--done", type=_TIME, help="When it was dealt with (default: not yet).")
@click.option("--evidence", required=True, help="What shows it: a form, an order, by number and date.")
def note(shell: Shell, **arguments: Any) -> None:  # noqa: ANN401 - the options above
    """Enter PROCESS in the register, for example daily_inspection or police_check_done."""
    found = shell.call("process.note", **arguments)
    if not shell.out.document(found):
        shell.out.say(f"{found['id']}: {found['process']} at {found['at']}")


@command(process, "done")
@click.argument("number", type=int)
@click.option("--evidence", required=True, help="What shows it.")
@click.option("done_us", "--done", type=_TIME, help="When it was dealt with (default: now).")
def done(shell: Shell, **arguments: Any) -> None:  # noqa: ANN401 - the options above
    """Say that the entry with this NUMBER was dealt with."""
    found = shell.call("process.done", **arguments)
    if not shell.out.document(found):
        shell.out.say(f"{found['id']}: {found['process']} done at {found['done_at']}")


@command(process, "list")
@click.option("--institution", help="Of one institution.")
@click.option("--process", help="Of one register.")
def list_processes(shell: Shell, *, institution: str | None, process: str | None) -> None:
    """List the register."""
    rows = shell.call("process.list", institution=institution, process=process)
    if not shell.out.document(rows):
        columns = ("number", "institution", "camera", "process", "at", "done_at", "noted_by", "evidence")
        shell.out.table(rows, columns, empty="the register is empty")


@command(gap, "explain")
@click.argument("camera")
@click.option("from_us", "--from", type=_TIME, required=True, help="Start of the span.")
@click.option("to_us", "--to", type=_TIME, required=True, help="End of the span.")
@click.argument("words")
def explain(shell: Shell, **arguments: Any) -> None:  # noqa: ANN401 - the options above
    """Say in WORDS why something of CAMERA is missing in a span; the gap stays as it is."""
    found = shell.call("gap.explain", **arguments)
    if not shell.out.document(found):
        shell.out.say(f"{found['camera']} from {found['from']} to {found['to']}: {found['words']}")


@command(gap, "explanations")
@click.argument("camera")
@click.option("from_us", "--from", type=_TIME, default="-31d", show_default=True, help="Start of the span.")
@click.option("to_us", "--to", type=_TIME, default="now", show_default=True, help="End of the span.")
def explanations(shell: Shell, **arguments: Any) -> None:  # noqa: ANN401 - the options above
    """List what was said of the gaps of CAMERA."""
    rows = shell.call("gap.explanations", **arguments)
    if not shell.out.document(rows):
        shell.out.table(rows, ("from", "to", "words", "explained_by", "explained_at"), empty="nothing was said")
