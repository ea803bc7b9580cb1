"""Verbs on institutions and their sites.

An institution is registered together with its default site, so that a camera always has a time zone and networks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from camera_gateway.catalogue import registry
from camera_gateway.clock import rfc3339
from camera_gateway.domain.camera import Institution, InstitutionKind, Site, parse_networks
from camera_gateway.domain.ids import InstitutionId, SiteId, parse_slug, slug_of
from camera_gateway.domain.schedule import parse_schedule, zone
from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.people import Actor


class AddInstitution(BaseModel):
    """What `institution add` takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    id: str | None = None
    kind: str = InstitutionKind.OTHER.value
    region: str = ""
    time_zone: str | None = None
    allowed_networks: tuple[str, ...] | None = None
    upload_windows: tuple[str, ...] = ()
    holidays: tuple[str, ...] = ()


class OneInstitution(BaseModel):
    """Names one institution."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    institution: str


class Nothing(BaseModel):
    """A verb without arguments."""

    model_config = ConfigDict(extra="forbid", frozen=True)


LONGEST_NAME = 200


def printable(text: str, what: str) -> str:
    """Return a name without blanks around it; refuse an empty, an endless one, and one that would steer a terminal."""
    name = text.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidInput(
            f"{what} is empty, too long or has control characters", hint=f"use 1 to {LONGEST_NAME} printable characters"
        )
    return name


def kind_of(text: str) -> InstitutionKind:
    """Return the kind of institution, or say which there are."""
    try:
        return InstitutionKind(text)
    except ValueError as error:
        known = ", ".join(k.value for k in InstitutionKind)
        raise InvalidInput(f"kind {text!r} is not known", hint=f"use one of: {known}") from error


def region_of(text: str) -> str:
    """Return a region as reports name it; it may be empty."""
    return printable(text, "the region") if text.strip() else ""


async def add(gateway: Gateway, actor: Actor, args: AddInstitution) -> dict[str, Any]:
    """Register an institution with its default site."""
    site_settings = gateway.settings.site
    name = printable(args.name, "the institution's name")
    identity = parse_slug(args.id or slug_of(name), "institution")
    kind = kind_of(args.kind)
    region = region_of(args.region)
    time_zone = args.time_zone or site_settings.time_zone
    zone(time_zone)
    parse_schedule(args.upload_windows, args.holidays)
    networks = parse_networks(
        list(site_settings.allowed_networks if args.allowed_networks is None else args.allowed_networks)
    )
    institution = Institution(InstitutionId(identity), name, kind, region, gateway.clock.now_us())
    site = Site(
        id=SiteId(identity),
        institution=institution.id,
        name=name,
        time_zone=time_zone,
        allowed_networks=networks,
        upload_windows=args.upload_windows,
        holidays=args.holidays,
    )

    def work(tx: Transaction) -> None:
        registry.add_institution(tx, institution)
        registry.add_site(tx, site)

    await gateway.write(actor, work)
    gateway.registry_changed()
    return await show(gateway, actor, OneInstitution(institution=identity))


async def list_(gateway: Gateway, _actor: Actor, _args: Nothing) -> list[dict[str, Any]]:
    """List institutions with the number of their cameras."""

    def work(tx: Transaction) -> list[dict[str, Any]]:
        return [
            _describe(institution, cameras=len(registry.list_cameras(tx, institution=institution.id)))
            for institution in registry.list_institutions(tx)
        ]

    return await gateway.read(work)


async def show(gateway: Gateway, _actor: Actor, args: OneInstitution) -> dict[str, Any]:
    """Show one institution with its sites."""

    def work(tx: Transaction) -> dict[str, Any]:
        institution = registry.get_institution(tx, InstitutionId(args.institution))
        cameras = registry.list_cameras(tx, institution=institution.id)
        sites = [
            {
                "id": site.id,
                "name": site.name,
                "time_zone": site.time_zone,
                "allowed_networks": list(site.allowed_networks),
                "upload_windows": list(site.upload_windows),
                "holidays": list(site.holidays),
            }
            for site in registry.list_sites(tx, institution.id)
        ]
        return {**_describe(institution, cameras=len(cameras)), "sites": sites}

    return await gateway.read(work)


def _describe(institution: Institution, *, cameras: int) -> dict[str, Any]:
    return {
        "id": institution.id,
        "name": institution.name,
        "kind": institution.kind.value,
        "region": institution.region,
        "created_at": rfc3339(institution.created_us),
        "cameras": cameras,
    }
