"""`camera-gateway footage …`: what is recorded, what is missing and why, and fetching a span as one MP4.

A fetch writes its file here, in the process of the one who asked; everything else is the service's answer.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from camera_gateway.cli.shell import command
from camera_gateway.cli.times import TimeParameter
from camera_gateway.clock import SystemClock, rfc3339

if TYPE_CHECKING:
    from collections.abc import Callable

    from camera_gateway.cli.shell import Shell


def span(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add CAMERA, --from and --to."""
    time = TimeParameter(SystemClock())
    function = click.option("to_us", "--to", type=time, default="now", show_default=True, help="End of the span.")(
        function
    )
    function = click.option(
        "from_us", "--from", type=time, default="-1h", show_default=True, help="Start of the span."
    )(function)
    return click.argument("camera")(function)


group = click.Group("footage", help="Footage: list it, see what is missing and why, fetch it.")


@command(group, "list")
@span
def list_(shell: Shell, camera: str, *, from_us: int, to_us: int) -> None:
    """List the segments of CAMERA that touch a span."""
    rows = shell.call("footage.list", camera=camera, from_us=from_us, to_us=to_us)
    if not shell.out.document(rows):
        shell.out.table(
            rows,
            ("start", "end", "bytes", "video", "audio", "state", "retain_until"),
            empty="no segment in this span: camera-gateway footage coverage says why",
        )


@command(group, "coverage")
@span
def coverage(shell: Shell, camera: str, *, from_us: int, to_us: int) -> None:
    """Say of every second of a span: kept, or missing with a cause."""
    found = shell.call("footage.coverage", camera=camera, from_us=from_us, to_us=to_us)
    if shell.out.document(found):
        return
    say = shell.out.say
    say(f"{found['camera']}  {found['from']} to {found['to']}")
    if found["open"]:
        say(f"recording now: what came since {found['open']['from']} is not sealed yet")
    for name in ("expected", "recorded", "put", "stored", "locked"):
        seconds = found[f"{name}_s"]
        share = f"  {100 * seconds / found['expected_s']:6.2f} %" if found["expected_s"] else ""
        say(f"{name:>9} {seconds:14.3f} s{share}")
    if found["not_yet_stored"]:
        waiting = found["not_yet_stored"]
        eta = waiting["eta"] or "not within the upload windows of the coming week"
        say(f"recorded but not yet stored: {waiting['seconds']:.0f} s, {waiting['bytes']} bytes; expected by {eta}")
    shell.out.table(found["gaps"], ("from", "to", "cause", "required", "detail"), empty="no gap")
    for finding in found["findings"]:
        say(f"finding  {finding}")


@command(group, "fetch")
@span
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="The MP4 to write.")
def fetch(shell: Shell, camera: str, *, from_us: int, to_us: int, output: Path | None) -> int:
    """Fetch a span of CAMERA as one MP4, exactly as it was recorded; say what is missing and why."""
    from camera_gateway.roles.fetching import fetch_to_file  # noqa: PLC0415 - and half the program with it: only here

    target = output or Path(f"{camera}.{_stamp(from_us)}.mp4")
    plan = shell.call("footage.fetch-plan", camera=camera, from_us=from_us, to_us=to_us)
    columns = (TextColumn("fetching"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=shell.out.notes, disable=not shell.out.shows_progress) as progress:
        task = progress.add_task("fetch", total=None)

        def told(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        report = fetch_to_file(shell.loaded, shell.clock, plan, target, told)
    if not shell.out.document(report):
        _say_report(shell, report)
    return 1 if report["findings"] else 0


def _stamp(at_us: int) -> str:
    return rfc3339(at_us - at_us % 1_000_000).replace(":", "").replace("-", "")


def _say_report(shell: Shell, report: dict[str, Any]) -> None:
    say = shell.out.say
    say(f"{report['file']}: {report['bytes']} bytes, {report['covered_s']:.3f} s from {report['from']}")
    if report["findings"]:
        shell.out.table(report["findings"], ("invariant", "what", "where"), empty="")
    if report["missing"]:
        say("missing in this span:")
        shell.out.table(report["missing"], ("from", "to", "cause", "detail"), empty="")
    else:
        say("nothing is missing in this span")
