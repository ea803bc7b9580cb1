"""Making a backup in the process of the one who asked: which files of an installation go into it.

The audit rows before and after it are written by the verbs of actions/backup, which `serve` may perform.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from camera_gateway.catalogue.backup import Sources, make_backup, verify_backup
from camera_gateway.catalogue.sqlite import database_path

if TYPE_CHECKING:
    from pathlib import Path

    from camera_gateway.clock import Clock
    from camera_gateway.roles.loading import Loaded


def back_up(loaded: Loaded, clock: Clock, target: Path, facts: dict[str, Any], *, with_keys: bool) -> dict[str, Any]:
    """Write the backup; raises what `make_backup` raises."""
    data_dir = loaded.settings.site.data_dir
    sources = Sources(
        database=database_path(loaded.settings.catalogue.url, data_dir),
        data_dir=data_dir,
        settings=loaded.file,
        keys=keys_of(data_dir),
    )
    made = make_backup(target, sources, facts, clock.now_us(), with_keys=with_keys)
    return {
        "file": str(made.file),
        "bytes": made.size_bytes,
        "sha256": made.sha256,
        "files": list(made.files),
        "with_keys": with_keys,
        "keys": [path.relative_to(data_dir).as_posix() for path in sources.keys],
    }


def look_at(file: Path) -> list[str]:
    """Return what is wrong with a backup."""
    return verify_backup(file)


def keys_of(data_dir: Path) -> list[Path]:
    """Return the installation's own key files: what seals passwords and days, and opens the embedded store."""
    found = [*(data_dir / "keys").glob("*"), *(data_dir / "store").glob("*.key")]
    return sorted(path for path in found if path.is_file())
