"""`camera-gateway maintenance …` and `camera-gateway calendar …`: when a loss is excused, and when a site is watched.

Translates only: the work is in actions/maintenance and actions/calendars.
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

group = click.Group("maintenance", help="Planned work: what is lost in it is no outage.")

calendar = click.Group("calendar", help="When a site has to be watched.")


@command(group, "plan")
@click.argument("institution")
@click.option("--site", help="Only this site.")
@click.option("--camera", help="Only this camera.")
@click.option("from_us", "--from", type=_TIME, required=True, help="When it begins; later than now.")
@click.option("to_us", "--to", type=_TIME, required=True, help="When it ends.")
@click.option("--reason", required=True, help="Why, in a sentence.")
def plan(
    shell: Shell, institution: str, *, site: str | None, camera: str | None, from_us: int, to_us: int, reason: str
) -> None:
    """Plan work at INSTITUTION before it begins."""
    found = shell.call(
        "maintenance.plan",
        institution=institution,
        site=site,
        camera=camera,
        from_us=from_us,
        to_us=to_us,
        reason=reason,
    )
    if not shell.out.document(found):
        shell.out.say(f"{found['id']} is planned from {found['from']} to {found['to']}")


@command(group, "list")
@click.option("--institution", help="Only of this institution.")
def list_(shell: Shell, *, institution: str | None) -> None:
    """List planned work of the last year and to come."""
    rows = shell.call("maintenance.list", institution=institution)
    if not shell.out.document(rows):
        columns = ("id", "institution", "site", "camera", "from", "to", "reason", "planned_by", "cancelled_at")
        shell.out.table(rows, columns, empty="nothing is planned")


@command(group, "cancel")
@click.argument("work")
def cancel(shell: Shell, work: str) -> None:
    """Cancel WORK that is to come, or end it now."""
    found = shell.call("maintenance.cancel", number=work)
    if not shell.out.document(found):
        shell.out.say(f"{found['id']} is cancelled")


@command(calendar, "show")
@click.argument("site")
def show(shell: Shell, site: str) -> None:
    """Show when SITE has to be watched."""
    found = shell.call("calendar.show", site=site)
    if not shell.out.document(found):
        shell.out.fields(found)


@command(calendar, "set")
@click.argument("site")
@click.option("--name", help="How the calendar is called.")
@click.option("--window", "windows", multiple=True, help='For example "mon-sat 08:00-20:00"; none: round the clock.')
@click.option("--holiday", "holidays", multiple=True, help="YYYY-MM-DD or YYYY-MM-DD..YYYY-MM-DD; repeatable.")
@click.option("--no-holidays", is_flag=True, help="None, also not those of the site.")
@click.option("--holiday-window", "holiday_windows", multiple=True, help="Hours on holidays; repeatable.")
def set_(
    shell: Shell,
    site: str,
    *,
    name: str | None,
    windows: tuple[str, ...],
    holidays: tuple[str, ...],
    no_holidays: bool,
    holiday_windows: tuple[str, ...],
) -> None:
    """Let a calendar hold for SITE from now on; without --window it is watched round the clock."""
    found = shell.call(
        "calendar.set",
        site=site,
        name=name,
        windows=list(windows),
        holidays=list(holidays) if holidays or no_holidays else None,
        holiday_windows=list(holiday_windows),
    )
    if not shell.out.document(found):
        shell.out.say(f"{found['site']} is watched by the calendar {found['name']}: {', '.join(found['windows'])}")
