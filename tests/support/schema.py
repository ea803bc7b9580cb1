"""The catalogue's schema, made once by its migrations and then copied: what an installation of a test begins with.

Ten migrations cost 0.15 s of processor, and a thousand tests want a catalogue of their own. Creating one goes on where
an earlier creation was cut short after the schema, which the product has to be able to do anyway; the migrations
themselves have tests of their own. Promises that a copy is what `Catalogue.create` would have made so far.
"""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from camera_gateway.catalogue import migrating, sqlite

NAME = "catalogue.sqlite"


@cache
def _made() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path, copy = Path(folder) / NAME, Path(folder) / "copy"
        sqlite.create_file(path)
        engine = sqlite.writer_engine(path)
        migrating.upgrade(engine)
        engine.dispose()
        sqlite.copy_database(path, copy)
        return copy.read_bytes()


def lay_schema(data_dir: Path) -> None:
    """Put the schema where `Catalogue.create` will look for it."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = data_dir / NAME
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(_made())
