"""The lock that makes a process the owner of a catalogue (D9).

Knows no database.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from camera_gateway.errors import Refused, Unavailable
from storage.files import RealFiles

if TYPE_CHECKING:
    from contextlib import ExitStack
    from pathlib import Path

LOCK_FILE = "catalogue.lock"


def take_lock(data_dir: Path, held: ExitStack) -> None:
    """Take the lock for as long as `held` is open; the kernel frees it when the process dies."""
    try:
        fd = RealFiles().lock(data_dir / LOCK_FILE)
    except BlockingIOError as error:
        raise Refused("another process owns the catalogue", hint="use the running service, or stop it first") from error
    except OSError as error:
        raise Unavailable(f"cannot lock the catalogue: {error.strerror}", hint="check the data directory") from error
    held.callback(os.close, fd)
