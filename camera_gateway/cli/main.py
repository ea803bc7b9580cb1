"""`camera-gateway`: the same verbs from a shell. See docs/reference/commands.md (generated).

Only puts the groups together; each group has a module of its own.
"""

from __future__ import annotations

from pathlib import Path

import click

from camera_gateway.cli import (
    alert,
    audit,
    backup,
    camera,
    declare,
    drill,
    evidence,
    footage,
    hold,
    importing,
    incident,
    institution,
    maintenance,
    pictures,
    registering,
    report,
    retention,
    seal,
    service,
    standard,
    token,
    user,
)
from camera_gateway.cli.shell import OneLineErrors


@click.group(cls=OneLineErrors, name="camera-gateway", context_settings={"max_content_width": 110})
@click.option("--config", type=click.Path(dir_okay=False, path_type=Path), help="The gateway.toml to use.")
@click.option("as_json", "--json", is_flag=True, help="Print one JSON document on standard output.")
@click.option(
    "--token-file", type=click.Path(dir_okay=False, path_type=Path), help="Act as the user of the token in it."
)
@click.version_option(package_name="camera-gateway")
def main(config: Path | None, token_file: Path | None, *, as_json: bool) -> None:
    """Record institution cameras, keep the footage off site as long as the rules say, and prove it."""


REGISTERING = (importing.import_cameras, importing.import_institutions, registering.passport, pictures.looks)
"""Commands of other modules that stand in the groups `camera` and `institution`."""

for part in (
    institution.group,
    camera.group,
    footage.group,
    standard.group,
    standard.compliance,
    declare.declare,
    declare.waiver,
    declare.process,
    declare.gap,
    user.group,
    token.group,
    retention.group,
    hold.group,
    audit.group,
    seal.group,
    evidence.group,
    incident.group,
    report.group,
    alert.group,
    alert.outage,
    maintenance.group,
    maintenance.calendar,
):
    main.add_command(part)
for top in (service, drill, backup):
    for command in top.commands.commands.values():
        main.add_command(command)
