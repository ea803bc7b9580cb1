"""`camera-gateway camera discover` and `camera passport …`: who is there, and what is known of a place.

Words in, words out. Passwords come from a file or from standard input; pictures go into files, never to the terminal.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from camera_gateway.cli import camera
from camera_gateway.cli.camera import keep_picture, read_password
from camera_gateway.cli.shell import command
from camera_gateway.domain.passport import CameraRole
from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from camera_gateway.cli.shell import Shell

passport = click.Group("passport", help="Where a camera hangs, what for, its reference picture, its apparatus.")
camera.group.add_command(passport)


@command(camera.group, "discover")
@click.option("--institution", help="The institution whose networks are searched.")
@click.option("--range", "ranges", multiple=True, help="CIDR inside its allowed networks, /20 at most; repeatable.")
@click.option("--username", help="An account to ask the cameras with; it is sent as a digest only.")
@click.option("--password-file", help='File with its password, or "-" for standard input.')
@click.option("--vendor", help="Try this vendor's stream paths, for example hikvision.")
@click.option("--rtsp-port", "rtsp_ports", multiple=True, type=click.IntRange(1, 65_535), help="RTSP port; repeatable.")
@click.option(
    "--onvif-port", "onvif_ports", multiple=True, type=click.IntRange(1, 65_535), help="ONVIF port; repeatable."
)
@click.option("--multicast/--no-multicast", default=True, help="Ask the whole network segment too (default), or not.")
def discover(
    shell: Shell,
    *,
    password_file: str | None,
    rtsp_ports: tuple[int, ...],
    onvif_ports: tuple[int, ...],
    ranges: tuple[str, ...],
    **options: Any,  # noqa: ANN401 - words of the shell
) -> None:
    """Look for cameras: ONVIF by multicast, and every address of a range. Registers nothing."""
    ports = {key: list(value) for key, value in (("rtsp_ports", rtsp_ports), ("onvif_ports", onvif_ports)) if value}
    found = shell.call(
        "camera.discover", password=read_password(password_file), ranges=list(ranges), **ports, **options
    )
    if shell.out.document(found):
        return
    rows = [
        {
            **device,
            "streams": "; ".join(_stream(profile) for profile in device["profiles"]),
            "registered": ", ".join(device["registered"]),
        }
        for device in found["found"]
    ]
    shell.out.table(
        rows,
        ("address", "vendor", "model", "serial", "mac", "firmware", "streams", "trouble", "registered"),
        empty="no camera was found; a range may reach further: --range CIDR",
    )


def _stream(profile: dict[str, Any]) -> str:
    where = profile["url"] or f"refused: {profile['refused']}"
    size = f" {profile['width']}x{profile['height']}" if profile["width"] else ""
    return f"{profile['codec'] or '?'}{size} {where}"


@command(passport, "show")
@click.argument("camera")
def show(shell: Shell, camera: str) -> None:
    """Show the passport of CAMERA, with every device that has served it."""
    found = shell.call("passport.show", camera=camera)
    if not shell.out.document(found):
        shell.out.fields(found)


@command(passport, "set")
@click.argument("camera")
@click.option("--place", help="Floor, room, wall; empty to forget it.")
@click.option("--role", type=click.Choice([*(role.value for role in CameraRole), ""]), help="What it is there for.")
@click.option("--mounted-on", help="YYYY-MM-DD.")
@click.option("--note", help="Anything else.")
@click.option("--onvif-port", type=click.IntRange(1, 65_535), help="Where its ONVIF service is; it is asked at once.")
def set_(shell: Shell, camera: str, **options: Any) -> None:  # noqa: ANN401 - words of the shell
    """Write the passport of CAMERA."""
    found = shell.call("passport.set", camera=camera, **options)
    if not shell.out.document(found):
        words = ", ".join(found["changed"])
        shell.out.say(f"camera {camera}: " + (f"changed {words}" if words else "nothing changed"))


@command(passport, "reference")
@click.argument("camera")
@click.option("--take", is_flag=True, help="Take a picture and keep it as the proposal.")
@click.option("--approve", "sha256", help="Make the proposal with this SHA-256 the reference.")
@click.option("--proposed", is_flag=True, help="Fetch the proposal instead of the reference.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the JPEG here.")
def reference(
    shell: Shell,
    camera: str,
    *,
    take: bool,
    sha256: str | None,
    proposed: bool,
    output: Path | None,
) -> None:
    """Fetch the reference picture of CAMERA, take a proposal for it, or approve the proposal."""
    if take + (sha256 is not None) + proposed > 1:
        raise InvalidInput("--take, --approve and --proposed exclude each other", hint="give one of them")
    if sha256 is not None:
        found = shell.call("passport.approve", camera=camera, sha256=sha256)
    elif take:
        found = shell.call("passport.picture", camera=camera)
    else:
        found = shell.call("passport.reference", camera=camera, proposed=proposed)
    if output is not None and "jpeg" in found:
        keep_picture(output, found)
    found.pop("jpeg", None)
    if not shell.out.document(found):
        shell.out.fields(found)


@command(passport, "settle")
@click.argument("camera")
@click.option(
    "--as",
    "settled_as",
    required=True,
    type=click.Choice(["replaced", "same"]),
    help="Another apparatus was mounted, or it is the same after all.",
)
@click.option("--reason", required=True, help="Why; it goes into the audit log.")
def settle(shell: Shell, camera: str, *, settled_as: str, reason: str) -> None:
    """Say what the noticed change of CAMERA's apparatus is; it is compared with what is there now from then on."""
    found = shell.call("passport.settle", camera=camera, settled_as=settled_as, reason=reason)
    if not shell.out.document(found):
        shell.out.say(f"camera {camera}: settled as {settled_as}")
