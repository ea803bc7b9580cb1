"""The chain of audit rows: whatever is changed, dropped, put in between or exchanged shows at a row (S3). Pure."""

from __future__ import annotations

from dataclasses import replace

from camera_gateway.domain.audit import GENESIS, AuditRow, digest_of, first_break


def chained(count: int) -> list[AuditRow]:
    rows: list[AuditRow] = []
    previous = GENESIS
    for number in range(1, count + 1):
        row = AuditRow(
            number, number * 1_000, "token:alia", "hold.place", f"hold:{number}", {"n": number}, previous, ""
        )
        rows.append(written(row))
        previous = rows[-1].digest
    return rows


def written(row: AuditRow) -> AuditRow:
    """The row with the hash that fits what it says."""
    values = (row.number, row.at_us, row.actor, row.action, row.object, row.details, row.previous)
    return replace(row, digest=digest_of(*values))


def test_an_untouched_chain_is_whole() -> None:
    assert first_break([]) is None
    assert first_break(chained(5)) is None


def test_a_row_that_says_something_else_is_found_at_itself() -> None:
    rows = chained(5)
    rows[2] = replace(rows[2], actor="token:berik")
    assert first_break(rows) == 3


def test_a_row_that_was_written_anew_with_a_fitting_hash_is_found_at_the_next() -> None:
    rows = chained(5)
    rows[2] = written(replace(rows[2], actor="token:berik"))
    assert first_break(rows) == 4


def test_a_row_that_is_missing_doubled_or_exchanged_is_found() -> None:
    rows = chained(5)
    assert first_break(rows[:2] + rows[3:]) == 4
    assert first_break(rows[:3] + rows[2:]) == 3
    assert first_break([rows[0], rows[2], rows[1], *rows[3:]]) == 3
    assert first_break(rows[1:]) == 2


def test_a_chain_that_begins_in_the_middle_of_another_is_none() -> None:
    rows = chained(5)
    cut = [written(replace(row, number=row.number - 2)) for row in rows[2:]]
    assert first_break(cut) == 1
