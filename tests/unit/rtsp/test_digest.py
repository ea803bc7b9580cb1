"""Signing in: the vectors of RFC 7616 and RFC 2617, the choice of the strongest, and no password anywhere."""

from __future__ import annotations

import re
from base64 import b64decode
from hashlib import md5, sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_gateway.rtsp.digest import Authenticator, Challenge, parse_challenges, strongest

RFC_7616 = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)
MUFASA = "Circle of Life"
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


def signed(header: str, *, user: str = "Mufasa", password: str = MUFASA, cnonce: str = CNONCE) -> str:
    who = Authenticator(user, password, make_cnonce=lambda: cnonce)
    assert who.take(parse_challenges([header]))
    answer = who.header("GET", "/dir/index.html")
    assert answer is not None
    return answer


def response_of(answer: str) -> str:
    found = re.search(r'response="([0-9a-f]+)"', answer)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_rfc_7616_come_out_as_printed(algorithm: str, response: str) -> None:
    answer = signed(RFC_7616.format(algorithm=algorithm))
    assert response_of(answer) == response
    assert 'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"' in answer
    assert "qop=auth, nc=00000001" in answer
    assert f"algorithm={algorithm}" in answer


def test_the_example_of_rfc_2617_comes_out_as_printed() -> None:
    header = (
        'Digest realm="testrealm@host.com", qop="auth,auth-int", '
        'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    answer = signed(header, password="Circle Of Life", cnonce="0a4f113b")
    assert response_of(answer) == "6629fae49393a05397450978507c4ef1"
    assert "algorithm" not in answer


def test_without_qop_the_old_formula_is_used() -> None:
    answer = signed('Digest realm="r", nonce="n"', user="u", password="p")
    a1, a2 = (md5(text.encode()).hexdigest() for text in ("u:r:p", "GET:/dir/index.html"))  # noqa: S324 - what RFC 2617 asks for
    assert response_of(answer) == md5(f"{a1}:n:{a2}".encode()).hexdigest()  # noqa: S324 - the protocol's
    assert "cnonce" not in answer
    assert "nc=" not in answer


def test_session_variants_hash_the_nonces_into_the_secret() -> None:
    answer = signed('Digest realm="r", nonce="n", qop=auth, algorithm=SHA-256-sess', user="u", password="p", cnonce="c")

    def digest(text: str) -> str:
        return sha256(text.encode()).hexdigest()

    a1 = digest(f"{digest('u:r:p')}:n:c")
    assert response_of(answer) == digest(f"{a1}:n:00000001:c:auth:{digest('GET:/dir/index.html')}")


def test_the_nonce_count_counts() -> None:
    who = Authenticator("u", "p", make_cnonce=lambda: "c")
    who.take(parse_challenges(['Digest realm="r", nonce="n", qop="auth"']))
    counts = [re.search(r"nc=(\d+)", who.header("OPTIONS", "/") or "") for _ in range(3)]
    assert [count[1] for count in counts if count] == ["00000001", "00000002", "00000003"]


BASIC, MD5, SHA = 'Basic realm="r"', 'Digest realm="r", nonce="m"', 'Digest realm="r", nonce="s", algorithm=SHA-256'


@pytest.mark.parametrize("lines", [[BASIC, MD5, SHA], [SHA, MD5, BASIC], [MD5, SHA], [f"{BASIC}, {MD5}, {SHA}"]])
def test_the_strongest_challenge_is_answered_wherever_it_stands(lines: list[str]) -> None:
    who = Authenticator("u", "p")
    assert who.take(parse_challenges(lines))
    assert who.kind == "digest-sha-256"
    assert 'nonce="s"' in (who.header("DESCRIBE", "/") or "")


def test_basic_is_answered_when_nothing_else_is_offered() -> None:
    who = Authenticator("админ", "п:ароль")
    assert who.take(parse_challenges([BASIC]))
    scheme, _, text = (who.header("DESCRIBE", "/") or "").partition(" ")
    assert (scheme, b64decode(text).decode()) == ("Basic", "админ:п:ароль")
    assert who.kind == "basic"


@pytest.mark.parametrize(
    "line", ["Negotiate", 'Digest realm="r"', 'Digest nonce="n", algorithm=TIGER', 'Digest nonce="n", qop="odd"', ""]
)
def test_a_challenge_that_cannot_be_answered_is_not_taken(line: str) -> None:
    who = Authenticator("u", "p")
    assert not who.take(parse_challenges([line]))
    assert who.header("OPTIONS", "/") is None


@pytest.mark.parametrize(
    "line",
    [
        'digest REALM=r,Nonce = "n" ,stale=TRUE',
        'Digest  realm="r" nonce="n" stale=true',
        '  Digest realm="r",, nonce=n, stale="true",',
    ],
)
def test_challenges_of_careless_firmware_are_read(line: str) -> None:
    (challenge,) = parse_challenges([line])
    assert (challenge.parameters["realm"], challenge.parameters["nonce"]) == ("r", "n")
    assert challenge.stale


def test_quotes_and_backslashes_are_escaped_in_the_header_and_not_in_the_hash() -> None:
    answer = signed('Digest realm="a\\"b", nonce="n"', user='q"u\\x', password='p"')
    assert 'username="q\\"u\\\\x", realm="a\\"b"' in answer
    a1, a2 = (md5(t.encode()).hexdigest() for t in ('q"u\\x:a"b:p"', "GET:/dir/index.html"))  # noqa: S324 - what RFC 2617 asks for
    assert response_of(answer) == md5(f"{a1}:n:{a2}".encode()).hexdigest()  # noqa: S324 - the protocol's


@given(st.text(max_size=40), st.sampled_from([MD5, SHA, BASIC]))
def test_any_password_can_be_used_and_none_is_shown(password: str, line: str) -> None:
    secret = f"s3cret{password}"
    who = Authenticator("u", secret)
    assert who.take(parse_challenges([line]))
    assert "s3cret" not in (who.header("DESCRIBE", "/x") or "")
    assert "s3cret" not in repr(who)


@given(st.lists(st.text(max_size=200), max_size=5))
def test_any_text_is_read_as_some_challenges(lines: list[str]) -> None:
    challenges = parse_challenges(lines)
    assert len(challenges) <= 16
    best = strongest(challenges)
    assert best is None or isinstance(best, Challenge)
