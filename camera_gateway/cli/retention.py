"""`camera-gateway retention …`: the rules, what they would delete and why, and deleting exactly that.

Translates only: the work is in actions/retention and actions/retention_rules.
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

group = click.Group("retention", help="How long footage is kept, what goes, and why.")
policy = click.Group("policy", help="The rules: keep at least, delete by.")
group.add_command(policy)
_TIME = TimeParameter(SystemClock())
_SECOND = click.option(
    "--second-token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The token of the second person, where one is needed.",
)


@command(group, "plan")
@click.option("--camera", "cameras", multiple=True, help="Show this camera only; repeatable. The digest is of all.")
@click.option("--due", is_flag=True, help="Leave out what is simply kept.")
def plan(shell: Shell, *, cameras: tuple[str, ...], due: bool) -> None:
    """Say of every segment what is to become of it and why; the digest is what a sweep needs."""
    found = shell.call("retention.plan", cameras=list(cameras), due=due)
    if shell.out.document(found):
        return
    shell.out.table(
        found["decisions"], ("segment", "camera", "start", "decision", "reasons"), empty="nothing but what is kept"
    )
    going = found["going"]
    shell.out.say(f"as of {found['as_of']}: {going['segments']} segments, {going['bytes']} bytes would go")
    for reason in found["brake"]:
        shell.out.say(f"the brake would stop it: {reason}")
    shell.out.say(f"digest {found['digest']}")


@command(group, "sweep")
@click.option("--digest", required=True, help="The digest of the plan that is to be carried out.")
@click.option("--dry-run", is_flag=True, help="Only say whether the plan still holds and would pass the brake.")
@click.option("--confirm-brake", is_flag=True, help="Do it although the brake stops it; takes a second person.")
@_SECOND
def sweep(shell: Shell, *, digest: str, dry_run: bool, confirm_brake: bool, second_token_file: Path | None) -> int:
    """Delete exactly what a plan lists, if nothing has changed since."""
    second = None if second_token_file is None else read_token(second_token_file)
    found = shell.call("retention.sweep", digest=digest, dry_run=dry_run, confirm_brake=confirm_brake, second=second)
    findings = found.get("findings", [])
    if shell.out.document(found):
        return 1 if findings else 0
    for reason in found["brake"]:
        shell.out.say(f"brake: {reason}")
    if dry_run:
        shell.out.say(f"the plan holds: {found['going']['segments']} segments would go")
        return 0
    done = found["deleted"]
    shell.out.say(f"{done['segments']} segments, {done['bytes']} bytes deleted; {done['confirmed']} confirmed as gone")
    shell.out.table(found["skipped"], ("segment", "reason"), empty="")
    shell.out.table(findings, ("invariant", "what", "where"), empty="")
    shell.out.say(f"certificate {found['certificate']['sha256']}")
    return 1 if findings else 0


@command(group, "certificate")
@click.option("--digest", required=True, help="The digest of the plan that was carried out.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="The file to write.")
def certificate(shell: Shell, *, digest: str, output: Path | None) -> None:
    """Certify what a plan has deleted; with -o the signature of the seal key lies beside it, in FILE.sig."""
    found = shell.call("retention.certificate", digest=digest)
    if output is not None:
        output.write_bytes(found["text"].encode())
        output.with_name(f"{output.name}.sig").write_bytes(bytes.fromhex(found["signature"]))
    if shell.out.document(found):
        return
    if output is None:
        click.echo(found["text"], nl=False)
    else:
        shell.out.say(f"{output} is written; its SHA-256 is {found['sha256']}")


@command(group, "overdue")
def overdue(shell: Shell) -> int:
    """List what is kept longer than it may be, and deletions that are not confirmed yet."""
    found = shell.call("retention.overdue")
    if not shell.out.document(found):
        shell.out.table(found["overdue"], ("segment", "camera", "start", "reasons"), empty="nothing is overdue")
        shell.out.table(found["unconfirmed"], ("segment", "camera", "ordered_at"), empty="")
    return 1 if found["overdue"] else 0


@command(policy, "list")
def list_rules(shell: Shell) -> None:
    """List the rules, and what they come to for each camera."""
    found = shell.call("retention.policy-list")
    if not shell.out.document(found):
        shell.out.say(f"beneath all rules: {found['settings']}")
        columns = ("rule", "scope", "floor_days", "ceiling_days", "valid_from", "made_by", "approved_by", "reason")
        shell.out.table(found["rules"], columns, empty="no rule of its own")
        camera_columns = ("camera", "rules", "floor_days", "margin_days", "ceiling_days", "contradictory")
        shell.out.table(found["cameras"], camera_columns, empty="no camera")


@command(policy, "set")
@click.option("--name", default="policy", show_default=True, help="Rules of one name override each other.")
@click.option("--institution", help="For an institution.")
@click.option("--zone", help="For a zone, of that institution or of all.")
@click.option("--camera", help="For one camera.")
@click.option("--floor-days", type=click.IntRange(1), help="Keep at least.")
@click.option("--ceiling-days", type=click.IntRange(1), help="Be gone after.")
@click.option("--valid-from", "valid_from_us", type=_TIME, help="From when on (default: now).")
@click.option("--reason", required=True, help="Why, in a sentence.")
@click.option("--dry-run", is_flag=True, help="Only show the effect.")
@_SECOND
def set_rule(shell: Shell, *, second_token_file: Path | None, **arguments: Any) -> None:  # noqa: ANN401 - the options above
    """Make a new version of a rule, its effect shown first; without days the rule ends. Shortening takes two people."""
    second = None if second_token_file is None else read_token(second_token_file)
    found = shell.call("retention.policy-set", second=second, **arguments)
    if not shell.out.document(found):
        shell.out.say("effect:")
        shell.out.fields(found["effect"], indent="  ")
        made = f"{found['rule']} is in force from {found['valid_from']}" if found["rule"] else "nothing was changed"
        shell.out.say(made)
