"""Byte ranges as RFC 9110 section 14 has them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_gateway.api.ranges import NotSatisfiable, asked_range, claimed_range


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("bytes=0-9", (0, 10)),
        ("Bytes = 0 - 9", (0, 10)),
        ("bytes=90-", (90, 100)),
        ("bytes=90-999", (90, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-999", (0, 100)),
        ("bytes=9-3", None),
        ("bytes=-", None),
        ("bytes=1-2,4-5", None),
        ("items=1-2", None),
        ("bytes=1e3-", None),
        ("", None),
    ],
)
def test_one_range_counts_and_anything_else_is_the_whole(asked: str, found: tuple[int, int] | None) -> None:
    assert asked_range({"Range": asked}, 100, '"t"') == found


@pytest.mark.parametrize("asked", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_what_is_not_there_is_not_satisfiable(asked: str) -> None:
    with pytest.raises(NotSatisfiable):
        asked_range({"Range": asked}, 100, '"t"')


def test_a_range_of_something_else_is_the_whole() -> None:
    assert asked_range({"Range": "bytes=0-9", "If-Range": '"old"'}, 100, '"t"') is None
    assert asked_range({"Range": "bytes=0-9", "If-Range": '"t"'}, 100, '"t"') == (0, 10)


@given(
    st.one_of(st.from_regex(r"bytes=\d{0,3}-\d{0,3}", fullmatch=True), st.text(max_size=12), st.just("bytes=1-2, 3-4")),
    st.integers(1, 300),
    st.sampled_from([{}, {"If-Range": '"t"'}, {"If-Range": "other"}]),
)
def test_what_is_claimed_before_the_size_is_known_holds_what_is_sent(
    asked: str, size: int, more: dict[str, str]
) -> None:
    headers = {"Range": asked, **more}
    start, stop = claimed_range(headers)
    try:
        sent = asked_range(headers, size, '"t"') or (0, size)
    except NotSatisfiable:
        return
    assert start <= sent[0]
    assert stop is None or sent[1] <= stop
