"""Retention rules in the catalogue: versions are added, never changed, so that old ones can still be named.

Functions of a `Transaction`. Each new version writes its audit row in the same transaction.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from camera_gateway.catalogue.tables import policies
from camera_gateway.clock import rfc3339
from camera_gateway.domain.retention import PolicyRule, RuleScope

if TYPE_CHECKING:
    from camera_gateway.catalogue.opening import Transaction


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A version of a rule with who made it, when and why: all that there is of it but its number."""

    name: str
    institution: str | None
    zone: str | None
    camera: str | None
    floor_days: int | None
    ceiling_days: int | None
    valid_from_us: int
    created_us: int
    created_by: str
    approved_by: str | None
    reason: str


def add_rule(
    tx: Transaction,
    *,
    name: str,
    scope: RuleScope,
    floor_days: int | None,
    ceiling_days: int | None,
    valid_from_us: int,
    reason: str,
    approved_by: str | None,
) -> PolicyRule:
    """Add a version of a rule, in the name of who asks; `approved_by` is the second person where one was needed."""
    values = {
        "name": name,
        "institution": scope.institution,
        "zone": scope.zone,
        "camera": scope.camera,
        "floor_days": floor_days,
        "ceiling_days": ceiling_days,
        "valid_from_us": valid_from_us,
        "created_us": tx.clock.now_us(),
        "created_by": str(tx.actor),
        "approved_by": approved_by,
        "reason": reason,
    }
    number = tx.connection.execute(insert(policies).returning(policies.c.number), values).scalar_one()
    rule = PolicyRule(number, name, scope, floor_days, ceiling_days, valid_from_us)
    tx.audit(
        "retention.rule",
        f"rule:{rule.id}",
        scope=str(scope),
        floor_days=floor_days,
        ceiling_days=ceiling_days,
        valid_from=rfc3339(valid_from_us),
        reason=reason,
        approved_by=approved_by,
    )
    return rule


def list_rules(tx: Transaction) -> tuple[PolicyRule, ...]:
    """Return every version of every rule, in the order in which they were made."""
    return tuple(
        PolicyRule(
            row.number,
            row.name,
            RuleScope(row.institution, row.zone, row.camera),
            row.floor_days,
            row.ceiling_days,
            row.valid_from_us,
        )
        for row in tx.connection.execute(select(policies).order_by(policies.c.number))
    )


def rule_rows(tx: Transaction) -> list[RuleRow]:
    """Return every version of every rule whole, in the order in which they were made."""
    names = [field.name for field in fields(RuleRow)]
    rows = tx.connection.execute(select(policies).order_by(policies.c.number))
    return [RuleRow(**{name: getattr(row, name) for name in names}) for row in rows]


def restore_rule(tx: Transaction, row: RuleRow) -> bool:
    """Take a version over that was lost, in the name of who made it; False when it is there. Numbers may differ."""
    if row in rule_rows(tx):
        return False
    tx.connection.execute(insert(policies), asdict(row))
    return True


def who_made(tx: Transaction) -> dict[int, tuple[str, str | None, str]]:
    """Return of each version who made it, who approved it, and the reason."""
    found = tx.connection.execute(select(policies))
    return {row.number: (row.created_by, row.approved_by, row.reason) for row in found}
