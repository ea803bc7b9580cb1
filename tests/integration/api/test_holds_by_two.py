"""A hold is lifted by two people who never share a token: each asks by their own, within a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.people import installation_of_people

from camera_gateway.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.people import People


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    with installation_of_people(tmp_path) as made:
        yield made


async def test_the_second_who_asks_lifts_and_the_first_who_asks_twice_does_not(people: People) -> None:
    alia, berik = (people.user(name, ("administrator", "all")) for name in ("alia", "berik"))
    await people.do(alia, "hold.place", cameras=["kg-hall"], from_us=1, reason="an offence")
    for _ in range(2):
        with pytest.raises(Refused, match="you are the first to ask") as caught:
            await people.do(alia, "hold.lift", hold="hold-1", reason="closed")
        assert caught.value.code == "second-person"
    (row,) = await people.do(alia, "hold.list")
    assert (row["lift_asked_by"], row["lift_asked_reason"], row["lifted_at"]) == ("token:alia", "closed", None)
    lifted = await people.do(berik, "hold.lift", hold="hold-1", reason="agreed")
    assert lifted["hold"]["approved_by"] == "token:alia"
    assert lifted["hold"]["lifted_by"] == "token:berik"
    assert lifted["hold"]["lift_asked_by"] is None


async def test_what_was_asked_yesterday_or_by_who_is_no_administrator_any_more_does_not_count(people: People) -> None:
    alia, berik = (people.user(name, ("administrator", "all")) for name in ("alia", "berik"))
    carol = people.user("carol", ("administrator", "institution:kg-12", people.clock.now_us() + 3_600_000_000))
    await people.do(alia, "hold.place", cameras=["kg-hall"], from_us=1, reason="an offence")
    for first, seconds in ((carol, 3_601), (alia, 86_400)):
        with pytest.raises(Refused, match="the first to ask"):
            await people.do(first, "hold.lift", hold="hold-1", reason="closed")
        await people.clock.advance(seconds)
        with pytest.raises(Refused, match="the first to ask"):
            await people.do(berik, "hold.lift", hold="hold-1", reason="agreed")
        await people.clock.advance(86_400)
    assert len(await people.do(alia, "hold.list")) == 1
