"""Names, times, tags, cursors and buckets: the small adapters between HTTP and verbs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict

from camera_gateway.actions.verbs import VERBS
from camera_gateway.api.arguments import converted, fields_of, of_body, of_query, parse_time
from camera_gateway.api.limits import REMEMBERED, Limits
from camera_gateway.api.negotiation import known_already, rendered, tag_of, unchanged
from camera_gateway.api.paging import limit_of, make_cursor, page_of, read_cursor
from camera_gateway.clock import US, HeldClock, rfc3339
from camera_gateway.errors import InvalidInput

SPAN = fields_of(VERBS["footage.coverage"].arguments)
HOLD = fields_of(VERBS["hold.place"].arguments)


@given(st.integers(0, 32_503_679_999 * US))
def test_a_time_that_we_write_is_read_as_the_same_moment(at_us: int) -> None:
    assert parse_time("at", rfc3339(at_us)) == at_us


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-11-22T08:00:00+05:00", "2026-11-22T03:00:00Z"),
        ("2026-11-22T08:00:00 05:00", "2026-11-22T03:00:00Z"),  # a plus sign that nobody encoded
        ("2026-11-22t03:00:00z", "2026-11-22T03:00:00Z"),
        ("2026-11-22T03:00:00.1234569Z", "2026-11-22T03:00:00.123456Z"),
        ("2026-11-22T03:00:00.5Z", "2026-11-22T03:00:00.500Z"),
    ],
)
def test_one_moment_is_written_in_many_ways(text: str, same: str) -> None:
    assert rfc3339(parse_time("at", text)) == same


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "-2h",
        "2026-11-22",
        "2026-11-22T08:00:00",
        "2026-02-30T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "3000-01-01T00:00:00Z",
        "2026-11-22T25:00:00Z",
        "x" * 100,
        None,
        5,
        ["2026-11-22T03:00:00Z"],
    ],
)
def test_what_is_no_time_is_told_with_its_field(text: object) -> None:
    with pytest.raises(InvalidInput, match=r"^from: "):
        parse_time("from", text)


def test_every_moment_of_every_verb_is_called_without_its_unit() -> None:
    for name, verb in VERBS.items():
        fields = fields_of(verb.arguments)
        assert not [field for field in fields if field.endswith("_us")], name
        assert {field.target for field in fields.values()} == set(verb.arguments.model_fields)


def test_lists_repeat_and_nothing_else_does() -> None:
    query = MultiDict([("cameras", "a"), ("cameras", "b")])
    assert converted(HOLD, of_query(HOLD, query)) == {"cameras": ["a", "b"]}
    with pytest.raises(InvalidInput, match="more than once"):
        of_query(HOLD, MultiDict([("reason", "a"), ("reason", "b")]))


def test_unknown_names_and_the_verbs_own_are_refused() -> None:
    for name in ("from_us", "nonsense", "margin"):
        with pytest.raises(InvalidInput, match="not a field"):
            of_query(SPAN, MultiDict([(name, "1")]))
        with pytest.raises(InvalidInput, match="not a field"):
            of_body(SPAN, b'{"%b": 1}' % name.encode())


def test_a_duration_is_in_seconds() -> None:
    fields = fields_of(VERBS["evidence.request"].arguments)
    assert converted(fields, {"margin_s": 1.5}) == {"margin_us": 1_500_000}
    for wrong in ("x", "inf", [], {}):
        with pytest.raises(InvalidInput, match="margin_s"):
            converted(fields, {"margin_s": wrong})


def test_what_a_route_settles_cannot_be_given() -> None:
    assert "url" not in fields_of(VERBS["camera.probe"].arguments, {"url"})


ROWS = [{"id": f"row-{n}"} for n in range(7)]


def test_pages_follow_each_other_without_a_gap_and_without_a_repetition() -> None:
    seen, cursor = [], None
    while True:
        page = page_of(ROWS, "id", 3, cursor)
        seen += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == ROWS


def test_rows_that_come_or_go_in_between_move_nothing() -> None:
    cursor = page_of(ROWS, "id", 3, None)["next"]
    assert page_of([{"id": "new"}, *ROWS], "id", 3, cursor)["items"] == ROWS[3:6]
    assert page_of(ROWS[1:], "id", 3, cursor)["items"] == ROWS[3:6]
    assert page_of([*ROWS[:2], *ROWS[3:]], "id", 3, cursor)["items"] == ROWS[4:], "its row is gone: its place counts"


@pytest.mark.parametrize("text", ["", "!", "e30", make_cursor(1, "a")[:-2], "x" * 600, "WzEsMl0x", "W251bGwsMV0"])
def test_a_cursor_that_we_did_not_give_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="cursor"):
        read_cursor(text)


@pytest.mark.parametrize("text", ["0", "501", "-1", "x", "", "1e2", "٣", "9" * 5_000])
def test_a_page_has_one_to_five_hundred_rows(text: str) -> None:
    with pytest.raises(InvalidInput, match="limit"):
        limit_of(text)


def test_a_tag_is_strong_and_of_the_bytes() -> None:
    one, other = rendered({"a": "Әлия"}), rendered({"a": "Берік"})
    tag = tag_of(one)
    assert tag == tag_of(rendered({"a": "Әлия"})) != tag_of(other)
    for condition in (tag, "*", f'"x", {tag}', f"W/{tag}"):
        assert known_already(condition, tag)
    for condition in (None, "", '"x"', "x", tag.strip('"'), '"unfinished'):
        assert not known_already(condition, tag)
    assert unchanged(None, tag)
    assert unchanged(tag, tag)
    assert not unchanged(f"W/{tag}", tag), "If-Match compares strongly (RFC 9110, 13.1.1)"
    assert not unchanged('"x"', tag)


def test_a_number_that_is_none_is_a_defect_and_not_an_answer() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        rendered({"a": float("nan")})


async def test_a_bucket_empties_at_once_and_fills_with_time() -> None:
    clock = HeldClock()
    limits = Limits(clock, per_s=2, burst=4)
    assert [limits.take("a") for _ in range(4)] == [0.0] * 4
    assert limits.take("a") == 0.5
    assert limits.take("b") == 0.0
    await clock.advance(0.5)
    assert limits.take("a") == 0.0
    await clock.advance(3_600)
    assert [limits.take("a") for _ in range(4)] == [0.0] * 4
    assert limits.take("a", 100) == 2.0, "what is dearer than the bucket takes a full one"


def test_however_many_ask_only_so_many_are_remembered() -> None:
    limits = Limits(HeldClock(), per_s=1, burst=1)
    for number in range(REMEMBERED + 5):
        assert limits.take(str(number)) == 0.0
    assert len(limits._buckets) == REMEMBERED
    assert limits.take(str(REMEMBERED)) > 0
    assert limits.take("0") == 0.0
