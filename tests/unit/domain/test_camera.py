"""Camera addresses: what a URL may hold, and where a camera may be (threat model, M1)."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_gateway.domain.camera import address_allowed, parse_networks, parse_stream_url
from camera_gateway.domain.ids import parse_slug, slug_of
from camera_gateway.errors import InvalidInput

PRIVATE = ("10.0.0.0/8", "192.168.0.0/16", "fc00::/7")


@pytest.mark.parametrize(
    ("ip", "networks", "allowed"),
    [
        ("192.168.1.64", PRIVATE, True),
        ("8.8.8.8", PRIVATE, False),
        ("127.0.0.1", PRIVATE, False),
        ("127.0.0.1", ("0.0.0.0/0",), False),
        ("127.0.0.1", ("127.0.0.0/8",), True),
        ("::1", ("::/0",), False),
        ("::1", ("::1/128",), True),
        ("::ffff:127.0.0.1", PRIVATE, False),
        ("::ffff:192.168.1.64", PRIVATE, True),
        ("169.254.169.254", ("0.0.0.0/0",), False),
        ("169.254.1.1", ("169.254.0.0/16",), False),
        ("100.100.100.200", ("0.0.0.0/0",), False),
        ("fd00:ec2::254", ("fc00::/7",), False),
        ("0.0.0.0", ("0.0.0.0/0",), False),  # noqa: S104 - an address to refuse, not to bind
        ("224.0.0.1", ("0.0.0.0/0",), False),
        ("10.0.0.1", (), False),
    ],
)
def test_a_camera_may_only_be_where_the_site_allows(ip: str, networks: tuple[str, ...], allowed: bool) -> None:  # noqa: FBT001
    assert address_allowed(ip, networks) is allowed


def test_an_account_in_the_url_is_split_off_and_never_in_the_address() -> None:
    address, user, password = parse_stream_url("rtsp://admin:s3cret@10.0.0.5/cam?channel=1&subtype=0")
    assert (str(address), user, password) == ("rtsp://10.0.0.5:554/cam?channel=1&subtype=0", "admin", "s3cret")


@pytest.mark.parametrize(
    "url", ["http://10.0.0.5/", "rtsps://10.0.0.5/", "rtsp://", "rtsp://10.0.0.5:99999/", "10.0.0.5", "rtsp://[::1", ""]
)
def test_a_url_that_is_none_is_refused_with_a_hint(url: str) -> None:
    with pytest.raises(InvalidInput) as error:
        parse_stream_url(url)
    assert error.value.hint


@given(st.text(max_size=60))
def test_no_text_makes_the_url_parser_fail_otherwise_or_tell_the_password(text: str) -> None:
    url = f"rtsp://admin:{text}@host/"
    with suppress(InvalidInput):
        parse_stream_url(url)
        return
    with pytest.raises(InvalidInput) as refused:
        parse_stream_url(url)
    assert len(text) < 4 or text not in refused.value.message


def test_networks_are_normalised_and_wrong_ones_named() -> None:
    assert parse_networks(["192.168.1.77/24", "::1"]) == ("192.168.1.0/24", "::1/128")
    with pytest.raises(InvalidInput, match="nonsense"):
        parse_networks(["nonsense"])


def test_names_in_russian_and_kazakh_become_ids() -> None:
    assert slug_of("Главный вход") == "glavnyy-vkhod"
    assert slug_of("Жатын бөлме №2") == "zhatyn-bolme-2"
    assert slug_of("!") == ""


@given(st.text(max_size=80))
def test_a_proposed_id_is_a_valid_one(name: str) -> None:
    slug = slug_of(name)
    assert slug == "" or parse_slug(slug, "camera") == slug
