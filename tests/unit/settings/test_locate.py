"""Where the shipped data and the settings file are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from camera_gateway.errors import InvalidInput, NotFound
from camera_gateway.settings.locate import config_directory, settings_file
from camera_gateway.settings.places import Places


def test_this_installation_has_its_config_directory() -> None:
    assert (config_directory() / "standards").is_dir()


def test_a_wheel_has_the_data_inside_the_package_and_a_checkout_beside_it(tmp_path: Path) -> None:
    package, beside = tmp_path / "camera_gateway", tmp_path / "config"
    inside = package / "_config"
    for directory in (beside, inside):
        directory.mkdir(parents=True)
    with pytest.raises(NotFound, match="config directory is missing"):
        config_directory(package)  # directories of that name alone are not ours
    (beside / "gateway.example.toml").touch()
    assert config_directory(package) == beside
    (inside / "gateway.example.toml").touch()
    assert config_directory(package) == inside


def test_the_named_file_wins_over_the_environment_and_that_over_the_working_directory(tmp_path: Path) -> None:
    for name in ("named.toml", "environment.toml", "gateway.toml"):
        (tmp_path / name).touch()
    environ = {"CAMERA_GATEWAY_CONFIG": "environment.toml"}
    assert settings_file(Path("named.toml"), environ, tmp_path) == tmp_path / "named.toml"
    assert settings_file(None, environ, tmp_path) == tmp_path / "environment.toml"
    assert settings_file(None, {}, tmp_path) == tmp_path / "gateway.toml"
    assert settings_file(tmp_path / "named.toml", {}, Path("/")) == tmp_path / "named.toml"


def test_a_file_that_was_asked_for_must_exist(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").touch()
    with pytest.raises(InvalidInput, match=r"--config: no file absent\.toml"):
        settings_file(Path("absent.toml"), {}, tmp_path)
    with pytest.raises(InvalidInput, match=r"CAMERA_GATEWAY_CONFIG: no file absent\.toml"):
        settings_file(None, {"CAMERA_GATEWAY_CONFIG": "absent.toml"}, tmp_path)


def test_the_places_of_a_data_directory_lie_within_it() -> None:
    places = Places(Path("/d"))
    assert places.credentials_key == Path("/d/keys/credentials.key")
    assert {places.plan.name, places.control_socket.name, places.settings_file.name} == {
        "plan.json",
        "control.sock",
        "gateway.toml",
    }
    assert {places.status, places.spool, places.store, places.logs} == {
        Path("/d") / name for name in ("status", "spool", "store", "logs")
    }
