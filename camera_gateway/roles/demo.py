"""The demonstration: the institution of the letter, with simulated cameras that speak real RTSP.

A centre with ten cameras, one of them faulty, everything under var/demo/. The cameras are a program of their own
(scripts/fake-cameras), so that the demo shows the product and not a shortcut through it. Needs the source tree.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
import sys
from typing import TYPE_CHECKING, Any

from camera_gateway.actions.verbs import perform
from camera_gateway.domain.people import Actor
from camera_gateway.errors import NotFound
from camera_gateway.roles.children import Child
from camera_gateway.roles.local import local_gateway, shell_user
from camera_gateway.settings.locate import config_directory

if TYPE_CHECKING:
    from pathlib import Path

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.roles.loading import Loaded

INSTITUTION = "ayagoz-centre"
USER = "admin"
PLACES = (
    # name in Russian as the staff would write it, zone, id
    ("Главный вход", "entrance", "main-entrance"),
    ("Коридор 1 этажа", "corridor", "corridor-1"),
    ("Двор", "yard", "yard"),
    ("Столовая", "dining", "dining"),
    ("Игровая", "playroom", "playroom"),
    ("Холл", "hall", "hall"),
    ("Периметр, север", "perimeter", "perimeter-north"),
    ("Спальня мальчиков", "bedroom", "bedroom-boys"),
    ("Медпункт", "medical", "medical-room"),
    ("Запасной выход", "entrance", "emergency-exit"),
)
PEOPLE = ("administrator", "auditor")
"""The accounts of the demonstration; each has no way in but the link that is printed."""
DECLARED = (
    ("institution.locality", "district_centre"),
    ("video.present", "yes"),
    ("power.backup_present", "yes"),
    ("signage.present", "no"),
    ("places.entrance", "2"),
    ("places.corridor", "1"),
)
"""What no machine measures, so that the demonstration has clauses that are met, missed and unknown."""
EVIDENCE = "демонстрация: не подтверждено ничем"
FAULTY = 10
"""The camera that is switched off: its address answers nobody."""
CONFIG = """\
# The demonstration's settings; written once, yours to change.
[site]
data_dir = "data"
id = "demo"
time_zone = "Asia/Almaty"
allowed_networks = ["127.0.0.0/8"]

[recorder]
segment_s = 20

[store]
kind = "embedded"
"""


def demo_directory() -> Path:
    """Return var/demo of the source tree; `NotFound` where there is none."""
    root = config_directory().parent
    if not (root / "scripts" / "fake-cameras").exists():
        raise NotFound("the demo needs the source tree", hint="clone the repository and use scripts/run --demo")
    return root / "var" / "demo"


def write_config(directory: Path) -> Path:
    """Write the demo's gateway.toml where it is absent, and return it."""
    directory.mkdir(parents=True, exist_ok=True)
    config = directory / "gateway.toml"
    if not config.exists():
        config.write_text(CONFIG, encoding="utf-8")
    return config


def fake_cameras(directory: Path, count: int) -> tuple[Child, int]:
    """Return the child that simulates the cameras, and its port; both are kept for the next time."""
    kept = directory / "cameras.json"
    if not kept.exists():
        kept.write_text(json.dumps({"port": _free_port(), "password": secrets.token_urlsafe(9)}), encoding="utf-8")
        kept.chmod(0o600)
    known = json.loads(kept.read_text(encoding="utf-8"))
    password_file = directory / "cameras.password"
    password_file.touch(mode=0o600)
    password_file.write_text(known["password"], encoding="utf-8")
    root = directory.parent.parent
    command = [sys.executable, str(root / "scripts" / "fake-cameras")]
    command += ["--port", str(known["port"]), "--count", str(count)]
    command += ["--auth", "digest", "--user", USER, "--password-file", str(password_file)]
    return Child("cameras", command, output=directory / "cameras.log"), known["port"]


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


async def register(loaded: Loaded, directory: Path, count: int, port: int) -> None:
    """Register the centre and its cameras where they are missing."""
    password = json.loads((directory / "cameras.json").read_text(encoding="utf-8"))["password"]
    actor = Actor("shell", shell_user())
    async with local_gateway(loaded) as gateway:
        if not await perform(gateway, actor, "institution.list", {}):
            await perform(
                gateway,
                actor,
                "institution.add",
                {
                    "id": INSTITUTION,
                    "name": "Центр социального обслуживания, Аягоз (демонстрация)",
                    "kind": "social_centre",
                    "region": "Абай",
                },
            )
        if not await perform(gateway, actor, "user.list", {}):
            await _add_people(gateway, actor)
        known = {c["id"] for c in await perform(gateway, actor, "camera.list", {"retired": True})}
        for number in range(1, count + 1):
            name, zone, identity = _place(number)
            if identity not in known:
                await _register_one(gateway, actor, number, name, zone, identity, port, password)
        if not await perform(gateway, actor, "declare.list", {"institution": INSTITUTION, "withdrawn": True}):
            for fact, value in DECLARED:
                said = {"institution": INSTITUTION, "fact": fact, "value": value, "evidence": EVIDENCE}
                await perform(gateway, actor, "declare.set", said)


async def _add_people(gateway: Gateway, actor: Actor) -> None:
    words = (("Администратор (демонстрация)", "администратор"), ("Аудитор (демонстрация)", "аудитор"))
    for role, (name, post) in zip(PEOPLE, words, strict=True):
        await perform(gateway, actor, "user.add", {"id": role, "name": name, "post": post, "role": role})


def _place(number: int) -> tuple[str, str, str]:
    name, zone, identity = PLACES[(number - 1) % len(PLACES)]
    again = (number - 1) // len(PLACES)
    return (name, zone, identity) if again == 0 else (f"{name} {again + 1}", zone, f"{identity}-{again + 1}")


async def _register_one(
    gateway: Gateway, actor: Actor, number: int, name: str, zone: str, identity: str, port: int, password: str
) -> None:
    # port 9 (discard) is closed on any ordinary machine: a camera that is switched off
    address = f"rtsp://127.0.0.1:{9 if number == FAULTY else port}/cam/{number}"
    arguments: dict[str, Any] = {
        "institution": INSTITUTION,
        "id": identity,
        "name": name,
        "zone": zone,
        "url": address,
        "username": USER,
        "password": password,
        "probe": False,
    }
    await perform(gateway, actor, "camera.add", arguments)


def prepare(loaded: Loaded, directory: Path, count: int) -> Child:
    """Make everything ready; return the child that simulates the cameras."""
    child, port = fake_cameras(directory, count)
    asyncio.run(register(loaded, directory, count, port))
    return child
