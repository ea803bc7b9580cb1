"""A passport and its pictures as JSON: what `camera show` and the verbs of the passport tell alike.

Functions of a `Transaction` or of values; no picture's bytes pass here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from camera_gateway.catalogue import passports as rows
from camera_gateway.clock import rfc3339

if TYPE_CHECKING:
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.ids import CameraId
    from camera_gateway.domain.passport import Picture


def described(tx: Transaction, camera: CameraId) -> dict[str, Any]:
    """Return a passport as JSON, with what is known of pictures, not the pictures."""
    passport = rows.get_passport(tx, camera)
    pictures = rows.list_pictures(tx, camera)
    reference = next((each for each in pictures if each.approved_us is not None), None)
    proposed = next((each for each in pictures if each.approved_us is None), None)
    return {
        "place": passport.place,
        "role": None if passport.role is None else passport.role.value,
        "mounted_on": passport.mounted_on,
        "note": passport.note,
        "reference": None if reference is None else picture_words(reference),
        "proposed": None if proposed is None else picture_words(proposed),
    }


def picture_words(picture: Picture) -> dict[str, Any]:
    """Return what is known of a picture without its bytes."""
    return {
        "sha256": picture.sha256,
        "width": picture.width,
        "height": picture.height,
        "bytes": picture.size_bytes,
        "taken_at": rfc3339(picture.taken_us),
        "taken_by": picture.taken_by,
        "approved_at": None if picture.approved_us is None else rfc3339(picture.approved_us),
        "approved_by": picture.approved_by,
    }
