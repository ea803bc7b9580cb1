"""Verbs on the audit rows: look at them, and prove that their chain is whole.

Promises to change nothing. A chain proves that no row was changed or dropped from the middle; that it was not written
anew, or its tail cut, shows only against heads that were kept elsewhere: in the bucket, locked, hour by hour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from camera_gateway.actions.seals import sealed_files
from camera_gateway.catalogue import audit_log, registry
from camera_gateway.clock import rfc3339
from camera_gateway.errors import InvalidInput
from camera_gateway.evidence.audit_heads import contradictions
from camera_gateway.evidence.signing import known_keys
from camera_gateway.footage.books import Books
from storage.errors import StoreError

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.actions.institutions import Nothing
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.audit import AuditRow
    from camera_gateway.domain.people import Actor


class ListAudit(BaseModel):
    """What `audit list` takes; times are µs UTC, the span is [from, to)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    from_us: int | None = None
    to_us: int | None = None
    actor: str | None = None
    action: str | None = None
    limit: int = Field(100, ge=1, le=10_000)
    before: int | None = Field(None, ge=1, le=1 << 62)
    """Only rows with a lower number: the next page of a list that begins with the newest."""


async def list_(gateway: Gateway, _actor: Actor, args: ListAudit) -> list[dict[str, Any]]:
    """List the newest rows that fit, in their order."""
    if args.from_us is not None and args.to_us is not None and args.to_us <= args.from_us:
        raise InvalidInput("the span is empty: --from is not before --to", hint="times are RFC 3339 or such as -2h")

    def work(tx: Transaction) -> list[AuditRow]:
        return audit_log.search(
            tx,
            args.limit,
            from_us=args.from_us,
            to_us=args.to_us,
            actor=args.actor,
            action=args.action,
            before=args.before,
        )

    return [
        {
            "number": row.number,
            "at": rfc3339(row.at_us),
            "actor": row.actor,
            "action": row.action,
            "object": row.object,
            "details": dict(row.details),
            "digest": row.digest,
        }
        for row in await gateway.read(work)
    ]


async def verify(gateway: Gateway, _actor: Actor, _args: Nothing) -> dict[str, Any]:
    """Compute the chain anew, and hold it to the heads that were anchored in the bucket hour by hour.

    `broken_at` is the first row that does not follow from the one before it. A history that was written anew is a
    whole chain: only the anchored heads contradict it. A store that cannot be asked is said, and is no finding.
    """

    def work(tx: Transaction) -> tuple[int | None, tuple[int, str]]:
        return audit_log.verify(tx), audit_log.head(tx)

    broken_at, (rows, head) = await gateway.read(work)
    anchored = await gateway.waiting(_held_to_heads, gateway)
    ok = broken_at is None and not anchored["contradictions"]
    return {"ok": ok, "rows": rows, "head": head, "broken_at": broken_at, "anchored": anchored}


def _held_to_heads(gateway: Gateway) -> dict[str, Any]:
    books = Books(gateway.catalogue, gateway.catalogue_thread)
    keys = known_keys(gateway.data_dir / "keys")
    found: list[dict[str, str]] = []
    heads, last = 0, None
    try:
        for institution in books.read(registry.list_institutions):
            for key, one, wrong in contradictions(
                sealed_files(gateway),
                institution.id,
                keys,
                lambda number: books.read(lambda tx: audit_log.digest_at(tx, number)),
            ):
                heads += 1
                if wrong:
                    found.append({"file": key, "reason": wrong})
                elif one is not None and (last is None or one.at_us > last.at_us):
                    last = one
    except StoreError as error:
        why = f"the store cannot be asked ({error.code})"
        return {"checked": False, "why": why, "heads": heads, "rows": 0, "at": None, "contradictions": found}
    at, rows = (None, 0) if last is None else (rfc3339(last.at_us), last.rows)
    return {"checked": True, "why": "", "heads": heads, "rows": rows, "at": at, "contradictions": found}
