"""`camera-gateway init|run|record|serve|doctor|check|migrate`: the service itself.

What the roles do is in `roles/`; here are their names, their options and what the terminal shows.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from camera_gateway.cli.shell import command

if TYPE_CHECKING:
    from camera_gateway.cli.shell import Shell

STATE_WORDS = {"proven": "proven", "absent": "ABSENT", "failed": "FAILED"}


commands = click.Group("service", help="The service itself; its commands stand at the top.")


@command(commands, "init")
@click.option("--data-dir", type=click.Path(file_okay=False, path_type=Path), help="Where everything is kept.")
def init(shell: Shell, *, data_dir: Path | None) -> None:
    """Make keys and catalogue in an empty data directory, and a sign-in link for the first administrator."""
    from camera_gateway.roles import lifecycle  # noqa: PLC0415 - and half the program with it: only here

    made = lifecycle.initialise(shell.config, data_dir, shell.clock, first_link=True)
    if not shell.out.document(made):
        shell.out.say(f"{made['data_dir']} is ready; its settings are in {made['config']}")
        shell.out.say(f"keep a copy of {made['credentials_key']} off this machine: it opens the camera passwords")
        shell.out.say(f"write on paper, and sign, what every seal is checked by: {made['seal_key_fingerprint']}")
        shell.out.say(f"once it runs, the first administrator signs in by (once, until {made['sign_in_until']}):")
        shell.out.say(f"  {made['sign_in_link']}")


@command(commands, "run")
@click.option("--demo", is_flag=True, help="Show the product: ten simulated cameras, one of them faulty.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port of the HTTP service (default 8080).")
@click.option("--cameras", type=click.IntRange(1, 200), default=10, show_default=True, help="With --demo.")
@click.option("--for", "seconds", type=click.FloatRange(1), help="End by itself after so many seconds.")
def run(shell: Shell, *, demo: bool, port: int | None, cameras: int, seconds: float | None) -> int:
    """Run everything: recorder, service and the embedded store, each restarted when it ends."""
    from camera_gateway.roles import lifecycle  # noqa: PLC0415 - and half the program with it: only here

    if demo:
        return lifecycle.run_demo(shell.out.say, port=port, cameras=cameras, seconds=seconds)
    return lifecycle.run(shell.config, shell.out.say, port=port, seconds=seconds)


@command(commands, "record")
def record(shell: Shell) -> int:
    """Run the recorder alone: plan in, sealed segments out."""
    from camera_gateway.roles import lifecycle  # noqa: PLC0415 - and half the program with it: only here

    return lifecycle.record(shell.loaded)


@command(commands, "serve")
def serve(shell: Shell) -> int:
    """Run everything but the recorder: intake, upload, health, HTTP."""
    from camera_gateway.roles import lifecycle  # noqa: PLC0415 - and half the program with it: only here

    return lifecycle.serve(shell.loaded)


@command(commands, "doctor")
def doctor(shell: Shell) -> int:
    """Prove what this installation promises: store, clock, disk, database."""
    found = shell.call("doctor")
    if not shell.out.document(found):
        for item in found["properties"]:
            shell.out.say(f"{STATE_WORDS[item['state']]:>7}  {item['name']}: {item['detail']}")
        for finding in found["findings"]:
            shell.out.say(f"finding  {finding}")
    return 0 if found["ok"] else 1


@command(commands, "check")
@click.option("--depth", type=click.Choice(["presence", "size", "hash"]), default="size", show_default=True)
def check(shell: Shell, *, depth: str) -> int:
    """Compare spool, catalogue and bucket with each other; exit 1 on any finding."""
    found = shell.call("check", depth=depth)
    if not shell.out.document(found):
        shell.out.table(found["findings"], ("invariant", "what", "where"), empty="")
        looked = ", ".join(f"{number} {what}" for what, number in found["counted"].items())
        shell.out.say(f"looked at {looked or 'nothing'}: " + ("clean" if found["ok"] else "findings above"))
    return 0 if found["ok"] else 1


@command(commands, "migrate")
def migrate(shell: Shell) -> None:
    """Bring the catalogue's schema up to this version; a copy is kept first."""
    from camera_gateway.roles import lifecycle  # noqa: PLC0415 - and half the program with it: only here

    done = lifecycle.migrate(shell.loaded)
    if not shell.out.document(done):
        shell.out.say(f"catalogue schema: {done['from'] or 'none'} → {done['to']}")
