"""Secrets at rest: AES-256-GCM (NIST SP 800-38D) under a key file that only its owner may read.

The id of the camera or user is authenticated with the text, so that what was sealed for one does not open for
another. `keyed` gives digests that nobody can compute without the key. Errors never show what was sealed, nor the key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import stat
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from camera_gateway.errors import InvalidInput, NotFound, Refused
from storage.files import exclusive_create, fsync_directory

if TYPE_CHECKING:
    from pathlib import Path

    from camera_gateway.domain.ids import CameraId
    from camera_gateway.domain.people import UserId

_KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16
_VERSION = "v1:"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Vault:
    """Seals and opens secrets. Holds the key in memory and never prints it."""

    __slots__ = ("_cipher", "_digest_key")

    def __init__(self, key: bytes) -> None:
        """Take a key of 32 bytes; use `load` or `create`."""
        self._cipher = AESGCM(key)
        # never the same key for two algorithms
        self._digest_key = hmac.digest(key, b"camera-gateway keyed digests", "sha256")

    @classmethod
    def create(cls, key_file: Path) -> Vault:
        """Make a new random key in `key_file` (0600, its directory 0700); `Refused` when there is one already."""
        key = secrets.token_bytes(_KEY_BYTES)
        try:
            key_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            exclusive_create(key_file, key)
            fsync_directory(key_file.parent.parent)
        except FileExistsError:
            raise Refused(f"{key_file} exists already", hint="keep it: it opens the camera passwords") from None
        except OSError as error:
            raise InvalidInput(f"{key_file}: cannot be written ({error.strerror})") from error
        return cls(key)

    @classmethod
    def load(cls, key_file: Path) -> Vault:
        """Read the key; `NotFound` when absent, `Refused` when others may read it, `InvalidInput` when not a key."""
        try:
            fd = os.open(key_file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            raise NotFound(f"no key in {key_file}", hint="run: camera-gateway init") from None
        except OSError as error:
            raise InvalidInput(f"{key_file}: cannot be read ({error.strerror})", hint="check path and mode") from error
        with os.fdopen(fd, "rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & _OTHERS:
                raise Refused(f"{key_file} may be read by others (mode {mode:o})", hint=f"run: chmod 600 {key_file}")
            key = file.read(_KEY_BYTES + 1)
        if len(key) != _KEY_BYTES:
            raise InvalidInput(f"{key_file} is not a key of {_KEY_BYTES} bytes", hint="restore it from the backup")
        return cls(key)

    def seal(self, text: str, *, camera: CameraId) -> str:
        """Return `text` encrypted for `camera`: "v1:" and base64 of nonce, ciphertext and tag."""
        return self._seal(text, camera.encode())

    def open(self, sealed: str, *, camera: CameraId) -> str:
        """Return what was sealed for `camera`; `Refused` for another key, another camera or changed bytes."""
        text = self._open(sealed, camera.encode())
        if text is None:
            raise Refused(
                f"the password of camera {camera} does not open",
                hint="is it the key file of this catalogue? set it anew",
            )
        return text

    def seal_for_user(self, text: str, user: UserId) -> str:
        """Return `text` encrypted for a user, in the same form."""
        return self._seal(text, _of_user(user))

    def open_for_user(self, sealed: str, user: UserId) -> str:
        """Return what was sealed for a user; `Refused` for another key, another user or changed bytes."""
        text = self._open(sealed, _of_user(user))
        if text is None:
            raise Refused(
                f"the second factor of user {user} does not open",
                hint="is it the key file of this catalogue? two administrators may reset it",
            )
        return text

    def keyed(self, purpose: str, data: bytes) -> bytes:
        """Return 32 bytes that only this key gives for these data: HMAC-SHA-256 (RFC 2104), apart for each purpose."""
        return hmac.digest(self._digest_key, purpose.encode() + b"\0" + hashlib.sha256(data).digest(), "sha256")

    def _seal(self, text: str, about: bytes) -> str:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, text.encode(), about)
        return _VERSION + base64.b64encode(sealed).decode()

    def _open(self, sealed: str, about: bytes) -> str | None:
        if not sealed.startswith(_VERSION):
            return None
        try:
            data = base64.b64decode(sealed.removeprefix(_VERSION), validate=True)
        except (binascii.Error, ValueError):
            return None
        if len(data) < _NONCE_BYTES + _TAG_BYTES:
            return None
        try:
            return self._cipher.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], about).decode()
        except InvalidTag:
            return None

    def __repr__(self) -> str:
        return "Vault()"


def _of_user(user: UserId) -> bytes:
    """Return what is authenticated with a user's secret: no camera's id has a NUL in it."""
    return b"user\0" + user.encode()
