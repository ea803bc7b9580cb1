"""Where things lie in the data directory.

Pure: it makes no file and no directory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Places:
    """The names that the roles and commands agree on, below one data directory."""

    data_dir: Path

    @property
    def settings_file(self) -> Path:
        """The settings that `init` or the demo wrote here, if any."""
        return self.data_dir / "gateway.toml"

    @property
    def control_socket(self) -> Path:
        """Where `serve` listens for commands (0600)."""
        return self.data_dir / "control.sock"

    @property
    def credentials_key(self) -> Path:
        """Key of the vault that seals camera passwords (0600)."""
        return self.data_dir / "keys" / "credentials.key"

    @property
    def plan(self) -> Path:
        """The plan, written by `serve`, read by `record` (0600)."""
        return self.data_dir / "plan.json"

    @property
    def status(self) -> Path:
        """Directory of the recorder's status files."""
        return self.data_dir / "status"

    @property
    def spool(self) -> Path:
        """The spool's root."""
        return self.data_dir / "spool"

    @property
    def store(self) -> Path:
        """Data, keys and configuration of the embedded store."""
        return self.data_dir / "store"

    @property
    def logs(self) -> Path:
        """Logs of supervised children."""
        return self.data_dir / "logs"
