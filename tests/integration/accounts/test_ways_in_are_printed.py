"""One-time links where a person looks for them: `init`, `run`, the demonstration, `user invite`; never in a log."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from support.command_line import Directory
from support.people import SHELL

from camera_gateway.api.control import ControlSocket
from camera_gateway.api.control_client import SOCKET_NAME
from camera_gateway.catalogue import audit_log
from camera_gateway.catalogue.opening import Catalogue
from camera_gateway.clock import HeldClock, SystemClock
from camera_gateway.roles import demo, lifecycle
from camera_gateway.roles.loading import Loaded, load_settings
from camera_gateway.roles.local import local_gateway
from camera_gateway.roles.watching import Watch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from support.accounts import House


def test_init_prints_a_link_for_the_first_administrator_and_keeps_its_hash_alone(tmp_path: Path) -> None:
    directory = Directory(tmp_path, init=False, here=True)
    made = directory.run("--json", "init").document
    assert made["sign_in_link"] == f"http://127.0.0.1:{directory.port}/#/welcome?token={made['sign_in_token']}"
    loaded = load_settings(directory.config)
    with Catalogue.open(loaded.settings.catalogue.url, loaded.settings.site.data_dir, SystemClock()) as catalogue:
        with catalogue.read() as tx:
            (row,) = [row for row in audit_log.list_rows(tx) if row.action == "link.make"]
        assert row.details["user"] == "first administrator"
    kept = b"".join(path.read_bytes() for path in directory.data.rglob("*") if path.is_file())
    assert made["sign_in_token"].encode() not in kept
    assert made["sign_in_token"][4:].encode() not in kept


def test_an_initialisation_that_nobody_watches_makes_no_link(tmp_path: Path) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text('[site]\ndata_dir = "data"\n[store]\nkind = "directory"\ndirectory = "s"\n')
    assert "sign_in_link" not in lifecycle.initialise(config, None, HeldClock())


def test_the_command_line_lets_people_in_and_shows_a_link_once(tmp_path: Path) -> None:
    directory = Directory(tmp_path, here=True)
    added = directory.run("user", "add", "--name", "Алия", "--id", "aliya", "--role", "auditor", "--post", "инспектор")
    assert "next: camera-gateway user invite aliya" in added.out
    invited = directory.run("user", "invite", "aliya")
    assert invited.out.startswith(f"http://127.0.0.1:{directory.port}/#/welcome?token=cgl_")
    assert len(invited.out.split()) == 1, "nothing but the link on standard output"
    assert "it is not shown again" in invited.err
    first = directory.run("--json", "user", "invite").document
    assert (first["first"], first["user"]) == (True, None)
    (row,) = directory.run("--json", "user", "list").document
    assert (row["post"], row["signed_up"], row["totp"]) == ("инспектор", False, False)
    reset = directory.run("user", "totp-reset", "aliya")
    assert (reset.code, "no second factor" in reset.line) == (4, True)
    assert "nobody has watched" in directory.run("audit", "viewings").out
    told = "".join(path.read_text("utf-8", "replace") for path in directory.data.rglob("*.log"))
    assert "cgl_" not in told


def test_a_link_leads_to_where_people_reach_the_portal(tmp_path: Path) -> None:
    directory = Directory(tmp_path, here=True, more='[access]\nportal_url = "https://cameras.example.kz/"\n')
    assert directory.run("user", "invite").out.startswith("https://cameras.example.kz/#/welcome?token=")


async def printed(house: House, people: Sequence[str] = ()) -> list[str]:
    """What the terminal of `run` shows of ways in."""
    said: list[str] = []
    path = house.gateway.data_dir / SOCKET_NAME
    control = ControlSocket(house.gateway, path)
    await control.open()
    try:
        loaded = Loaded(house.gateway.settings, None)
        watch = Watch(loaded, house.gateway.clock, said.append, None, people=people)
        await asyncio.get_running_loop().run_in_executor(None, watch._welcome, path)
    finally:
        await control.close()
    return said


async def test_run_prints_a_way_in_until_an_administrator_has_used_one(house: House) -> None:
    said = await printed(house)
    assert said[0].startswith("sign-in link of the first administrator, good once")
    assert (await house.browser().welcome(said[1].split("token=")[1], name="Алия")).status == 200
    # she has a password and no second factor yet: signing in leads on, no further link is needed
    assert await printed(house) == []


async def test_the_demonstration_prints_a_link_for_each_who_has_not_signed_up(house: House) -> None:
    for name in demo.PEOPLE:
        house.people.user(name, (name, "all"))
    said = await printed(house, demo.PEOPLE)
    assert [line.split(",")[0] for line in said[::2]] == [f"sign-in link of {name}" for name in demo.PEOPLE]
    administrator = house.browser()
    await administrator.welcome(said[1].split("token=")[1])
    assert [line.split(",")[0] for line in (await printed(house, demo.PEOPLE))[::2]] == ["sign-in link of auditor"]
    await administrator.enrol()
    (refused,) = await printed(house, demo.PEOPLE)
    assert refused.startswith("no sign-in link: there is an administrator who can sign in")


async def test_the_demonstration_has_an_auditor_and_an_administrator_who_cannot_sign_in_yet(tmp_path: Path) -> None:
    directory = Directory(tmp_path, here=True)
    loaded = load_settings(directory.config)
    (tmp_path / "cameras.json").write_text('{"port": 1, "password": "x"}')
    for _ in range(2):
        await demo.register(loaded, tmp_path, 0, 1)
    async with local_gateway(loaded) as gateway:
        quiet = replace(gateway, registry_changed=lambda: None)
        from camera_gateway.actions.verbs import perform  # noqa: PLC0415 - of this one place

        rows = await perform(quiet, SHELL, "user.list", {})
    assert [(row["id"], [role["role"] for role in row["roles"]], row["signed_up"]) for row in rows] == [
        ("administrator", ["administrator"], False),
        ("auditor", ["auditor"], False),
    ]
