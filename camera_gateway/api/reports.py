"""A report as a file: the kept document, written in the form and language that are asked for.

Promises that a verb is asked first, with its audit row, and that writing is done on a thread. Every file of a report is
written from the one document that was signed, so it can be asked for again at any time.
"""

from __future__ import annotations

from typing import Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from camera_gateway.actions.verbs import perform
from camera_gateway.api.routes.table import Call  # noqa: TC001 - a handler's annotation
from camera_gateway.compliance.documents.files import FORMATS, written
from camera_gateway.errors import Unavailable


class ReportFile(BaseModel):
    """Names a report, the form of the file and its language."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    report: str = Field(max_length=120)
    form: Literal["json", "csv", "xlsx", "pdf"]
    lang: Literal["kk", "ru", "en"] = "en"


async def report_file(call: Call) -> web.StreamResponse:
    """Send a report as a file."""
    asked: ReportFile = call.arguments
    if call.actor is None:
        raise Unavailable("nobody has signed in")
    arguments = {"report": asked.report, "form": asked.form, "lang": asked.lang}
    kept = await perform(call.gateway, call.actor, "report.get", arguments)
    data = await call.gateway.waiting(written, kept, asked.form, asked.lang)
    return web.Response(
        body=data,
        headers={
            "Content-Type": FORMATS[asked.form].content_type,
            "Content-Disposition": f'attachment; filename="{kept["id"]}.{asked.lang}.{asked.form}"',
            "X-Report-SHA256": kept["sha256"],
        },
    )
