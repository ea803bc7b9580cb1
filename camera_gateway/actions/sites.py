"""Verbs on sites: an institution may have several, each with its own time zone, networks and upload windows.

The default site is made with its institution and has its id. Cameras belong to one site for good.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from camera_gateway.actions.institutions import printable
from camera_gateway.catalogue import registry
from camera_gateway.domain.camera import Site, parse_networks
from camera_gateway.domain.ids import InstitutionId, SiteId, parse_slug, slug_of
from camera_gateway.domain.people import Place
from camera_gateway.domain.schedule import parse_schedule, zone

if TYPE_CHECKING:
    from collections.abc import Mapping

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.people import Actor


class AddSite(BaseModel):
    """What `site add` takes; what is left out is as in the default site's settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    institution: str
    name: str
    id: str | None = None
    time_zone: str | None = None
    allowed_networks: tuple[str, ...] | None = None
    upload_windows: tuple[str, ...] = ()
    holidays: tuple[str, ...] = ()


class ListSites(BaseModel):
    """What `site list` takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    institution: str | None = None


def row_of_site(tx: Transaction, row: Mapping[str, Any]) -> Place:
    """Return the institution of a row of `site list`."""
    owner = registry.get_institution(tx, InstitutionId(row["institution"]))
    return Place(owner.region, owner.id, None)


async def add(gateway: Gateway, actor: Actor, args: AddSite) -> dict[str, Any]:
    """Register a further site of an institution."""
    defaults = gateway.settings.site
    name = printable(args.name, "the site's name")
    identity = SiteId(parse_slug(args.id or slug_of(name), "site"))
    time_zone = args.time_zone or defaults.time_zone
    zone(time_zone)
    parse_schedule(args.upload_windows, args.holidays)
    networks = defaults.allowed_networks if args.allowed_networks is None else args.allowed_networks
    site = Site(
        id=identity,
        institution=InstitutionId(args.institution),
        name=name,
        time_zone=time_zone,
        allowed_networks=parse_networks(list(networks)),
        upload_windows=args.upload_windows,
        holidays=args.holidays,
    )

    def work(tx: Transaction) -> None:
        registry.get_institution(tx, site.institution)
        registry.add_site(tx, site)

    await gateway.write(actor, work)
    gateway.registry_changed()
    return _described(site)


async def list_(gateway: Gateway, _actor: Actor, args: ListSites) -> list[dict[str, Any]]:
    """List sites."""

    def work(tx: Transaction) -> list[Site]:
        institution = None if args.institution is None else InstitutionId(args.institution)
        if institution is not None:
            registry.get_institution(tx, institution)
        return registry.list_sites(tx, institution)

    return [_described(site) for site in await gateway.read(work)]


def _described(site: Site) -> dict[str, Any]:
    return {
        "id": site.id,
        "institution": site.institution,
        "name": site.name,
        "time_zone": site.time_zone,
        "allowed_networks": list(site.allowed_networks),
        "upload_windows": list(site.upload_windows),
        "holidays": list(site.holidays),
    }
