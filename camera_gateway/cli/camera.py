"""`camera-gateway camera …`: register, see, probe, pause, resume and retire cameras.

Passwords come from a file or from standard input, never from the command line, where every user of the host sees it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from camera_gateway.cli.shell import command
from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from camera_gateway.cli.shell import Shell


def read_password(source: str | None) -> str | None:
    """Read a password from a file, or from standard input for "-"; one trailing newline is not part of it."""
    if source is None:
        return None
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"password file {source}: {type(error).__name__}", hint="give a readable text file"
        ) from None
    return text.removesuffix("\n").removesuffix("\r")


group = click.Group("camera", help="Cameras: places on the wall, served by devices.")


@command(group, "add")
@click.option("--institution", required=True, help="The institution's id.")
@click.option("--site", help="The site's id (default: the institution's own).")
@click.option("--name", required=True, help="Where it looks, in words.")
@click.option("id_", "--id", help="Its id, chosen once (default: made from the name).")
@click.option("--zone", required=True, help="What it looks at, for example entrance or bedroom.")
@click.option("--url", required=True, help="rtsp://host[:port]/path, without account.")
@click.option("--username", help="The camera's account.")
@click.option("--password-file", help='File with its password, or "-" for standard input.')
@click.option("--schedule", multiple=True, help='Recording window, for example "mon-fri 07:00-20:00"; repeatable.')
@click.option("--probe/--no-probe", default=True, help="Try the camera first (default), or register it unseen.")
def add(shell: Shell, *, password_file: str | None, id_: str | None, **options: Any) -> None:  # noqa: ANN401 - words of the shell
    """Register a camera; it is tried first, and recorded from then on."""
    made = shell.call("camera.add", id=id_, password=read_password(password_file), **options)
    if not shell.out.document(made):
        shell.out.say(f"camera {made['id']} is registered at {made['device']['url']}")
        if made["probe"]:
            _say_probe(shell, made["probe"])


@command(group, "list")
@click.option("--institution", help="Only of this institution.")
@click.option("--retired", is_flag=True, help="Retired ones too.")
def list_(shell: Shell, *, institution: str | None, retired: bool) -> None:
    """List cameras with what they do now."""
    rows = shell.call("camera.list", institution=institution, retired=retired)
    if not shell.out.document(rows):
        shell.out.table(
            rows,
            ("id", "name", "institution", "zone", "state", "cause", "last_packet_at"),
            empty="no camera yet: camera-gateway camera add …",
        )


@command(group, "show")
@click.argument("camera")
def show(shell: Shell, camera: str) -> None:
    """Show one camera: place, device, state."""
    found = shell.call("camera.show", camera=camera)
    if not shell.out.document(found):
        shell.out.fields(found)


@command(group, "probe")
@click.argument("camera")
@click.option("--institution", help="With a URL: the institution whose networks are allowed.")
@click.option("--username", help="With a URL: the camera's account.")
@click.option("--password-file", help='With a URL: file with its password, or "-".')
@click.option("--seconds", default=5.0, show_default=True, type=click.FloatRange(1, 60), help="How long to watch.")
def probe(shell: Shell, camera: str, *, password_file: str | None, **options: Any) -> int:  # noqa: ANN401 - words of the shell
    """Say what CAMERA (an id or an rtsp:// URL) really sends, or why it cannot be used."""
    target = {"url": camera} if "://" in camera else {"camera": camera}
    found = shell.call("camera.probe", **target, password=read_password(password_file), **options)
    code: int = found.pop("exit")
    if not shell.out.document(found):
        _say_probe(shell, found)
    return code


def _add_change(group: click.Group, name: str, verb: str, done: str, text: str) -> None:
    @click.argument("camera")
    def change(shell: Shell, camera: str) -> None:
        found = shell.call(verb, camera=camera)
        if not shell.out.document(found):
            shell.out.say(f"camera {camera} is {done}")

    change.__doc__ = text
    command(group, name)(change)


def _say_probe(shell: Shell, found: dict[str, Any]) -> None:
    if not found["ok"]:
        shell.out.say(f"not usable: {found['cause']} – {found['message']}. {found['hint']}")
        return
    shell.out.fields({k: v for k, v in found.items() if k not in {"ok", "cause", "hint", "message"} and v is not None})
    if found["hint"]:
        shell.out.say(found["hint"])


for name, verb, done, text in (
    ("pause", "camera.pause", "paused", "Stop recording a camera by order; the gap says who ordered it."),
    ("resume", "camera.resume", "recorded again", "Record a paused camera again."),
    ("retire", "camera.retire", "retired", "End a camera's life; its footage stays as long as the rules say."),
):
    _add_change(group, name, verb, done, text)
