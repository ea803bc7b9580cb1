"""Whatever bytes a device or a person sends: a value or the one error, never another exception, and soon."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from camera_gateway.discovery.asking import Peer
from camera_gateway.discovery.columns import CAMERAS, read_entries
from camera_gateway.discovery.onvif import _demand_sound, _path_of, discovery_matches, stream_address
from camera_gateway.discovery.picture import PictureFailed, _sound
from camera_gateway.discovery.soap import SoapFailed
from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from camera_gateway.domain.camera import StreamAddress

PEER = Peer("10.0.0.5", 80, "10.0.0.5")
ENVELOPE = '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope">{}</e:Envelope>'


@given(st.binary(max_size=600) | st.text(alphabet="name;zone\t,\"'\r\n=@#\0", max_size=300).map(str.encode))
def test_a_file_is_a_table_or_refused(data: bytes) -> None:
    try:
        entries, _ = read_entries("t", data, CAMERAS)
    except InvalidInput:
        return
    assert entries


@given(st.binary(max_size=600))
def test_a_datagram_is_an_answer_or_nothing(data: bytes) -> None:
    assert all(match.name is None or match.name.isprintable() for match in discovery_matches(data))


@given(st.text(max_size=300))
def test_an_answer_is_sound_or_refused(text: str) -> None:
    for body in (text, ENVELOPE.format(text)):
        with suppress(SoapFailed):
            _demand_sound(body)
            assert "Envelope" in body


@pytest.mark.parametrize(
    "body",
    [
        "<a>" * 40 + "</a>" * 40,
        "<a/>" * 20_000,
        "<!doctype a>",
        "<!ENTITY a 'b'>",
    ],
)
def test_what_would_cost_time_is_refused_before_it_does(body: str) -> None:
    with pytest.raises(SoapFailed) as caught:
        _demand_sound(ENVELOPE.format(body))
    assert caught.value.cause == "hostile-xml"


def address(uri: str) -> StreamAddress | str:
    try:
        return stream_address(uri, PEER)
    except SoapFailed as failed:
        return failed.cause


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("rtsp://10.0.0.5/a?b=1", "rtsp://10.0.0.5:554/a?b=1"),
        ("RTSP://user:secret@10.0.0.5:8554/a", "rtsp://10.0.0.5:8554/a"),
        ("rtsp://10.0.0.6/a", "foreign-host"),
        ("rtsp://10.0.0.5.evil.example/a", "foreign-host"),
        ("rtsp://10.0.0.5@10.0.0.6/a", "foreign-host"),
        ("rtsp://169.254.169.254/latest", "foreign-host"),
        ("rtsp:///a", "refused"),
        ("http://10.0.0.5/a", "refused"),
        ("file:///etc/passwd", "refused"),
        ("rtsp://10.0.0.5:99999/a", "refused"),
        ("rtsp://10.0.0.5/a\r\nX: y", "refused"),
        ("rtsp://[::1/a", "refused"),
        ("", "refused"),
    ],
)
def test_a_stream_is_on_the_device_that_was_asked_or_refused(uri: str, expected: str) -> None:
    assert str(address(uri)) == expected


@given(st.text(max_size=200))
def test_no_text_makes_a_stream_on_another_host(uri: str) -> None:
    found = address(uri)
    assert isinstance(found, str) or found.host == PEER.host


@given(st.text(max_size=200))
@example("0/")
def test_a_services_path_never_breaks_a_request_line(url: str) -> None:
    try:
        path = _path_of(url)
    except SoapFailed:
        return
    assert path.startswith("/")
    assert not set(path) & set(" \r\n\t\0")


@given(st.binary(max_size=300).map(lambda middle: b"\xff\xd8" + middle + b"\xff\xd9"))
def test_what_comes_out_of_the_jail_is_a_jpeg_with_a_size_or_refused(data: bytes) -> None:
    try:
        taken = _sound(data)
    except PictureFailed:
        return
    assert 0 < taken.width <= 16_384
