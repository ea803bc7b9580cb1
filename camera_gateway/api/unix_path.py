"""Names of Unix sockets: the kernel takes 107 bytes (unix(7)), data directories may be deeper.

Knows nothing else.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONGEST_BYTES = 107


@contextmanager
def short_name(path: Path) -> Iterator[str]:
    """Give a name of `path` that fits, for the time of a bind or connect. Raises OSError without its directory."""
    if len(os.fsencode(path)) <= LONGEST_BYTES:
        yield str(path)
        return
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)
