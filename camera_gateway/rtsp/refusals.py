"""From an RTSP status to a cause of the closed list, with what a person can do about it. Pure.

Promises a hint with each cause, and no word of the URL or the account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from camera_gateway.domain.footage import ProbeCause
from camera_gateway.rtsp.errors import RtspRefused
from camera_gateway.rtsp.url import host_of

if TYPE_CHECKING:
    from camera_gateway.rtsp.messages import Response

UNAUTHORISED = 401
_FORBIDDEN = 403
_NO_SUCH_PATH = frozenset({400, 404, 405, 406, 410, 415, 451, 454, 459, 460, 500, 501})
_SESSIONS = frozenset({453, 503})
_TRANSPORT = 461


def is_redirect(response: Response) -> bool:
    """Whether the camera sends us elsewhere."""
    return 300 <= response.status < 400  # noqa: PLR2004 - the class of redirections


def is_success(response: Response) -> bool:
    """Whether the request was done."""
    return 200 <= response.status < 300  # noqa: PLR2004 - the class of successes


def refusal(method: str, response: Response) -> RtspRefused:
    """Return the refusal that a final status other than success and 401 means for `method`."""
    status = response.status
    told = f"the camera answered {status} to {method}"
    if is_redirect(response):
        where = host_of(response.headers.get("Location") or "")
        return RtspRefused(
            ProbeCause.REDIRECTED,
            told,
            hint=f"it points to {where or 'another address'}; redirects are never followed: "
            "check that address and register it if it is right",
        )
    if status in _SESSIONS or "bandwidth" in response.reason.lower():
        return RtspRefused(
            ProbeCause.REFUSED_SESSIONS,
            f"{told}: no more sessions",
            hint="close other viewers and recorders of this camera, or wait until their sessions expire",
        )
    if status == _TRANSPORT:
        return no_tcp(told)
    if status == _FORBIDDEN:
        return RtspRefused(ProbeCause.AUTH_WRONG, told, hint="the user exists but may not see this stream")
    if method in {"OPTIONS", "DESCRIBE"} or status in _NO_SUCH_PATH - {500, 501}:
        return RtspRefused(ProbeCause.PATH_NOT_FOUND, told, hint="check the path of the stream's URL")
    return RtspRefused(ProbeCause.REFUSED_SESSIONS, told, hint="restart the camera; look into its own log")


def no_tcp(told: str) -> RtspRefused:
    """Return the refusal for a camera that has no interleaved transport."""
    return RtspRefused(
        ProbeCause.REFUSED_SESSIONS,
        told,
        hint="the camera does not offer RTP over TCP (interleaved): enable it in its settings",
    )


def session_lost() -> RtspRefused:
    """Return the refusal for a session that the camera forgot while it played."""
    return RtspRefused(
        ProbeCause.REFUSED_SESSIONS,
        "the camera no longer knows the session (454)",
        hint="the session is set up anew",
    )


def auth_missing() -> RtspRefused:
    """Return the refusal for a camera that wants a user when none is configured."""
    return RtspRefused(
        ProbeCause.AUTH_MISSING,
        "the camera asks for a user name and a password",
        hint="give --username and --password-file",
    )


def auth_wrong(kind: str) -> RtspRefused:
    """Return the refusal for an answered challenge that the camera did not accept; `kind` of the answer."""
    return RtspRefused(
        ProbeCause.AUTH_WRONG,
        f"the camera rejects the user name or the password ({kind})",
        hint="check both; some cameras have a user list of their own for RTSP or ONVIF",
    )


def auth_scheme(schemes: tuple[str, ...]) -> RtspRefused:
    """Return the refusal for challenges that we cannot answer; `schemes` as offered."""
    offered = ", ".join(schemes) or "none"
    return RtspRefused(
        ProbeCause.AUTH_SCHEME,
        f"the camera offers no way to sign in that the gateway knows (offered: {offered})",
        hint="enable Digest (SHA-256 or MD5) on the camera",
    )


def not_rtsp(message: str) -> RtspRefused:
    """Return the refusal for something that is no RTSP server."""
    return RtspRefused(ProbeCause.NOT_RTSP, message, hint="check the port; RTSP is usually on 554")
