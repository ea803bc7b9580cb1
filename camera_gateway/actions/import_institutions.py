"""The import of institutions: each row with its default site, tried against the catalogue, then created.

Promises the same rules as `institution add`; a row that would be refused there is a fault here, with its column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from camera_gateway.access.permissions import Act
from camera_gateway.access.rights import rights_of
from camera_gateway.actions.import_rows import Draft, Tried, several, share
from camera_gateway.actions.institutions import kind_of, printable, region_of
from camera_gateway.catalogue import registry
from camera_gateway.domain.camera import Institution, InstitutionKind, Site, parse_networks
from camera_gateway.domain.ids import InstitutionId, SiteId, parse_slug, slug_of
from camera_gateway.domain.people import INSTALLATION, Place
from camera_gateway.domain.schedule import parse_schedule, zone
from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from camera_gateway.access.rights import Rights
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.discovery.columns import Entry, Fault
    from camera_gateway.domain.people import Actor


async def try_rows(gateway: Gateway, actor: Actor, entries: list[Entry], faults: list[Fault]) -> Tried:
    """Try every row; nothing is created."""
    drafts = [Draft(entry) for entry in entries]
    rest = share(faults, drafts)
    for draft in drafts:
        _parse(gateway, draft)

    def work(tx: Transaction) -> None:
        rights = rights_of(tx, actor)
        taken = {str(known.id): "is registered" for known in registry.list_institutions(tx)}
        for draft in drafts:
            if not _may_register(rights, draft):
                continue  # nor does it tell what institutions there are
            identity = draft.planned.get("id")
            if identity in taken:
                draft.fault("id", "exists", f"institution {identity} {taken[identity]}", "choose another id")
            elif identity:
                taken[identity] = f"is in row {draft.entry.row} too"

    await gateway.read(work)
    results = [
        draft.result(id=draft.planned.get("id"), name=draft.get("name"), region=draft.planned.get("region"))
        for draft in drafts
    ]
    return Tried(results, [draft.planned for draft in drafts], rest)


def _may_register(rights: Rights, draft: Draft) -> bool:
    region = draft.planned.get("region") or ""
    decision = rights.decide(Act.CAMERA_MANAGE, Place(region, None, None) if region else INSTALLATION)
    if not decision.allowed:
        draft.fault("region", "forbidden", f"you may not register here: {decision.reason}", "ask an administrator")
    return decision.allowed


def _parse(gateway: Gateway, draft: Draft) -> None:
    site = gateway.settings.site
    name = draft.parsed("name", lambda text: printable(text, "the name"))
    identity = draft.parsed("id", lambda text: parse_slug(text, "institution"))
    if identity is None and draft.get("id") is None and name is not None:
        identity = slug_of(name)
        if not identity:
            draft.fault("id", "missing", "no id can be made of the name", "fill in an id")
    kind = draft.parsed("kind", lambda text: kind_of(text.lower())) or InstitutionKind.OTHER
    networks = draft.parsed("allowed_networks", lambda text: parse_networks(several(text)))
    time_zone = draft.get("time_zone") or site.time_zone
    draft.parsed("time_zone", zone)
    windows = several(draft.get("upload_windows") or "", "|")
    holidays = several(draft.get("holidays") or "")
    draft.parsed("upload_windows", lambda _text: parse_schedule(windows, ()))
    draft.parsed("holidays", lambda _text: parse_schedule((), holidays))
    draft.planned = {
        "id": identity or None,
        "name": name,
        "kind": kind.value,
        "region": draft.parsed("region", region_of) or "",
        "time_zone": time_zone,
        "allowed_networks": list(parse_networks(list(site.allowed_networks)) if networks is None else networks),
        "upload_windows": list(windows),
        "holidays": list(holidays),
    }


def create(tx: Transaction, planned: dict[str, Any], demand: Callable[[Place], None]) -> str:
    """Create one institution with its default site; `demand` refuses where the asker may not."""
    region = planned["region"]
    demand(Place(region, None, None) if region else INSTALLATION)
    identity = InstitutionId(planned["id"])
    if not planned["allowed_networks"]:
        raise InvalidInput(f"institution {identity} has no network in which a camera may be")
    registry.add_institution(
        tx, Institution(identity, planned["name"], InstitutionKind(planned["kind"]), region, tx.clock.now_us())
    )
    site = Site(
        id=SiteId(identity),
        institution=identity,
        name=planned["name"],
        time_zone=planned["time_zone"],
        allowed_networks=tuple(planned["allowed_networks"]),
        upload_windows=tuple(planned["upload_windows"]),
        holidays=tuple(planned["holidays"]),
    )
    registry.add_site(tx, site)
    return str(identity)
