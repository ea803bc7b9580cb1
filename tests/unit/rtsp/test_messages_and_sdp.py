"""Messages and session descriptions: what is tolerated, what is refused, where the limits are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_gateway.rtsp import sdp
from camera_gateway.rtsp.errors import (
    LimitExceeded,
    MalformedDescription,
    MalformedMessage,
    RtspError,
    StreamCorrupt,
    StreamLimitExceeded,
)
from camera_gateway.rtsp.interleaved import Frame, read_item, write_frame
from camera_gateway.rtsp.messages import (
    Response,
    ServerRequest,
    read_message,
    write_request,
)
from camera_gateway.rtsp.url import Target, base_path, join_control


def read(data: bytes) -> Response:
    found = read_message(data, 0, len(data))
    assert found is not None
    assert isinstance(found[0], Response)
    assert found[1] == len(data)
    return found[0]


def test_a_careless_response_is_read() -> None:
    response = read(
        b"RTSP/1.0  200  OK \nCSEQ:\t7 \nno colon here\nSession:   708;timeout=60\nX: a\n b\nContent-Length: 2\n\nhi"
    )
    assert (response.status, response.reason, response.cseq, response.body) == (200, "OK", 7, b"hi")
    assert response.headers.get("session") == "708;timeout=60"
    assert response.headers.get("x") == "a b"


def test_an_unfinished_message_is_waited_for() -> None:
    whole = b"RTSP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc"
    assert all(read_message(whole, 0, end) is None for end in range(1, len(whole)))


@pytest.mark.parametrize("cseq", ["", "x", "-1", "1.5", "99999999999999999999", "²"])
def test_a_cseq_that_is_no_number_is_none(cseq: str) -> None:
    assert read(f"RTSP/1.0 200 OK\r\nCSeq: {cseq}\r\n\r\n".encode()).cseq is None


@pytest.mark.parametrize("length", ["x", "-5", "1e3", "9" * 400, "٣"])
def test_a_content_length_that_is_no_number_is_malformed(length: str) -> None:
    data = f"RTSP/1.0 200 OK\r\nContent-Length: {length}\r\n\r\n".encode()
    with pytest.raises(MalformedMessage):
        read_message(data, 0, len(data))


@pytest.mark.parametrize(
    "data",
    [
        b"RTSP/1.0 200 OK\r\n" + b"X: y\r\n" * 201 + b"\r\n",
        b"RTSP/1.0 200 OK\r\nX: " + b"y" * 65536,
        b"RTSP/1.0 200 OK\r\nContent-Length: 262145\r\n\r\n",
    ],
)
def test_a_message_over_a_limit_is_refused(data: bytes) -> None:
    with pytest.raises(LimitExceeded):
        read_message(data, 0, len(data))


def test_a_request_cannot_be_given_another_line() -> None:
    data = write_request("SETUP", "rtsp://h/a\r\nX: y", 3, (("Session", "1\r\nEvil: z"),))
    assert data == b"SETUP rtsp://h/aX: y RTSP/1.0\r\nCSeq: 3\r\nSession: 1Evil: z\r\n\r\n"


def test_a_server_request_is_told_from_a_response() -> None:
    data = b"\r\nOPTIONS * RTSP/1.0\r\nCSeq: 4\r\n\r\n"
    item, at = read_item(data + b"$", 0, len(data) + 1)
    assert isinstance(item, ServerRequest)
    assert (item.method, item.cseq, at) == ("OPTIONS", 4, len(data))


def test_a_frame_is_found_between_messages() -> None:
    data = write_frame(3, b"abc") + b"RTSP/1.0 200 OK\r\n\r\n"
    item, at = read_item(data, 0, len(data))
    assert item == Frame(3, 4, 7)
    assert isinstance(read_item(data, at, len(data))[0], Response)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"\x00\x01\x02", StreamCorrupt),
        (b"\r\n" * 100, StreamCorrupt),
        (b"RTSP/1.0 200 OK\r\nX: " + b"y" * 65536, StreamLimitExceeded),
        (b"RTSP/9 what\r\n\r\n", StreamCorrupt),
    ],
)
def test_broken_framing_is_stream_corrupt(data: bytes, error: type[StreamCorrupt]) -> None:
    with pytest.raises(error) as caught:
        read_item(data, 0, len(data))
    assert caught.value.code == "stream-corrupt"


@given(st.binary(max_size=2000))
def test_any_bytes_are_an_item_or_a_typed_error(data: bytes) -> None:
    try:
        _, at = read_item(data, 0, len(data))
    except RtspError:
        return
    assert 0 <= at <= len(data)


def test_a_description_with_too_many_sections_is_refused() -> None:
    with pytest.raises(LimitExceeded):
        sdp.parse(b"v=0\n" + b"m=video 0 RTP/AVP 96\n" * 33)


def test_a_description_that_is_too_large_is_refused() -> None:
    with pytest.raises(LimitExceeded):
        sdp.parse(b"v=0\n" + b"a=x\n" * 65536)
    with pytest.raises(LimitExceeded):
        sdp.parse(b"v=0\n" + b"\na=x" * 5000)


def test_what_is_no_description_is_malformed() -> None:
    with pytest.raises(MalformedDescription):
        sdp.parse(b"<html>no</html>")


def test_static_payload_types_need_no_rtpmap() -> None:
    description = sdp.parse(b"v=0\r\nm=audio 0 RTP/AVP 0 8\r\nc=IN IP4 10.0.0.1\r\n")
    (media,) = description.media
    assert [(f.encoding, f.clock_rate, f.channels) for f in media.formats] == [("PCMU", 8000, 1), ("PCMA", 8000, 1)]
    assert media.connection == "IN IP4 10.0.0.1"


@pytest.mark.parametrize(
    ("lines", "framerate"),
    [("a=framerate:0S\na=framerate:25", 25.0), ("a=framerate:29.97", 29.97), ("a=x-framerate: 5", 5.0), ("", None)],
)
def test_the_last_framerate_that_means_something_counts(lines: str, framerate: float | None) -> None:
    assert sdp.parse(f"m=video 0 RTP/AVP 96\n{lines}".encode()).media[0].framerate == framerate


@given(
    st.one_of(
        st.binary(max_size=3000), st.text(alphabet="vmactsb=0:/ \r\n96HRTPfmtpkey;", max_size=3000).map(str.encode)
    )
)
def test_any_bytes_are_a_description_or_a_typed_error(body: bytes) -> None:
    try:
        description = sdp.parse(body)
    except RtspError:
        return
    assert len(description.media) <= 32


CAMERA = Target("10.0.0.5", 554, "/a/b?c=1")


@pytest.mark.parametrize(
    ("content_base", "expected"),
    [
        ("rtsp://other:99/x/", "/x/"),
        ("rtsp://other", "/"),
        ("192.168.1.10:554/s0/", "/s0/"),
        ("192.168.1.10/s0", "/s0"),
        ("/only/path", "/only/path"),
        ("nonsense", "/a/b?c=1"),
        (None, "/a/b?c=1"),
    ],
)
def test_a_base_gives_its_path_and_never_its_host(content_base: str | None, expected: str) -> None:
    assert base_path(CAMERA, content_base, None) == expected


@pytest.mark.parametrize(
    ("base", "control", "expected"),
    [
        ("/a/", "t1", "/a/t1"),
        ("/a?x=1", "t1", "/a?x=1/t1"),
        ("/a", "*", "/a"),
        ("/a", None, "/a"),
        ("/a", "/a/t1", "/a/t1"),
        ("/a", "/t1", "/a/t1"),
        ("/a", "rtsp://elsewhere/b/t1?q", "/b/t1?q"),
    ],
)
def test_a_control_is_joined_as_cameras_expect(base: str, control: str | None, expected: str) -> None:
    assert join_control(base, control) == expected


def test_a_target_shows_no_password_and_brackets_ipv6() -> None:
    shown = repr(Target("::1", 8554, "live/ä b", "u", "s3cret"))
    assert "s3cret" not in shown
    assert Target("::1", 8554, "live/ä b").url == "rtsp://[::1]:8554/live/%C3%A4%20b"


@given(st.text(max_size=200))
def test_no_path_can_break_the_request_line(path: str) -> None:
    url = Target("h", 1, path).url
    assert url.isascii()
    assert url.isprintable()
    assert " " not in url
