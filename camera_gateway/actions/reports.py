"""Verbs on reports: make one, list them, hand one out.

Promises that a report is kept as it was signed and handed out as it was kept, that making and each handing out have
their audit row, and that a report is seen by those alone who may see everything that it tells of.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from camera_gateway.access.permissions import Act
from camera_gateway.access.rights import rights_of
from camera_gateway.actions.reports_making import made
from camera_gateway.actions.reports_subject import ListReports, MakeReport, OneReport, places_told, resolve
from camera_gateway.actions.seals import signing_key
from camera_gateway.catalogue import reports
from camera_gateway.catalogue.reports import ReportRow
from camera_gateway.clock import rfc3339
from camera_gateway.compliance.documents.model import canonical, digest_of
from camera_gateway.compliance.documents.statement import id_of, statement

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.compliance.documents.model import Document
    from camera_gateway.domain.people import Actor
    from camera_gateway.evidence.signing import SigningKey


class GetReport(BaseModel):
    """What handing out takes; `form` and `lang` are what it is for, for the audit log."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    report: str = Field(max_length=120)
    form: Literal["json", "csv", "xlsx", "pdf"] = "json"
    lang: Literal["kk", "ru", "en"] = "en"


async def make(gateway: Gateway, actor: Actor, args: MakeReport) -> dict[str, Any]:
    """Make a report, sign it and keep it."""
    asked = await gateway.read(partial(_resolved, gateway.clock.now_us(), actor, args))
    document = await made(gateway, actor, args, asked)
    row = await _kept(gateway, actor, document)
    return {**_head(row), "failed": document.failed}


def _resolved(now_us: int, actor: Actor, args: MakeReport, tx: Transaction) -> Any:  # noqa: ANN401 - an Asked
    return resolve(tx, actor, args, now_us)


async def _kept(gateway: Gateway, actor: Actor, document: Document) -> ReportRow:
    row = _signed(document, await signing_key(gateway))
    await gateway.write(actor, lambda tx: reports.add_report(tx, row, canonical(document)))
    return await gateway.read(lambda tx: reports.get_report(tx, row.id))


def _signed(document: Document, key: SigningKey) -> ReportRow:
    text = statement(document, key.public.fingerprint)
    return ReportRow(
        id=id_of(document),
        kind=document.kind.value,
        institution=document.institution,
        camera=document.camera,
        region=document.region,
        standard=document.standard,
        institutions=document.institutions,
        start_us=document.start_us,
        end_us=document.end_us,
        made_us=document.made_us,
        made_by=document.made_by,
        sha256=digest_of(canonical(document)),
        statement=text,
        signature=key.sign(text.encode()).hex(),
    )


async def list_(gateway: Gateway, actor: Actor, args: ListReports) -> list[dict[str, Any]]:
    """List the reports that the asker may see, the newest first."""

    def work(tx: Transaction) -> list[dict[str, Any]]:
        rights = rights_of(tx, actor)
        rows = reports.list_reports(tx, kind=args.kind, institution=args.institution, camera=args.camera)
        return [
            _head(row)
            for row in rows
            if all(rights.decide(Act.COMPLIANCE_SEE, place).allowed for place in places_told(tx, row))
        ]

    return await gateway.read(work)


async def show(gateway: Gateway, _actor: Actor, args: OneReport) -> dict[str, Any]:
    """Show what a report is, without its document."""
    return _head(await gateway.read(lambda tx: reports.get_report(tx, args.report)))


async def get(gateway: Gateway, actor: Actor, args: GetReport) -> dict[str, Any]:
    """Hand a report out, for a file of a form and language: with its audit row."""

    def work(tx: Transaction) -> tuple[ReportRow, str]:
        row = reports.get_report(tx, args.report)
        tx.audit("report.get", f"report:{row.id}", form=args.form, lang=args.lang)
        return row, reports.document_of(tx, row.id)

    row, document = await gateway.write(actor, work)
    return {**_head(row), "text": document}


def _head(row: ReportRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "institution": row.institution,
        "camera": row.camera,
        "region": row.region,
        "standard": row.standard,
        "institutions": list(row.institutions),
        "from": rfc3339(row.start_us),
        "to": rfc3339(row.end_us),
        "made_at": rfc3339(row.made_us),
        "made_by": row.made_by,
        "sha256": row.sha256,
        "statement": row.statement,
        "signature": row.signature,
    }
