from __future__ import annotations

import struct
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fakecam.play import Cursor, Made, Player
from fakecam.settings import CameraSettings, Faults
from fakecam.wallclock import NS_PER_S, NTP_UNIX_S

if TYPE_CHECKING:
    from fakecam.layout import Clip

NOW_NS = 1_800_000_000 * NS_PER_S + 640_000_000
NAMES = ("h264", "h264-aac", "h264-alaw", "h264-bframes-aac", "h265-ulaw")


def _player(clip: Clip, **settings: object) -> Player:
    camera = CameraSettings(path="/cam/1", clip=Path("x.mp4"), **settings)  # type: ignore[arg-type]
    cursors = [Cursor(t, t.number * 2, near_wrap=camera.near_wrap) for t in clip.tracks]
    return Player(camera, cursors, NOW_NS)


def _run(player: Player, seconds: float, step_ns: int = 41_000_000) -> tuple[bytes, list[Made]]:
    out = bytearray()
    made: list[Made] = []
    for now_ns in range(NOW_NS, NOW_NS + round(seconds * NS_PER_S), step_ns):
        out += player.make(now_ns, made, len(out))
    return bytes(out), made


def _packets(data: bytes, channel: int) -> list[tuple[int, int, int]]:
    """(sequence number, time stamp, SSRC) of each packet of a channel."""
    found, at = [], 0
    while at < len(data):
        _, where, size = struct.unpack_from(">BBH", data, at)
        if where == channel:
            found.append(struct.unpack_from(">HII", data, at + 6))
        at += 4 + size
    return found


@pytest.mark.parametrize("name", NAMES)
def test_no_unit_is_left_out_and_none_comes_twice_over_loop_seams(tiny_clips: dict[str, Clip], name: str) -> None:
    clip = tiny_clips[name]
    _, made = _run(_player(clip), 7.3)
    for track in clip.tracks:
        indices = [m.index for m in made if m.track == track.number]
        count = len(track.units)
        assert indices == [(indices[0] + n) % count for n in range(len(indices))]
        assert len(indices) > 2 * count


@pytest.mark.parametrize("name", NAMES)
def test_sequence_numbers_and_times_run_on_over_seams_and_wraps(tiny_clips: dict[str, Clip], name: str) -> None:
    clip = tiny_clips[name]
    out, made = _run(_player(clip, near_wrap=True, sender_reports=False), 7.3)
    for track in clip.tracks:
        packets = _packets(out, track.number * 2)
        seqs = [seq for seq, _, _ in packets]
        assert seqs == [(seqs[0] + n) & 0xFFFF for n in range(len(seqs))]
        assert seqs[-1] < seqs[0]
        assert len({ssrc for _, _, ssrc in packets}) == 1
        times = sorted(m.rtp for m in made if m.track == track.number)
        period, clock_hz = track.source.period, track.source.clock_hz
        assert {b - a for a, b in pairwise(times)} == {period // len(track.units)}
        assert times[0] < 1 << 32 < times[-1]
        assert times[0] == (1 << 32) - 3 * clock_hz
        assert {stamp for _, stamp, _ in packets} == {t & 0xFFFF_FFFF for t in times}


def test_pictures_tell_the_wall_clock_modulo_the_loop(tiny_clips: dict[str, Clip]) -> None:
    for name in ("h264", "h264-bframes-aac"):
        player = _player(tiny_clips[name], sender_reports=False)
        made: list[Made] = []
        for now_ns in range(NOW_NS, NOW_NS + 5 * NS_PER_S, 10_000_000):
            before = len(made)
            player.make(now_ns, made, 0)
            for one in made[before:]:
                if one.track == 0:
                    shown_ns = one.unit.pts * NS_PER_S // 90_000
                    late_ns = (now_ns - shown_ns) % (2 * NS_PER_S)
                    # sent after it was captured, by the reordering delay and one step at most
                    assert late_ns < (10_000_000 if name == "h264" else 90_000_000 + 40_000_000)


@pytest.mark.parametrize("burst", [False, True])
def test_a_session_begins_with_a_keyframe(tiny_clips: dict[str, Clip], burst: bool) -> None:  # noqa: FBT001 - a parameter
    player = _player(tiny_clips["h264-aac"], burst=burst)
    cursor = player.cursors[0]
    assert tiny_clips["h264-aac"].tracks[0].units[cursor.index].key
    wait_ns = cursor.due_ns - NOW_NS
    assert -NS_PER_S < wait_ns <= 0 if burst else 0 < wait_ns <= NS_PER_S


def test_sound_begins_with_the_first_picture(tiny_clips: dict[str, Clip]) -> None:
    video, audio = _player(tiny_clips["h264-aac"]).cursors
    captured = video.loop_ns + video.track.units[video.index].pts * NS_PER_S // 90_000
    heard = audio.loop_ns + audio.track.units[audio.index].pts * NS_PER_S // 16_000
    assert 0 <= heard - captured < 64_000_000


def test_play_announces_the_first_packet(tiny_clips: dict[str, Clip]) -> None:
    player = _player(tiny_clips["h264-aac"], sender_reports=False)
    announced = [(c.seq, c.next_rtp, c.ssrc) for c in player.cursors]
    out, _ = _run(player, 2)
    assert [_packets(out, channel)[0] for channel in (0, 2)] == announced


@pytest.mark.parametrize("offset_s", [0.0, 3.2])
def test_sender_reports_tie_rtp_time_to_the_capture_time(tiny_clips: dict[str, Clip], offset_s: float) -> None:
    player = _player(tiny_clips["h264-bframes-aac"], clock_offset_s=offset_s)
    out, made = _run(player, 7)
    at, reports = 0, []
    while at < len(out):
        _, channel, size = struct.unpack_from(">BBH", out, at)
        if channel == 1:
            kind, _, _, ntp, rtp, packets, _ = struct.unpack_from(">xBHIQIII", out, at + 4)
            assert kind == 200
            reports.append((ntp / (1 << 32) - NTP_UNIX_S, rtp, packets))
        at += 4 + size
    assert len(reports) == 2
    assert reports[1][0] - reports[0][0] == pytest.approx(5, abs=0.05)
    for utc_s, rtp, _ in reports:
        first = next(m for m in made if m.track == 0)
        ahead = (first.rtp - rtp + (1 << 31)) % (1 << 32) - (1 << 31)
        captured_s = utc_s + ahead / 90_000 - offset_s
        assert captured_s % 2 == pytest.approx(first.unit.pts / 90_000, abs=0.001)
    assert reports[1][2] > reports[0][2]


def test_a_lossy_camera_uses_up_the_sequence_numbers_it_loses(tiny_clips: dict[str, Clip]) -> None:
    player = _player(tiny_clips["h264"], sender_reports=False, faults=Faults(lose_every=10))
    out, made = _run(player, 5)
    seqs = [seq for seq, _, _ in _packets(out, 0)]
    gaps = sum((b - a) & 0xFFFF != 1 for a, b in pairwise(seqs))
    whole = len(made) + gaps
    assert gaps == whole // 10


def test_a_client_chooses_its_channels(tiny_clips: dict[str, Clip]) -> None:
    camera = CameraSettings(path="/cam/1", clip=Path("x.mp4"))
    cursor = Cursor(tiny_clips["h264"].tracks[0], 6, near_wrap=False)
    out, _ = _run(Player(camera, [cursor], NOW_NS), 3)
    assert _packets(out, 6)
    assert not _packets(out, 0)
