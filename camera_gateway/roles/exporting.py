"""Writing a package, in the process of the one who asked; `serve` plans it, audits it and signs what went in.

Promises that the package appears under its name whole and signed, or not at all.
"""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from camera_gateway.errors import InvalidInput, Unavailable
from camera_gateway.evidence.export import Exporter
from camera_gateway.evidence.export_plan import parse_plan
from camera_gateway.evidence.packing import DirectorySink, ZipSink
from camera_gateway.footage.reader import Reader
from camera_gateway.roles.stores import open_configured
from storage.errors import StoreError
from storage.files import fsync_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from camera_gateway.clock import Clock
    from camera_gateway.evidence.packing import Sink
    from camera_gateway.roles.loading import Loaded

    Finish = Callable[..., Mapping[str, Any]]


def export_to(
    loaded: Loaded,
    clock: Clock,
    plan: Mapping[str, Any],
    target: Path,
    finish: Finish,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> dict[str, Any]:
    """Carry out what `evidence.export-plan` returned, into a zip (a name that ends in .zip) or a new directory.

    `finish` is the verb `evidence.export-finish`. Raises `InvalidInput` when the target is there, `Unavailable`.
    """
    if target.exists():
        raise InvalidInput(f"{target} is there already", hint="choose another name with -o")
    draft = target.absolute().parent / f".{target.name}.part"
    try:
        with ExitStack() as held:
            held.callback(_discard, draft)
            opened = open_configured(loaded.settings, clock, lambda _observation: None)
            held.callback(opened.close)
            sink = _sink(draft, target, plan["exported_us"], held)
            reader = Reader(loaded.settings.site.data_dir / "spool", opened.store)
            exporter = Exporter(reader, opened.store, sink, target.absolute().parent)
            done = exporter.run(parse_plan(plan), progress)
            signed = finish(package=plan["package"], made=done.made, changed=done.changed, absent=done.absent)
            exporter.add("EXPORT.txt", signed["text"].encode())
            exporter.add("EXPORT.sig", bytes.fromhex(signed["signature"]))
            sink.close()
            _keep(draft, target)
    except StoreError as error:
        raise Unavailable(f"the store cannot be read: {error}", hint="see: camera-gateway doctor") from error
    except OSError as error:
        raise Unavailable(
            f"{target} cannot be written: {error.strerror}", hint="choose another place with -o"
        ) from error
    return {
        "file": str(target),
        "package": plan["package"],
        "request": plan["request"],
        "nothing": plan["nothing"],
        "bytes": done.size_bytes,
        "segments": len(plan["segments"]),
        "missing_s": plan["missing_s"],
        "gaps": plan["gaps"],
        "sealed_days": plan["sealed_days"],
        "unsealed_days": plan["unsealed_days"],
        "export_sha256": signed["sha256"],
        "findings": [{"invariant": f.invariant, "what": f.what, "where": f.where} for f in done.findings],
    }


def _sink(draft: Path, target: Path, at_us: int, held: ExitStack) -> Sink:
    _discard(draft)
    if target.suffix.lower() != ".zip":
        draft.mkdir(mode=0o700)
        return DirectorySink(draft)
    fd = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    return ZipSink(held.enter_context(os.fdopen(fd, "w+b")), at_us, draft)


def _keep(draft: Path, target: Path) -> None:
    """Give a finished package its name."""
    draft.rename(target)
    fsync_directory(target.absolute().parent)


def _discard(draft: Path) -> None:
    if draft.is_dir():
        shutil.rmtree(draft)
    else:
        draft.unlink(missing_ok=True)
