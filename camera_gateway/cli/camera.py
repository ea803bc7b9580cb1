"""`camera-gateway camera …`: register, see, probe, change, replace, pause, resume and retire cameras.

Passwords come from a file or from standard input, never from the command line, where every user of the host sees it.
"""

from __future__ import annotations

import base64
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from camera_gateway.cli.shell import command, read_token
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
@click.option("--picture", type=click.Path(dir_okay=False, path_type=Path), help="Write one picture here, as JPEG.")
def probe(shell: Shell, camera: str, *, password_file: str | None, picture: Path | None, **options: Any) -> int:  # noqa: ANN401 - words of the shell
    """Say what CAMERA (an id or an rtsp:// URL) really sends, or why it cannot be used."""
    target = {"url": camera} if "://" in camera else {"camera": camera}
    password = read_password(password_file)
    found = shell.call("camera.probe", **target, password=password, picture=picture is not None, **options)
    code: int = found.pop("exit")
    if picture is not None:
        keep_picture(picture, found["picture"])
    if not shell.out.document(found):
        _say_probe(shell, found)
    return code


@command(group, "change")
@click.argument("camera")
@click.option("--name", help="Where it looks, in words.")
@click.option("--zone", help="What it looks at.")
@click.option("--url", help="rtsp://host[:port]/path, without account.")
@click.option("--username", help="The camera's account.")
@click.option("--password-file", help='File with its password, or "-" for standard input.')
@click.option("--no-password", is_flag=True, help="It has no account any more.")
@click.option("--schedule", multiple=True, help="Recording window, in place of all it had; repeatable.")
@click.option("--default-schedule", is_flag=True, help="Follow the installation's schedule.")
@click.option("--probe/--no-probe", default=True, help="Try a changed address or account first (default), or not.")
@click.option(
    "--second-token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The token of the second person, where a change of zone needs one.",
)
def change(
    shell: Shell,
    camera: str,
    *,
    password_file: str | None,
    schedule: tuple[str, ...],
    default_schedule: bool,
    second_token_file: Path | None,
    **options: Any,  # noqa: ANN401 - words of the shell
) -> None:
    """Change CAMERA: its words, its schedule, its address or its account. What is recorded stays."""
    if schedule and default_schedule:
        raise InvalidInput("--schedule and --default-schedule exclude each other", hint="give one of them")
    windows = list(schedule) if schedule or default_schedule else None
    given = {"password": read_password(password_file), "schedule": windows}
    second = None if second_token_file is None else read_token(second_token_file)
    _say_changed(shell, shell.call("camera.change", camera=camera, second=second, **given, **options))


@command(group, "replace")
@click.argument("camera")
@click.option("--url", required=True, help="rtsp://host[:port]/path of the new device, without account.")
@click.option("--username", help="The new device's account.")
@click.option("--password-file", help='File with its password, or "-" for standard input.')
@click.option("--serial", help="Its serial number.")
@click.option("--mac", help="Its MAC address.")
@click.option("--model", help="Its model.")
@click.option("--firmware", help="Its firmware.")
@click.option("--probe/--no-probe", default=True, help="Try the new device first (default), or not.")
def replace(shell: Shell, camera: str, *, password_file: str | None, **options: Any) -> None:  # noqa: ANN401 - words of the shell
    """Let another device serve CAMERA from now on; the place keeps its id and its footage."""
    password = read_password(password_file)
    _say_changed(shell, shell.call("camera.replace", camera=camera, password=password, **options))


def keep_picture(path: Path, taken: dict[str, Any]) -> None:
    """Write the picture into a new file, 0600, and take it out of what is printed."""
    jpeg = taken.pop("jpeg")
    if jpeg is None:
        return
    try:
        path.touch(mode=0o600, exist_ok=False)
        path.write_bytes(base64.b64decode(jpeg))
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror}", hint="choose another name") from None


def _say_changed(shell: Shell, made: dict[str, Any]) -> None:
    if shell.out.document(made):
        return
    words = ", ".join(made["changed"])
    shell.out.say(f"camera {made['id']}: " + (f"changed {words}" if words else "nothing changed"))
    if made["probe"]:
        _say_probe(shell, made["probe"])


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
