"""`camera-gateway audit …`: who did what, and whether the record of it is whole.

Only looks. The head that `verify` prints is what to compare with a copy that somebody else keeps.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from camera_gateway.cli.shell import command
from camera_gateway.cli.times import TimeParameter
from camera_gateway.clock import SystemClock

if TYPE_CHECKING:
    from camera_gateway.cli.shell import Shell


TIME = TimeParameter(SystemClock())
group = click.Group("audit", help="The audit log: who did what, when, to what.")


@command(group, "list")
@click.option("from_us", "--from", type=TIME, help="Not before (default: the beginning).")
@click.option("to_us", "--to", type=TIME, help="Before (default: now).")
@click.option("--actor", help="Who, for example token:alia, or alia for both her token and her shell.")
@click.option("--action", help="What, for example footage.fetch, or footage for all of its kind.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000), help="The newest so many.")
def list_(shell: Shell, **options: Any) -> None:  # noqa: ANN401 - passed on
    """List audit rows in order, the newest last."""
    rows = shell.call("audit.list", **options)
    if not shell.out.document(rows):
        table = [{**row, "details": json.dumps(row["details"], ensure_ascii=False)} for row in rows]
        shell.out.table(table, ("number", "at", "actor", "action", "object", "details"), empty="no row fits")


@command(group, "verify")
def verify(shell: Shell) -> int:
    """Compute the hash chain anew; exit 1 at the first row that was changed, dropped or moved."""
    found = shell.call("audit.verify")
    if not shell.out.document(found):
        if found["ok"]:
            shell.out.say(f"{found['rows']} rows, none changed or missing; head {found['head']}")
        else:
            shell.out.say(f"broken at row {found['broken_at']}: it does not follow from the row before it")
    return 0 if found["ok"] else 1
