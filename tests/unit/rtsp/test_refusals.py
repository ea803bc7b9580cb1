"""Every way in which a camera says no has its cause, a hint, and no secret in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.dialogues import Camera, answers, converse, on_the_wire, play, target

from camera_gateway.domain.footage import GapCause, ProbeCause
from camera_gateway.rtsp.conversation import Conversation
from camera_gateway.rtsp.errors import CodecRefused, RtspRefused
from camera_gateway.rtsp.messages import Headers, Response, ServerRequest

if TYPE_CHECKING:
    from collections.abc import Callable

USER = {"username": "rec", "password": "s3cret-пароль"}
OK = "RTSP/1.0 200 OK\nCSeq: {cseq}"
CHALLENGE = 'WWW-Authenticate: Digest realm="r", nonce="{nonce}"{more}'


def sdp_answer(*lines: str) -> str:
    body = "\n".join(("v=0", *lines))
    return f"{OK}\nContent-Type: application/sdp\nContent-Length: {{length}}\n\n{body}"


VIDEO = ("m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000", "a=control:t0")
AUDIO = ("m=audio 0 RTP/AVP 8", "a=control:t1")


def unauthorised(nonce: str = "n", more: str = "") -> str:
    return f"RTSP/1.0 401 Unauthorized\nCSeq: {{cseq}}\n{CHALLENGE.format(nonce=nonce, more=more)}"


def refused(*script: tuple[str, str], **more: str) -> RtspRefused:
    conversation = Conversation(target(**more))
    with pytest.raises(RtspRefused) as caught:
        converse(conversation, Camera(list(script)))
    assert conversation.state == "closed"
    assert "s3cret" not in f"{caught.value} {caught.value.hint} {conversation.target!r}"
    assert caught.value.code == str(caught.value.cause)
    return caught.value


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        ("404 Not Found", ProbeCause.PATH_NOT_FOUND),
        ("451 Parameter Not Understood", ProbeCause.PATH_NOT_FOUND),
        ("454 Session Not Found", ProbeCause.PATH_NOT_FOUND),
        ("500 Internal Server Error", ProbeCause.PATH_NOT_FOUND),
        ("453 Not Enough Bandwidth", ProbeCause.REFUSED_SESSIONS),
        ("503 Service Unavailable", ProbeCause.REFUSED_SESSIONS),
        ("400 Not enough bandwidth", ProbeCause.REFUSED_SESSIONS),
        ("403 Forbidden", ProbeCause.AUTH_WRONG),
    ],
)
def test_a_status_of_describe_has_its_cause(status: str, cause: ProbeCause) -> None:
    assert refused(("OPTIONS", OK), ("DESCRIBE", f"RTSP/1.0 {status}\nCSeq: {{cseq}}")).cause is cause


def test_options_may_be_refused_by_a_camera_that_plays() -> None:
    script = [("OPTIONS", "RTSP/1.0 405 Method Not Allowed\nCSeq: {cseq}"), *answers("rkipc")[1:]]
    conversation = Conversation(target())
    converse(conversation, Camera(script))
    assert conversation.state == "playing"


def test_a_redirect_is_reported_without_credentials_and_never_followed() -> None:
    error = refused(
        ("OPTIONS", OK),
        (
            "DESCRIBE",
            "RTSP/1.0 302 Moved\nCSeq: {cseq}\nLocation: rtsp://root:toor@169.254.169.254:80/latest",
        ),
    )
    assert error.cause is ProbeCause.REDIRECTED
    assert "169.254.169.254:80" in error.hint
    assert "toor" not in error.hint
    assert "latest" not in error.hint


def test_a_challenge_without_a_user_is_auth_missing() -> None:
    assert refused(("OPTIONS", unauthorised())).cause is ProbeCause.AUTH_MISSING


def test_a_challenge_after_a_right_answer_is_auth_wrong() -> None:
    error = refused(("OPTIONS", unauthorised("a")), ("OPTIONS", unauthorised("b")), **USER)
    assert error.cause is ProbeCause.AUTH_WRONG
    assert "digest-md5" in error.message
    assert error.gap_cause is GapCause.CAMERA_AUTH


def test_a_scheme_that_nobody_knows_is_auth_scheme() -> None:
    answer = 'RTSP/1.0 401 Unauthorized\nCSeq: {cseq}\nWWW-Authenticate: Bearer realm="x"'
    error = refused(("OPTIONS", answer), **USER)
    assert error.cause is ProbeCause.AUTH_SCHEME
    assert "bearer" in error.message


def test_a_stale_nonce_is_renewed_and_the_request_repeated() -> None:
    stale = ', stale="true"'
    script = [("OPTIONS", unauthorised("a")), ("OPTIONS", unauthorised("b", stale)), *answers("rkipc")]
    camera = Camera(script)
    conversation = Conversation(target(**USER))
    converse(conversation, camera)
    assert conversation.state == "playing"
    assert 'nonce="b"' in camera.requests[2]


def test_a_camera_that_calls_every_nonce_stale_is_given_up() -> None:
    stale = ', stale="true"'
    error = refused(*[("OPTIONS", unauthorised(str(i), stale)) for i in range(9)], **USER)
    assert error.cause is ProbeCause.AUTH_WRONG


def test_a_camera_with_a_nonce_for_each_request_is_answered_each_time() -> None:
    script: list[tuple[str, str]] = []
    for number, (method, answer) in enumerate(answers("rkipc")):
        script += [(method, unauthorised(f"n{number}")), (method, answer)]
    conversation = Conversation(target(**USER))
    converse(conversation, Camera(script))
    assert conversation.state == "playing"


@pytest.mark.parametrize("codec", ["AV1", "JPEG", "VP8", "MP4V-ES"])
def test_a_video_codec_that_is_not_recorded_is_named(codec: str) -> None:
    answer = sdp_answer("m=video 0 RTP/AVP 96", f"a=rtpmap:96 {codec}/90000", *AUDIO)
    error = refused(("OPTIONS", OK), ("DESCRIBE", answer))
    assert isinstance(error, CodecRefused)
    assert (error.cause, error.codec) == (ProbeCause.CODEC_REFUSED, codec)


def test_the_first_video_that_can_be_recorded_is_taken() -> None:
    answer = sdp_answer("m=video 0 RTP/AVP 26", "a=control:jpeg", *VIDEO)
    conversation = Conversation(target(), describe_only=True)
    camera = Camera([("OPTIONS", OK), ("DESCRIBE", answer)])
    converse(conversation, camera)
    assert conversation.state == "closed"
    assert conversation.presentation is not None
    assert [media.encoding for media in conversation.presentation.media] == ["JPEG", "H264"]


def test_sound_alone_is_no_video() -> None:
    assert refused(("OPTIONS", OK), ("DESCRIBE", sdp_answer(*AUDIO))).cause is ProbeCause.NO_VIDEO


def test_an_empty_answer_to_describe_is_not_rtsp_enough() -> None:
    assert refused(("OPTIONS", OK), ("DESCRIBE", OK)).cause is ProbeCause.NOT_RTSP


@pytest.mark.parametrize(
    "data", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-OpenSSH_9\r\n", b"\x16\x03\x01\x00", b"<html>"]
)
def test_another_protocol_is_not_rtsp(data: bytes) -> None:
    conversation = Conversation(target())
    conversation.start()
    with pytest.raises(RtspRefused) as caught:
        conversation.receive(data)
    assert caught.value.cause is ProbeCause.NOT_RTSP


@pytest.mark.parametrize(
    "transport", ["RTP/AVP;unicast;client_port=5000-5001;server_port=6000-6001", "RTP/AVP/UDP;unicast"]
)
def test_an_answer_over_udp_says_that_tcp_is_not_offered(transport: str) -> None:
    setup = f"{OK}\nSession: 1\nTransport: {transport}"
    error = refused(("OPTIONS", OK), ("DESCRIBE", sdp_answer(*VIDEO)), ("SETUP", setup))
    assert "TCP" in error.hint


def test_461_says_that_tcp_is_not_offered() -> None:
    setup = "RTSP/1.0 461 Unsupported Transport\nCSeq: {cseq}"
    error = refused(("OPTIONS", OK), ("DESCRIBE", sdp_answer(*VIDEO)), ("SETUP", setup))
    assert "TCP" in error.hint


def test_a_refused_audio_track_does_not_cost_the_video() -> None:
    script = [
        ("OPTIONS", OK),
        ("DESCRIBE", sdp_answer(*VIDEO, *AUDIO)),
        ("SETUP", f"{OK}\nSession: 1"),
        ("SETUP", "RTSP/1.0 400 Bad Request\nCSeq: {cseq}"),
        ("PLAY", OK),
    ]
    conversation = Conversation(target())
    converse(conversation, Camera(script))
    assert [track.codec for track in conversation.tracks] == ["h264"]
    assert conversation.skipped == ("audio: the camera answered 400 to SETUP",)


def test_audio_is_not_set_up_when_not_wanted() -> None:
    script = answers("tplink")
    del script[3]
    conversation = Conversation(target(), want_audio=False)
    converse(conversation, Camera(script))
    assert [track.kind for track in conversation.tracks] == ["video"]


def test_play_without_range_is_tried_when_the_range_is_refused() -> None:
    script = [*answers("rkipc")]
    script.insert(3, ("PLAY", "RTSP/1.0 457 Invalid Range\nCSeq: {cseq}"))
    camera = Camera(script)
    conversation = Conversation(target())
    converse(conversation, camera)
    assert "Range: npt=0.000-\r\n" in camera.requests[-2]
    assert "Range" not in camera.requests[-1]


def test_controls_of_another_host_keep_our_host() -> None:
    script = [
        ("OPTIONS", OK),
        (
            "DESCRIBE",
            sdp_answer(
                "a=control:rtsp://evil:pw@203.0.113.1:8554/all",
                VIDEO[0],
                VIDEO[1],
                "a=control:rtsp://[2001:db8::1]/x y/t0\tz",
            ),
        ),
        ("SETUP", f"{OK}\nSession: 1"),
        ("PLAY", OK),
    ]
    camera = Camera(script)
    converse(Conversation(target()), camera)
    assert camera.requests[2].startswith("SETUP rtsp://10.20.0.9:554/x%20y/t0%09z RTSP/1.0\r\n")
    assert camera.requests[3].startswith("PLAY rtsp://10.20.0.9:554/all RTSP/1.0\r\n")


def test_frames_that_overtake_the_answer_to_play_are_kept() -> None:
    script = answers("rkipc")
    conversation = Conversation(target())
    camera = Camera(script[:3])
    request = conversation.start()
    while not request.startswith(b"PLAY"):
        request = conversation.receive(camera.answer(request))
    early, late = b"$\x00\x00\x03abc", b"$\x00\x00\x01d$"
    conversation.receive(early + on_the_wire(script[3][1], 4) + late)
    assert conversation.state == "playing"
    assert conversation.leftover == early + late


def test_a_camera_that_never_stops_answering_is_given_up() -> None:
    conversation = Conversation(target())
    conversation.start()
    with pytest.raises(RtspRefused):
        conversation.receive(b"RTSP/1.0 100 Continue\r\nCSeq: 1\r\n\r\n" * 100)


def keepalive_answer(request: bytes, status: int, *headers: tuple[str, str]) -> Response:
    found = re.search(rb"CSeq: (\d+)", request)
    assert found is not None
    return Response(status, "", Headers((("cseq", found[1].decode()), *headers)))


def test_keepalive_goes_over_to_get_parameter_when_options_is_refused() -> None:
    conversation, _ = play("dahua", **USER)
    first = conversation.keepalive()
    assert first.startswith(b"OPTIONS ")
    assert b"Session: 820011225566\r\n" in first
    assert conversation.handle_response(keepalive_answer(first, 200)) == b""
    second = conversation.handle_response(keepalive_answer(conversation.keepalive(), 501))
    assert second.startswith(b"GET_PARAMETER ")
    assert conversation.handle_response(keepalive_answer(second, 400)) == b""
    assert conversation.keepalive().startswith(b"GET_PARAMETER ")


def test_a_nonce_that_grows_stale_while_playing_is_renewed() -> None:
    conversation, _ = play("dahua", **USER)
    request = conversation.keepalive()
    challenge = ("www-authenticate", 'Digest realm="r", nonce="fresh", stale=true')
    again = conversation.handle_response(keepalive_answer(request, 401, challenge))
    assert again.startswith(b"OPTIONS ")
    assert b'nonce="fresh"' in again


def test_a_session_that_the_camera_forgot_ends_the_conversation() -> None:
    conversation, _ = play("dahua", **USER)
    with pytest.raises(RtspRefused) as caught:
        conversation.handle_response(keepalive_answer(conversation.keepalive(), 454))
    assert caught.value.cause is ProbeCause.REFUSED_SESSIONS
    assert conversation.state == "closed"


def test_a_server_request_is_answered_and_never_obeyed() -> None:
    conversation, _ = play("dahua", **USER)
    redirect = ServerRequest("REDIRECT", Headers((("cseq", "7"), ("location", "rtsp://elsewhere/"))))
    assert conversation.handle_request(redirect) == b"RTSP/1.0 501 Not Implemented\r\nCSeq: 7\r\n\r\n"
    assert conversation.handle_request(ServerRequest("OPTIONS")) == b"RTSP/1.0 200 OK\r\n\r\n"
    assert conversation.state == "playing"


def test_teardown_says_farewell_to_the_session_and_closes() -> None:
    conversation, _ = play("dahua", **USER)
    assert b"Session: 820011225566\r\n" in conversation.teardown()
    assert conversation.state == "closed"
    assert Conversation(target()).teardown() == b""


MUTATIONS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=12)


def one_byte_changed(mutations: list[tuple[float, int]]) -> Callable[[bytes], list[bytes]]:
    changes = list(mutations)

    def slices(data: bytes) -> list[bytes]:
        mutated = bytearray(data)
        if changes and mutated:
            where, value = changes.pop()
            mutated[int(where * (len(mutated) - 1))] = value
        return [bytes(mutated)]

    return slices


@given(st.sampled_from(["reolink", "hikvision", "whitelabel", "ubiquiti"]), MUTATIONS)
def test_a_damaged_dialogue_plays_or_is_refused(vendor: str, mutations: list[tuple[float, int]]) -> None:
    conversation = Conversation(target(**USER))
    script = answers(vendor)
    request, left = conversation.start(), len(script)
    damage = one_byte_changed(mutations)
    try:
        while request and left:
            method = request.split(b" ", 1)[0].decode()
            answer = next((text for name, text in script if name == method), OK)
            found = re.search(rb"CSeq: (\d+)", request)
            assert found is not None
            left -= 1
            request = b"".join(conversation.receive(p) for p in damage(on_the_wire(answer, int(found[1]))))
    except RtspRefused as error:
        assert "s3cret" not in f"{error} {error.hint}"  # noqa: PT017 - playing is as good as a refusal


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_random_bytes_are_refused_or_waited_for(reads: list[bytes]) -> None:
    conversation = Conversation(target(**USER))
    conversation.start()
    try:
        for read in reads:
            conversation.receive(read)
    except RtspRefused as error:
        assert error.cause is ProbeCause.NOT_RTSP  # noqa: PT017 - or no error at all
