"""A gateway that verbs act on, inside the test, and people who act: users, tokens, what was audited.

Promises the real catalogue, spool and vault; the store is in memory and the clock held. Nobody is asked for a right
when a test makes a user or a token here.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from support.catalogue_rows import camera_value, device_value
from support.gateway_rig import Inline
from support.schema import lay_schema

from camera_gateway.access.tokens import make_token
from camera_gateway.actions.access import identify
from camera_gateway.actions.verbs import perform
from camera_gateway.catalogue import audit_log, registry, tokens, users
from camera_gateway.catalogue.opening import Catalogue
from camera_gateway.catalogue.tokens import TokenRow
from camera_gateway.clock import US, HeldClock
from camera_gateway.domain.camera import Institution, InstitutionKind, Site, Zone
from camera_gateway.domain.ids import InstitutionId, SiteId
from camera_gateway.domain.people import EVERYWHERE, SYSTEM, Actor, Grant, Role, UserId, parse_scope
from camera_gateway.roles.lifecycle import initialise
from camera_gateway.roles.loading import load_settings
from camera_gateway.roles.opening import gateway_of
from storage.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.domain.audit import AuditRow
    from camera_gateway.domain.people import Scope

DAY_US = 86_400 * US
SHELL = Actor("shell", "root")
CAMERAS = (
    ("kg-hall", "kg-12", Zone.HALL),
    ("kg-bedroom", "kg-12", Zone.BEDROOM),
    ("school-yard", "school-7", Zone.YARD),
)
INSTITUTIONS = (("kg-12", "Абай"), ("school-7", "Алматы"))


@dataclass(frozen=True)
class People:
    """An installation of two institutions and three cameras, with people to be made."""

    gateway: Gateway
    clock: HeldClock

    def user(self, name: str, *grants: tuple[str, str] | tuple[str, str, int]) -> Actor:
        """Make a user with grants (role, scope[, end in µs]), past all checks; return them as an actor."""
        with self.gateway.catalogue.write(SYSTEM) as tx:
            users.add_user(tx, UserId(name), name.title())
            for role, scope, *end in grants:
                users.add_grant(tx, UserId(name), Grant(Role(role), parse_scope(scope), end[0] if end else None))
        return Actor("token", name)

    def token(self, user: str, scope: Scope = EVERYWHERE, life_us: int = DAY_US) -> tuple[str, str]:
        """Make a token past all checks; return id and text."""
        made, now_us = make_token(), self.clock.now_us()
        row = TokenRow(made.id, UserId(user), "", scope, "test", now_us, now_us + life_us, None, None)
        with self.gateway.catalogue.write(SYSTEM) as tx:
            tokens.add_token(tx, row, made.digest)
        return made.id, made.text

    async def do(self, actor: Actor, verb: str, /, **arguments: Any) -> Any:  # noqa: ANN401 - JSON
        return await perform(self.gateway, actor, verb, arguments)

    async def known(self, text: str) -> Actor:
        return await identify(self.gateway, text)

    def audit(self, after: int = 0) -> list[AuditRow]:
        with self.gateway.catalogue.read() as tx:
            return audit_log.list_rows(tx, after, 1_000)

    def last(self) -> AuditRow:
        return self.audit()[-1]


@contextmanager
def installation_of_people(directory: Path) -> Iterator[People]:
    config = directory / "gateway.toml"
    config.write_text(
        '[site]\ndata_dir = "data"\nallowed_networks = ["127.0.0.0/8"]\n[store]\nkind = "directory"\ndirectory = "s"\n'
    )
    clock = HeldClock()
    lay_schema(directory / "data")
    initialise(config, None, clock)
    loaded = load_settings(config)
    url, data = loaded.settings.catalogue.url, loaded.settings.site.data_dir
    with Catalogue.open(url, data, clock) as catalogue:
        with catalogue.write(SYSTEM) as tx:
            for name, region in INSTITUTIONS:
                owner = InstitutionId(name)
                registry.add_institution(tx, Institution(owner, name, InstitutionKind.SCHOOL, region, 1_000))
                registry.add_site(tx, Site(SiteId(name), owner, name, "Asia/Almaty", ("127.0.0.0/8",), (), ()))
            for name, owner_name, zone in CAMERAS:
                place = {"institution": InstitutionId(owner_name), "site": SiteId(owner_name), "zone": zone}
                camera = replace(camera_value(name), **place)
                registry.add_camera(tx, camera, device_value(name))
        gateway = gateway_of(loaded, clock, catalogue, MemoryStore(clock.now_us), Inline(), Inline(), lambda: None)
        yield People(gateway, clock)
