"""The seal key: Ed25519 (RFC 8032) in a file of its own that only its owner may read.

Promises that a key is never overwritten and never printed; what is printed is its fingerprint, the SHA-256 of the
public key as DER (RFC 8410), which `openssl pkey -pubin -pubout -outform DER | sha256sum` gives as well. Knows
bytes and signatures, not what is signed.
"""

from __future__ import annotations

import hashlib
import os
import stat
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from camera_gateway.errors import InvalidInput, NotFound, Refused
from storage.files import atomic_replace, exclusive_create, fsync_directory

if TYPE_CHECKING:
    from pathlib import Path

PRIVATE_NAME = "seal.key"
PUBLIC_NAME = "seal.pub"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_PUBLIC_MODE = 0o644


RETIRED = "retired"
"""The folder of the public halves of keys that were changed."""
NEXT = "next"
"""The folder of the key that seals announce and that will sign after them."""


class PublicKey:
    """What a stranger needs: checks signatures, says its fingerprint."""

    __slots__ = ("_key",)

    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key

    @classmethod
    def parse(cls, pem: bytes, where: str) -> PublicKey:
        """Read PEM; `InvalidInput` names `where` when it is not an Ed25519 public key."""
        try:
            key = load_pem_public_key(pem)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise InvalidInput(f"{where}: not a public key", hint="it is a PEM file: seal.pub") from error
        if not isinstance(key, Ed25519PublicKey):
            raise InvalidInput(f"{where}: not an Ed25519 key")
        return cls(key)

    @property
    def fingerprint(self) -> str:
        """`SHA256:` and 64 hex digits."""
        der = self._key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return f"SHA256:{hashlib.sha256(der).hexdigest()}"

    @property
    def pem(self) -> bytes:
        """The PEM text of `seal.pub`."""
        return self._key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """Whether `signature` is this key's on `data`."""
        try:
            self._key.verify(signature, data)
        except InvalidSignature:
            return False
        return True


class SigningKey:
    """Signs seals and exports. Holds the key in memory and never prints it."""

    __slots__ = ("_key", "public")

    def __init__(self, key: Ed25519PrivateKey) -> None:
        """Use `load` or `create`."""
        self._key = key
        self.public = PublicKey(key.public_key())

    @classmethod
    def create(cls, directory: Path) -> SigningKey:
        """Make a new key in `directory`: seal.key (0600) and seal.pub; `Refused` when there is one already."""
        path = directory / PRIVATE_NAME
        made = cls(Ed25519PrivateKey.generate())
        pem = made._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            exclusive_create(path, pem)
            fsync_directory(directory.parent)
        except FileExistsError:
            raise Refused(f"{path} exists already", hint="keep it: every seal until now was signed with it") from None
        except OSError as error:
            raise InvalidInput(f"{path}: cannot be written ({error.strerror})") from error
        made._keep_public(directory)
        return made

    @classmethod
    def load(cls, directory: Path) -> SigningKey:
        """Read the key; `NotFound` when absent, `Refused` when others may read it, `InvalidInput` when not a key.

        A public key file that is missing or another key's is written anew: it says nothing that the key does not.
        """
        path = directory / PRIVATE_NAME
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            raise NotFound(f"no seal key in {path}", hint="restore it from the backup") from None
        except OSError as error:
            raise InvalidInput(f"{path}: cannot be read ({error.strerror})", hint="check path and mode") from error
        with os.fdopen(fd, "rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & _OTHERS:
                raise Refused(f"{path} may be read by others (mode {mode:o})", hint=f"run: chmod 600 {path}")
            pem = file.read()
        try:
            key = load_pem_private_key(pem, None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise InvalidInput(f"{path} is not a key", hint="restore it from the backup") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise InvalidInput(f"{path} is not an Ed25519 key", hint="restore it from the backup")
        loaded = cls(key)
        loaded._keep_public(directory)
        return loaded

    @classmethod
    def promote(cls, directory: Path) -> SigningKey:
        """Let the next key follow the one in `directory`, of which the public half stays; may be repeated."""
        old, coming = cls.load(directory), directory / NEXT
        retired = directory / RETIRED
        try:
            retired.mkdir(mode=0o700, exist_ok=True)
            name = f"seal-{old.public.fingerprint.removeprefix('SHA256:')[:16]}.pub"
            atomic_replace(retired / name, old.public.pem)
            (coming / PRIVATE_NAME).replace(directory / PRIVATE_NAME)
            fsync_directory(directory)
            (coming / PUBLIC_NAME).unlink(missing_ok=True)
            coming.rmdir()
        except OSError as error:
            raise InvalidInput(f"{coming}: cannot be put in place ({error.strerror})") from error
        return cls.load(directory)

    def sign(self, data: bytes) -> bytes:
        """Return the 64 bytes of the signature; the same for the same data."""
        return self._key.sign(data)

    def _keep_public(self, directory: Path) -> None:
        path = directory / PUBLIC_NAME
        try:
            if not path.is_file() or path.read_bytes() != self.public.pem:
                atomic_replace(path, self.public.pem)
                path.chmod(_PUBLIC_MODE)
        except OSError as error:
            raise InvalidInput(f"{path}: cannot be written ({error.strerror})") from error

    def __repr__(self) -> str:
        return f"SigningKey({self.public.fingerprint})"


def next_key(directory: Path) -> SigningKey | None:
    """Return the key that is to follow the one in `directory`, None without one."""
    return SigningKey.load(directory / NEXT) if (directory / NEXT / PRIVATE_NAME).exists() else None


def known_keys(directory: Path) -> dict[str, PublicKey]:
    """Return the public halves by fingerprint: of the key in `directory`, and of those that it has followed."""
    paths = [directory / PUBLIC_NAME, *sorted((directory / RETIRED).glob("*.pub"))]
    keys = [PublicKey.parse(path.read_bytes(), str(path)) for path in paths if path.is_file()]
    return {key.fingerprint: key for key in keys}
