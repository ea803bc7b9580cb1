"""`camera-gateway drill`: prove on a random sample that what is stored can be had back and be seen.

Prints the seed: whoever has it and the ids of what was stored can draw the same lots again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from camera_gateway.cli.shell import command
from camera_gateway.domain.measured import DRILL_SAMPLE

if TYPE_CHECKING:
    from camera_gateway.cli.shell import Shell

commands = click.Group("drill-commands", help="Stands at the top.")


@command(commands, "drill")
@click.option(
    "--sample", default=DRILL_SAMPLE, show_default=True, type=click.IntRange(1, 100_000), help="How many segments."
)
@click.option("--seed", help="Draw by this seed (default: a random one, which is printed and audited).")
def drill(shell: Shell, *, sample: int, seed: str | None) -> int:
    """Fetch a random sample of what is stored, hash it, decode a keyframe of each; exit 1 on any failure."""
    if shell.out.shows_progress:
        shell.out.notes.print(f"fetching up to {sample} segments from the store …")
    found = shell.call("drill", sample=sample, seed=seed)
    if not shell.out.document(found):
        shell.out.say(f"seed {found['seed']}, drawn from {found['population']} stored segments")
        shell.out.table(found["failures"], ("segment", "camera", "cause", "detail", "marked"), empty="")
        if found["checked"]:
            low, high = found["interval_95"]
            share = f"{found['retrievable']:.1%} retrievable, between {low:.1%} and {high:.1%} at 95 % confidence"
            shell.out.say(f"{found['good']} of {found['checked']} came back as stored and decode: {share}")
        else:
            shell.out.say("nothing is stored yet")
    return 0 if found["ok"] else 1
