"""A picture of what a camera sends now, for the eyes of those who hang it up.

Promises that nothing of the camera is decoded outside the jail, and that no picture is no error: a probe's word
stands without one. The picture is live, not recorded; who takes one of a registered camera leaves an audit row.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from camera_gateway.clock import rfc3339
from camera_gateway.discovery.picture import PictureFailed, Taken, lone_picture

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.discovery.probe import Probe


async def take(gateway: Gateway, found: Probe) -> Taken:
    """Return the picture of a probe that asked for one; raises `PictureFailed`."""
    if found.keyframe is None:
        raise PictureFailed("no-keyframe")
    if gateway.pictures is not None:
        return await gateway.pictures.take(found.keyframe)
    return await gateway.waiting(lone_picture, found.keyframe)


async def picture_json(gateway: Gateway, found: Probe) -> dict[str, Any]:
    """Return the picture as JSON holds it, base64, or the cause why there is none."""
    try:
        taken = await take(gateway, found)
    except PictureFailed as failed:
        return {"cause": failed.cause, "jpeg": None}
    return {"cause": None, "taken_at": rfc3339(gateway.clock.now_us()), **taken_json(taken)}


def taken_json(taken: Taken) -> dict[str, Any]:
    """Return size, hash and bytes of a picture."""
    return {
        "width": taken.width,
        "height": taken.height,
        "sha256": taken.sha256,
        "jpeg": base64.b64encode(taken.jpeg).decode(),
    }
