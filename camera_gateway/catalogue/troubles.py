"""What a database reports, as an error that a person can act upon.

Knows no table.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import DatabaseError, IntegrityError, ProgrammingError

from camera_gateway.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def translated(verb: str) -> Iterator[None]:
    """Turn what the database reports (full disk, damaged or unreadable file) into `Unavailable`."""
    try:
        yield
    except DatabaseError as error:
        if isinstance(error, IntegrityError | ProgrammingError):  # ours to mend, not the disk's
            raise
        raise Unavailable(f"cannot {verb} the catalogue: {error.orig}", hint="check the disk; see doctor") from error
