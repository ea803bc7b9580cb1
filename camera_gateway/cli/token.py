"""`camera-gateway token …`: API tokens.

A token's text is printed once, to standard output or into a file that only its owner may read, and never again.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from camera_gateway.cli.shell import command
from camera_gateway.cli.user import scope_and_end
from camera_gateway.errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    from camera_gateway.cli.shell import Shell


group = click.Group("token", help="Tokens: how a user shows who they are.")


@command(group, "create")
@click.argument("user")
@click.option("--label", default="", help="What it is for, in words.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="New file for it, mode 0600.")
@scope_and_end
def create(shell: Shell, user: str, *, out: Path | None, **options: Any) -> None:  # noqa: ANN401 - passed on
    """Make a token for USER, narrowed to --scope; it ends after 90 days unless --expires says otherwise."""
    if out is None:
        made = shell.call("token.create", user=user, **options)
    else:
        # the file first: a token that was made and could not be kept would be good for nobody
        descriptor = _new_file(out)
        try:
            made = shell.call("token.create", user=user, **options)
            _fill(out, descriptor, made.pop("token"))
        except BaseException:
            out.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)
        made["file"] = str(out)
    if shell.out.document(made):
        return
    if out is None:
        click.echo(made["token"])
        shell.out.notes.print(f"token {made['id']} of {user}, good until {made['expires']}; it is not shown again")
    else:
        shell.out.say(f"token {made['id']} of {user} is in {out}, good until {made['expires']}")


@command(group, "list")
@click.option("--user", help="Only this user's.")
def list_(shell: Shell, *, user: str | None) -> None:
    """List tokens: whose, until when, last used; not what they are."""
    rows = shell.call("token.list", user=user)
    if not shell.out.document(rows):
        shell.out.table(
            rows,
            ("id", "user", "state", "scope", "label", "issued_by", "expires", "last_used"),
            empty="no token yet: camera-gateway token create USER",
        )


@command(group, "revoke")
@click.argument("token")
def revoke(shell: Shell, token: str) -> None:
    """End a token at once; TOKEN is its id, as in token list."""
    found = shell.call("token.revoke", token=token)
    if not shell.out.document(found):
        shell.out.say(f"token {found['id']} of {found['user']} is revoked")


def _new_file(path: Path) -> int:
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise InvalidInput(f"{path} exists already", hint="give the name of a new file") from None
    except OSError as error:
        raise InvalidInput(f"{path} cannot be made: {error.strerror}", hint="choose another place") from None


def _fill(path: Path, descriptor: int, text: str) -> None:
    try:
        os.write(descriptor, f"{text}\n".encode("ascii"))
        os.fsync(descriptor)
    except OSError as error:
        raise Unavailable(
            f"{path} cannot be written: {error.strerror}", hint="revoke the token, see token list; then try again"
        ) from error
