"""Fetching a span to a file, in the process of the one who asked; `serve` only says what there is, and audits it.

Promises that the file appears whole or not at all; reads spool and store, never the catalogue.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from camera_gateway.domain.coverage import Gap
from camera_gateway.domain.footage import GapCause, parse_sidecar_values
from camera_gateway.errors import Unavailable
from camera_gateway.footage.fetch import FoundSegment, fetch
from camera_gateway.footage.reader import Reader
from camera_gateway.roles.stores import open_configured
from storage.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from camera_gateway.clock import Clock
    from camera_gateway.roles.loading import Loaded


def fetch_to_file(
    loaded: Loaded,
    clock: Clock,
    plan: Mapping[str, Any],
    target: Path,
    progress: Callable[[int, int], None],
) -> dict[str, Any]:
    """Carry out what the verb `footage.fetch-plan` returned; the file appears whole or not at all.

    Raises `NotFound` when nothing of the span exists, `Unavailable` when the store cannot be read.
    """
    segments = [
        FoundSegment(parse_sidecar_values(s["sidecar"]), s["spool_path"], s["key"], s["version_id"])
        for s in plan["segments"]
    ]
    gaps = [Gap(g["from_us"], g["to_us"], GapCause(g["cause"]), g["detail"]) for g in plan["gaps"]]
    opened = open_configured(loaded.settings, clock, lambda _observation: None)
    folder = target.absolute().parent
    try:
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as work:
            draft = Path(work) / target.name
            with draft.open("wb") as sink:
                report = fetch(
                    segments,
                    gaps,
                    plan["from_us"],
                    plan["to_us"],
                    sink,
                    reader=Reader(loaded.settings.site.data_dir / "spool", opened.store),
                    work_dir=Path(work),
                    progress=progress,
                    in_place=True,
                )
                sink.flush()
                os.fsync(sink.fileno())
            draft.replace(target)
    except StoreError as error:
        raise Unavailable(f"the store cannot be read: {error}", hint="see: camera-gateway doctor") from error
    except OSError as error:
        raise Unavailable(
            f"{target} cannot be written: {error.strerror}", hint="choose another place with -o"
        ) from error
    finally:
        opened.close()
    return {"file": str(target), "camera": plan["camera"], **report.as_json()}
