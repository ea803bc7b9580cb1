"""Who acts. Users, roles and scopes come with accounts; an actor exists from the first audit row on. Pure.

Must not know how somebody proved who they are.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asked for a change: `kind` is "shell" (a user of the host), "token" or "system"."""

    kind: str
    name: str

    def __str__(self) -> str:
        """Return the form that audit rows keep, for example "shell:alia"."""
        return f"{self.kind}:{self.name}"


SYSTEM = Actor("system", "gateway")
