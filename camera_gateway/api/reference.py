"""docs/reference/api.md: the routes as a page in the repository, from the same document that the service serves.

Does no I/O; a test holds the page to the code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from camera_gateway.api.browsable import kind_of
from camera_gateway.api.openapi import PROBLEMS, document
from camera_gateway.api.problems import CODES, NOT_ALLOWED, SIGN_IN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from camera_gateway.api.routes.table import Route


def api_markdown(routes: Iterable[Route]) -> str:
    """Return the page."""
    found = document(routes, "")
    operations = [
        (method.upper(), path, operation)
        for path, methods in found["paths"].items()
        for method, operation in methods.items()
    ]
    index = "".join(
        f"| `{method} {path}` | {_right(operation)} | {_cell(operation['summary'])} |\n"
        for method, path, operation in operations
    )
    statuses = "".join(f"| {status} | {meaning} |\n" for status, meaning in PROBLEMS.items())
    codes = "".join(f"| {status} | `{code}` |\n" for status, code in sorted(CODES.items()))
    schemas = "".join(_schema(name, schema) for name, schema in found["components"]["schemas"].items())
    return (
        f"# HTTP interface\n\n{found['info']['description']}\n\n"
        "The same, complete and for machines: `/api/v1/openapi.json`; to read in a browser: `/api/v1/docs`. Beside"
        " the routes below there are `/healthz`, `/readyz` and `/metrics`.\n\n"
        "Who asks shows a token (`Authorization: Bearer …`) or the session's cookie; a change by cookie also needs"
        " `X-CSRF-Token`. Lists take `limit` (1 to 500) and `cursor`. A `GET` has an `ETag`; `If-None-Match` saves the"
        " body. The right of a route is one of [what the roles allow](../guide/administrator.md).\n\n"
        f"| route | right | does |\n|---|---|---|\n{index}\n"
        f"## Failures\n\nA failure is `application/problem+json` (RFC 9457): `type`, `title`, `status`, `code`,"
        " `detail`, `hint`. The `code` is stable. What a verb refuses has the code that the command has.\n\n"
        f"| status | means |\n|---|---|\n{statuses}\n"
        f"Codes that are the protocol's:\n\n| status | code |\n|---|---|\n{codes}\n"
        f"Codes after which one signs in anew (401): {_listed(SIGN_IN)}. Codes for want of a right (403):"
        f" {_listed(NOT_ALLOWED)}.\n\n"
        f"## Arguments\n{''.join(_operation(*one) for one in operations)}\n## Answers\n{schemas}"
    )


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    rows = [
        (parameter["name"], parameter["in"], parameter["required"], parameter["schema"])
        for parameter in operation.get("parameters", ())
    ]
    for content in operation.get("requestBody", {}).get("content", {}).values():
        schema = content["schema"]
        required = schema.get("required", ())
        rows += [(name, "body", name in required, known) for name, known in schema.get("properties", {}).items()]
    if not rows:
        return ""
    table = "".join(
        f"| `{name}` | {where} | {_cell(kind_of(schema))} | {'yes' if required else ''} |\n"
        for name, where, required, schema in rows
    )
    return f"\n### {method} {path}\n\n| field | where | type | required |\n|---|---|---|---|\n{table}"


def _schema(name: str, schema: Mapping[str, Any]) -> str:
    properties = schema.get("properties", {})
    rows = "".join(f"| `{key}` | {_cell(kind_of(known))} |\n" for key, known in properties.items())
    said = " ".join(str(schema.get("description", "")).split())
    return f"\n### {name}\n\n{said}\n" + (f"\n| field | type |\n|---|---|\n{rows}" if rows else "")


def _right(operation: Mapping[str, Any]) -> str:
    return f"`{operation['x-act']}`" if "x-act" in operation else "–"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _listed(codes: Iterable[str]) -> str:
    return ", ".join(f"`{code}`" for code in sorted(codes))
