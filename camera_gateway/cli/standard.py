"""`camera-gateway standard …` and `camera-gateway compliance …`: cameras against the video standards.

Shows the judgement as it is: unknown and text_needed stand beside the passes. `validate` needs no service and no
configuration.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from camera_gateway.cli.shell import command
from camera_gateway.cli.times import TimeParameter
from camera_gateway.clock import SystemClock
from camera_gateway.compliance.standards import load_standard
from camera_gateway.domain.standard import Basis

if TYPE_CHECKING:
    from camera_gateway.cli.shell import Shell

TIME = TimeParameter(SystemClock())

group = click.Group("standard", help="Video standards, as data.")

compliance = click.Group("compliance", help="Cameras and their archive against a video standard.")
FINDING = ("rule", "clause", "scope", "result", "required", "measured", "verified")


@command(group, "list")
def list_(shell: Shell) -> None:
    """List the standards that this installation knows."""
    rows = shell.call("standard.list")
    if not shell.out.document(rows):
        shown = [{**row, "title": row["title"]["en"]} for row in rows]
        columns = ("id", "edition", "basis", "text_status", "rules", "text_needed", "title")
        shell.out.table(shown, columns, empty="no standard is installed")


@command(group, "show")
@click.argument("standard")
@click.option("--on", help="A day, YYYY-MM-DD: the edition that was in force then (default: today).")
def show(shell: Shell, standard: str, *, on: str | None) -> None:
    """Show a standard with its rules, and how well each figure was read."""
    found = shell.call("standard.show", standard=standard, on=on)
    if shell.out.document(found):
        return
    shell.out.say(f"{found['id']}: {found['title']['en']}")
    shell.out.say(f"{found['authority']} {found['number']}, edition: {found['edition']}")
    shell.out.say(f"basis {found['basis']}, text {found['text_status']}, for {', '.join(found['institutions'])}")
    rows = [{**rule, "title": rule["title"]["en"], "required": _asked(rule)} for rule in found["rules"]]
    shell.out.table(rows, ("id", "clause", "kind", "required", "verified", "title"), empty="no rule")


def _asked(rule: dict[str, Any]) -> str:
    return "text needed" if rule["text_needed"] else str(rule["required"])


@command(group, "validate")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def validate(shell: Shell, file: Path) -> None:
    """Check a standard's FILE before it is installed: errors name line and clause."""
    standard = load_standard(file)
    stubs = [rule.id for rule in standard.rules if rule.text_needed]
    unread = [rule.id for rule in standard.rules if rule.verified == "unverified" and not rule.text_needed]
    found = {
        "ok": True,
        "id": standard.id,
        "edition": standard.edition,
        "basis": standard.basis.value,
        "rules": len(standard.rules),
        "text_needed": stubs,
        "unverified": unread if standard.basis is not Basis.HOUSE else [],
        "languages": sorted(standard.title),
    }
    if shell.out.document(found):
        return
    shell.out.say(f"{standard.id}, edition {standard.edition}: {len(standard.rules)} rules, nothing wrong")
    if stubs:
        shell.out.say(f"without a figure, neither passed nor failed: {', '.join(stubs)}")
    if found["unverified"]:
        shell.out.say(f"with figures that nobody has read in a source: {', '.join(unread)}")


@command(compliance, "check")
@click.argument("institution")
@click.option("--standard", required=True, help="The standard's id; see: camera-gateway standard list.")
@click.option("from_us", "--from", type=TIME, default="-24h", show_default=True, help="Start of the period.")
@click.option("to_us", "--to", type=TIME, default="now", show_default=True, help="End of the period.")
@click.option("--fresh/--last-night", default=True, show_default=True, help="Whose listing of the bucket counts.")
def check(shell: Shell, institution: str, *, standard: str, from_us: int, to_us: int, fresh: bool) -> int:
    """Judge an institution's cameras by a standard; exit 1 when a clause fails."""
    span = {"from_us": from_us, "to_us": to_us}
    found = shell.call("compliance.check", institution=institution, standard=standard, fresh=fresh, **span)
    if not shell.out.document(found):
        shell.out.say(f"{found['standard']} ({found['edition']}), basis {found['basis']}")
        shell.out.table(found["findings"], FINDING, empty="no rule applies")
        for line in found["installation"]:
            shell.out.say(f"installation: {line}")
        for each in found["together"]:
            if each["conflict"]:
                shell.out.say(f"{each['camera']} {each['metric']}: a floor above a ceiling, see --json")
        counted = ", ".join(f"{n} {name}" for name, n in found["counts"].items() if n)
        shell.out.say(f"{found['verdict']}: {counted}")
    return 1 if found["counts"].get("fail") else 0


@command(compliance, "overview")
@click.option("--day", help="A day, YYYY-MM-DD (default: the last that was judged).")
def overview(shell: Shell, *, day: str | None) -> None:
    """Show every institution by every standard, with unknown and text_needed beside the passes."""
    found = shell.call("compliance.overview", day=day)
    if shell.out.document(found):
        return
    rows = [
        {"institution": one["id"], "standard": each["standard"], "verdict": each["verdict"], **each["counts"]}
        for one in found["institutions"]
        for each in one["standards"]
    ]
    columns = ("institution", "standard", "verdict", "fail", "unknown", "text_needed", "accruing", "waived", "pass")
    shell.out.table(rows, columns, empty="nothing has been judged yet")


@command(compliance, "trend")
@click.argument("institution")
@click.option("--standard", required=True, help="The standard's id.")
@click.option("--days", type=click.IntRange(1, 400), default=31, show_default=True, help="So many days back.")
def trend(shell: Shell, institution: str, *, standard: str, days: int) -> None:
    """Show how an institution stood day by day."""
    rows = shell.call("compliance.trend", institution=institution, standard=standard, days=days)
    if not shell.out.document(rows):
        shown = [{"day": row["day"], **row["counts"]} for row in rows]
        columns = ("day", "fail", "unknown", "text_needed", "accruing", "waived", "pass")
        shell.out.table(shown, columns, empty="nothing has been judged yet")
