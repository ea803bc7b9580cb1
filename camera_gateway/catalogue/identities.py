"""What is known of the apparatus at each viewpoint, and every change of it that nobody has ordered.

Functions of a `Transaction`. Promises that a change is noticed once, stays open until a person settles it or the device
is replaced, and that the identity from before stays the one that is compared with until then. Audit rows in the name
of the gateway for what it notices, of the person for what they settle.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from camera_gateway.catalogue.registering_tables import device_identities, identity_changes
from camera_gateway.catalogue.tables import devices
from camera_gateway.domain.identity import Identity, IdentityCause, changed
from camera_gateway.domain.people import SYSTEM
from camera_gateway.errors import NotFound

if TYPE_CHECKING:
    from sqlalchemy import Row

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.camera import Device
    from camera_gateway.domain.ids import CameraId, DeviceId

_COLUMNS = ("vendor", "model", "firmware", "serial", "mac", "server", "sps")
REPLACED, SAME = "replaced", "same"
"""How a change is settled: another apparatus has been mounted, or it is the same after all."""


@dataclass(frozen=True, slots=True)
class Noted:
    """What is known of a device, since when, and when it was last looked at."""

    identity: Identity
    onvif_port: int | None
    noted_us: int
    checked_us: int


@dataclass(frozen=True, slots=True)
class Change:
    """A change that was noticed. `found` is everything that the apparatus now says of itself."""

    number: int
    camera: CameraId
    device: DeviceId
    cause: IdentityCause
    before: str
    after: str
    found: Identity
    noticed_us: int
    seen_us: int
    """When it was last seen to be so."""


def get_noted(tx: Transaction, device: DeviceId) -> Noted | None:
    """Return what is known of a device; None when nobody has looked yet."""
    row = tx.connection.execute(select(device_identities).where(device_identities.c.device == device)).first()
    if row is None:
        return None
    return Noted(Identity(**{key: getattr(row, key) for key in _COLUMNS}), row.onvif_port, row.noted_us, row.checked_us)


def observe(tx: Transaction, device: Device, found: Identity, onvif_port: int | None = None) -> Change | None:
    """Take in what an apparatus says of itself; return the change that is open after it, None when all is as it was.

    The device's own row gives serial, MAC and model where nothing else was noted yet.
    """
    if not found.known:
        return open_change(tx, device.id)
    noted = get_noted(tx, device.id)
    known = Identity() if noted is None else noted.identity
    written = Identity(model=device.model, firmware=device.firmware, serial=device.serial, mac=device.mac)
    known = known.over(written)
    difference = changed(known, found)
    if difference is not None:
        return _noticed(tx, device, difference.cause, difference.before, difference.after, found)
    note(tx, device, found.over(known), onvif_port or (None if noted is None else noted.onvif_port))
    still = open_change(tx, device.id)
    if still is not None and _decided(known, found):
        # the apparatus from before is back: somebody had it on the bench, or pulled the wrong plug
        _settle(tx, still, SAME, "the apparatus from before is back")
        return None
    return still


def note(tx: Transaction, device: Device, identity: Identity, onvif_port: int | None) -> None:
    """Write what is known of a device now; what its own row lacks is written there too."""
    now_us = tx.clock.now_us()
    noted = get_noted(tx, device.id)
    same = noted is not None and noted.identity == identity and noted.onvif_port == onvif_port
    values: dict[str, Any] = {
        "device": device.id,
        **identity.as_dict(),
        "onvif_port": onvif_port,
        "noted_us": noted.noted_us if noted is not None and same else now_us,
        "checked_us": now_us,
    }
    tx.connection.execute(delete(device_identities).where(device_identities.c.device == device.id))
    tx.connection.execute(insert(device_identities), values)
    if same:
        return
    facts = {
        key: value
        for key in ("serial", "mac", "model", "firmware")
        if (value := getattr(identity, key)) is not None and (key == "firmware" or getattr(device, key) is None)
    }
    if facts:
        tx.connection.execute(update(devices).where(devices.c.id == device.id).values(facts))
    tx.audit_as(SYSTEM, "device.identity", f"camera:{device.camera}", device=device.id, **identity.as_dict())


def open_change(tx: Transaction, device: DeviceId) -> Change | None:
    """Return the change of a device that nobody has settled; None when there is none."""
    query = select(identity_changes).where(identity_changes.c.device == device, identity_changes.c.settled_us.is_(None))
    row = tx.connection.execute(query).first()
    return None if row is None else _change(row)


def open_changes(tx: Transaction) -> list[Change]:
    """Return every change that nobody has settled, of devices that serve now, the oldest first."""
    query = (
        select(identity_changes)
        .join(devices, devices.c.id == identity_changes.c.device)
        .where(identity_changes.c.settled_us.is_(None), devices.c.to_us.is_(None))
        .order_by(identity_changes.c.number)
    )
    return [_change(row) for row in tx.connection.execute(query)]


def settle(tx: Transaction, device: Device, settled_as: str, reason: str) -> Change:
    """Settle the open change of a device in the name of who asks; `NotFound` when there is none."""
    found = open_change(tx, device.id)
    if found is None:
        raise NotFound(f"camera {device.camera} has no change of its device that waits for a word")
    _settle(tx, found, settled_as, reason)
    tx.audit("device.settle", f"camera:{device.camera}", device=device.id, settled_as=settled_as, reason=reason)
    return found


def _settle(tx: Transaction, found: Change, settled_as: str, reason: str) -> None:
    values = {
        "settled_us": tx.clock.now_us(),
        "settled_by": str(tx.actor),
        "settled_as": settled_as,
        "reason": reason,
    }
    tx.connection.execute(update(identity_changes).where(identity_changes.c.number == found.number).values(values))


def _noticed(tx: Transaction, device: Device, cause: IdentityCause, before: str, after: str, found: Identity) -> Change:
    """Keep a change; the same one noticed again only tells that it is still so."""
    now_us = tx.clock.now_us()
    known = open_change(tx, device.id)
    if known is not None and (known.cause, known.after) == (cause, after):
        row = update(identity_changes).where(identity_changes.c.number == known.number)
        tx.connection.execute(row.values(seen_us=now_us, found=_json(found)))
        return Change(
            known.number, known.camera, known.device, cause, known.before, after, found, known.noticed_us, now_us
        )
    if known is not None:
        _settle(tx, known, SAME, "something else came after it")
    values = {
        "camera": device.camera,
        "device": device.id,
        "cause": cause.value,
        "before": before,
        "after": after,
        "found": _json(found),
        "noticed_us": now_us,
        "seen_us": now_us,
    }
    number = tx.connection.execute(insert(identity_changes).returning(identity_changes.c.number), values).scalar_one()
    tx.audit_as(
        SYSTEM,
        "device.changed",
        f"camera:{device.camera}",
        device=device.id,
        cause=cause.value,
        before=before,
        after=after,
    )
    return _change(tx.connection.execute(select(identity_changes).where(identity_changes.c.number == number)).one())


def _decided(known: Identity, found: Identity) -> bool:
    """Whether serial or MAC say that it is the one that was known."""
    return any(
        getattr(found, key) is not None and getattr(found, key) == getattr(known, key) for key in ("serial", "mac")
    )


def _json(identity: Identity) -> str:
    return json.dumps(identity.as_dict(), ensure_ascii=False, sort_keys=True)


def _change(row: Row[Any]) -> Change:
    return Change(
        number=row.number,
        camera=row.camera,
        device=row.device,
        cause=IdentityCause(row.cause),
        before=row.before,
        after=row.after,
        found=Identity(**json.loads(row.found)),
        noticed_us=row.noticed_us,
        seen_us=row.seen_us,
    )
