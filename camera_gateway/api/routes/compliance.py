"""Standards, compliance, declared facts, waivers, the register of processes and explained gaps, as routes.

A table: each route is a verb, so that the verb's right is the route's. Knows nothing of how they are served.
"""

from __future__ import annotations

from camera_gateway.api.answers import StandardRow
from camera_gateway.api.routes.table import Route

HEAVY = 10.0
"""Reads much of the catalogue, and lists what the bucket has."""

COMPLIANCE: tuple[Route, ...] = (
    Route(
        "GET",
        "/api/v1/standards",
        "standard.list",
        "The video standards of this installation",
        "standard.list",
        paged=True,
        answer=StandardRow,
    ),
    Route(
        "GET",
        "/api/v1/standards/{standard}",
        "standard.show",
        "A standard with its rules, as it is or was on a day",
        "standard.show",
    ),
    Route(
        "POST",
        "/api/v1/compliance/checks",
        "compliance.check",
        "Judge an institution by a standard over a period",
        "compliance.check",
        cost=HEAVY,
    ),
    Route(
        "GET",
        "/api/v1/compliance",
        "compliance.overview",
        "Every institution by every standard that binds it, from the latest judgements",
        "compliance.overview",
        cost=HEAVY,
    ),
    Route(
        "GET",
        "/api/v1/compliance/{institution}",
        "compliance.institution",
        "The findings of an institution's judgement of a day",
        "compliance.institution",
    ),
    Route(
        "GET",
        "/api/v1/compliance/{institution}/trend",
        "compliance.trend",
        "How an institution stood day by day",
        "compliance.trend",
    ),
    Route(
        "GET",
        "/api/v1/facts/kinds",
        "fact.kinds",
        "The facts that can be declared",
        "fact.kinds",
        paged=True,
        key="fact",
    ),
    Route("GET", "/api/v1/facts", "declare.list", "What is declared", "declare.list", paged=True, key="number"),
    Route(
        "POST",
        "/api/v1/facts",
        "declare.set",
        "Declare a fact of an institution or of one of its cameras, with evidence",
        "declare.set",
        status=201,
    ),
    Route("DELETE", "/api/v1/facts/{number}", "declare.withdraw", "Withdraw a declaration", "declare.withdraw"),
    Route("GET", "/api/v1/waivers", "waiver.list", "What was let pass", "waiver.list", paged=True, key="number"),
    Route(
        "POST",
        "/api/v1/waivers",
        "waiver.grant",
        "Let a rule pass for a while, by two people: yours is the one identity, the token of another user the second",
        "waiver.grant",
        status=201,
    ),
    Route("DELETE", "/api/v1/waivers/{number}", "waiver.withdraw", "End a waiver before its time", "waiver.withdraw"),
    Route(
        "GET",
        "/api/v1/processes",
        "process.list",
        "The register of processes",
        "process.list",
        paged=True,
        key="number",
    ),
    Route(
        "POST",
        "/api/v1/processes",
        "process.note",
        "Enter what happened, or was done, in the register",
        "process.note",
        status=201,
    ),
    Route(
        "POST",
        "/api/v1/processes/{number}/done",
        "process.done",
        "Say that an entry was dealt with",
        "process.done",
    ),
    Route(
        "GET",
        "/api/v1/cameras/{camera}/gaps/explanations",
        "gap.explanations",
        "What was said of the gaps of a span",
        "gap.explanations",
        paged=True,
        key="number",
    ),
    Route(
        "POST",
        "/api/v1/cameras/{camera}/gaps/explanations",
        "gap.explain",
        "Explain what is missing in a span; the gap stays as it is",
        "gap.explain",
        status=201,
    ),
)
