from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from typing import TYPE_CHECKING

import pytest
from fakecam.auth import Gate
from fakecam.messages import Interleaved, NotRtspError, Request, Requests, answer
from fakecam.sdp import describe
from fakecam.settings import SettingsError, read_config

if TYPE_CHECKING:
    from pathlib import Path

    from fakecam.layout import Clip

GOOD = "p:w"
URI = "rtsp://h/cam/1"


def _gate(*schemes: str) -> Gate:
    return Gate(schemes, "r", "admin", "p:w")


def _with(header: str, uri: str = URI) -> Request:
    return Request("DESCRIBE", uri, {"authorization": header}, b"")


def _digest(gate: Gate, algorithm: str, *, password: str = GOOD, uri: str = URI) -> Request:
    nonce = gate.challenges()[0].split('nonce="')[1].split('"')[0]

    def h(text: str) -> str:
        return hashlib.new(algorithm, text.encode()).hexdigest()

    more = "00000001:c:auth:" if algorithm == "sha256" else ""
    response = h(f"{h(f'admin:r:{password}')}:{nonce}:{more}{h(f'DESCRIBE:{uri}')}")
    extra = ', algorithm=SHA-256, qop=auth, nc=00000001, cnonce="c"' if more else ""
    return _with(f'Digest username="admin", realm="r", nonce="{nonce}", uri="{uri}", response="{response}"{extra}')


@pytest.mark.parametrize(("scheme", "algorithm"), [("digest", "md5"), ("digest-sha-256", "sha256")])
def test_digest_admits_the_right_password_only(scheme: str, algorithm: str) -> None:
    gate = _gate(scheme)
    assert not gate.admits(_digest(gate, algorithm, password="wrong"))
    assert gate.admits(_digest(gate, algorithm))
    assert not gate.admits(_with(""))


def test_a_digest_for_another_address_is_refused() -> None:
    gate = _gate("digest")
    request = _digest(gate, "md5", uri="rtsp://h/cam/2")
    assert not gate.admits(Request("DESCRIBE", URI, request.headers, b""))


def test_a_nonce_count_counts_once() -> None:
    gate = _gate("digest-sha-256")
    request = _digest(gate, "sha256")
    assert [gate.admits(request), gate.admits(request)] == [True, False]


def test_basic_is_refused_where_it_is_not_offered() -> None:
    request = _with("Basic " + b64encode(b"admin:p:w").decode())
    assert _gate("basic").admits(request)
    assert not _gate("digest").admits(request)
    assert _gate("none").admits(_with(""))


def test_requests_are_cut_wherever_the_bytes_break() -> None:
    stream = (
        b"$\x01\x00\x02ab"
        b"GET_PARAMETER rtsp://h/cam/1?x=1 RTSP/1.0\r\nCSeq: 7\r\nContent-Length: 3\r\n\r\nabc"
        b"$\x03\x00\x00"
    )
    for cut in range(len(stream)):
        requests = Requests()
        items = [*requests.feed(stream[:cut]), *requests.feed(stream[cut:])]
        assert items[0] == Interleaved(1)
        assert items[2] == Interleaved(3)
        request = items[1]
        assert isinstance(request, Request)
        assert (request.path, request.headers["cseq"], request.body) == ("/cam/1", "7", b"abc")


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n\r\n", b"x" * 20_000])
def test_what_is_not_rtsp_is_refused(data: bytes) -> None:
    with pytest.raises(NotRtspError):
        list(Requests().feed(data))


def test_a_header_may_come_several_times() -> None:
    assert answer(401, "3", {"WWW-Authenticate": ["A", "B"]}).decode() == (
        "RTSP/1.0 401 Unauthorized\r\nCSeq: 3\r\nWWW-Authenticate: A\r\nWWW-Authenticate: B\r\n\r\n"
    )


def test_the_description_names_each_codec(tiny_clips: dict[str, Clip]) -> None:
    texts = {name: describe(clip, "x").decode() for name, clip in tiny_clips.items()}
    assert "H264/90000" in texts["h264"]
    assert "sprop-parameter-sets=Z" in texts["h264"]
    assert "MPEG4-GENERIC/16000/1" in texts["h264-aac"]
    assert "config=1408" in texts["h264-aac"]
    assert "a=rtpmap:8 PCMA/8000" in texts["h264-alaw"]
    assert all(s in texts["h265-ulaw"] for s in ("H265/90000", "sprop-vps=", "PCMU/8000"))


def test_a_configuration_names_its_unknown_keys(tmp_path: Path) -> None:
    path = tmp_path / "farm.json"
    path.write_text(json.dumps({"cameras": [{"path": "/a", "clip": "a.mp4", "colour": 1}]}))
    with pytest.raises(SettingsError, match="colour"):
        read_config(path)
    (tmp_path / "pw").write_text("secret\n")
    camera = {"path": "/a", "clip": "a.mp4", "password_file": "pw", "faults": {"lose_every": 9}}
    path.write_text(json.dumps({"cameras": [camera]}))
    (read,) = read_config(path)
    assert (read.password, read.faults.lose_every, read.clip) == ("secret", 9, tmp_path / "a.mp4")
    assert "secret" not in repr(read)
