"""The register of processes: what people did or what befell them, and when it was dealt with. And explained gaps.

Functions of a `Transaction`; each change writes its audit row. Entries are never removed; an explanation stands beside
a gap and never changes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from camera_gateway.catalogue.compliance_tables import gap_explanations, process_events
from camera_gateway.clock import rfc3339
from camera_gateway.errors import NotFound, Refused

if TYPE_CHECKING:
    from sqlalchemy import Row

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.ids import CameraId


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """One entry. `at_us` is when it happened, `done_us` when it was dealt with (None: not yet)."""

    number: int
    institution: str
    camera: str | None
    process: str
    at_us: int
    done_us: int | None
    evidence: str
    noted_by: str
    noted_us: int
    done_by: str | None

    @property
    def id(self) -> str:
        """How people name it."""
        return f"process-{self.number}"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What somebody said of a gap."""

    number: int
    camera: str
    start_us: int
    end_us: int
    words: str
    explained_by: str
    explained_us: int


def note_process(
    tx: Transaction,
    *,
    institution: str,
    camera: str | None,
    process: str,
    at_us: int,
    evidence: str,
    done_us: int | None,
) -> ProcessRow:
    """Enter something in the name of who asks."""
    values = {
        "institution": institution,
        "camera": camera,
        "process": process,
        "at_us": at_us,
        "done_us": done_us,
        "evidence": evidence,
        "noted_by": str(tx.actor),
        "noted_us": tx.clock.now_us(),
        "done_by": None if done_us is None else str(tx.actor),
    }
    number = tx.connection.execute(insert(process_events).returning(process_events.c.number), values).scalar_one()
    row = get_process(tx, number)
    tx.audit(
        "process.note",
        f"process:{row.id}",
        institution=institution,
        camera=camera,
        process=process,
        at=rfc3339(at_us),
        done=None if done_us is None else rfc3339(done_us),
        evidence=evidence,
    )
    return row


def get_process(tx: Transaction, number: int) -> ProcessRow:
    """Return an entry; `NotFound` when there is none."""
    found = tx.connection.execute(select(process_events).where(process_events.c.number == number)).first()
    if found is None:
        raise NotFound(f"no process-{number}", hint="see: camera-gateway process list")
    return _row(found)


def finish_process(tx: Transaction, number: int, *, done_us: int, evidence: str) -> ProcessRow:
    """Say that an entry was dealt with; its evidence is added to. `Refused` when that has been said."""
    row = get_process(tx, number)
    if row.done_us is not None:
        raise Refused(f"{row.id} is done already", hint="see: camera-gateway process list")
    whole = f"{row.evidence}; {evidence}" if row.evidence else evidence
    values = {"done_us": done_us, "done_by": str(tx.actor), "evidence": whole}
    tx.connection.execute(update(process_events).where(process_events.c.number == number).values(values))
    tx.audit("process.done", f"process:{row.id}", process=row.process, done=rfc3339(done_us), evidence=evidence)
    return get_process(tx, number)


def list_processes(tx: Transaction, institution: str | None = None) -> list[ProcessRow]:
    """Return the entries by when they happened."""
    query = select(process_events).order_by(process_events.c.at_us, process_events.c.number)
    if institution is not None:
        query = query.where(process_events.c.institution == institution)
    return [_row(found) for found in tx.connection.execute(query)]


def explain_gap(tx: Transaction, camera: CameraId, start_us: int, end_us: int, words: str) -> Explanation:
    """Write down what somebody says of a span in which something is missing."""
    who, now_us = str(tx.actor), tx.clock.now_us()
    values = {
        "camera": camera,
        "start_us": start_us,
        "end_us": end_us,
        "words": words,
        "explained_by": who,
        "explained_us": now_us,
    }
    number = tx.connection.execute(insert(gap_explanations).returning(gap_explanations.c.number), values).scalar_one()
    tx.audit("gap.explain", f"camera:{camera}", **{"from": rfc3339(start_us), "to": rfc3339(end_us), "words": words})
    return Explanation(number, camera, start_us, end_us, words, who, now_us)


def explanations_in_span(tx: Transaction, camera: CameraId, start_us: int, end_us: int) -> list[Explanation]:
    """Return what was said of spans that touch [start, end), by number."""
    query = (
        select(gap_explanations)
        .where(
            gap_explanations.c.camera == camera,
            gap_explanations.c.start_us < end_us,
            gap_explanations.c.end_us > start_us,
        )
        .order_by(gap_explanations.c.number)
    )
    return [Explanation(**row._mapping) for row in tx.connection.execute(query)]  # noqa: SLF001 - documented accessor


def _row(found: Row[Any]) -> ProcessRow:
    return ProcessRow(**found._mapping)  # noqa: SLF001 - the documented accessor of SQLAlchemy's rows
