"""REGISTRY.{day}.{hash}.json: what was registered at a site when its day was sealed (docs/formats/seal.md).

Promises names, zones, schedules and retention rules, so that a catalogue made anew from the bucket has them; no
address, account or password of a camera, no person but those whom a rule names. One text for one content: the hash in
its name is the content's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from camera_gateway.catalogue.policies import RuleRow
from camera_gateway.domain.camera import Camera, CameraState, Institution, InstitutionKind, Site, Zone
from camera_gateway.domain.ids import CameraId, InstitutionId, SiteId
from camera_gateway.errors import InvalidInput
from storage.checksum import sha256_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

VERSION = 1
PREFIX = "REGISTRY."


@dataclass(frozen=True, slots=True)
class Registered:
    """A site with its owner, its cameras, and every version of the rules that speak of them."""

    institution: Institution
    site: Site
    cameras: tuple[Camera, ...]
    rules: tuple[RuleRow, ...]


class _Institution(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    name: str
    kind: InstitutionKind
    region: str
    created_us: int


class _Site(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    name: str
    time_zone: str
    allowed_networks: tuple[str, ...]
    upload_windows: tuple[str, ...]
    holidays: tuple[str, ...]


class _Camera(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    name: str
    zone: Zone
    state: CameraState
    schedule: tuple[str, ...]
    created_us: int
    retired_us: int | None


class _Rule(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    institution: str | None
    zone: str | None
    camera: str | None
    floor_days: int | None
    ceiling_days: int | None
    valid_from_us: int
    created_us: int
    created_by: str
    approved_by: str | None
    reason: str


class _Text(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int
    institution: _Institution
    site: _Site
    cameras: tuple[_Camera, ...]
    rules: tuple[_Rule, ...]


def registered(institution: Institution, site: Site, cameras: Sequence[Camera], rules: Sequence[RuleRow]) -> Registered:
    """Return what speaks of a site: rules of other institutions, and of cameras elsewhere, are left out."""
    names = {camera.id for camera in cameras}
    mine = tuple(
        rule
        for rule in rules
        if rule.institution in (None, institution.id) and (rule.camera is None or rule.camera in names)
    )
    return Registered(institution, site, tuple(cameras), mine)


def registry_text(found: Registered) -> bytes:
    """Return the file."""
    document = {
        "version": VERSION,
        "institution": _fields(_Institution, found.institution),
        "site": _fields(_Site, found.site),
        "cameras": [_fields(_Camera, camera) for camera in sorted(found.cameras, key=lambda camera: camera.id)],
        "rules": [_fields(_Rule, rule) for rule in found.rules],
    }
    return (json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()


def registry_name(day: date, text: bytes) -> str:
    """Return the name of the file: another content has another one, so that nothing is ever in its way."""
    return f"{PREFIX}{day.isoformat()}.{sha256_of(text)[:16]}.json"


def parse_registry(data: bytes, where: str) -> Registered:
    """Parse a file; `InvalidInput` names `where`."""
    try:
        text = _Text.model_validate_json(data)
    except ValidationError as error:
        raise InvalidInput(f"{where}: not a list of what is registered") from error
    if text.version != VERSION:
        raise InvalidInput(f"{where}: version {text.version} is not known")
    owner, site = InstitutionId(text.institution.id), SiteId(text.site.id)
    return Registered(
        Institution(**{**text.institution.model_dump(), "id": owner}),
        Site(**{**text.site.model_dump(), "id": site}, institution=owner),
        tuple(
            Camera(**{**camera.model_dump(), "id": CameraId(camera.id)}, institution=owner, site=site)
            for camera in text.cameras
        ),
        tuple(RuleRow(**rule.model_dump()) for rule in text.rules),
    )


def _fields(model: type[BaseModel], value: object) -> dict[str, Any]:
    values = {name: getattr(value, name) for name in model.model_fields}
    return model.model_validate(values).model_dump(mode="json")
