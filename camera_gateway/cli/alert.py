"""`camera-gateway alert …` and `camera-gateway outage …`: what is wrong, what was lost, and who was told.

Translates only: the work is in actions/alerts and actions/outages. A channel that does not work makes the exit code 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from camera_gateway.cli.shell import command
from camera_gateway.cli.times import TimeParameter
from camera_gateway.clock import SystemClock

if TYPE_CHECKING:
    from camera_gateway.cli.shell import Shell

_TIME = TimeParameter(SystemClock())

group = click.Group("alert", help="Alerts: what is wrong, and who was told.")

outage = click.Group("outage", help="Outages: what was lost, since when, and to whom it was reported.")


@command(group, "list")
@click.option("--open", "open_", is_flag=True, help="Only what is still wrong.")
def list_(shell: Shell, *, open_: bool) -> None:
    """List alerts, the newest first."""
    rows = shell.call("alert.list", open=open_)
    if not shell.out.document(rows):
        told = [{**row, "told": _told(row["notices"])} for row in rows]
        columns = ("id", "severity", "code", "subject", "opened_at", "told", "acknowledged_by", "resolved_at")
        shell.out.table(told, columns, empty="no alert")


@command(group, "acknowledge")
@click.argument("alert")
def acknowledge(shell: Shell, alert: str) -> None:
    """Take ALERT in hand: it goes no further up and is not told again."""
    found = shell.call("alert.acknowledge", number=alert)
    if not shell.out.document(found):
        shell.out.say(f"{found['id']} is in your hands")


@command(group, "test")
@click.argument("channel")
def test(shell: Shell, channel: str) -> int:
    """Send a message over CHANNEL of the settings that only shows that it works."""
    found = shell.call("alert.test", channel=channel)
    if not shell.out.document(found):
        shell.out.say(f"{channel}: {'sent' if found['sent'] else found['error']}")
    return 0 if found["sent"] else 1


@command(outage, "list")
@click.option("--institution", help="Only of this institution.")
@click.option("from_us", "--from", type=_TIME, default="-31d", show_default=True, help="Start of the span.")
@click.option("to_us", "--to", type=_TIME, default="now", show_default=True, help="End of the span.")
@click.option("--open", "open_", is_flag=True, help="Only those that go on.")
def outages(shell: Shell, *, institution: str | None, from_us: int, to_us: int, open_: bool) -> None:
    """List outages that touch a span, the newest first."""
    rows = shell.call("outage.list", institution=institution, from_us=from_us, to_us=to_us, open=open_)
    if not shell.out.document(rows):
        columns = ("id", "kind", "site", "cameras", "start", "detected_at", "notified_at", "end", "reported_to")
        shell.out.table(rows, columns, empty="no outage")


@command(outage, "report")
@click.argument("outage")
@click.option("--to", required=True, help="To whom it was reported.")
@click.option("--at", "at_us", type=_TIME, default="now", show_default=True, help="When.")
def report(shell: Shell, outage: str, *, to: str, at_us: int) -> None:
    """Enter that OUTAGE was reported upward."""
    found = shell.call("outage.report", number=outage, to=to, at_us=at_us)
    if not shell.out.document(found):
        shell.out.say(f"{found['id']} was reported to {found['reported_to']} at {found['reported_at']}")


def _told(notices: list[dict[str, object]]) -> str:
    """Return how many messages arrived, of how many."""
    if not notices:
        return "-"
    return f"{sum(bool(notice['sent']) for notice in notices)}/{len(notices)}"
