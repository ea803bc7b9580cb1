"""What answers on reports look like, for the OpenAPI document and its tests.

As in `answers`, keys beyond the described ones may come; the models convert nothing.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads the annotations

from pydantic import Field

from camera_gateway.api.answers import Answer


class ReportRow(Answer):
    """A report without its document; the statement is what the seal key has signed (Ed25519, the signature in hex)."""

    id: str
    kind: str
    institution: str | None
    camera: str | None
    region: str | None
    standard: str | None
    institutions: list[str]
    start: datetime = Field(alias="from")
    end: datetime = Field(alias="to")
    made_at: datetime
    made_by: str
    sha256: str
    statement: str
    signature: str


class ReportMade(ReportRow):
    """A report that was just made; `failed`: something that it tells of is not as it must be."""

    failed: bool
