"""Imports on trial: what a file's dry run has found, and what a confirmation would create.

Functions of a `Transaction`. Promises that a run is found by its digest alone, is confirmed at most once, and that
what it would create — sealed passwords among it — is forgotten when it is confirmed or a day old.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from camera_gateway.catalogue.registering_tables import import_runs
from camera_gateway.clock import US
from camera_gateway.errors import NotFound, Refused

if TYPE_CHECKING:
    from camera_gateway.catalogue.opening import Transaction

LIFE_US = 24 * 3_600 * US


@dataclass(frozen=True, slots=True)
class ImportRun:
    """One dry run. `planned` is None once it is confirmed or too old."""

    digest: str
    kind: str
    file: str
    made_by: str
    made_us: int
    good: bool
    results: list[dict[str, Any]]
    planned: list[dict[str, Any]] | None
    confirmed_us: int | None


def keep_run(tx: Transaction, run: ImportRun) -> None:
    """Keep a dry run, and forget what those of yesterday would have created."""
    now_us = tx.clock.now_us()
    old = import_runs.c.made_us < now_us - LIFE_US, import_runs.c.planned.is_not(None)
    tx.connection.execute(update(import_runs).where(*old).values(planned=None))
    values = {
        "digest": run.digest,
        "kind": run.kind,
        "file": run.file,
        "made_by": run.made_by,
        "made_us": run.made_us,
        "good": run.good,
        "results": json.dumps(run.results, ensure_ascii=False),
        "planned": None if run.planned is None else json.dumps(run.planned, ensure_ascii=False),
    }
    tx.connection.execute(insert(import_runs), values)
    tx.audit(f"{run.kind}.import-try", f"import:{run.digest[:16]}", rows=len(run.results), good=run.good)


def get_run(tx: Transaction, digest: str, kind: str) -> ImportRun:
    """Return a run; `NotFound` when there is none of this kind with this digest."""
    query = select(import_runs).where(import_runs.c.digest == digest, import_runs.c.kind == kind)
    row = tx.connection.execute(query).first()
    if row is None:
        raise NotFound("no dry run has this digest", hint="make one: --dry-run; then give the digest that it prints")
    return ImportRun(
        digest=row.digest,
        kind=row.kind,
        file=row.file,
        made_by=row.made_by,
        made_us=row.made_us,
        good=row.good,
        results=json.loads(row.results),
        planned=None if row.planned is None else json.loads(row.planned),
        confirmed_us=row.confirmed_us,
    )


def demand_open(run: ImportRun, now_us: int) -> list[dict[str, Any]]:
    """Return what a run would create; `Refused` when it found faults, is confirmed, or is too old."""
    if run.confirmed_us is not None:
        raise Refused("this import has been confirmed already", code="import-done")
    if not run.good:
        raise Refused("this dry run has found faults", hint="mend the file and try it again", code="import-faulty")
    if run.planned is None or now_us - run.made_us > LIFE_US:
        raise Refused("this dry run is more than a day old", hint="make another one", code="import-old")
    return run.planned


def confirm_run(tx: Transaction, run: ImportRun, created: list[str]) -> None:
    """Mark a run as confirmed by who asks, and forget what it held."""
    values = {"planned": None, "confirmed_us": tx.clock.now_us(), "confirmed_by": str(tx.actor)}
    tx.connection.execute(update(import_runs).where(import_runs.c.digest == run.digest).values(values))
    tx.audit(f"{run.kind}.import", f"import:{run.digest[:16]}", made_by=run.made_by, created=created)
