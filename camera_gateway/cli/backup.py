"""`camera-gateway backup|rebuild`: the catalogue in a file to be kept elsewhere, and anew from the bucket alone.

Both work in this process: a backup beside a running service, a rebuild only where none runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.progress import Progress, TaskID

from camera_gateway.cli.shell import command
from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from camera_gateway.cli.shell import Shell

commands = click.Group("backup-commands", help="Stand at the top.")
_FILE = click.Path(dir_okay=False, path_type=Path)


@command(commands, "backup")
@click.option("-o", "--output", type=_FILE, help="The file to write.")
@click.option("--with-keys", is_flag=True, help="Put the keys themselves in: whoever has the file can then use them.")
@click.option("--verify", type=_FILE, help="Look at a backup instead of making one; exit 1 when it is damaged.")
def backup(shell: Shell, *, output: Path | None, with_keys: bool, verify: Path | None) -> int:
    """Copy catalogue, settings and the list of keys into one tar file; footage stays in the bucket."""
    if (output is None) == (verify is None):
        raise InvalidInput("nothing to do", hint="give -o FILE to make a backup, or --verify FILE to look at one")
    from camera_gateway.roles.backing_up import back_up, look_at  # noqa: PLC0415 - and half the program with it: only here

    if verify is not None:
        wrong = look_at(verify)
        if not shell.out.document({"ok": not wrong, "file": str(verify), "failures": wrong}):
            for line in wrong or [f"{verify}: whole"]:
                shell.out.say(line)
        return 1 if wrong else 0
    if output is not None:
        output = output.absolute()
        facts = shell.call("backup.begin", file=str(output), with_keys=with_keys)
        made = back_up(shell.loaded, shell.clock, output, facts, with_keys=with_keys)
        shell.call("backup.made", file=str(output), sha256=made["sha256"], size_bytes=made["bytes"])
        if not shell.out.document(made):
            shell.out.say(f"{made['file']}: {made['bytes']} bytes, sha256 {made['sha256']}")
            if not with_keys:
                shell.out.say(f"not in it, and to be kept elsewhere: {', '.join(made['keys']) or 'no keys'}")
    return 0


@command(commands, "rebuild")
def rebuild(shell: Shell) -> int:
    """Make a lost catalogue anew from the bucket; cameras come back paused. Exit 1 when anything is amiss there."""
    if shell.token_file is not None:
        raise InvalidInput("rebuild takes no token: the users were lost too", hint="run it from the host's shell")
    from camera_gateway.roles.rebuilding import rebuild as rebuild_catalogue  # noqa: PLC0415 - and half the program with it: only here

    with Progress(console=shell.out.notes, disable=not shell.out.shows_progress, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def show(stage: str, done: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=None)
            bars.update(tasks[stage], completed=done, description=f"{stage}: {done}")

        found = rebuild_catalogue(shell.loaded, shell.clock, show)
    if not shell.out.document(found):
        shell.out.table(found["findings"], ("invariant", "what", "where"), empty="")
        made = ("cameras", "segments", "seals", "gaps", "unknown_gaps", "holds", "tombstones")
        shell.out.say("rebuilt: " + ", ".join(f"{found[name]} {name.replace('_', ' ')}" for name in made))
        shell.out.say("cameras are paused and have no address; users, policies and names were not in the bucket")
    return 0 if found["ok"] else 1
