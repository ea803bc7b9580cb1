"""`camera-gateway seal …`: sign what a site has recorded in a day, and hold what was signed to the bucket.

`serve` seals each night by itself; `make` is for the impatient and for days that were missed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from camera_gateway.cli.shell import command, read_token

if TYPE_CHECKING:
    from camera_gateway.cli.shell import Shell


group = click.Group("seal", help="Seals: signed statements on what was recorded in a day.")


@command(group, "make")
@click.option("--day", help="UTC day, YYYY-MM-DD; it and all before it (default: everything that is due).")
def make(shell: Shell, *, day: str | None) -> int:
    """Seal every day that is over, and add what came late to those that are sealed; exit 1 on any finding."""
    found = shell.call("seal.make", day=day)
    if not shell.out.document(found):
        for item in found["sealed"]:
            shell.out.say(f"sealed  {item['site']}  {item['seal']}")
        for item in found["findings"]:
            shell.out.say(f"finding  {item['where']}: {item['what']}")
        if not found["sealed"] and not found["findings"]:
            shell.out.say("nothing is due")
        if found["witness"] is None:
            shell.out.say("witness: NONE – nobody outside this installation gets a copy; see [witness] in the settings")
        elif found["waiting_for_witness"]:
            shell.out.say(f"{found['waiting_for_witness']} seals wait for {found['witness']}")
    return 0 if found["ok"] else 1


@command(group, "verify")
@click.option("--day", help="UTC day, YYYY-MM-DD (default: all).")
@click.option("--site", help="Only of this site.")
@click.option("--rebuild", is_flag=True, help="Make each line of the index anew from the object's own sidecar.")
def verify(shell: Shell, *, day: str | None, site: str | None, rebuild: bool) -> int:
    """Check signatures, chain, lists and the objects that they list, as they are in the bucket; exit 1 on any."""
    found = shell.call("seal.verify", day=day, site=site, rebuild=rebuild)
    if not shell.out.document(found):
        for item in found["failures"]:
            shell.out.say(f"FAIL  {item['file']}: {item['reason']}")
        looked = ", ".join(f"{number} {what}" for what, number in found["counts"].items()) or "nothing is sealed yet"
        shell.out.say(f"{'OK' if found['ok'] else 'FAILED'}: looked at {looked}; key {found['key']}")
    return 0 if found["ok"] else 1


@command(group, "rotate")
@click.option("--reason", required=True, help="Why, in a sentence.")
@click.option("--second-token-file", type=click.Path(dir_okay=False, path_type=Path), help="Token of who approves.")
def rotate(shell: Shell, *, reason: str, second_token_file: Path | None) -> None:
    """Change the seal key, by two people: the next seal of each site announces the new one, those after are its."""
    second = None if second_token_file is None else read_token(second_token_file)
    found = shell.call("seal.rotate", reason=reason, second=second)
    if not shell.out.document(found):
        shell.out.say(f"the next seals announce {found['next_key']}, approved by {found['approved_by']}")
        shell.out.say(f"until then {found['key']} signs; print the new fingerprint, and keep it with the old one")
