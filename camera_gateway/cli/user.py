"""`camera-gateway user …`: people and their roles.

Says who may do what where, and until when; what each role may do stands in access/permissions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from camera_gateway.cli.shell import command
from camera_gateway.cli.times import TimeParameter
from camera_gateway.clock import SystemClock
from camera_gateway.domain.people import Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from camera_gateway.cli.shell import Shell

ROLES = click.Choice([role.value for role in Role])


def scope_and_end(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --scope and --expires."""
    expires = click.option(
        "expires_us", "--expires", type=TimeParameter(SystemClock()), help="When it ends, for example +30d."
    )
    scope = click.option(
        "--scope", default="all", show_default=True, help="all, region:NAME, institution:ID or zone:ZONE."
    )
    return scope(expires(function))


group = click.Group("user", help="People: who may do what, where, and until when.")


@command(group, "add")
@click.option("--name", required=True, help="The person's name.")
@click.option("id_", "--id", help="The account's id, chosen once (default: made from the name).")
@click.option("--post", default="", help="The person's position, as registers of access name it.")
@click.option("--role", type=ROLES, help="A first role (default: none yet).")
@scope_and_end
def add(shell: Shell, *, id_: str | None, **options: Any) -> None:  # noqa: ANN401 - passed on
    """Add a person; a sign-in link lets them in, a token lets a program act for them."""
    made = shell.call("user.add", id=id_, **options)
    if not shell.out.document(made):
        shell.out.say(f"user {made['id']} is added: {_roles(made)}")
        shell.out.say(f"next: camera-gateway user invite {made['id']}")


@command(group, "list")
def list_(shell: Shell) -> None:
    """List users with their roles."""
    rows = shell.call("user.list")
    if not shell.out.document(rows):
        table = [{**row, "roles": _roles(row)} for row in rows]
        shell.out.table(
            table, ("id", "name", "state", "roles"), empty="no user yet: camera-gateway user add --role administrator …"
        )


@command(group, "disable")
@click.argument("user")
def disable(shell: Shell, user: str) -> None:
    """End USER's account for good; none of its sessions and tokens works from now on."""
    found = shell.call("user.disable", user=user)
    if not shell.out.document(found):
        shell.out.say(f"user {user} is disabled, with every token")


@command(group, "invite")
@click.argument("user", required=False)
def invite(shell: Shell, *, user: str | None) -> None:
    """Make a sign-in link for USER, good once; without USER, for the first administrator."""
    made = shell.call("user.invite", user=user)
    if not shell.out.document(made):
        click.echo(made["link"])
        whom = "the first administrator" if made["first"] else made["user"]
        shell.out.notes.print(f"for {whom}, good once and until {made['expires']}; it is not shown again")


@command(group, "totp-reset")
@click.argument("user")
def totp_reset(shell: Shell, user: str) -> None:
    """Take USER's lost second factor away: one administrator asks, another does the same within a day."""
    found = shell.call("user.totp-reset", user=user)
    if not shell.out.document(found):
        done = found["state"] == "reset"
        shell.out.say(
            f"user {user} sets up a new second factor at the next sign-in"
            if done
            else f"asked: another administrator runs camera-gateway user totp-reset {user} within a day"
        )


@command(group, "role")
@click.argument("user")
@click.option("--grant", type=ROLES, help="The role to give; given again, only its end changes.")
@click.option("--revoke", type=ROLES, help="The role to take away.")
@scope_and_end
def role(shell: Shell, user: str, **options: Any) -> None:  # noqa: ANN401 - passed on
    """Give USER a role in a scope, or take it away."""
    found = shell.call("user.role", user=user, **options)
    if not shell.out.document(found):
        shell.out.say(f"user {user}: {_roles(found)}")


def _roles(user: dict[str, Any]) -> str:
    told = []
    for grant in user["roles"]:
        end = "" if grant["expires"] is None else f" {'until' if grant['in_force'] else 'ended'} {grant['expires']}"
        told.append(f"{grant['role']} in {grant['scope']}{end}")
    return ", ".join(told) or "no role"
