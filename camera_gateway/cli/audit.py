"""`camera-gateway audit …`: who did what, who watched what, and whether the record of it is whole.

Only looks. `verify` holds the log to the heads that are anchored in the bucket; the head that it prints is what to
compare with a copy that somebody else keeps.
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
    """Compute the hash chain anew and hold it to the anchored heads; exit 1 at the first row that is another one."""
    found = shell.call("audit.verify")
    anchored = found["anchored"]
    if not shell.out.document(found):
        if found["broken_at"] is None:
            shell.out.say(f"{found['rows']} rows, each follows from the one before it; head {found['head']}")
        else:
            shell.out.say(f"broken at row {found['broken_at']}: it does not follow from the row before it")
        for item in anchored["contradictions"]:
            shell.out.say(f"FAIL  {item['file']}: {item['reason']}")
        if not anchored["checked"]:
            shell.out.say(f"not held to the anchored heads: {anchored['why']}")
        elif not anchored["heads"]:
            shell.out.say("no head is anchored yet: the service does it each hour")
        else:
            shell.out.say(f"{anchored['heads']} anchored heads; the last: {anchored['rows']} rows at {anchored['at']}")
    return 0 if found["ok"] else 1


@command(group, "viewings")
@click.option("from_us", "--from", type=TIME, help="Begun not before (default: the beginning).")
@click.option("to_us", "--to", type=TIME, help="Begun before (default: now).")
@click.option("--camera", help="Of this camera only.")
@click.option("--user", help="Who, for example alia, or session:alia for what she saw in the portal.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000), help="The newest so many.")
def viewings(shell: Shell, **options: Any) -> None:  # noqa: ANN401 - passed on
    """List the register of viewings: who watched which camera, what span, for what purpose, for how long."""
    rows = shell.call("audit.viewings", **options)
    if not shell.out.document(rows):
        columns = ("number", "at", "camera", "action", "from", "to", "watched_s", "actor", "purpose", "case", "address")
        shell.out.table(rows, columns, empty="nobody has watched what fits")
