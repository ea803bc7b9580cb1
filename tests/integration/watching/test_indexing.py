"""The service that looks ahead: every new segment has its index before anybody watches, and bad ones are asked once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from support.watching_rig import US, Theatre

from camera_gateway.actions import watching
from camera_gateway.actions.watching import index_segments
from camera_gateway.catalogue.fragment_indexes import indexes_of, newest_without, without_after
from camera_gateway.clock import rfc3339
from camera_gateway.media.fragment_index import parse_index, scan
from camera_gateway.roles import viewing
from camera_gateway.supervision import Stop

if TYPE_CHECKING:
    import pytest

    from camera_gateway.domain.ids import SegmentId


def known(house: Theatre, *segments: SegmentId) -> dict[SegmentId, str]:
    with house.gateway.catalogue.read() as tx:
        return indexes_of(tx, segments, with_empty=True)


def lacking(house: Theatre) -> list[str]:
    with house.gateway.catalogue.read() as tx:
        return [row.sidecar.segment for row in newest_without(tx, 100)]


async def test_new_segments_have_their_index_while_their_files_are_here(house: Theatre) -> None:
    pieces = house.footage(seconds=20)
    assert sorted(lacking(house)) == [piece.sidecar.segment for piece in pieces]
    await viewing.index_once(house.gateway, None)
    found = known(house, *(piece.sidecar.segment for piece in pieces))
    for piece in pieces:
        assert parse_index(found[piece.sidecar.segment]) == scan(piece.data)
    assert lacking(house) == []


async def test_a_damaged_segment_is_looked_at_once_and_never_listed(house: Theatre) -> None:
    first, second = house.footage(seconds=20)
    path = house.gateway.data_dir / "spool" / "kg-hall" / f"{first.sidecar.segment}.mp4"
    path.write_bytes(b"torn")
    await viewing.index_once(house.gateway, None)
    assert known(house, first.sidecar.segment) == {first.sidecar.segment: ""}
    assert lacking(house) == []
    entries = await house.playlist("aigul", "kg-hall", house.begin_us, house.begin_us + 60 * US)
    assert {entry.url.split("/")[-2] for entry in entries} == {second.sidecar.segment}
    got = await house.get("aigul", f"kg-hall/segments/{first.sidecar.segment}/media.mp4")
    assert (got.status, b'"damaged"' in got.body) == (404, True)


async def test_a_segment_that_was_damaged_here_plays_once_the_bucket_has_it(house: Theatre) -> None:
    (only,) = house.footage(seconds=10)
    path = house.gateway.data_dir / "spool" / "kg-hall" / f"{only.sidecar.segment}.mp4"
    path.write_bytes(b"torn")
    await viewing.index_once(house.gateway, None)
    path.write_bytes(only.data)
    house.put([only])
    entries = await house.playlist("aigul", "kg-hall", house.begin_us, house.begin_us + 60 * US)
    assert sum(entry.duration_us for entry in entries) == 10 * US
    assert known(house, only.sidecar.segment)[only.sidecar.segment] != ""


async def test_what_is_old_is_walked_through_once_a_few_at_a_time(
    house: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewing, "NEWEST", 1)
    monkeypatch.setattr(viewing, "BACKLOG", 2)
    pieces = house.footage(seconds=50)
    after: str | None = ""
    rounds = 0
    while after is not None:
        after = await viewing.index_once(house.gateway, after)
        rounds += 1
    assert rounds == 4  # five segments by twos, and the look that finds no more
    assert len(known(house, *(piece.sidecar.segment for piece in pieces))) == 5
    with house.gateway.catalogue.read() as tx:
        assert without_after(tx, "", 10)[0] == []


async def test_an_index_that_is_there_stays_as_it_is(house: Theatre) -> None:
    (only,) = house.footage(seconds=10)
    row = house.row(only.sidecar.segment)
    first = await index_segments(house.gateway, [row])
    (house.gateway.data_dir / "spool" / "kg-hall" / f"{only.sidecar.segment}.mp4").write_bytes(b"torn")
    await index_segments(house.gateway, [row])
    assert known(house, only.sidecar.segment) == first


async def test_a_playlist_whose_indexes_are_still_made_says_that_more_comes(
    house: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "INDEXED_AT_ONCE", 2)
    house.put(house.footage(seconds=50))
    span = {"from": rfc3339(house.begin_us), "to": rfc3339(house.begin_us + 60 * US)}
    texts = [(await house.get("aigul", "kg-hall/playlist.m3u8", **span)).text for _ in range(3)]
    assert [text.count("#EXTINF") for text in texts] == [10, 20, 25]
    assert [text.endswith("#EXT-X-ENDLIST\n") for text in texts] == [False, False, True]
    # a player may take it for growing (it is only added to), and is to begin at its beginning all the same
    assert all("#EXT-X-PLAYLIST-TYPE:EVENT" in text and "#EXT-X-START:TIME-OFFSET=0" in text for text in texts[:2])
    assert "#EXT-X-PLAYLIST-TYPE:VOD" in texts[2]
    entries = [text[text.index("#EXT-X-MAP") :].removesuffix("#EXT-X-ENDLIST\n") for text in texts]
    assert entries[2].startswith(entries[1])
    assert entries[1].startswith(entries[0])


async def test_damaged_segments_do_not_hide_what_comes_after_them(
    house: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "INDEXED_AT_ONCE", 2)
    pieces = house.footage(seconds=60)
    for piece in pieces[:3]:
        (house.gateway.data_dir / "spool" / "kg-hall" / f"{piece.sidecar.segment}.mp4").write_bytes(b"torn")
    span = {"from": rfc3339(house.begin_us), "to": rfc3339(house.begin_us + 60 * US)}
    first, last = [await house.get("aigul", "kg-hall/playlist.m3u8", **span) for _ in range(2)]
    assert (first.status, "#EXT-X-ENDLIST" in first.text) == (200, False)
    assert (last.text.count("#EXTINF"), "#EXT-X-ENDLIST" in last.text) == (15, True)


async def test_the_service_finds_its_work_by_looking_and_ends_when_asked(house: Theatre) -> None:
    (only,) = house.footage(seconds=10)
    stop = Stop()
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        group.create_task(viewing.look_ahead(house.gateway, house.watching, stop))
        while not known(house, only.sidecar.segment):  # noqa: ASYNC110 - the service tells nobody
            await asyncio.sleep(0.01)
        stop.request()
