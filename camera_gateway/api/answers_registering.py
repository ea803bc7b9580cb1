"""What the routes of registering answer, for the OpenAPI document: rows of tables, found devices, passports.

As `answers`: the keys that an integrator may rely on, described and not converted; further keys may come.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads the annotations
from typing import Any

from camera_gateway.api.answers import Answer


class RowFault(Answer):
    """What is wrong with a cell or a row; `column` null: with the row as a whole. `code` is stable."""

    row: int
    column: str | None
    code: str
    message: str
    hint: str


class RowTried(Answer):
    """One row that was tried; `probe` is what a camera really sends, null where none was visited."""

    row: int
    ok: bool
    id: str | None
    name: str | None
    probe: dict[str, Any] | None = None
    faults: list[RowFault]


class ImportTried(Answer):
    """A table that was tried, or created: `created` has the ids."""

    digest: str
    ok: bool
    file: str
    at: datetime
    rows: list[RowTried]
    faults: list[RowFault]
    counts: dict[str, int]
    created: list[str]


class ProfileFound(Answer):
    """One stream of a found device; `url` null: refused, for the cause in `refused`."""

    name: str
    codec: str | None
    width: int | None
    height: int | None
    fps: float | None
    url: str | None
    refused: str | None


class DeviceFound(Answer):
    """One found device; `registered` names the cameras that it serves; `trouble` what kept us from seeing more."""

    address: str
    vendor: str | None
    vendor_id: str | None
    model: str | None
    serial: str | None
    mac: str | None
    firmware: str | None
    onvif_port: int | None
    rtsp_port: int | None
    trouble: str | None
    registered: list[str]
    profiles: list[ProfileFound]


class Discovered(Answer):
    """What a search has found; `looked_at` is the number of addresses of the ranges."""

    looked_at: int
    found: list[DeviceFound]


class PictureShown(Answer):
    """A picture without its bytes; `approved_at` null: a proposal."""

    sha256: str
    width: int
    height: int
    bytes: int
    taken_at: datetime
    taken_by: str
    approved_at: datetime | None
    approved_by: str | None


class PictureProposed(PictureShown):
    """A proposal with its JPEG in base64."""

    jpeg: str


class IdentityShown(Answer):
    """Who answers at the address: "same", "changed" (with cause, before, after) or "unknown"."""

    state: str
    cause: str | None
    before: str | None
    after: str | None
    noticed_at: datetime | None
    checked_at: datetime | None


class PassportShown(Answer):
    """A camera's passport."""

    camera: str
    place: str
    role: str | None
    mounted_on: str | None
    note: str
    reference: PictureShown | None
    proposed: PictureShown | None
    identity: IdentityShown | None
    devices: list[dict[str, Any]]
