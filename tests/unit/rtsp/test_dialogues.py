"""The client plays with every recorded-style camera, and keeps its word about host and password."""

from __future__ import annotations

import re

import pytest
from support.dialogues import CAMERAS, Camera, answers, converse, play, target, vendors

from camera_gateway.rtsp.conversation import Conversation
from camera_gateway.rtsp.quirks import QUIRKS

EXPECTED = {
    "anjvision": (["h265"], 60, "/stream1/trackID=1", "/stream1/"),
    "anpviz": (["h264", "aac"], 60, "/live/trackID=1", "/live"),
    "bad-rtptime": (["h264", "aac"], 60, "/vod/mp4:yard.mov/trackID=2", "/vod/mp4:yard.mov/"),
    "dahua": (
        ["h265", "aac"],
        60,
        "/cam/realmonitor?channel=1&subtype=0/trackID=0",
        "/cam/realmonitor?channel=1&subtype=0/",
    ),
    "h264dvr": (["h264", "pcma"], 60, "/camera/trackID=3", "/camera"),
    "hikvision": (
        ["h264"],
        60,
        "/Streaming/Channels/102/trackID=1?transportmode=unicast&profile=Profile_2",
        "/Streaming/Channels/102/?transportmode=unicast&profile=Profile_2",
    ),
    "longse": (["h264"], 60, "/live/track1", "/live"),
    "no-content-type": (["h264", "aac"], 60, "/live/streamid=0", "/live"),
    "reolink": (["h264", "aac"], 60, "/h264Preview_01_sub/trackID=1", "/h264Preview_01_sub/"),
    "rkipc": (["h264"], 60, "/live/track0", "/live"),
    "tplink": (["h265", "pcma"], 60, "/live/track1", "/live"),
    "ubiquiti": (["h264", "aac"], 60, "/live/trackID=2", "/live"),
    "vstarcam": (["h264", "pcma"], 30, "/live/track0", "/live"),
    "whitelabel": (
        ["h264", "pcmu"],
        40,
        "/H264?channel=3&subtype=0&unicast=true&proto=Onvif/video",
        "/H264?channel=3&subtype=0&unicast=true&proto=Onvif",
    ),
}
USER = {"username": "рекордер", "password": "пар@:/%#оль"}


def test_every_dialogue_has_an_expectation() -> None:
    assert set(EXPECTED) == set(vendors())


@pytest.mark.parametrize("vendor", vendors())
def test_the_camera_comes_to_play(vendor: str) -> None:
    codecs, timeout_s, control, aggregate = EXPECTED[vendor]
    conversation, camera = play(vendor, **USER)
    assert conversation.state == "playing"
    assert camera.exhausted
    assert [track.codec for track in conversation.tracks] == codecs
    assert conversation.session_timeout_s == timeout_s
    assert conversation.tracks[0].control_path == control
    assert camera.requests[-1].startswith(f"PLAY rtsp://10.20.0.9:554{aggregate} RTSP/1.0\r\n")


@pytest.mark.parametrize("vendor", vendors())
def test_only_the_configured_host_is_ever_asked_and_no_credentials_are_in_the_url(vendor: str) -> None:
    _, camera = play(vendor, **USER)
    for request in camera.requests:
        assert re.match(r"[A-Z]+ rtsp://10\.20\.0\.9:554/\S* RTSP/1\.0\r\n", request)
        assert USER["password"] not in request


@pytest.mark.parametrize("vendor", vendors())
def test_an_answer_that_drips_in_byte_by_byte_is_the_same_answer(vendor: str) -> None:
    whole, _ = play(vendor, **USER)
    conversation = Conversation(target(**USER))
    converse(
        conversation,
        Camera(answers(vendor)),
        slices=lambda data: [data[i : i + 1] for i in range(len(data))],
    )
    assert conversation.state == "playing"
    assert conversation.tracks == whole.tracks
    assert conversation.rtp_info == whole.rtp_info


def test_hikvision_announces_an_ssrc_with_a_blank_for_its_leading_zero() -> None:
    conversation, _ = play("hikvision")
    assert conversation.tracks[0].ssrc == 0x0A1B2C3D
    assert conversation.session == "512340987"
    assert conversation.rtp_info[0].rtp_time32 == 880022331


def test_a_zero_ssrc_in_transport_announces_nothing() -> None:
    conversation, camera = play("h264dvr")
    assert [track.ssrc for track in conversation.tracks] == [None, None]
    assert conversation.session == "440170"
    assert "Session: 440170\r\n" in camera.requests[-1]
    assert conversation.tracks[0].framerate == 25.0


def test_an_impossible_rtptime_is_not_believed() -> None:
    conversation, _ = play("bad-rtptime")
    assert [info.rtp_time32 for info in conversation.rtp_info] == [None, None]
    assert [info.sequence for info in conversation.rtp_info] == [1, 1]


def test_rtp_info_with_bare_control_names_finds_its_tracks() -> None:
    conversation, _ = play("reolink")
    assert [info.sequence for info in conversation.rtp_info] == [15002, 39002]


def test_other_channels_than_asked_for_are_taken_as_answered() -> None:
    conversation, _ = play("ubiquiti")
    assert [(t.rtp_channel, t.rtcp_channel) for t in conversation.tracks] == [(4, 5), (6, 7)]
    assert conversation.skipped == ("audio codec OPUS is not recorded",)
    assert (conversation.tracks[1].sample_rate, conversation.tracks[1].channels) == (48000, 1)


def test_start_codes_behind_parameter_sets_are_cut_off() -> None:
    conversation, _ = play("whitelabel")
    sps, pps = conversation.tracks[0].parameter_sets
    assert (sps[0] & 31, pps) == (7, bytes.fromhex("68ee3c80"))
    assert not sps.endswith(b"\x00\x00\x01")


def test_parameter_sets_that_are_none_are_ignored() -> None:
    conversation, _ = play("vstarcam")
    assert conversation.tracks[0].parameter_sets == ()


def test_a_static_payload_type_remapped_to_aac_is_aac() -> None:
    conversation, _ = play("anpviz")
    audio = conversation.tracks[1]
    assert (audio.codec, audio.payload_type, audio.codec_config) == ("aac", 0, b"\x14\x08")
    assert (audio.sample_rate, audio.channels) == (16000, 1)


def test_h265_parameter_sets_come_in_order_vps_sps_pps() -> None:
    conversation, _ = play("dahua", **USER)
    assert [nal[0] >> 1 for nal in conversation.tracks[0].parameter_sets] == [32, 33, 34]
    assert conversation.auth == "digest-md5"


def test_each_quirk_names_a_dialogue_that_exists_or_a_thread() -> None:
    for quirk in QUIRKS:
        if quirk.taught_by.startswith("tests/data/cameras/"):
            assert (CAMERAS / (quirk.taught_by.rpartition("/")[2] + ".txt")).is_file(), quirk
        else:
            assert re.match(r"https://github\.com/[\w.-]+/[\w.-]+/issues/\d+$", quirk.taught_by), quirk
