"""A bandwidth is a number of bits per second or a share of what was measured, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_gateway.domain.bandwidth import Share, parse_bandwidth, rate_bps
from camera_gateway.errors import InvalidInput


@pytest.mark.parametrize(
    ("value", "meant"),
    [(0, 0), (8_000_000, 8_000_000), (2e6, 2_000_000), ("30%", Share(30)), (" 5 % ", Share(5)), ("0%", Share(0)),
     ("100%", Share(100)), (Share(7), Share(7))],
)  # fmt: skip
def test_both_forms_are_understood(value: object, meant: object) -> None:
    assert parse_bandwidth(value) == meant


@pytest.mark.parametrize("value", [-1, 1.5, True, None, "", "30", "%", "-3%", "1000%", "101%", "3.5%", "8M", [1]])
def test_anything_else_is_refused_with_what_may_be_written(value: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_bandwidth(value)
    assert "%" in caught.value.hint


@given(st.integers(1, 100), st.integers(1, 10**11))
def test_a_share_is_never_more_than_the_line_and_never_nothing(percent: int, measured: int) -> None:
    rate = Share(percent).of(measured)
    assert rate is not None
    assert 1 <= rate <= measured
    assert parse_bandwidth(str(Share(percent))) == Share(percent)


def test_a_share_without_a_measurement_is_no_cap_but_none_of_it_holds() -> None:
    assert Share(30).of(None) is None
    assert (Share(0).of(None), Share(0).of(10**9)) == (0, 0)
    assert (rate_bps(Share(25), 1000), rate_bps(7, 1000), rate_bps(None, 1000)) == (250, 7, None)
