from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from fakecam import clips
from fakecam.burnin import burn, read_number
from fakecam.demux import ClipError, nal_type
from fakecam.encode import ClipSpec
from fakecam.layout import Clip, load_clip, unit_sha256
from fakecam.packetise import MAX_PAYLOAD_BYTES, payloads

if TYPE_CHECKING:
    from pathlib import Path


def test_every_decoded_picture_tells_its_number(tiny_files: dict[str, Path]) -> None:
    for name, path in tiny_files.items():
        with av.open(str(path)) as container:
            numbers = [
                read_number(frame.to_ndarray(format="gray").astype(np.uint8)) for frame in container.decode(video=0)
            ]
        assert numbers == list(range(50)), name


def test_a_picture_without_the_row_has_no_number() -> None:
    assert read_number(np.full((180, 320), 128, np.uint8)) is None


@pytest.mark.parametrize("height", [180, 576, 1080])
def test_the_number_survives_at_every_size(height: int) -> None:
    luma = np.full((height, height * 16 // 9), 90, np.uint8)
    burn(luma, "NAME", 0xBEEF, 25)
    assert read_number(luma) == 0xBEEF


def test_keyframes_carry_their_parameter_sets(tiny_clips: dict[str, Clip]) -> None:
    for clip in tiny_clips.values():
        source = clip.tracks[0].source
        wanted = [7, 8] if source.codec == "h264" else [32, 33, 34]
        keys = [unit for unit in source.units if unit.key]
        assert len(keys) == 2
        for unit in keys:
            assert [nal_type(source.codec, nal) for nal in unit.nals][: len(wanted)] == wanted


def test_fragments_put_together_are_the_nal_again(tiny_clips: dict[str, Clip]) -> None:
    for codec, name, head in (("h264", "h264", 1), ("h265", "h265-ulaw", 2)):
        nal = max((nal for unit in tiny_clips[name].tracks[0].source.units for nal in unit.nals), key=len)
        parts = payloads(codec, (nal,))
        assert len(parts) > 1
        assert all(len(part) <= MAX_PAYLOAD_BYTES for part in parts)
        flags = [part[head] & 0xC0 for part in parts]
        assert flags == [0x80, *[0] * (len(parts) - 2), 0x40]
        assert b"".join(part[head + 1 :] for part in parts) == nal[head:]
        kind_mask = 0x1F if codec == "h264" else 0x3F
        assert {part[head] & kind_mask for part in parts} == {nal_type(codec, nal)}


def test_a_units_hash_is_over_lengths_and_nal_units() -> None:
    expected = hashlib.sha256(b"\0\0\0\x02ab\0\0\0\x01c").hexdigest()
    assert unit_sha256((b"ab", b"c")) == expected


def test_loops_last_as_long_as_their_pictures(tiny_clips: dict[str, Clip]) -> None:
    assert {clip.tracks[0].source.period for clip in tiny_clips.values()} == {2 * 90_000}


def test_a_file_that_is_no_clip_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(b"no film")
    with pytest.raises(ClipError, match="cannot be read"):
        load_clip(path)


def test_clips_are_built_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = ClipSpec(
        file="a.mp4",
        name="A",
        codec="h264",
        width=320,
        height=180,
        fps=25,
        length_s=1,
        gop_s=1,
        bitrate_bps=200_000,
        profile="main",
        preset="ultrafast",
    )
    monkeypatch.setattr(clips, "CLIPS", (small,))
    first = clips.ensure(tmp_path, offline=True)
    assert (first.fresh, first.origin) == (True, "drawn, not real footage")
    assert not clips.ensure(tmp_path, offline=True).fresh
    first.files[0].write_bytes(b"cut short")
    assert clips.ensure(tmp_path, offline=True).fresh
