"""What answers about accounts look like, for the OpenAPI document: sessions, links, second factor, purposes, viewings.

As `answers`: described here, converted nowhere; further keys may come.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads the annotations

from camera_gateway.api.answers import Answer


class SessionBegun(Answer):
    """A session; its secret is in the cookie alone. `stage`: "enrol" (set up the second factor first) or "full"."""

    user: str
    stage: str
    csrf: str


class TotpConfirmed(SessionBegun):
    """The session that goes on, and the recovery codes, which are shown once."""

    recovery_codes: list[str]


class TotpBegun(Answer):
    """`qr`: an SVG image as a data: address, for an <img>."""

    secret: str
    address: str
    qr: str


class RecoveryCodes(Answer):
    """Each works once."""

    recovery_codes: list[str]


class LinkShown(Answer):
    """Whose link it is. `first`: it makes the first administrator, who gives `name` (and `user`, an id) with it."""

    first: bool
    user: str | None
    name: str | None
    code_needed: bool


class Link(Answer):
    """A sign-in link, shown once."""

    user: str | None
    first: bool
    link: str
    token: str
    expires: datetime


class TotpReset(Answer):
    """`state`: asked (another administrator must do the same) or reset."""

    user: str
    state: str


class Purpose(Answer):
    """Why footage is looked at."""

    number: int
    code: str
    case: str
    text: str
    opened: datetime


class PurposeKind(Answer):
    """One of the closed list, with its names by language."""

    code: str
    names: dict[str, str]
    needs_case: bool


class PurposeKinds(Answer):
    """The closed list."""

    items: list[PurposeKind]
    next: str | None


class RoleHeld(Answer):
    """A role that holds now."""

    role: str
    scope: str
    expires: datetime | None


class SessionNow(Answer):
    """The session that asks."""

    id: str
    stage: str
    expires: datetime
    idle_s: int


class Me(Answer):
    """Who asks. `acts`: what is allowed anywhere at all, "yes", or "second" where it always takes two."""

    user: str
    name: str
    post: str
    roles: list[RoleHeld]
    acts: dict[str, str]
    csrf: str | None
    language: str | None
    purpose: Purpose | None
    totp: bool
    recovery_codes_left: int
    session: SessionNow | None


class Language(Answer):
    """What a person reads."""

    language: str


class OwnSession(Answer):
    """One of one's own sessions."""

    id: str
    address: str
    agent: str
    created: datetime
    last_used: datetime
    expires: datetime
    this_one: bool


class OwnSessions(Answer):
    """The newest first."""

    items: list[OwnSession]
    next: str | None


class SessionEnded(Answer):
    """`state`: ended."""

    id: str
    state: str


class ViewingRow(Answer):
    """One line of the register. `at`, `ended`: when it was watched; `from`, `to`: the footage, none for live."""

    number: int
    at: datetime
    ended: datetime
    institution: str
    camera: str
    camera_name: str
    zone: str
    action: str
    watched_s: float
    actor: str
    name: str
    post: str
    purpose: str
    case: str
    address: str
