"""Registering many at once, looking for cameras, and their passports, as routes; templates and pictures as files.

A table, and what turns a verb's answer into a file. Promises that files too come from `perform`, which asks for the
right; knows nothing of how routes are served.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from aiohttp import web

from camera_gateway.access.permissions import Act
from camera_gateway.actions.importing import OneTemplate
from camera_gateway.actions.passports import GetPicture
from camera_gateway.actions.verbs import perform
from camera_gateway.api.answers_registering import (
    Discovered,
    ImportTried,
    PassportShown,
    PictureProposed,
    PictureShown,
)
from camera_gateway.api.routes.table import Route
from camera_gateway.errors import Refused

if TYPE_CHECKING:
    from pydantic import BaseModel

    from camera_gateway.api.routes.table import Call

_INSTITUTIONS, _CAMERAS = "/api/v1/institutions", "/api/v1/cameras"
_PASSPORT = f"{_CAMERAS}/{{camera}}/passport"
VISITS = 10.0
"""What visits devices takes seconds."""
_BINARY = "application/octet-stream"


async def camera_template(call: Call) -> web.StreamResponse:
    """Send the table of cameras to fill in."""
    return _download(await _perform(call, "camera.import-template"))


async def institution_template(call: Call) -> web.StreamResponse:
    """Send the table of institutions to fill in."""
    return _download(await _perform(call, "institution.import-template"))


async def reference_picture(call: Call) -> web.StreamResponse:
    """Send the reference picture, or the proposed one, as JPEG."""
    found = await _perform(call, "passport.reference")
    return web.Response(body=base64.b64decode(found["jpeg"]), content_type="image/jpeg")


async def _perform(call: Call, verb: str) -> dict[str, Any]:
    if call.actor is None:
        raise Refused("nobody has signed in", hint="sign in, or send a bearer token")
    arguments: BaseModel = call.arguments
    found: dict[str, Any] = await perform(call.gateway, call.actor, verb, arguments.model_dump())
    return found


def _download(found: dict[str, Any]) -> web.Response:
    headers = {"Content-Disposition": f'attachment; filename="{found["file"]}"', "Content-Type": found["media_type"]}
    return web.Response(body=base64.b64decode(found["content"]), headers=headers)


REGISTERING: tuple[Route, ...] = (
    Route(
        "POST",
        f"{_CAMERAS}/import",
        "camera.import",
        "Try a table of cameras (dry_run, content in base64), or create what was tried (its digest)",
        "camera.import",
        answer=ImportTried,
        cost=VISITS,
    ),
    Route(
        "POST",
        f"{_CAMERAS}/import/try",
        "camera.import-try",
        "Try a table of cameras as a job, with progress",
        "camera.import",
        fixed={"dry_run": True, "digest": None},
        job=True,
        status=202,
        cost=VISITS,
    ),
    Route(
        "GET",
        f"{_CAMERAS}/import/template",
        "camera.import-template",
        "The table of cameras to fill in, as CSV or XLSX",
        stream=camera_template,
        arguments=OneTemplate,
        act=Act.CAMERA_MANAGE,
        content=_BINARY,
    ),
    Route(
        "POST",
        f"{_INSTITUTIONS}/import",
        "institution.import",
        "Try a table of institutions (dry_run, content in base64), or create what was tried (its digest)",
        "institution.import",
        answer=ImportTried,
    ),
    Route(
        "GET",
        f"{_INSTITUTIONS}/import/template",
        "institution.import-template",
        "The table of institutions to fill in, as CSV or XLSX",
        stream=institution_template,
        arguments=OneTemplate,
        act=Act.CAMERA_MANAGE,
        content=_BINARY,
    ),
    Route(
        "POST",
        f"{_CAMERAS}/discover",
        "camera.discover",
        "Look for cameras in an institution's networks, as a job; its result is what camera.discover-now answers",
        "camera.discover",
        job=True,
        status=202,
        cost=VISITS,
    ),
    Route(
        "POST",
        f"{_CAMERAS}/discover/now",
        "camera.discover-now",
        "Look for cameras, and wait for the answer",
        "camera.discover",
        answer=Discovered,
        cost=VISITS,
    ),
    Route(
        "GET",
        _PASSPORT,
        "passport.show",
        "Where a camera hangs, what it is there for, its reference picture, every device that has served it",
        "passport.show",
        answer=PassportShown,
    ),
    Route(
        "PATCH",
        _PASSPORT,
        "passport.set",
        "Write a camera's passport; If-Match guards against a change in between",
        "passport.set",
        guard="passport.show",
        answer=PassportShown,
    ),
    Route(
        "POST",
        f"{_PASSPORT}/picture",
        "passport.picture",
        "Take a picture and keep it as the proposal for a reference",
        "passport.picture",
        answer=PictureProposed,
        cost=VISITS,
    ),
    Route(
        "POST",
        f"{_PASSPORT}/approve",
        "passport.approve",
        "Make the proposed picture the reference, named by its hash",
        "passport.approve",
        answer=PictureShown,
    ),
    Route(
        "GET",
        f"{_PASSPORT}/reference.jpg",
        "passport.reference",
        "The reference picture, or the proposed one",
        stream=reference_picture,
        arguments=GetPicture,
        act=Act.CAMERA_MANAGE,
        content="image/jpeg",
    ),
    Route(
        "POST",
        f"{_PASSPORT}/settle",
        "passport.settle",
        "Say what a noticed change of the apparatus is: another one (replaced), or the same after all",
        "passport.settle",
        answer=PassportShown,
    ),
)
