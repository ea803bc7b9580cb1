"""The live edge: what grows in the spool as a playlist, whole fragments only, nothing older than the window."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from support.clips import WALL_US, FragmentedFile, fragmented, h264_clip, h265_clip

from camera_gateway.footage.live import LEAST, LiveFeed, live_playlist

if TYPE_CHECKING:
    from pathlib import Path

US = 1_000_000
FILE = fragmented(h264_clip(400, 25))
OTHER = fragmented(h265_clip(75, 25))


def write(folder: Path, name: str, file: FragmentedFile, first: int, stop: int, more: bytes = b"") -> Path:
    path = folder / f"{name}.part"
    path.write_bytes(file.init + b"".join(file.fragments[first:stop]) + more)
    return path


def at(second: float) -> int:
    return WALL_US + round(second * US)


def offsets(file: FragmentedFile, first: int, stop: int) -> list[int]:
    found = [len(file.init)]
    for piece in file.fragments[first : stop - 1]:
        found.append(found[-1] + len(piece))
    return found


def test_only_whole_fragments_are_shown_and_each_as_soon_as_it_is_whole(tmp_path: Path) -> None:
    feed = LiveFeed(tmp_path)
    assert feed.look(at(0)) == ()
    write(tmp_path, "aa-000000", FILE, 0, 2, FILE.fragments[2][:-1])
    pieces = feed.look(at(3))
    assert [piece.offset for piece in pieces] == offsets(FILE, 0, 2)
    assert [piece.wall_us for piece in pieces] == [at(0), at(1)]
    assert feed.media("aa-000000", pieces[1].offset) == FILE.fragments[1]
    assert feed.init("aa-000000") == FILE.init
    write(tmp_path, "aa-000000", FILE, 0, 3)
    assert [piece.wall_us for piece in feed.look(at(3))] == [at(0), at(1), at(2)]


def test_nothing_outside_the_window_can_be_had(tmp_path: Path) -> None:
    feed = LiveFeed(tmp_path)
    write(tmp_path, "aa-000000", FILE, 0, 16)
    pieces = feed.look(at(16))
    assert pieces[0].wall_us >= at(4)
    assert feed.media("aa-000000", len(FILE.init)) is None
    assert feed.media("aa-000000", pieces[0].offset + 1) is None
    assert feed.media("bb-000000", pieces[0].offset) is None
    assert feed.init("bb-000000") is None
    later = feed.look(at(30))
    assert len(later) == LEAST
    assert feed.look(at(60)) == ()


def test_a_new_segment_of_the_run_goes_on_without_a_seam(tmp_path: Path) -> None:
    feed = LiveFeed(tmp_path)
    part = write(tmp_path, "aa-000000", FILE, 0, 3)
    feed.look(at(3))
    # one more fragment came between the last look and the seal
    write(tmp_path, "aa-000000", FILE, 0, 4).rename(part.with_suffix(".mp4"))
    write(tmp_path, "aa-000001", FILE, 4, 6)
    pieces = feed.look(at(6))
    assert [piece.wall_us for piece in pieces] == [at(n) for n in range(6)]
    assert [piece.number - pieces[0].number for piece in pieces] == list(range(6))
    text = live_playlist(pieces)
    assert "DISCONTINUITY" not in text
    assert text.count("#EXT-X-MAP") == 1
    assert feed.media("aa-000000", pieces[3].offset) == FILE.fragments[3]
    assert "ENDLIST" not in text


def test_a_new_run_is_a_discontinuity_with_its_own_init_segment(tmp_path: Path) -> None:
    feed = LiveFeed(tmp_path)
    part = write(tmp_path, "aa-000000", FILE, 0, 2)
    feed.look(at(2))
    part.rename(part.with_suffix(".mp4"))
    write(tmp_path, "bb-000000", OTHER, 0, 2)
    text = live_playlist(feed.look(at(2)))
    assert text.count("#EXT-X-DISCONTINUITY") == 1
    assert 'MAP:URI="live/aa-000000/init.mp4"' in text
    assert 'MAP:URI="live/bb-000000/init.mp4"' in text
    assert feed.init("bb-000000") == OTHER.init


def test_numbers_go_on_after_a_restart_of_the_service(tmp_path: Path) -> None:
    write(tmp_path, "aa-000000", FILE, 0, 9)
    before = LiveFeed(tmp_path).look(at(9))[-1].number
    (tmp_path / "aa-000000.part").rename(tmp_path / "aa-000000.mp4")
    write(tmp_path, "aa-000001", FILE, 9, 12)
    assert LiveFeed(tmp_path).look(at(12))[0].number > before


def test_a_part_that_a_crash_has_left_is_not_the_live_edge(tmp_path: Path) -> None:
    old = write(tmp_path, "zz-000000", OTHER, 0, 3)
    os.utime(old, (1, 1))
    write(tmp_path, "aa-000000", FILE, 0, 2)
    assert {piece.run for piece in LiveFeed(tmp_path).look(at(2))} == {"aa"}


def test_the_playlist_says_wall_time_and_length_of_each_fragment(tmp_path: Path) -> None:
    write(tmp_path, "aa-000000", FILE, 0, 2)
    pieces = LiveFeed(tmp_path).look(at(2))
    first, second = offsets(FILE, 0, 2)
    assert live_playlist(pieces, h264=True) == (
        "#EXTM3U\n"
        "#EXT-X-VERSION:7\n"
        "#EXT-X-TARGETDURATION:1\n"
        f"#EXT-X-MEDIA-SEQUENCE:{WALL_US * 5 // US}\n"
        '#EXT-X-MAP:URI="live/aa-000000/h264/init.mp4"\n'
        "#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:20.000Z\n"
        "#EXTINF:1.000000,\n"
        f"live/aa-000000/h264/{first}.m4s\n"
        "#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:21.000Z\n"
        "#EXTINF:1.000000,\n"
        f"live/aa-000000/h264/{second}.m4s\n"
    )


def test_looking_writes_and_locks_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, "aa-000000", FILE, 0, 2)
    before = (path.stat(), sorted(tmp_path.iterdir()))
    path.chmod(0o400)
    tmp_path.chmod(0o500)
    try:
        LiveFeed(tmp_path).look(at(2))
    finally:
        tmp_path.chmod(0o700)
    assert (path.stat().st_mtime_ns, sorted(tmp_path.iterdir())) == (before[0].st_mtime_ns, before[1])
