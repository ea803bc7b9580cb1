"""Stills and renditions: the right picture of the right moment, made in the jail, little read, sound without a seam."""

from __future__ import annotations

import asyncio
import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from fakecam.burnin import read_number
from support.burnt_footage import Look, loop
from support.watching_rig import SMALL, US, Entry, Theatre

from camera_gateway.clock import from_datetime, rfc3339
from camera_gateway.footage.indexing import AHEAD_BYTES
from camera_gateway.media.workshop import Busy

if TYPE_CHECKING:
    from storage.blobs import Chunks

H265 = replace(SMALL, codec="h265", b_frames=2)


def number_in(jpeg: bytes) -> int | None:
    with av.open(io.BytesIO(jpeg), format="mjpeg") as container:
        return read_number(next(container.decode(video=0)).to_ndarray(format="gray"))


@pytest.mark.parametrize("look", [SMALL, H265], ids=["h264", "h265"])
async def test_a_still_is_the_keyframe_at_or_before_the_moment(house: Theatre, look: Look) -> None:
    house.put(house.footage(seconds=20, look=look))
    for asked_us, shown_us in ((0, 0), (3_900_000, 3 * US), (14 * US, 14 * US), (19_999_999, 19 * US)):
        got = await house.get("aigul", "kg-hall/still", at=rfc3339(house.begin_us + asked_us), width=1920)
        assert (got.status, got.headers["Content-Type"]) == (200, "image/jpeg")
        assert got.headers["X-Picture-At"] == rfc3339(house.begin_us + shown_us)
        assert number_in(got.body) == loop(look).number_at(house.begin_us + shown_us)


async def test_a_still_reads_one_picture_from_the_bucket_and_none_the_second_time(
    house: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    (only,) = house.footage(seconds=10)
    house.put([only])
    assert house.files() == set()
    await house.playlist("aigul", "kg-hall", house.begin_us, house.begin_us + US)
    lengths: list[int] = []
    get = house.gateway.store.get

    def counted(key: str, **more: Any) -> Chunks:  # noqa: ANN401 - passed on
        chunks = get(key, **more)
        lengths.append(chunks.length)
        return chunks

    monkeypatch.setattr(house.gateway.store, "get", counted)
    at = rfc3339(house.begin_us + 5 * US)
    first = await house.get("aigul", "kg-hall/still", at=at)
    assert first.status == 200
    assert 0 < sum(lengths) < len(only.data) / 5
    read = len(lengths)
    assert (await house.get("aigul", "kg-hall/still", at=at)).body == first.body
    assert len(lengths) == read


async def test_an_index_is_made_of_a_few_small_reads(house: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    (only,) = house.footage(seconds=10, look=replace(SMALL, bitrate_bps=2_000_000))
    house.put([only])
    lengths: list[int] = []
    get = house.gateway.store.get

    def counted(key: str, **more: Any) -> Chunks:  # noqa: ANN401 - passed on
        chunks = get(key, **more)
        lengths.append(chunks.length)
        return chunks

    monkeypatch.setattr(house.gateway.store, "get", counted)
    await house.playlist("aigul", "kg-hall", house.begin_us, house.begin_us + US)
    assert max(lengths) <= AHEAD_BYTES
    assert len(lengths) <= 11
    lengths.clear()
    await house.playlist("aigul", "kg-hall", house.begin_us, house.begin_us + US)
    assert lengths == []


async def test_a_still_is_no_wider_than_asked_and_not_wider_than_the_picture(house: Theatre) -> None:
    house.footage(seconds=10)
    for width, shown in ((100, (100, 56)), (1920, (384, 216))):
        got = await house.get("aigul", "kg-hall/still", at=rfc3339(house.begin_us), width=width)
        with av.open(io.BytesIO(got.body), format="mjpeg") as container:
            frame = next(container.decode(video=0))
        assert (frame.width, frame.height) == shown
    for width in (0, 1921):
        assert (await house.get("aigul", "kg-hall/still", at=rfc3339(house.begin_us), width=width)).status == 400


async def test_there_is_no_still_of_a_gap(house: Theatre) -> None:
    house.footage(seconds=10)
    got = await house.get("aigul", "kg-hall/still", at=rfc3339(house.begin_us + 30 * US))
    assert (got.status, json.loads(got.body)["code"]) == (404, "no-footage")


async def joined(house: Theatre, entries: list[Entry]) -> bytes:
    init = (await house.get("aigul", entries[0].map)).body
    return init + b"".join([await house.bytes_of("aigul", entry) for entry in entries])


def pictures_of(data: bytes) -> list[tuple[int, int | None]]:
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        return [
            (round(float(frame.time) * US), read_number(frame.to_ndarray(format="gray")))
            for frame in container.decode(stream)
        ]


async def test_h265_comes_as_h264_with_every_picture_at_its_own_time(house: Theatre) -> None:
    house.put(house.footage(seconds=20, look=H265, audio="aac"))
    span = (house.begin_us, house.begin_us + 60 * US)
    original = await house.playlist("aigul", "kg-hall", *span)
    entries = await house.playlist("aigul", "kg-hall", *span, codec="h264")
    assert [(e.start_us, e.duration_us) for e in entries] == [(e.start_us, e.duration_us) for e in original]
    assert all(entry.range is None for entry in entries)
    pictures = await asyncio.to_thread(pictures_of, await joined(house, entries))
    assert len(pictures) == 20 * 25
    first = pictures[0][0]
    looped = loop(H265)
    assert [n for _, n in pictures] == [looped.number_at(house.begin_us + at - first + 2_000) for at, _ in pictures]
    with av.open(io.BytesIO(await joined(house, original))) as container:
        assert [round(float(f.time) * US) for f in container.decode(video=0)] == [at for at, _ in pictures]
    one = await house.bytes_of("aigul", entries[3])
    assert prft_of(one) == entries[3].start_us


def prft_of(data: bytes) -> int:
    from camera_gateway.media.fragments import fragments  # noqa: PLC0415 - only here

    return next(fragments(data, 0)).wall_us or 0


async def test_a_slice_that_begins_between_keyframes_is_complete_as_well(house: Theatre) -> None:
    (only,) = house.footage(seconds=10, look=replace(H265, gop_s=2))
    path = f"kg-hall/segments/{only.sidecar.segment}/h264"
    init = (await house.get("aigul", f"{path}/init.mp4")).body
    whole = await house.get("aigul", f"{path}/0-5.m4s")
    assert len(await asyncio.to_thread(pictures_of, init + whole.body)) == 250
    for wrong in ("3-3", "4-99", "9-2"):
        assert (await house.get("aigul", f"{path}/{wrong}.m4s")).status in {400, 404}


async def test_g711_comes_as_aac_without_a_seam_and_the_pictures_untouched(house: Theatre) -> None:
    (only,) = house.footage(seconds=10, audio="alaw")
    house.put([only])
    span = (house.begin_us, house.begin_us + 60 * US)
    entries = await house.playlist("aigul", "kg-hall", *span, codec="h264")
    data = await joined(house, entries)
    with av.open(io.BytesIO(data)) as made, av.open(io.BytesIO(only.data)) as sealed:
        packets = [bytes(p) for p in made.demux(video=0) if p.size]
        assert packets == [bytes(p) for p in sealed.demux(video=0) if p.size]
    heard, at = sound_of(data)
    original, _ = sound_of(only.data)
    assert at % 1024 == 0
    # the first frame leans on one that is not there; from then on the tone goes on, over each of four seams
    shared = min(len(heard), len(original) - at) - 1024
    wrong = np.abs(heard[1024:shared] - original[at + 1024 : at + shared])
    assert float(wrong.max()) < 0.1
    assert len(heard) >= 10 * 8000 - 2 * 1024


def sound_of(data: bytes) -> tuple[Any, int]:
    """Decode the sound: samples from -1 to 1, and the number of the first one since the run's start."""
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.audio[0]
        frames = list(container.decode(stream))
    samples = [f.to_ndarray().astype(float).ravel() / (32768 if f.format.name == "s16" else 1) for f in frames]
    return np.concatenate(samples), round(float(frames[0].time) * 8000)


async def test_what_every_browser_plays_is_never_made_anew(house: Theatre) -> None:
    house.footage(seconds=10, audio="aac")
    span = (house.begin_us, house.begin_us + 60 * US)
    assert await house.playlist("aigul", "kg-hall", *span, codec="h264") == await house.playlist(
        "aigul", "kg-hall", *span
    )


async def test_damaged_pictures_are_a_problem_and_the_decoder_lives_on(house: Theatre) -> None:
    (only,) = house.footage(seconds=10, look=H265)
    path = house.gateway.data_dir / "spool" / "kg-hall" / f"{only.sidecar.segment}.mp4"
    await house.playlist("aigul", "kg-hall", house.begin_us, house.begin_us + US)
    torn = bytearray(only.data)
    where = only.data.index(b"mdat") + 4
    torn[where : where + 3_000] = bytes(3_000)
    path.write_bytes(bytes(torn))
    for address in (
        "kg-hall/still?at=" + rfc3339(house.begin_us),
        f"kg-hall/segments/{only.sidecar.segment}/h264/0-1.m4s",
    ):
        got = await house.get("aigul", address)
        assert (got.status, json.loads(got.body)["code"]) == (404, "undecodable"), address
    assert (await house.get("aigul", "kg-hall/still", at=rfc3339(house.begin_us + 5 * US))).status == 200


async def test_when_all_decoders_are_busy_a_player_is_told_when_to_come_back(
    house: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.footage(seconds=10)

    def full(*_: object) -> None:
        raise Busy(1)

    monkeypatch.setattr(house.watching.workshop, "do", full)
    got = await house.get("aigul", "kg-hall/still", at=rfc3339(house.begin_us))
    assert (got.status, json.loads(got.body)["code"]) == (503, "busy")
    assert int(got.headers["Retry-After"]) >= 1
    assert from_datetime
