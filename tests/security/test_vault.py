"""Camera passwords at rest (threat model, M14): what only the key and the camera's id together open."""

from __future__ import annotations

import base64
import os
import stat
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_gateway.domain.ids import CameraId
from camera_gateway.domain.people import UserId
from camera_gateway.errors import GatewayError, InvalidInput, NotFound, Refused
from camera_gateway.settings.vault import Vault

if TYPE_CHECKING:
    from pathlib import Path

HALL, YARD = CameraId("hall"), CameraId("yard")
PASSWORD = "hunter2-йод"


def vault() -> Vault:
    return Vault(bytes(range(32)))


@given(st.text())
def test_what_is_sealed_opens_again(text: str) -> None:
    assert vault().open(vault().seal(text, camera=HALL), camera=HALL) == text


def test_a_sealed_password_shows_nothing_and_never_looks_the_same_twice() -> None:
    sealed = {vault().seal(PASSWORD, camera=HALL) for _ in range(50)}
    assert len(sealed) == 50
    nonces = {base64.b64decode(each.removeprefix("v1:"))[:12] for each in sealed}
    assert len(nonces) == 50
    assert not any("hunter2" in each or b"hunter2" in base64.b64decode(each[3:]) for each in sealed)


def test_a_password_that_was_moved_to_another_camera_does_not_open() -> None:
    with pytest.raises(Refused, match="password of camera yard does not open"):
        vault().open(vault().seal(PASSWORD, camera=HALL), camera=YARD)


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(Refused):
        Vault(bytes(32)).open(vault().seal(PASSWORD, camera=HALL), camera=HALL)


def test_every_changed_byte_is_noticed() -> None:
    sealed = base64.b64decode(vault().seal(PASSWORD, camera=HALL).removeprefix("v1:"))
    for at in range(len(sealed)):
        changed = bytearray(sealed)
        changed[at] ^= 1
        with pytest.raises(Refused):
            vault().open("v1:" + base64.b64encode(changed).decode(), camera=HALL)


@pytest.mark.parametrize("text", ["", "v1:", "v1:AAAA", "v1:not base64!", "v2:" + "A" * 80, PASSWORD])
def test_what_was_never_sealed_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(Refused) as caught:
        vault().open(text, camera=HALL)
    assert PASSWORD not in str(caught.value.as_dict())


def test_neither_the_vault_nor_its_errors_show_key_or_password() -> None:
    held = vault()
    sealed = held.seal(PASSWORD, camera=HALL)
    with pytest.raises(GatewayError) as caught:
        Vault(bytes(32)).open(sealed, camera=HALL)
    chain: BaseException | None = caught.value
    while chain is not None:
        assert "hunter2" not in repr(chain)
        assert sealed not in repr(chain)
        chain = chain.__context__ or chain.__cause__
    assert repr(held) == "Vault()"


def test_a_new_key_is_random_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        first = Vault.create(tmp_path / "keys" / "a.key")
        Vault.create(tmp_path / "keys" / "b.key")
    finally:
        os.umask(old)
    keys = {path.read_bytes() for path in (tmp_path / "keys").iterdir()}
    assert {len(key) for key in keys} == {32}
    assert len(keys) == 2
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "keys" / "a.key").stat().st_mode) == 0o600
    assert Vault.load(tmp_path / "keys" / "a.key").open(first.seal(PASSWORD, camera=HALL), camera=HALL) == PASSWORD


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    Vault.create(tmp_path / "a.key")
    before = (tmp_path / "a.key").read_bytes()
    with pytest.raises(Refused, match="exists already"):
        Vault.create(tmp_path / "a.key")
    assert (tmp_path / "a.key").read_bytes() == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o601])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    Vault.create(tmp_path / "a.key")
    (tmp_path / "a.key").chmod(mode)
    with pytest.raises(Refused, match="read by others") as caught:
        Vault.load(tmp_path / "a.key")
    assert "chmod 600" in caught.value.hint


def test_a_missing_a_linked_and_a_cut_key_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no key"):
        Vault.load(tmp_path / "a.key")
    Vault.create(tmp_path / "a.key")
    (tmp_path / "link.key").symlink_to(tmp_path / "a.key")
    with pytest.raises(InvalidInput, match="cannot be read"):
        Vault.load(tmp_path / "link.key")
    for length in (0, 31, 33):
        (tmp_path / "a.key").write_bytes(bytes(length))
        with pytest.raises(InvalidInput, match="not a key of 32 bytes"):
            Vault.load(tmp_path / "a.key")


def test_what_is_sealed_for_a_user_opens_for_that_user_alone_and_for_no_camera() -> None:
    alia, berik = UserId("hall"), UserId("yard")  # named as the cameras are
    sealed = vault().seal_for_user(PASSWORD, alia)
    assert vault().open_for_user(sealed, alia) == PASSWORD
    for refused in (
        lambda: vault().open_for_user(sealed, berik),
        lambda: vault().open(sealed, camera=HALL),
        lambda: vault().open_for_user(vault().seal(PASSWORD, camera=HALL), alia),
        lambda: Vault(bytes(32)).open_for_user(sealed, alia),
        lambda: vault().open_for_user(sealed[:-4], alia),
        lambda: vault().open_for_user("", alia),
    ):
        with pytest.raises(Refused) as caught:
            refused()
        assert PASSWORD not in str(caught.value)


def test_a_keyed_digest_needs_the_key_and_is_another_for_each_purpose() -> None:
    digest = vault().keyed("password", b"data")
    assert len(digest) == 32
    assert digest == vault().keyed("password", b"data")
    others = (
        vault().keyed("recovery-code", b"data"),
        vault().keyed("password", b"data2"),
        Vault(bytes(32)).keyed("password", b"data"),
        # a purpose and its data cannot run into each other
        vault().keyed("pass", b"word\0data"),
    )
    assert digest not in others
    assert len(set(others)) == len(others)
