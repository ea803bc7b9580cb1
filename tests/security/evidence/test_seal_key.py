"""The seal key: only its owner may read it, it is never overwritten and never told."""

from __future__ import annotations

import hashlib
import subprocess
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from camera_gateway.errors import InvalidInput, NotFound, Refused
from camera_gateway.evidence.signing import PublicKey, SigningKey

if TYPE_CHECKING:
    from pathlib import Path


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_new_key_is_its_owners_alone_and_its_public_half_is_everybodys(tmp_path: Path) -> None:
    key = SigningKey.create(tmp_path / "keys")
    assert (mode(tmp_path / "keys"), mode(tmp_path / "keys" / "seal.key")) == (0o700, 0o600)
    assert mode(tmp_path / "keys" / "seal.pub") == 0o644
    again = SigningKey.load(tmp_path / "keys")
    assert again.public.fingerprint == key.public.fingerprint
    assert again.sign(b"text") == key.sign(b"text")
    assert key.public.verifies(again.sign(b"text"), b"text")
    assert not key.public.verifies(again.sign(b"text"), b"texts")


def test_the_fingerprint_is_the_one_that_openssl_prints(tmp_path: Path) -> None:
    key = SigningKey.create(tmp_path / "keys")
    der = subprocess.run(
        ["openssl", "pkey", "-pubin", "-in", tmp_path / "keys" / "seal.pub", "-pubout", "-outform", "DER"],
        capture_output=True,
        check=True,
    ).stdout
    assert key.public.fingerprint == f"SHA256:{hashlib.sha256(der).hexdigest()}"


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    before = SigningKey.create(tmp_path).public.fingerprint
    with pytest.raises(Refused, match="exists already"):
        SigningKey.create(tmp_path)
    assert SigningKey.load(tmp_path).public.fingerprint == before


@pytest.mark.parametrize("others", [0o640, 0o604, 0o660])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, others: int) -> None:
    SigningKey.create(tmp_path)
    (tmp_path / "seal.key").chmod(others)
    with pytest.raises(Refused, match="may be read by others"):
        SigningKey.load(tmp_path)


def test_a_link_is_not_followed_to_a_key(tmp_path: Path) -> None:
    SigningKey.create(tmp_path / "elsewhere")
    (tmp_path / "seal.key").symlink_to(tmp_path / "elsewhere" / "seal.key")
    with pytest.raises(InvalidInput, match="cannot be read"):
        SigningKey.load(tmp_path)


def test_what_is_no_key_is_refused_without_repeating_it(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        SigningKey.load(tmp_path)
    other = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for data in (b"", b"hunter2", other):
        (tmp_path / "seal.key").unlink(missing_ok=True)
        (tmp_path / "seal.key").touch(0o600)
        (tmp_path / "seal.key").write_bytes(data)
        with pytest.raises(InvalidInput) as caught:
            SigningKey.load(tmp_path)
        assert "hunter2" not in caught.value.message


def test_a_public_half_that_was_exchanged_is_put_right(tmp_path: Path) -> None:
    key = SigningKey.create(tmp_path)
    (tmp_path / "seal.pub").write_bytes(SigningKey.create(tmp_path / "other").public.pem)
    SigningKey.load(tmp_path)
    assert PublicKey.parse((tmp_path / "seal.pub").read_bytes(), "pub").fingerprint == key.public.fingerprint


def test_a_foreign_public_key_is_refused(tmp_path: Path) -> None:
    other = generate_private_key(SECP256R1()).public_key()
    pem = other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for data in (pem, b"", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"):
        with pytest.raises(InvalidInput, match=r"^seal\.pub: "):
            PublicKey.parse(data, "seal.pub")


def test_a_key_does_not_show_itself(tmp_path: Path) -> None:
    key = SigningKey.create(tmp_path)
    secret = (tmp_path / "seal.key").read_text().splitlines()[1]
    assert secret not in repr(key)
    assert key.public.fingerprint in repr(key)
