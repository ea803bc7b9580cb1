"""What real cameras do beside the standards, as data: the tolerance, where it lives, and who taught it. Pure.

The list is documentation that tests hold on to: each entry names the recorded-style dialogue or the test that
keeps it true. A tolerance without an entry here is an accident.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quirk:
    """One habit of some cameras: `seen_on` vendors, `tolerated_in` module, `taught_by` thread or dialogue."""

    name: str
    seen_on: str
    what: str
    tolerated_in: str
    taught_by: str


QUIRKS: tuple[Quirk, ...] = (
    Quirk("blank-after-cseq", "Longse", "`CSeq: 1 ` with a trailing blank",
          "messages", "tests/data/cameras/longse"),
    Quirk("blanks-before-session", "Hikvision", "several blanks before the session id; two before a date",
          "messages", "tests/data/cameras/hikvision"),
    Quirk("cseq-in-small-letters", "H264DVR, VStarcam", "`Cseq` instead of `CSeq`",
          "messages", "tests/data/cameras/vstarcam"),
    Quirk("no-content-type", "libavformat-based servers", "DESCRIBE answered without Content-Type",
          "conversation", "tests/data/cameras/no-content-type"),
    Quirk("blank-in-ssrc", "Hikvision", "`ssrc= d6d6627`: a leading zero sent as a blank",
          "conversation", "tests/data/cameras/hikvision"),
    Quirk("no-unicast-in-transport", "Rockchip rkipc", "Transport without `unicast`, ssrc first",
          "conversation", "https://github.com/scottlamb/retina/issues/120"),
    Quirk("rtptime-minus-one", "Wowza, others", "`rtptime=-1` in RTP-Info",
          "conversation", "https://github.com/scottlamb/moonfire-nvr/issues/224"),
    Quirk("timeout-changes-at-play", "white-label H264Server", "PLAY names another time-out than SETUP: the "
          "shorter one counts", "conversation", "tests/data/cameras/whitelabel"),
    Quirk("session-changes-by-track", "H264DVR", "each SETUP is answered with another session id: the first counts",
          "conversation", "tests/data/cameras/h264dvr"),
    Quirk("base-without-scheme", "Anjvision", "Content-Base is `address:port/path/`",
          "url", "tests/data/cameras/anjvision"),
    Quirk("query-in-base", "Dahua, white-label H264Server", "control is appended behind the query",
          "url", "tests/data/cameras/dahua"),
    Quirk("absolute-control", "Hikvision, Geovision, VLC", "control is a whole URL, often of another address",
          "url", "tests/data/cameras/hikvision"),
    Quirk("blank-after-payload-type", "VStarcam", "a tab and a blank behind the `m=` line",
          "sdp", "tests/data/cameras/vstarcam"),
    Quirk("framerate-twice", "H264DVR", "`a=framerate:0S`, later `a=framerate:25`",
          "sdp", "tests/data/cameras/h264dvr"),
    Quirk("static-type-remapped", "Anpviz, white-label H264Server", "rtpmap gives a static payload type another "
          "codec: rtpmap counts", "sdp", "tests/data/cameras/anpviz"),
    Quirk("odd-media-line", "TP-Link", "`m=application/TP-LINK 0 RTP/AVP smart/1/90000`",
          "sdp", "tests/data/cameras/tplink"),
    Quirk("start-code-in-sprop", "white-label H264Server", "a start code behind SPS and PPS in the SDP",
          "depacketise.opening", "tests/data/cameras/whitelabel"),
    Quirk("unusable-sprop", "VStarcam", "parameter sets of the SDP are no parameter sets: ignored, in-band ones count",
          "depacketise.opening", "https://github.com/scottlamb/retina/issues/42"),
    Quirk("annex-b-in-parameter-set", "V380, macro-video", "SPS, PPS and IDR sent as one NAL unit with start codes",
          "depacketise.nal_units", "https://github.com/scottlamb/retina/issues/68"),
    Quirk("marked-sei", "Reolink and others", "an SEI with the marker bit, then the picture with the same time",
          "depacketise.nal_units", "https://github.com/scottlamb/moonfire-nvr/issues/352"),
    Quirk("stale-session", "live555-based", "packets of a dead session on the new connection: foreign SSRC, not used",
          "rtp", "https://github.com/scottlamb/retina/issues/17"),
    Quirk("keepalive-method", "several", "OPTIONS refused as a keepalive: GET_PARAMETER is tried",
          "conversation", "https://github.com/bluenviron/mediamtx/issues/449"),
    Quirk("audio-refused", "several", "an audio codec or track that cannot be had does not cost the video",
          "selection", "https://github.com/bluecherrydvr/bluecherry-apps/issues/760"),
)  # fmt: skip
