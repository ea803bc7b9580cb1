"""Users, roles and tokens, as routes.

A table: each route is a verb, so that the verb's right is the route's. Knows nothing of how they are served.
"""

from __future__ import annotations

from camera_gateway.api.answers import RoleRow, TokenMade, TokenRow, UserRow
from camera_gateway.api.routes.table import Route

_USER = "/api/v1/users/{user}"

PEOPLE: tuple[Route, ...] = (
    Route("GET", "/api/v1/users", "user.list", "The users whom you manage", "user.list", paged=True, answer=UserRow),
    Route(
        "POST",
        "/api/v1/users",
        "user.add",
        "Add a person",
        "user.add",
        status=201,
        makes=("user", "/id"),
        answer=UserRow,
    ),
    Route("GET", _USER, "user.show", "One user whom you manage", "user.show", answer=UserRow),
    Route("POST", f"{_USER}/disable", "user.disable", "End an account for good", "user.disable", answer=UserRow),
    Route(
        "POST",
        f"{_USER}/roles",
        "user.grant",
        "Give a role in a scope",
        "user.role",
        fixed={"revoke": None},
        answer=UserRow,
    ),
    Route(
        "POST",
        f"{_USER}/roles/revoke",
        "user.revoke",
        "Take a role in a scope away",
        "user.role",
        fixed={"grant": None, "expires_us": None},
        answer=UserRow,
    ),
    Route(
        "GET",
        "/api/v1/roles",
        "role.list",
        "The roles, and what each may do alone or as one of two",
        "role.list",
        paged=True,
        answer=RoleRow,
    ),
    Route("GET", "/api/v1/tokens", "token.list", "API tokens", "token.list", paged=True, answer=TokenRow),
    Route(
        "POST",
        "/api/v1/tokens",
        "token.create",
        "Make an API token; its text is in this answer and nowhere else",
        "token.create",
        status=201,
        makes=("token", "/id"),
        answer=TokenMade,
    ),
    Route("DELETE", "/api/v1/tokens/{token}", "token.revoke", "End a token at once", "token.revoke", answer=TokenRow),
)
