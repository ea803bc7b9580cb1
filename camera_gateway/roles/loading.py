"""Where a process's settings come from: a file that was named or found, and its environment.

The only reader of this process's environment and working directory for settings.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from camera_gateway.settings.load import load
from camera_gateway.settings.locate import settings_file

if TYPE_CHECKING:
    from camera_gateway.settings.schema import Settings


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, and the file that they were read from; None: defaults and environment only."""

    settings: Settings
    file: Path | None


def load_settings(named: Path | None) -> Loaded:
    """Load the settings of this process; `InvalidInput` names file, line and key."""
    file = settings_file(named, os.environ, Path.cwd())
    return Loaded(load(file, os.environ), None if file is None else file.resolve())
