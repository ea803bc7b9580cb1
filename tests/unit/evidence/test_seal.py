"""The text of a seal: one text for one seal, and no other text is a seal."""

from __future__ import annotations

import contextlib
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.sealed_days import FIRST, new_key, seal_of
from support.tree import ROOT

from camera_gateway.errors import InvalidInput
from camera_gateway.evidence.seal import Previous, Seal, as_previous, follows, parse_seal, plain

GOLDEN = ROOT / "tests" / "golden" / "evidence" / "SEAL.2026-11-21.txt"
HASHES = st.binary(min_size=32, max_size=32).map(bytes.hex)
TEXTS = st.text(max_size=60).map(plain).filter(bool)
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no fault of a seal."""
NAMES = st.from_regex(r"[A-Za-z0-9._-]{1,30}", fullmatch=True)


@st.composite
def seals(draw: st.DrawFn) -> Seal:
    return Seal(
        site=draw(NAMES),
        institution=draw(NAMES),
        gateway=draw(NAMES),
        software=draw(TEXTS),
        ffmpeg=draw(TEXTS),
        config_sha256=draw(HASHES),
        day=draw(st.dates(date(1970, 1, 1), date(2200, 1, 1))),
        utc_offset=draw(st.sampled_from(["+05:00", "-03:30", "+00:00"])),
        time_source=draw(TEXTS),
        sealed_at_us=draw(st.integers(0, 7_000_000_000_000_000)),
        addendum=draw(st.integers(0, 9_999)),
        previous=draw(st.none() | st.builds(Previous, NAMES.filter(lambda name: name != "-"), HASHES)),
        audit_head_sha256=draw(HASHES),
        audit_rows=draw(st.integers(0, 10**9)),
        worm=draw(TEXTS),
        witness=draw(TEXTS),
        key=draw(HASHES.map(lambda sha256: f"SHA256:{sha256}")),
        next_key=draw(st.none() | HASHES.map(lambda sha256: f"SHA256:{sha256}")),
        files=draw(st.dictionaries(NAMES, HASHES, max_size=5)),
    )


@PATIENT
@given(seals())
def test_a_seal_is_read_back_as_it_was_written(seal: Seal) -> None:
    text = seal.text()
    assert parse_seal(text, "seal") == seal
    assert parse_seal(text, "seal").text() == text


@PATIENT
@given(seals(), st.data())
def test_a_text_with_one_other_byte_is_another_seal_or_none(seal: Seal, data: st.DataObject) -> None:
    text = bytearray(seal.text())
    at = data.draw(st.integers(0, len(text) - 1))
    text[at] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(InvalidInput):
        assert parse_seal(bytes(text), "seal") != seal


def golden() -> Seal:
    files = {f"cam-0{n}.2026-11-21.{kind}": f"{n}" * 64 for n in (2, 1) for kind in ("SHA256SUMS", "INDEX.jsonl")}
    return seal_of(FIRST, files, new_key(), Previous("SEAL.2026-11-20.txt", "b" * 64))


def test_the_text_is_as_agreed() -> None:
    assert golden().text().decode() == GOLDEN.read_text()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("seal-version: 1", "seal-version: 2"),
        ("---", "--"),
        ("   gateway", "  gateway"),
        ("rows: 48211", "rows: 048211"),
        ("addendum: -", "addendum: a0"),
        ("day-utc: 2026-11-21", "day-utc: 2026-11-31"),
        ("witness: NONE\n", ""),
        ("rfc6962-root: -", "rfc6962-root: " + "0" * 64),
        ("  cam-01.2026-11-21.SHA256SUMS", "  ../cam-01"),
        ("key: ed25519 ", "key: rsa "),
    ],
)
def test_a_text_in_any_other_form_is_refused_by_name(old: str, new: str) -> None:
    text = golden().text().decode()
    assert old in text
    with pytest.raises(InvalidInput, match=r"^SEAL\.txt: "):
        parse_seal(text.replace(old, new).encode(), "SEAL.txt")


@pytest.mark.parametrize("value", ["two   blanks", "a\nline", "", " edge", "bell\a"])
def test_a_value_that_would_be_read_otherwise_is_not_written(value: str) -> None:
    seal = seal_of(FIRST, {}, new_key(), None)
    broken = Seal(**{name: getattr(seal, name) for name in Seal.__slots__} | {"worm": value})
    with pytest.raises(ValueError, match="worm cannot be written"):
        broken.text()


def test_each_seal_names_the_one_before_it() -> None:
    first = seal_of(FIRST, {}, new_key(), None)
    second = seal_of(date(2026, 11, 22), {}, new_key(), as_previous(first.text(), first))
    assert follows(first, None)
    assert follows(second, Previous("SEAL.2026-11-21.txt", as_previous(first.text(), first).sha256))
    assert not follows(second, None)
    assert not follows(second, Previous("SEAL.2026-11-21.txt", "0" * 64))
