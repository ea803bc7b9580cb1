"""Reports, as routes: made, listed, and handed out as files.

A table: each route is a verb, or a stream that asks one. Knows nothing of how they are served.
"""

from __future__ import annotations

from camera_gateway.access.permissions import Act
from camera_gateway.api.answers_reports import ReportMade, ReportRow
from camera_gateway.api.reports import ReportFile, report_file
from camera_gateway.api.routes.evidence import HEAVY
from camera_gateway.api.routes.table import Route
from camera_gateway.compliance.documents.files import FORMATS

REPORTS: tuple[Route, ...] = (
    Route(
        "GET",
        "/api/v1/reports",
        "report.list",
        "The reports that were made",
        "report.list",
        paged=True,
        answer=ReportRow,
    ),
    Route(
        "POST",
        "/api/v1/reports",
        "report.make",
        "Make a report, sign it and keep it",
        "report.make",
        status=201,
        cost=HEAVY,
        makes=("report", "/id"),
        answer=ReportMade,
    ),
    *(
        Route(
            "GET",
            f"/api/v1/reports/{{report}}.{form}",
            f"report.{form}",
            f"A report as {form.upper()}, in Kazakh, Russian or English",
            stream=report_file,
            arguments=ReportFile,
            act=Act.COMPLIANCE_SEE,
            content=known.content_type.partition(";")[0],
            fixed={"form": form},
            cost=HEAVY,
        )
        for form, known in FORMATS.items()
    ),
    Route(
        "GET",
        "/api/v1/reports/{report}",
        "report.show",
        "What a report is, with its statement and signature",
        "report.show",
        answer=ReportRow,
    ),
)
