"""What answers on picture health look like, for the OpenAPI document and its tests. See `answers`.

Promises the keys that an integrator may rely on; further ones may come.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads the annotations
from typing import Any

from camera_gateway.api.answers import Answer


class LookShown(Answer):
    """One look. `outcome` "looked", else the cause why no picture was seen; `verdicts` are the kinds that are bad.

    `unknown` are the kinds that could not be told; `beside` the comparisons with each approved reference.
    """

    camera: str
    at: datetime
    picture_at: datetime | None
    segment: str | None
    outcome: str
    verdicts: list[str]
    unknown: list[str]
    measured: dict[str, Any]
    beside: list[dict[str, Any]]


class ImpairmentShown(Answer):
    """A picture that was not fit to be seen; it began up to `precision_s` before `from`. `to` null: it lasts."""

    number: int
    camera: str
    kind: str
    to: datetime | None
    last_seen_at: datetime
    precision_s: float
    evidence: str
    measured: dict[str, Any]


class NightShown(Answer):
    """A reference picture of the night without its bytes; `approved_at` null: a proposal."""

    sha256: str
    width: int
    height: int
    taken_at: datetime
    segment: str
    approved_at: datetime | None
    approved_by: str | None


class LooksFound(Answer):
    """The looks of a span, the references that they were compared with, and the impairments that touch it."""

    camera: str
    reference: dict[str, Any] | None
    night: NightShown | None
    night_proposed: NightShown | None
    looks: list[LookShown]
    left_out: bool
    impairments: list[ImpairmentShown]
