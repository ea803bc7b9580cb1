"""`camera-gateway camera looks|look|night`: what looks at pictures have found, and the reference of the night.

Words in, words out. A picture goes into a file, never to the terminal.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from camera_gateway.cli.camera import group, keep_picture
from camera_gateway.cli.shell import command
from camera_gateway.cli.times import TimeParameter
from camera_gateway.clock import SystemClock
from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from camera_gateway.cli.shell import Shell

_TIME = TimeParameter(SystemClock())


@command(group, "looks")
@click.argument("camera")
@click.option("--from", "from_us", type=_TIME, default="-24h", help="Since when (default: a day ago).")
@click.option("--to", "to_us", type=_TIME, default="now", help="Until when (default: now).")
def looks(shell: Shell, camera: str, *, from_us: int, to_us: int) -> None:
    """Show what looks at the picture of CAMERA have found, and its impairments."""
    found = shell.call("picture.looks", camera=camera, from_us=from_us, to_us=to_us)
    if shell.out.document(found):
        return
    shell.out.table(
        [
            {
                "at": look["at"],
                "outcome": look["outcome"],
                "bad": " ".join(look["verdicts"]),
                "unknown": " ".join(look["unknown"]),
                "light": look["measured"].get("light", ""),
            }
            for look in found["looks"]
        ],
        ("at", "outcome", "bad", "unknown", "light"),
        empty="nobody has looked in this span; pictures of recording cameras are looked at every ten minutes",
    )
    for each in found["impairments"]:
        until = each["to"] or "still there"
        shell.out.say(f"{each['kind']}: {each['from']} to {until}, to within {each['precision_s']:g} s")
    if found["reference"] is None:
        shell.out.say(f"no reference picture is approved; see: camera-gateway camera passport reference {camera}")
    if found["night_proposed"] is not None:
        proposed = found["night_proposed"]["sha256"]
        shell.out.say(f"a picture of the night waits for approval: {proposed}; see: camera night {camera} --proposed")


@command(group, "look")
@click.argument("camera")
def look(shell: Shell, camera: str) -> None:
    """Look at the newest picture of CAMERA at once."""
    found = shell.call("picture.now", camera=camera)
    if not shell.out.document(found):
        shell.out.fields(found)


@command(group, "night")
@click.argument("camera")
@click.option("--proposed", is_flag=True, help="Fetch the proposal instead of the approved picture.")
@click.option("--approve", "sha256", help="Make the proposal with this SHA-256 the reference of the night.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the JPEG here.")
def night(shell: Shell, camera: str, *, proposed: bool, sha256: str | None, output: Path | None) -> None:
    """Fetch the reference picture of CAMERA by night, or approve the one that a look has proposed."""
    if proposed and sha256 is not None:
        raise InvalidInput("--proposed and --approve exclude each other", hint="give one of them")
    if sha256 is not None:
        found = shell.call("picture.night-approve", camera=camera, sha256=sha256)
    else:
        found = shell.call("picture.night", camera=camera, proposed=proposed)
    if output is not None and "jpeg" in found:
        keep_picture(output, found)
    found.pop("jpeg", None)
    if not shell.out.document(found):
        shell.out.fields(found)
