"""Who acts, and with which rights: actors, users, roles, scopes, grants. Pure values.

A grant gives one role in one scope, for ever or until a moment. What a role may do is in access/permissions, in one
table. An actor is what audit rows keep: a user of the host, a user by a token or a session, or the gateway itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from camera_gateway.domain.camera import Zone
from camera_gateway.domain.ids import InstitutionId, parse_slug
from camera_gateway.errors import InvalidInput

UserId = NewType("UserId", str)
TokenId = NewType("TokenId", str)

LONGEST_SCOPE = 200
ACCOUNT_KINDS = frozenset({"token", "session"})
"""Kinds of actors behind which there is a user of this installation."""


class Role(StrEnum):
    """The closed list of roles (camera_gateway/access/permissions.py)."""

    VIEWER = "viewer"
    IT = "it"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class ScopeKind(StrEnum):
    """What a scope is a scope of."""

    ALL = "all"
    REGION = "region"
    INSTITUTION = "institution"
    ZONE = "zone"


@dataclass(frozen=True, slots=True)
class Place:
    """What an act touches, as scopes see it. None in a field: more than one, or none in particular.

    A camera has all three; an institution has no zone; the installation as a whole has nothing.
    """

    region: str | None
    institution: InstitutionId | None
    zone: Zone | None


INSTALLATION = Place(None, None, None)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a grant holds; `name` is empty for "all"."""

    kind: ScopeKind
    name: str = ""

    def __str__(self) -> str:
        """Return the written form: "all", "region:Абай", "institution:kg-12", "zone:bedroom"."""
        return self.kind.value if self.kind is ScopeKind.ALL else f"{self.kind.value}:{self.name}"

    def covers(self, place: Place) -> bool:
        """Whether the whole of `place` lies in this scope; a place wider than the scope does not."""
        if self.kind is ScopeKind.ALL:
            return True
        there = {
            ScopeKind.REGION: place.region,
            ScopeKind.INSTITUTION: place.institution,
            ScopeKind.ZONE: place.zone,
        }[self.kind]
        return there is not None and str(there) == self.name


EVERYWHERE = Scope(ScopeKind.ALL)


def parse_scope(text: str) -> Scope:
    """Read a scope as people write it; `InvalidInput` for anything else."""
    kind_text, colon, name = text.strip().partition(":")
    name = name.strip()
    try:
        kind = ScopeKind(kind_text)
    except ValueError:
        kind = None
    if kind is None or (kind is ScopeKind.ALL) == bool(colon):
        raise InvalidInput(
            f"scope {text!r} is not valid", hint="write all, region:NAME, institution:ID or zone:ZONE"
        ) from None
    if kind is ScopeKind.INSTITUTION:
        parse_slug(name, "institution")
    elif kind is ScopeKind.ZONE and name not in {zone.value for zone in Zone}:
        raise InvalidInput(f"zone {name!r} is not known", hint=f"use one of: {', '.join(zone.value for zone in Zone)}")
    elif kind is ScopeKind.REGION and (not name or len(name) > LONGEST_SCOPE or not name.isprintable()):
        raise InvalidInput(f"region {name!r} is no region", hint="write it as the institutions have it")
    return Scope(kind, name)


@dataclass(frozen=True, slots=True)
class Grant:
    """A role in a scope until `expires_us` (UTC, exclusive; None: until it is taken away)."""

    role: Role
    scope: Scope
    expires_us: int | None = None

    def in_force(self, at_us: int) -> bool:
        """Whether the grant holds at a moment."""
        return self.expires_us is None or at_us < self.expires_us


@dataclass(frozen=True, slots=True)
class User:
    """A person with an account. The id is chosen once and never used again, not even after `disabled`.

    `post` is the person's position, as registers of access ask for it; `language` what they read, "" until they say.
    """

    id: UserId
    name: str
    grants: tuple[Grant, ...]
    disabled: bool
    post: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asked for a change.

    `kind` is "shell" (a user of the host), "token" (a user by a token), "session" (a user who has signed in) or
    "system". For a token or a session `name` is the user's id; `within` is the scope that a token is narrowed to.
    """

    kind: str
    name: str
    within: Scope = EVERYWHERE

    def __str__(self) -> str:
        """Return the form that audit rows keep, for example "shell:alia", "token:alia" or "session:alia"."""
        return f"{self.kind}:{self.name}"

    @property
    def user(self) -> UserId | None:
        """The account behind this actor; None for the host's users and the gateway."""
        return UserId(self.name) if self.kind in ACCOUNT_KINDS else None


SYSTEM = Actor("system", "gateway")


def written_actor(text: str) -> Actor:
    """Read an actor as audit rows and requests keep it, "kind:name"; what has no colon is a name without a kind."""
    kind, colon, name = text.partition(":")
    return Actor(kind, name) if colon else Actor("", text)


def same_person(one: Actor, other: Actor) -> bool:
    """Whether two actors are one person: the same account, by whichever of its tokens and sessions.

    Of actors without an account only equal ones are known to be the same.
    """
    if one.user is None or other.user is None:
        return (one.kind, one.name) == (other.kind, other.name)
    return one.user == other.user
