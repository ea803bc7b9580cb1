"""When an apparatus is another one, and when it only says other things."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_gateway.domain.identity import Identity, IdentityCause, changed, mac_of, serial_of, told

KNOWN = Identity("V", "M", "1.0", "SN-1", "00:11:22:aa:bb:cc", "srv/1", "abc")


def cause(after: Identity, before: Identity = KNOWN) -> IdentityCause | None:
    found = changed(before, after)
    return None if found is None else found.cause


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (KNOWN, None),
        (Identity(), None),
        (Identity(serial="SN-2"), IdentityCause.SERIAL_CHANGED),
        (Identity(serial="SN-2", mac="00:11:22:aa:bb:cc"), IdentityCause.SERIAL_CHANGED),
        (Identity(serial="SN-1", mac="02:00:00:00:00:01"), IdentityCause.MAC_CHANGED),
        (Identity(mac="02:00:00:00:00:01"), IdentityCause.MAC_CHANGED),
        (Identity(serial="SN-1", model="M2", server="srv/2", sps="def", firmware="2.0"), None),
        (Identity(mac="00:11:22:aa:bb:cc", sps="def"), None),
        (Identity(model="M2", server="srv/2"), IdentityCause.MODEL_CHANGED),
        (Identity(server="srv/2", sps="def"), IdentityCause.SERVER_CHANGED),
        (Identity(sps="def"), IdentityCause.STREAM_CHANGED),
        (Identity(firmware="9.9", vendor="Other"), None),
    ],
)
def test_serial_and_mac_decide_and_clues_count_only_where_they_are_silent(
    after: Identity, expected: IdentityCause | None
) -> None:
    assert cause(after) == expected


words = st.none() | st.sampled_from(["a", "b"])
identities = st.builds(Identity, words, words, words, words, words, words, words)


@given(identities, identities)
def test_a_change_goes_both_ways_and_nothing_differs_from_itself(one: Identity, other: Identity) -> None:
    assert changed(one, one) is None
    assert cause(other, one) == cause(one, other)


@given(identities, identities)
def test_what_was_known_is_never_forgotten(newer: Identity, older: Identity) -> None:
    merged = newer.over(older).as_dict()
    for key, value in newer.as_dict().items():
        assert merged[key] == (value if value is not None else older.as_dict()[key])


@pytest.mark.parametrize(
    ("text", "mac"),
    [
        ("00-11-22-AA-BB-CC", "00:11:22:aa:bb:cc"),
        ("001122aabbcc", "00:11:22:aa:bb:cc"),
        ("0011.22aa.bbcc", "00:11:22:aa:bb:cc"),
        ("00:00:00:00:00:00", None),
        ("00:11:22", None),
        ("", None),
        (None, None),
    ],
)
def test_a_mac_is_written_one_way(text: str | None, mac: str | None) -> None:
    assert mac_of(text) == mac


@pytest.mark.parametrize("text", ["", "  ", "unknown", "0", "N/A", None])
def test_what_stands_where_there_is_no_serial_number_is_none(text: str | None) -> None:
    assert serial_of(text) is None


@given(st.text(max_size=400))
def test_what_a_device_says_is_one_short_printable_line(text: str) -> None:
    line = told(text)
    assert line is None or (line.isprintable() and 0 < len(line) <= 200)


def test_the_it_guide_explains_every_cause() -> None:
    guide = (Path(__file__).resolve().parents[3] / "docs" / "guide" / "it-staff.md").read_text()
    assert [cause for cause in IdentityCause if f"| `{cause}` |" not in guide] == []
