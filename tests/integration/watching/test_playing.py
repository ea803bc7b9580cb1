"""What a player gets: every picture once, at its wall time, across segments, a gap, a new run; bucket or spool."""

from __future__ import annotations

import asyncio
import hashlib
import io
from contextlib import AsyncExitStack
from dataclasses import replace

import av
import pytest
from fakecam.burnin import read_number
from support.burnt_footage import Look, loop
from support.watching_rig import PURPOSE, SMALL, US, Entry, Theatre, bulky

from camera_gateway.api.watching_service import LONG_EACH, LONG_STREAMS, SHORT_BYTES
from camera_gateway.catalogue.viewings import list_viewings
from camera_gateway.clock import rfc3339

H265 = replace(SMALL, codec="h265", b_frames=2)


async def shown(house: Theatre, entries: list[Entry]) -> list[tuple[int, int]]:
    """Decode entries one by one: (wall time in µs, burnt-in number) of every picture."""
    inits: dict[str, bytes] = {}
    result = []
    for entry in entries:
        if entry.map not in inits:
            inits[entry.map] = (await house.get("aigul", entry.map)).body
        data = inits[entry.map] + await house.bytes_of("aigul", entry)
        result += await asyncio.to_thread(decoded, data, entry.start_us)
    return result


def decoded(data: bytes, start_us: int) -> list[tuple[int, int]]:
    with av.open(io.BytesIO(data)) as container:
        frames = [(float(f.time), read_number(f.to_ndarray(format="gray"))) for f in container.decode(video=0)]
    assert all(number is not None for _, number in frames)
    first = frames[0][0]
    return [(start_us + round((time - first) * US), number or 0) for time, number in frames]


def demand_true_clock(house: Theatre, pictures: list[tuple[int, int]], look: Look = SMALL) -> None:
    looped = loop(look)
    wrong = [(at, number) for at, number in pictures if looped.number_at(at + 2_000) != number]
    assert wrong == [], f"{len(wrong)} of {len(pictures)}: {wrong[:3]}"


@pytest.mark.parametrize("look", [SMALL, H265], ids=["h264", "h265"])
async def test_every_picture_comes_once_with_its_wall_time_across_gap_and_runs(house: Theatre, look: Look) -> None:
    begin = house.begin_us
    stored = house.footage(seconds=20, look=look, audio="aac")
    house.put(stored)
    house.footage(start_us=begin + 20 * US, seconds=10, look=look, audio="aac", run="second")
    house.footage(start_us=begin + 45 * US, seconds=10, look=look, audio="aac", run="third")
    assert len(house.files()) == 2
    entries = await house.playlist("aigul", "kg-hall", begin, begin + 60 * US)
    assert [e.start_us - begin for e in entries if e.discontinuity] == [20 * US, 45 * US]
    assert sum(e.duration_us for e in entries) == 40 * US
    assert max(e.duration_us for e in entries) <= 2 * US
    pictures = await shown(house, entries)
    assert len(pictures) == 40 * 25
    assert len({at for at, _ in pictures}) == len(pictures)
    demand_true_clock(house, pictures, look)


async def test_a_playlist_begins_and_ends_with_the_entries_that_the_span_touches(house: Theatre) -> None:
    house.footage(seconds=20)
    entries = await house.playlist("aigul", "kg-hall", house.begin_us + 5 * US, house.begin_us + 6 * US)
    assert [(e.start_us - house.begin_us, e.duration_us) for e in entries] == [(4 * US, 2 * US)]


async def test_a_player_of_others_reads_a_playlist_over_bucket_and_spool_from_first_to_last_picture(
    house: Theatre,
) -> None:
    first, second = house.footage(seconds=20, audio="aac")
    house.put([first])
    assert house.files() == {f"{second.sidecar.segment}.mp4"}
    begin = house.begin_us
    address = f"{house.address}api/v1/cameras/kg-hall/playlist.m3u8?from={rfc3339(begin)}&to={rfc3339(begin + 60 * US)}"
    sent = "".join(f"{name}: {value}\r\n" for name, value in house.headers("aigul").items())

    def play() -> list[int | None]:
        # libav's HLS reader mixes up file sizes when it may seek in what it reads by ranges
        options = {"headers": sent, "http_seekable": "0"}
        with av.open(address, options=options, format="hls") as container:
            return [read_number(frame.to_ndarray(format="gray")) for frame in container.decode(video=0)]

    at = loop(SMALL).number_at(begin)
    assert await asyncio.to_thread(play) == [(at + n) % 250 for n in range(500)]


async def test_a_whole_segment_is_what_was_sealed_and_ranges_are_parts_of_it(house: Theatre) -> None:
    (only,) = house.footage(seconds=10)
    house.put([only])
    path = f"kg-hall/segments/{only.sidecar.segment}/media.mp4"
    whole = await house.get("aigul", path)
    assert (whole.status, hashlib.sha256(whole.body).hexdigest()) == (200, only.sidecar.sha256)
    assert whole.headers["ETag"] == f'"{only.sidecar.sha256}"'
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert whole.headers["Cache-Control"] == "no-store, private"
    size = len(only.data)
    for asked, start, stop in (
        ("bytes=0-0", 0, 1),
        ("bytes=100-199", 100, 200),
        (f"bytes={size - 10}-", size - 10, size),
        ("bytes=-7", size - 7, size),
        (f"bytes=5-{size + 99}", 5, size),
    ):
        part = await house.get("aigul", path, {"Range": asked})
        assert (part.status, part.body) == (206, only.data[start:stop]), asked
        assert part.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{size}"
    for asked in (f"bytes={size}-", "bytes=-0"):
        beyond = await house.get("aigul", path, {"Range": asked})
        assert (beyond.status, beyond.headers["Content-Range"]) == (416, f"bytes */{size}")
    for ignored in ("bytes=9-3", "pages=1-2", "bytes=0-1,4-5", "nonsense"):
        assert (await house.get("aigul", path, {"Range": ignored})).body == only.data
    other = await house.get("aigul", path, {"Range": "bytes=0-9", "If-Range": '"another"'})
    assert (other.status, other.body) == (200, only.data)
    assert (await house.get("aigul", path, {"Range": "bytes=0-9", "If-Range": whole.headers["ETag"]})).status == 206


async def test_a_segment_that_was_changed_in_the_bucket_is_cut_off_before_its_end(house: Theatre) -> None:
    (only,) = house.footage(seconds=10)
    house.put([only])
    row = house.row(only.sidecar.segment)
    changed = bytearray(only.data)
    changed[-1] ^= 1
    assert row.key is not None
    house.gateway.store.damage(row.key, bytes(changed))  # type: ignore[attr-defined]
    with pytest.raises(Exception, match=r"payload|[Cc]onnection|disconnected"):
        await house.get("aigul", f"kg-hall/segments/{only.sidecar.segment}/media.mp4")


async def test_footage_that_is_gone_is_a_problem_and_not_an_empty_picture(house: Theatre) -> None:
    first, second = house.footage(seconds=20)
    house.put([first, second])
    entries = await house.playlist("aigul", "kg-hall", house.begin_us, house.begin_us + 20 * US)
    row = house.row(first.sidecar.segment)
    assert row.key is not None
    house.gateway.store._keys.clear()  # type: ignore[attr-defined]
    got = await house.get("aigul", entries[0].url, {"Range": "bytes=0-99"})
    assert got.status == 404
    assert b'"damaged"' in got.body


async def test_nothing_in_a_span_is_not_found_and_too_long_a_span_is_refused(house: Theatre) -> None:
    house.footage(seconds=10)
    for from_s, to_s, status in ((100, 200, 404), (0, 7 * 3_600, 400), (5, 5, 400)):
        got = await house.get(
            "aigul",
            "kg-hall/playlist.m3u8",
            **{"from": rfc3339(house.begin_us + from_s * US), "to": rfc3339(house.begin_us + to_s * US)},
        )
        assert got.status == status, got.text


async def test_a_segment_is_only_found_under_its_own_camera(house: Theatre) -> None:
    (only,) = house.footage(seconds=10)
    got = await house.get("aigul", f"school-yard/segments/{only.sidecar.segment}/media.mp4", PURPOSE)
    assert got.status == 404


async def test_a_segment_is_found_by_its_id_alone_under_the_rights_to_its_camera(house: Theatre) -> None:
    house.enrol("stranger", ("auditor", "institution:school-7"))
    (hall,) = house.footage(seconds=10)
    (bedroom,) = house.footage("kg-bedroom", seconds=10)
    house.put([hall])
    path = f"{house.address}api/v1/segments"
    whole = await house.get("aigul", f"{path}/{hall.sidecar.segment}")
    assert (whole.status, whole.body) == (200, hall.data)
    part = await house.get("aigul", f"{path}/{hall.sidecar.segment}", {"Range": "bytes=100-199"})
    assert (part.status, part.body) == (206, hall.data[100:200])
    with house.gateway.catalogue.read() as tx:
        assert [(row.camera, row.kind) for row in list_viewings(tx, 10)] == [("kg-hall", "archive")]
    assert (await house.get("aigul", f"{path}/{hall.sidecar.segment}", purpose=False)).status == 403
    assert (await house.get("aigul", f"{path}/{bedroom.sidecar.segment}")).status == 403
    foreign = await house.get("stranger", f"{path}/{hall.sidecar.segment}")
    unknown = await house.get("stranger", f"{path}/0123456789abcdef-000000")
    assert (foreign.status, foreign.body) == (unknown.status, unknown.body)
    assert foreign.status == 404


async def test_slow_readers_of_whole_segments_are_few_and_leave_room_for_pieces(house: Theatre) -> None:
    (only,) = house.seal([bulky(house)])
    assert len(only.data) > SHORT_BYTES
    house.put([only])
    path = f"{house.address}api/v1/cameras/kg-hall/segments/{only.sidecar.segment}/media.mp4"
    house.enrol("bek", ("auditor", "all"))
    async with AsyncExitStack() as held:
        for number in range(LONG_STREAMS):
            user = ("aigul", "bek")[number // LONG_EACH]
            answer = await held.enter_async_context(house.session.get(path, headers=house.headers(user)))
            assert answer.status == 200
        refused = await house.get("aigul", path)
        assert (refused.status, b'"busy"' in refused.body) == (503, True)
        assert (await house.get("aigul", path, {"Range": "bytes=0-999999"})).body == only.data[:1_000_000]
        assert await answer.read() == only.data
