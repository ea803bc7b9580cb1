"""The verifier's own Ed25519: the vectors of RFC 8032, and the same verdicts as a library that others have checked."""

from __future__ import annotations

import random

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from camera_gateway.evidence.verifier import L, P, ed25519_verifies

# RFC 8032, section 7.1: public key, message, signature
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
]


@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_the_vectors_of_the_standard_verify_and_no_neighbour_does(key: str, message: str, signature: str) -> None:
    parts = bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature)
    assert ed25519_verifies(*parts)
    assert not ed25519_verifies(parts[0], parts[1] + b"\0", parts[2])
    for at in (0, 31, 32, 63):
        broken = bytearray(parts[2])
        broken[at] ^= 1
        assert not ed25519_verifies(parts[0], parts[1], bytes(broken))


def theirs(key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def test_it_agrees_with_the_library_on_good_and_on_broken_signatures() -> None:
    chance = random.Random(8032)
    for _ in range(60):
        private = Ed25519PrivateKey.from_private_bytes(chance.randbytes(32))
        key, message = private.public_key().public_bytes_raw(), chance.randbytes(chance.randrange(200))
        signature = private.sign(message)
        assert ed25519_verifies(key, message, signature)
        flipped = bytearray(signature)
        flipped[chance.randrange(64)] ^= 1 << chance.randrange(8)
        assert ed25519_verifies(key, message, bytes(flipped)) == theirs(key, message, bytes(flipped)) is False


def test_a_second_form_of_a_good_signature_is_refused() -> None:
    """S + L is the same number to a careless verifier (RFC 8032, section 8.4)."""
    key, message, signature = (bytes.fromhex(part) for part in VECTORS[1])
    s = int.from_bytes(signature[32:], "little") + L
    again = signature[:32] + s.to_bytes(32, "little")
    assert not ed25519_verifies(key, message, again)
    assert not theirs(key, message, again)


@pytest.mark.parametrize(
    ("key", "signature"),
    [
        (b"", b"\0" * 64),
        (b"\1" + b"\0" * 31, b"\0" * 63),
        ((P + 1).to_bytes(32, "little"), b"\1" + b"\0" * 63),  # the neutral point, written in a second way
        ((2).to_bytes(32, "little"), b"\1" + b"\0" * 63),  # on no curve
        (b"\1" + b"\0" * 30 + b"\x80", b"\1" + b"\0" * 63),  # x = 0 with a sign
    ],
)
def test_what_is_no_key_or_no_signature_never_verifies(key: bytes, signature: bytes) -> None:
    assert not ed25519_verifies(key, b"", signature)
