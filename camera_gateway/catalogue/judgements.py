"""Judgements in the catalogue: what was found on a day, of an institution, by an edition of a standard.

Functions of a `Transaction`. A day has one judgement; judging it again replaces it, and the audit row says so.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, select

from camera_gateway.catalogue.compliance_tables import judgements

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Row

    from camera_gateway.catalogue.opening import Transaction


@dataclass(frozen=True, slots=True)
class Judgement:
    """One judgement. `day` is the local day that was judged; `findings` are as `compliance check` has them."""

    number: int
    institution: str
    standard: str
    edition: str
    day: str
    counts: Mapping[str, int]
    findings: Sequence[Mapping[str, Any]]
    judged_us: int


def keep_judgement(
    tx: Transaction,
    *,
    institution: str,
    standard: str,
    edition: str,
    day: str,
    counts: Mapping[str, int],
    findings: Sequence[Mapping[str, Any]],
) -> None:
    """Keep the judgement of a day, in place of an earlier one."""
    of_day = (judgements.c.institution == institution, judgements.c.standard == standard, judgements.c.day == day)
    replaced = tx.connection.execute(delete(judgements).where(*of_day)).rowcount
    values = {
        "institution": institution,
        "standard": standard,
        "edition": edition,
        "day": day,
        "counts": json.dumps(dict(counts)),
        "findings": json.dumps([dict(f) for f in findings], ensure_ascii=False, separators=(",", ":")),
        "judged_us": tx.clock.now_us(),
    }
    tx.connection.execute(insert(judgements), values)
    tx.audit(
        "compliance.judge",
        f"institution:{institution}",
        standard=standard,
        edition=edition,
        day=day,
        counts={name: number for name, number in counts.items() if number},
        again=bool(replaced),
    )


def judgement_of(tx: Transaction, institution: str, standard: str, day: str) -> Judgement | None:
    """Return the judgement of a day; None when it was not judged."""
    query = select(judgements).where(
        judgements.c.institution == institution, judgements.c.standard == standard, judgements.c.day == day
    )
    found = tx.connection.execute(query).first()
    return None if found is None else _judgement(found)


def judged_since(tx: Transaction, institution: str, day: str, since_us: int) -> bool:
    """Whether a day was judged after a moment, by any standard."""
    query = select(judgements.c.number).where(
        judgements.c.institution == institution, judgements.c.day == day, judgements.c.judged_us >= since_us
    )
    return tx.connection.execute(query).first() is not None


def latest_one(tx: Transaction, institution: str, standard: str, day: str) -> Judgement | None:
    """Return the latest judgement up to a day; None when there is none."""
    query = (
        select(judgements)
        .where(judgements.c.institution == institution, judgements.c.standard == standard, judgements.c.day <= day)
        .order_by(judgements.c.day.desc())
        .limit(1)
    )
    found = tx.connection.execute(query).first()
    return None if found is None else _judgement(found)


def latest_of(tx: Transaction, day: str) -> list[Judgement]:
    """Return, of each institution and standard, the latest judgement up to a day."""
    newest = (
        select(judgements.c.institution, judgements.c.standard, func.max(judgements.c.day).label("day"))
        .where(judgements.c.day <= day)
        .group_by(judgements.c.institution, judgements.c.standard)
        .subquery()
    )
    same = (
        (judgements.c.institution == newest.c.institution)
        & (judgements.c.standard == newest.c.standard)
        & (judgements.c.day == newest.c.day)
    )
    query = select(judgements).join(newest, same).order_by(judgements.c.institution, judgements.c.standard)
    return [_judgement(row) for row in tx.connection.execute(query)]


def counts_by_day(tx: Transaction, institution: str, standard: str, first: str, last: str) -> list[Judgement]:
    """Return the judgements of a span of days without their findings, by day."""
    columns = [column for column in judgements.c if column.name != "findings"]
    query = (
        select(*columns)
        .where(
            judgements.c.institution == institution,
            judgements.c.standard == standard,
            judgements.c.day >= first,
            judgements.c.day <= last,
        )
        .order_by(judgements.c.day)
    )
    return [_judgement(row) for row in tx.connection.execute(query)]


def _judgement(row: Row[Any]) -> Judgement:
    values = row._mapping  # noqa: SLF001 - the documented accessor of SQLAlchemy's rows
    return Judgement(
        number=row.number,
        institution=row.institution,
        standard=row.standard,
        edition=row.edition,
        day=row.day,
        counts=json.loads(row.counts),
        findings=json.loads(values["findings"]) if "findings" in values else (),
        judged_us=row.judged_us,
    )
