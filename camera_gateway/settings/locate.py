"""Where the shipped data and the settings file are.

`config/` is data, not a package: in a wheel it lies inside the package as `_config`, in a checkout and an editable
install beside it. Looks only; parses nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import camera_gateway
from camera_gateway.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

SETTINGS_VARIABLE = "CAMERA_GATEWAY_CONFIG"
SETTINGS_NAME = "gateway.toml"
EXAMPLE_NAME = "gateway.example.toml"
SYSTEM_SETTINGS = Path("/etc/camera-gateway") / SETTINGS_NAME


def config_directory(package: Path | None = None) -> Path:
    """Return the directory of the shipped data; `NotFound` when the installation is not whole."""
    inside = package or Path(camera_gateway.__file__).parent
    for candidate in (inside / "_config", inside.parent / "config"):
        # any directory may be called config; ours has the example
        if (candidate / EXAMPLE_NAME).is_file():
            return candidate
    raise NotFound("the shipped config directory is missing", hint="install the package again")


def settings_file(explicit: Path | None, environ: Mapping[str, str], working_directory: Path) -> Path | None:
    """Return the settings file to read: asked for, named by the environment, here, or the system's; None: defaults.

    One that was asked for must exist (`InvalidInput`).
    """
    named = explicit or (Path(environ[SETTINGS_VARIABLE]) if environ.get(SETTINGS_VARIABLE) else None)
    if named is not None:
        path = working_directory / named
        if not path.is_file():
            source = "--config" if explicit else SETTINGS_VARIABLE
            raise InvalidInput(f"{source}: no file {named}", hint="name an existing settings file")
        return path
    for path in (working_directory / SETTINGS_NAME, SYSTEM_SETTINGS):
        if path.is_file():
            return path
    return None
