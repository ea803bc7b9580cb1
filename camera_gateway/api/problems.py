"""Errors as problem documents (RFC 9457): one shape, a stable `code`, a sentence and what to do.

Promises that no traceback, banner or input reaches the other side. Statuses and codes of aiohttp's own errors are
given here too, so that no answer of this service has another shape.
"""

from __future__ import annotations

import json
import math
from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web

from camera_gateway.access.rights import FORBIDDEN, SECOND
from camera_gateway.access.throttle import Slower
from camera_gateway.domain.footage import ProbeCause
from camera_gateway.errors import GatewayError, InvalidInput, NotFound, Refused, Unavailable, WrongFound

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTENT_TYPE = "application/problem+json"
NO_IDENTITY = "no-identity"
SIGN_IN = frozenset({NO_IDENTITY, "token-refused", "session-ended", "credentials", "totp-needed"})
"""Codes after which one must say (anew) who one is: 401."""
NOT_ALLOWED = frozenset(
    {
        FORBIDDEN,
        SECOND,
        "csrf",
        "purpose-needed",
        "totp-enrol",
        "totp-wrong",
        "password-wrong",
        "link-refused",
        "session-needed",
    }
)
"""Codes of refusals for want of a right: 403. Any other refusal is the state of things: 409."""
CODES: Mapping[int, str] = {
    400: "bad-request",
    401: NO_IDENTITY,
    403: "forbidden",
    404: "no-such-route",
    405: "method-not-allowed",
    406: "not-acceptable",
    408: "too-slow",
    411: "length-required",
    412: "changed-meanwhile",
    413: "too-large",
    414: "address-too-long",
    415: "not-json",
    416: "range-not-satisfiable",
    417: "expectation-failed",
    429: "too-many-requests",
    431: "headers-too-large",
    500: "internal",
    503: "unavailable",
    504: "too-slow",
}
"""Codes of errors that are the protocol's, by status."""
DETAILS: Mapping[int, str] = {
    400: "the request is not HTTP as this service reads it",
    404: "there is nothing at this address",
    405: "this address does not take this method",
    408: "the request did not come in time",
    413: "the body is larger than this address takes",
    500: "a defect of the service; its log says more",
}
_CAUSES = frozenset(cause.value for cause in ProbeCause)


def status_of(error: GatewayError) -> int:
    """Return the HTTP status that says what kind of failure it is."""
    if error.code in _CAUSES:
        return 422  # what was given leads to a camera that cannot be used; the service itself is well
    if isinstance(error, Refused):
        if isinstance(error, Slower):
            return 429
        return 401 if error.code in SIGN_IN else 403 if error.code in NOT_ALLOWED else 409
    if isinstance(error, InvalidInput):
        return 409 if error.code == "exists" else 400
    for kind, status in ((NotFound, 404), (Unavailable, 503), (WrongFound, 422)):
        if isinstance(error, kind):
            return status
    return 409


def problem(
    status: int, code: str, detail: str, hint: str = "", headers: Mapping[str, str] | None = None
) -> web.Response:
    """Return a problem document."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        "hint": hint,
    }
    text = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    answer = web.Response(body=text, status=status, headers={"Content-Type": CONTENT_TYPE, **(headers or {})})
    if status == HTTPStatus.UNAUTHORIZED:
        answer.headers.setdefault("WWW-Authenticate", 'Bearer realm="camera-gateway"')
    return answer


def problem_of(error: GatewayError) -> web.Response:
    """Return an expected failure as a problem document."""
    status = status_of(error)
    headers = {"Retry-After": "5"} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    if isinstance(error, Slower):
        headers["Retry-After"] = str(max(1, math.ceil(error.wait_s)))
    return problem(status, error.code, error.message, error.hint, headers)


def problem_of_http(error: web.HTTPException) -> web.Response:
    """Return an error of the protocol as a problem document."""
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    return problem_of_status(error.status, headers)


def problem_of_status(status: int, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return a problem document for a status of the protocol."""
    detail = DETAILS.get(status, HTTPStatus(status).phrase)
    return problem(status, CODES.get(status, f"http-{status}"), detail, headers=headers)
