"""Picture health, as routes: what looks have found, a look at once, the reference picture of the night.

A table: it promises what each route is and needs, and knows nothing of how it is served.
"""

from __future__ import annotations

import base64

from aiohttp import web

from camera_gateway.access.permissions import Act
from camera_gateway.actions.pictures_health import NightPictureOf
from camera_gateway.actions.verbs import perform
from camera_gateway.api.answers_pictures import LooksFound, LookShown, NightShown
from camera_gateway.api.routes.table import Call, Route
from camera_gateway.errors import Refused

_LOOKS = "/api/v1/cameras/{camera}/looks"
_NIGHT = "/api/v1/cameras/{camera}/night-reference"


async def night_picture(call: Call) -> web.StreamResponse:
    """Send the reference picture of the night, or the proposed one, as JPEG."""
    if call.actor is None:
        raise Refused("nobody has signed in", hint="sign in, or send a bearer token")
    found = await perform(call.gateway, call.actor, "picture.night", call.arguments.model_dump())
    return web.Response(body=base64.b64decode(found["jpeg"]), content_type="image/jpeg")


PICTURES: tuple[Route, ...] = (
    Route(
        "GET",
        _LOOKS,
        "picture.looks",
        "What looks at the picture have found in a span, and its impairments; shows no picture",
        "picture.looks",
        answer=LooksFound,
    ),
    Route(
        "POST",
        _LOOKS,
        "picture.now",
        "Look at the newest picture at once",
        "picture.now",
        answer=LookShown,
        cost=5.0,
    ),
    Route(
        "GET",
        f"{_NIGHT}.jpg",
        "picture.night",
        "The reference picture of the night, or the proposed one",
        stream=night_picture,
        arguments=NightPictureOf,
        act=Act.CAMERA_MANAGE,
        content="image/jpeg",
    ),
    Route(
        "POST",
        f"{_NIGHT}/approve",
        "picture.night-approve",
        "Make the proposed picture the reference of the night, named by its hash",
        "picture.night-approve",
        answer=NightShown,
    ),
)
