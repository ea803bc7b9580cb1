"""`camera-gateway standard …` and `camera-gateway compliance …`: cameras against the video standards.

Shows the judgement as it is: unknown and text_needed stand beside the passes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from camera_gateway.cli.shell import command
from camera_gateway.cli.times import TimeParameter
from camera_gateway.clock import SystemClock

if TYPE_CHECKING:
    from camera_gateway.cli.shell import Shell


TIME = TimeParameter(SystemClock())

group = click.Group("standard", help="Video standards, as data.")

compliance = click.Group("compliance", help="Cameras and their archive against a video standard.")


@command(group, "list")
def list_(shell: Shell) -> None:
    """List the standards that this installation knows."""
    rows = shell.call("standard.list")
    if not shell.out.document(rows):
        shell.out.table(rows, ("id", "basis", "text_status", "rules", "title"), empty="no standard is installed")


@command(compliance, "check")
@click.argument("institution")
@click.option("--standard", required=True, help="The standard's id; see: camera-gateway standard list.")
@click.option("from_us", "--from", type=TIME, default="-24h", show_default=True, help="Start of the period.")
@click.option("to_us", "--to", type=TIME, default="now", show_default=True, help="End of the period.")
def check(shell: Shell, institution: str, *, standard: str, from_us: int, to_us: int) -> int:
    """Judge an institution's cameras by a standard; exit 1 when a clause fails."""
    found = shell.call("compliance.check", institution=institution, standard=standard, from_us=from_us, to_us=to_us)
    if not shell.out.document(found):
        shell.out.say(f"{found['standard']} ({found['edition']}), basis {found['basis']}")
        shell.out.table(
            found["findings"],
            ("rule", "clause", "scope", "result", "required", "measured", "verified"),
            empty="no rule applies",
        )
        shell.out.say(", ".join(f"{n} {name}" for name, n in found["counts"].items() if n))
    return 1 if found["counts"].get("fail") else 0
