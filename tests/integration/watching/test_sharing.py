"""Many watch at once: a line that ends, a share for each, and nobody who waits for what is not theirs."""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from support.watching_rig import US, Got, Theatre, bulky, theatre

from camera_gateway.actions import watching as verbs
from camera_gateway.api import watching as streams
from camera_gateway.api.watching_service import DECODED, DECODED_EACH, LONG_EACH
from camera_gateway.clock import rfc3339
from camera_gateway.footage.live import LiveFeed
from camera_gateway.media.jail import JailError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

SOON_S = 20


class Stuck:
    """A decoder that answers nothing until it is let go."""

    def __init__(self) -> None:
        self.asked = 0
        self.free = threading.Event()

    def do(self, *_: object) -> Any:  # noqa: ANN401 - never answers
        self.asked += 1
        self.free.wait(SOON_S)
        raise JailError("died", "let go by the test")


@contextmanager
def stuck(house: Theatre, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stuck]:
    decoder = Stuck()
    monkeypatch.setattr(house.watching.workshop, "do", decoder.do)
    try:
        yield decoder
    finally:
        decoder.free.set()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON_S):
        while not true():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.01)


def asks(house: Theatre, user: str, count: int) -> list[asyncio.Task[Got]]:
    begin = house.begin_us
    return [
        asyncio.create_task(  # noqa: TID251 - awaited by each test
            house.get(user, "kg-hall/still", at=rfc3339(begin + n % 10 * US), width=100 + n)
        )
        for n in range(count)
    ]


async def test_one_user_cannot_take_all_decoders_and_the_line_has_an_end(
    house: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.footage(seconds=10)
    house.enrol("bek", ("auditor", "all"))
    with stuck(house, monkeypatch):
        waiting = asks(house, "aigul", DECODED_EACH)
        await until(lambda: house.watching.decoding == DECODED_EACH)
        async with asyncio.timeout(SOON_S / 2):
            refused = await house.get("aigul", "kg-hall/still", at=rfc3339(house.begin_us), width=300)
        assert (refused.status, json.loads(refused.body)["code"]) == (503, "busy")
        assert int(refused.headers["Retry-After"]) >= 1
        waiting += asks(house, "bek", DECODED - DECODED_EACH)
        await until(lambda: house.watching.decoding == DECODED)
        async with asyncio.timeout(SOON_S / 2):
            assert (await house.get("bek", "kg-hall/still", at=rfc3339(house.begin_us), width=300)).status == 503
    assert {got.status for got in await asyncio.gather(*waiting)} == {404}
    await until(lambda: house.watching.decoding == 0)


async def test_who_has_gone_away_leaves_the_line_and_is_never_decoded_for(
    house: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.footage(seconds=10)
    with stuck(house, monkeypatch) as decoder:
        waiting = asks(house, "aigul", DECODED_EACH)
        await until(lambda: house.watching.decoding == DECODED_EACH and decoder.asked > 0)
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await until(lambda: house.watching.decoding <= decoder.asked)
        begun = decoder.asked
        assert begun < DECODED_EACH
    await until(lambda: house.watching.decoding == 0)
    assert decoder.asked == begun


async def test_the_init_segment_does_not_wait_for_decoders(house: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    (only,) = house.footage(seconds=10)
    with stuck(house, monkeypatch):
        waiting = asks(house, "aigul", DECODED_EACH)
        await until(lambda: house.watching.decoding == DECODED_EACH)
        async with asyncio.timeout(SOON_S / 2):
            got = await house.get("aigul", f"kg-hall/segments/{only.sidecar.segment}/init.mp4")
        assert (got.status, got.body) == (200, only.data[: len(got.body)])
    await asyncio.gather(*waiting)


async def test_whole_segments_are_shared_among_users_and_who_takes_nothing_loses_theirs(
    house: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "TAKEN_WITHIN_S", 1.0)
    house.enrol("bek", ("auditor", "all"))
    (only,) = house.seal([bulky(house)])
    path = f"{house.address}api/v1/cameras/kg-hall/segments/{only.sidecar.segment}/media.mp4"
    async with AsyncExitStack() as held:
        for _ in range(LONG_EACH):
            answer = await held.enter_async_context(house.session.get(path, headers=house.headers("aigul")))
            assert answer.status == 200
        assert (await house.get("aigul", path)).status == 503
        assert (await house.get("bek", path)).body == only.data
        await until(lambda: house.watching.under_way == 0)
        assert (await house.get("aigul", path)).body == only.data
        with pytest.raises(Exception, match=r"payload|[Cc]onnection|disconnected"):
            await answer.read()


@pytest.fixture
async def threaded(tmp_path: Path) -> AsyncIterator[Theatre]:
    """A house whose blocking work is done in a thread, as in `serve`; others do it at once."""
    with ThreadPoolExecutor(2, "store") as threads:
        async with theatre(tmp_path, store_threads=threads) as served:
            served.enrol("aigul", ("auditor", "all"))
            yield served


async def test_live_reads_status_files_and_waits_for_the_disk_beside_the_loop(
    threaded: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers = []
    read = verbs.read_statuses

    def noted(directory: Any) -> Any:  # noqa: ANN401 - passed on
        readers.append(threading.current_thread())
        return read(directory)

    waited: list[str] = []
    init = LiveFeed.init

    def came(feed: LiveFeed, segment: str) -> bytes | None:
        waited.append("init")
        return init(feed, segment)

    monkeypatch.setattr(verbs, "read_statuses", noted)
    monkeypatch.setattr(LiveFeed, "init", came)
    feed = threaded.watching.feed("kg-hall")
    locked, loop_went_on = threading.Event(), threading.Event()
    went_on = []

    def slow_disk() -> None:
        with feed._lock:
            locked.set()
            went_on.append(loop_went_on.wait(3))

    holder = threading.Thread(target=slow_disk)
    holder.start()
    locked.wait(SOON_S)
    asked = asyncio.create_task(  # noqa: TID251 - awaited below
        threaded.get("aigul", "kg-hall/live/none-000000/init.mp4")
    )
    await until(lambda: "init" in waited)
    await asyncio.sleep(0)  # a turn of the loop after the request has come to the lock
    loop_went_on.set()
    assert (await asked).status == 404
    holder.join()
    assert went_on == [True]
    assert threading.current_thread() not in readers
