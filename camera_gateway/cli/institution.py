"""`camera-gateway institution …`: owners of cameras and their sites.

Words in, words out: what happens is in `actions/institutions.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from camera_gateway.cli.shell import command
from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from camera_gateway.cli.shell import Shell


group = click.Group("institution", help="Owners of cameras: children's homes, schools, centres.")


@command(group, "add")
@click.option("--name", required=True, help="The institution's name, in any language.")
@click.option("id_", "--id", help="Its id, chosen once (default: made from the name).")
@click.option("--kind", default="other", show_default=True, help="For example childrens_home or school.")
@click.option("--region", default="", help="Region, as reports name it.")
@click.option("--time-zone", help="tzdata name (default: [site] time_zone).")
@click.option("--allow", "allow", multiple=True, help="Network in which cameras may be, CIDR; repeatable.")
@click.option("--upload-window", "windows", multiple=True, help='For example "daily 22:00-06:00"; repeatable.')
@click.option("--holiday", "holidays", multiple=True, help="YYYY-MM-DD; repeatable.")
def add(
    shell: Shell,
    *,
    name: str,
    id_: str | None,
    kind: str,
    region: str,
    time_zone: str | None,
    allow: tuple[str, ...],
    windows: tuple[str, ...],
    holidays: tuple[str, ...],
) -> None:
    """Register an institution with its default site."""
    made = shell.call(
        "institution.add",
        name=name,
        id=id_,
        kind=kind,
        region=region,
        time_zone=time_zone,
        allowed_networks=list(allow) or None,
        upload_windows=list(windows),
        holidays=list(holidays),
    )
    if not shell.out.document(made):
        shell.out.say(f"institution {made['id']} is registered")


@command(group, "change")
@click.argument("institution")
@click.option("--name", help="The institution's name.")
@click.option("--region", help="Region, as reports name it.")
@click.option("--kind", help="For example childrens_home or school.")
@click.option("--time-zone", help="tzdata name.")
@click.option("--allow", "allow", multiple=True, help="Network for cameras, CIDR, in place of all it had; repeatable.")
@click.option("--upload-window", "windows", multiple=True, help="Upload window, in place of all it had; repeatable.")
@click.option("--default-upload-windows", is_flag=True, help="Follow the installation's upload windows.")
@click.option("--holiday", "holidays", multiple=True, help="YYYY-MM-DD, in place of all it had; repeatable.")
@click.option("--no-holidays", is_flag=True, help="Forget its holidays.")
def change(
    shell: Shell,
    institution: str,
    *,
    allow: tuple[str, ...],
    windows: tuple[str, ...],
    default_upload_windows: bool,
    holidays: tuple[str, ...],
    no_holidays: bool,
    **options: Any,  # noqa: ANN401 - words of the shell
) -> None:
    """Change INSTITUTION and its default site. What is recorded stays."""
    if (windows and default_upload_windows) or (holidays and no_holidays):
        raise InvalidInput("values and the option that takes them all away exclude each other", hint="give one of them")
    made = shell.call(
        "institution.change",
        institution=institution,
        allowed_networks=list(allow) or None,
        upload_windows=list(windows) if windows or default_upload_windows else None,
        holidays=list(holidays) if holidays or no_holidays else None,
        **options,
    )
    if not shell.out.document(made):
        shell.out.fields(made)


@command(group, "list")
def list_(shell: Shell) -> None:
    """List institutions."""
    rows = shell.call("institution.list")
    if not shell.out.document(rows):
        shell.out.table(
            rows,
            ("id", "name", "kind", "region", "cameras"),
            empty="no institution yet: camera-gateway institution add --name …",
        )


@command(group, "show")
@click.argument("institution")
def show(shell: Shell, institution: str) -> None:
    """Show one institution with its sites."""
    found = shell.call("institution.show", institution=institution)
    if not shell.out.document(found):
        shell.out.fields(found)
