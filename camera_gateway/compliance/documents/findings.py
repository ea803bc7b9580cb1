"""Findings in a report: a standard's own, those of an institution, and what changed since an earlier report. Pure.

Promises that law, contract, house and reference never share a table or a column of figures, that unknown and
text_needed are counted beside the passes, and that each line has its clause, method, evidence and verified flag.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from camera_gateway.compliance.documents.material import BASES, about, about_institution
from camera_gateway.compliance.documents.model import Column, Document, Fact, Facts, Kind, Paragraph, Table, Type
from camera_gateway.compliance.documents.sayings import cameras_of, evidence_of, figure_of, said

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from camera_gateway.compliance.documents.material import Findings, Frame, Judged, Subject
    from camera_gateway.compliance.documents.model import Section, Value

RESULTS = ("pass", "fail", "unknown", "text_needed", "accruing", "waived", "not_applicable")
_WORST = ("fail", "unknown", "text_needed", "accruing", "waived", "pass", "not_applicable")
_FINDING = (
    Column("clause", width=2),
    Column("demand", Type.WORDS, width=5),
    Column("scope", width=3),
    Column("result", Type.CODE, "result", 3),
    Column("required", Type.FIGURE, width=3),
    Column("measured", Type.FIGURE, width=3),
    Column("verified", Type.CODE, "verified", 3),
    Column("method", Type.CODE, "method", 5),
    Column("evidence", Type.SAYING, width=5),
)
_FAILURE = (Column("institution", width=3), *(c for c in _FINDING if c.name != "result"))


def compliance_report(frame: Frame, subject: Subject, judged: Sequence[Judged]) -> Document:
    """Return the findings of an institution by each of some standards, mostly one."""
    names = [one.standard for one in judged]
    return Document(
        kind=Kind.COMPLIANCE,
        start_us=frame.start_us,
        end_us=frame.end_us,
        made_us=frame.made_us,
        made_by=frame.made_by,
        time_zone=frame.time_zone,
        institutions=(subject.id,),
        institution=subject.id,
        standard=names[0] if len(names) == 1 else None,
        installation=frame.installation,
        signatures=("inspector", "responsible", "head"),
        sections=(about_institution(frame, subject), Paragraph("findings-read"), *finding_sections(judged)),
        failed=any_fails(judged),
    )


def any_fails(judged: Iterable[Judged]) -> bool:
    """Whether a demand is not met."""
    return any(one.found.get("counts", {}).get("fail", 0) for one in judged)


def finding_sections(judged: Sequence[Judged]) -> list[Section]:
    """Return two sections for each standard, law first: what it is with its counts, and its findings."""
    sections: list[Section] = []
    for one in _by_basis(judged):
        if not one.found:
            sections.append(Paragraph("not-judged", {"standard": one.standard, "why": one.why}))
            continue
        found = one.found
        facts = (
            Fact("standard", titles_of(found), Type.WORDS),
            Fact("standard-id", found["standard"]),
            Fact("edition", said(str(found["edition"])), Type.SAYING),
            Fact("basis", found["basis"], Type.CODE, "basis"),
            Fact("verdict", verdict_of(found), Type.CODE, "result"),
            *(Fact(result, found["counts"].get(result, 0), Type.COUNT) for result in RESULTS),
        )
        sections.append(Facts("standard", facts))
        rows = tuple(_row(finding, found["basis"]) for finding in found["findings"])
        sections.append(Table(f"findings-{found['basis']}", _FINDING, rows, named=str(found["standard"])))
    return sections or [Paragraph("no-standard")]


def verdict_of(found: Findings) -> str:
    """Return the worst result of a check: pass only where nothing failed, is unknown or lacks its text."""
    return next((result for result in _WORST if found["counts"].get(result, 0)), "not_applicable")


def titles_of(found: Findings) -> Value:
    """Return a standard's title in the languages that it has."""
    title = found.get("title")
    return dict(title) if isinstance(title, dict) else str(title or found["standard"])


def _by_basis(judged: Sequence[Judged]) -> list[Judged]:
    return sorted(judged, key=lambda one: (BASES.index(one.found["basis"]) if one.found else len(BASES), one.standard))


def _row(finding: Mapping[str, Any], basis: str) -> tuple[Value, ...]:
    asked = (finding.get("data") or {}).get("required")
    required, measured = cameras_of(finding) or (
        figure_of(str(finding["required"]), asked),
        figure_of(str(finding["measured"])),
    )
    return (
        finding["clause"],
        _spoken(finding.get("title") or finding["rule"]),
        finding["scope"],
        finding["result"],
        required,
        measured,
        # a house figure is nobody's text
        "house" if basis == "house" else finding["verified"],
        finding.get("method_code") or _spoken(finding.get("method")),
        evidence_of(finding),
    )


def _spoken(value: Any) -> Value:  # noqa: ANN401 - a sentence, or the same in several languages
    if value is None or value == "":
        return None
    return {str(k): str(v) for k, v in value.items()} if isinstance(value, dict) else str(value)


def institution_tables(judged: Sequence[Judged]) -> list[Section]:
    """Return one table per basis of how institutions stand, and one of what is not met."""
    sections: list[Section] = []
    for basis in BASES:
        those = [one for one in judged if one.found and one.found["basis"] == basis]
        if not those:
            continue
        columns = (
            Column("institution", width=3),
            Column("institution-name", width=5),
            Column("standard", width=3),
            Column("edition", Type.SAYING),
            Column("verdict", Type.CODE, "result", 3),
            *(Column(result, Type.COUNT) for result in RESULTS),
        )
        sections.append(Table(f"institutions-{basis}", columns, tuple(_standing(one) for one in those)))
        failures = tuple(
            (one.subject.id, *(cell for at, cell in enumerate(_row(finding, basis)) if _FINDING[at].name != "result"))
            for one in those
            for finding in one.found["findings"]
            if finding["result"] == "fail"
        )
        sections.append(Table(f"failures-{basis}", _FAILURE, failures))
    return sections


def _standing(one: Judged) -> tuple[Value, ...]:
    counts = one.found["counts"]
    return (
        one.subject.id,
        one.subject.name,
        one.standard,
        said(str(one.found["edition"])),
        verdict_of(one.found),
        *(counts.get(result, 0) for result in RESULTS),
    )


def remembered(judged: Sequence[Judged]) -> dict[str, Any]:
    """Return what a later report compares with: who was judged by what, and every result that is not a pass."""
    return {
        "judged": sorted([*pair, str(one.found["edition"])] for one in judged if one.found for pair in [_pair(one)]),
        "results": sorted([*key, result] for key, result in _results(judged).items() if result != "pass"),
    }


def changes(judged: Sequence[Judged], earlier: Mapping[str, Any]) -> list[Section]:
    """Return one table per basis of the results that are others than in an earlier report's `remembered`.

    What was not judged then, or by another edition, has no result of then.
    """
    then = {tuple(row[:-1]): row[-1] for row in earlier["results"]}
    editions = {tuple(row[:-1]): row[-1] for row in earlier["judged"]}
    same = {_pair(one) for one in judged if one.found and editions.get(_pair(one)) == str(one.found["edition"])}
    columns = (
        Column("institution", width=3),
        Column("standard", width=3),
        Column("clause", width=4),
        Column("scope", width=3),
        Column("before", Type.CODE, "result", 2),
        Column("after", Type.CODE, "result", 2),
    )
    rows: dict[str, list[tuple[Value, ...]]] = {}
    for key, now in sorted(_results(judged).items()):
        before = then.get(key, "pass") if key[:3] in same else None
        rows.setdefault(key[0], [])
        if before != now:
            rows[key[0]].append((*key[1:], before, now))
    return [Table(f"changes-{basis}", columns, tuple(rows[basis])) for basis in BASES if basis in rows]


def _pair(one: Judged) -> tuple[str, str, str]:
    return str(one.found["basis"]), one.subject.id, one.standard


def _results(judged: Sequence[Judged]) -> dict[tuple[str, ...], str]:
    """Return each result by basis, institution, standard, clause with rule, and scope."""
    return {
        (*_pair(one), f"{finding['clause']} {finding['rule']}", str(finding["scope"])): str(finding["result"])
        for one in judged
        if one.found
        for finding in one.found["findings"]
    }


def region_facts(frame: Frame, region: str | None, subjects: Sequence[Subject], previous: str | None) -> Facts:
    """Return what a report on several institutions is about."""
    return about(
        frame,
        Fact("region", region),
        Fact("institutions", len(subjects), Type.COUNT),
        Fact("previous", previous),
    )
