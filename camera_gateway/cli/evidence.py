"""`camera-gateway evidence …`: footage as proof.

`verify` works without an installation: it is the verifier that travels in each package, under another name.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from camera_gateway.cli.shell import command
from camera_gateway.errors import InvalidInput, NotFound
from camera_gateway.evidence import verifier

if TYPE_CHECKING:
    from camera_gateway.cli.shell import Shell


group = click.Group("evidence", help="Footage as proof.")


@command(group, "verify")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--fingerprint", help="The seal key's fingerprint on paper, SHA256:…")
def verify(shell: Shell, path: Path, *, fingerprint: str | None) -> int:
    """Check a package, a zip of one, or a bucket's files in a directory; exit 1 and the name of each wrong file."""
    if not path.exists():
        raise NotFound(f"{path} is not there")
    try:
        found = verifier.verify(path, fingerprint)
    except (OSError, zipfile.BadZipFile) as error:
        raise InvalidInput(f"{path} cannot be read: {error}", hint="give a directory or a zip") from error
    if not shell.out.document(found.as_json()):
        for line in found.lines():
            shell.out.say(line)
    return 1 if found.failures else 0
