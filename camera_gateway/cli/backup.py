"""`camera-gateway backup`: the catalogue, the settings and the list of keys in one file, to be kept elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from camera_gateway.cli.shell import command
from camera_gateway.errors import InvalidInput
from camera_gateway.roles.backing_up import back_up, look_at

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
