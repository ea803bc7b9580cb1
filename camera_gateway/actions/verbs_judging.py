"""The verbs of standards and compliance, and of what people declare beside what is measured: rows of `verbs`.

A part of one table: each verb names its act and its places here, and `verbs.perform` asks for the right.
"""

from __future__ import annotations

from camera_gateway.access.permissions import Act
from camera_gateway.actions import compliance, declaring, institutions, judging, places, standards, waiving
from camera_gateway.actions.verb import Verb

JUDGING: tuple[Verb, ...] = (
    Verb("compliance.check", compliance.CheckCompliance, compliance.check, Act.COMPLIANCE_SEE, places.institution),
    Verb("compliance.overview", judging.Overview, judging.overview, Act.COMPLIANCE_SEE, places.anywhere),
    Verb("compliance.institution", judging.OnDay, judging.on_day, Act.COMPLIANCE_SEE, places.institution),
    Verb("compliance.trend", judging.Trend, judging.trend, Act.COMPLIANCE_SEE, places.institution),
    # the rule books are the same everywhere
    Verb("standard.list", institutions.Nothing, standards.list_, Act.COMPLIANCE_SEE, places.anywhere),
    Verb("standard.show", standards.ShowStandard, standards.show, Act.COMPLIANCE_SEE, places.anywhere),
    Verb("fact.kinds", institutions.Nothing, declaring.fact_kinds, Act.COVERAGE_SEE, places.anywhere),
    Verb("declare.set", declaring.SetFact, declaring.set_fact, Act.FACT_DECLARE, declaring.places_of_subject),
    Verb(
        "declare.list",
        declaring.ListFacts,
        declaring.list_facts,
        Act.COVERAGE_SEE,
        places.anywhere,
        declaring.row_of_subject,
    ),
    Verb("declare.withdraw", declaring.OneFact, declaring.withdraw_fact, Act.FACT_DECLARE, declaring.places_of_fact),
    Verb("process.note", declaring.NoteProcess, declaring.note, Act.REGISTER_KEEP, declaring.places_of_subject),
    Verb("process.done", declaring.FinishProcess, declaring.finish, Act.REGISTER_KEEP, declaring.places_of_process),
    Verb(
        "process.list",
        declaring.ListProcesses,
        declaring.list_processes,
        Act.COVERAGE_SEE,
        places.anywhere,
        declaring.row_of_subject,
    ),
    Verb("gap.explain", declaring.ExplainGap, declaring.explain, Act.REGISTER_KEEP, places.camera),
    Verb("gap.explanations", declaring.ListExplanations, declaring.explanations, Act.COVERAGE_SEE, places.camera),
    Verb(
        "waiver.grant",
        waiving.GrantWaiver,
        waiving.grant,
        Act.WAIVER_GRANT,
        declaring.places_of_subject,
        asks_second=True,
    ),
    Verb(
        "waiver.list",
        waiving.ListWaivers,
        waiving.list_,
        Act.COMPLIANCE_SEE,
        places.anywhere,
        declaring.row_of_subject,
    ),
    # ends a leniency: one person is enough
    Verb("waiver.withdraw", waiving.OneWaiver, waiving.withdraw, Act.REGISTER_KEEP, waiving.places_of_waiver),
)
