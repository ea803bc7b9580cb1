"""Watching over the real HTTP interface, in this process: footage sealed, taken in, put into a store, and asked for.

Promises the real application, catalogue, spool, decoders and store; the clock is held. A person is known by a token,
and says a purpose unless a test says otherwise.
"""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession
from support.burnt_footage import Look, Sealed, loop, sealed
from support.command_line import free_port
from support.gateway_rig import POLICY, Inline, Proofs, Seen
from support.people import installation_of_people

from camera_gateway.api.http import HttpService, application
from camera_gateway.api.services import Services
from camera_gateway.catalogue.segments import get_segment
from camera_gateway.clock import rfc3339
from camera_gateway.domain.ids import SegmentId
from camera_gateway.footage.books import Books
from camera_gateway.intake.taking import Intake
from camera_gateway.media.fmp4 import Samples, fragment
from camera_gateway.media.fragment_index import scan
from camera_gateway.roles.viewing import make_watching
from camera_gateway.upload.release import release_due
from camera_gateway.upload.transfer import Transfer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping
    from pathlib import Path

    from support.people import People

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.api.watching_service import Watching
    from camera_gateway.catalogue.segments import SegmentRow
    from storage.blobs import LockMode

US = 1_000_000
PURPOSE = {"X-Access-Purpose": "inspection; case=2026-17"}
SMALL = Look(width=384, height=216, bitrate_bps=200_000)


@dataclass(frozen=True)
class Got:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass(frozen=True)
class Entry:
    """One entry of a playlist, read by a parser of its own: times in µs."""

    url: str
    range: tuple[int, int] | None
    map: str
    start_us: int
    duration_us: int
    discontinuity: bool


@dataclass
class Theatre:
    """The service, its footage, and who asks."""

    people: People
    gateway: Gateway
    address: str
    session: ClientSession
    watching: Watching
    tokens: dict[str, str] = field(default_factory=dict)

    def enrol(self, name: str, *grants: tuple[str, str]) -> str:
        """Make a user with grants and a token."""
        self.people.user(name, *grants)
        self.tokens[name] = self.people.token(name)[1]
        return name

    def headers(self, user: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[user]}", **PURPOSE}

    async def get(
        self,
        user: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        *,
        purpose: bool = True,
        **query: str | int,
    ) -> Got:
        """Ask below /api/v1/cameras/, or for a whole address."""
        address = path if path.startswith("http") else f"{self.address}api/v1/cameras/{path}"
        sent = {**self.headers(user), **(headers or {})}
        if not purpose:
            del sent["X-Access-Purpose"]
        async with self.session.get(address, headers=sent, params=query) as answer:
            return Got(answer.status, answer.headers, await answer.read())

    async def playlist(self, user: str, camera: str, from_us: int, to_us: int, **query: str) -> list[Entry]:
        """Read a playlist, which must be there."""
        address = f"{camera}/playlist.m3u8"
        got = await self.get(user, address, **{"from": rfc3339(from_us), "to": rfc3339(to_us), **query})
        assert got.status == 200, got.text
        assert got.headers["Content-Type"] == "application/vnd.apple.mpegurl"
        return entries_of(got.text, f"{self.address}api/v1/cameras/{camera}/")

    async def bytes_of(self, user: str, entry: Entry) -> bytes:
        """Fetch an entry, by its range where it has one."""
        span = {} if entry.range is None else {"Range": f"bytes={entry.range[0]}-{sum(entry.range) - 1}"}
        got = await self.get(user, entry.url, span)
        assert got.status == (200 if entry.range is None else 206), got.text
        return got.body

    # footage

    def seal(self, pieces: Iterable[Sealed]) -> list[Sealed]:
        """Seal segments as the recorder does, and take them in."""
        done = []
        for piece in pieces:
            part = self.gateway.spool.begin(piece.sidecar.camera, piece.sidecar.segment)
            part.write(piece.data)
            described = piece.sidecar.to_bytes()
            part.seal(lambda _facts, described=described: described)  # type: ignore[misc]
            done.append(piece)
        self.take()
        return done

    def take(self) -> None:
        Intake(self.books, self.gateway.spool, self.gateway.clock, Seen()).take(full=True)

    def footage(
        self,
        camera: str = "kg-hall",
        start_us: int | None = None,
        seconds: int = 20,
        look: Look = SMALL,
        **more: Any,  # noqa: ANN401 - of `sealed`
    ) -> list[Sealed]:
        """Seal `seconds` of burnt footage in segments of 10 s, by default 10 min ago."""
        begin = self.begin_us if start_us is None else start_us
        return self.seal(sealed(loop(look), camera, begin, seconds, segment_s=10, **more))

    @property
    def begin_us(self) -> int:
        return self.people.clock.now_us() - 600 * US

    @property
    def books(self) -> Books:
        return Books(self.gateway.catalogue, Inline())

    def put(self, pieces: Iterable[Sealed], *, lock_mode: LockMode | None = "governance") -> None:
        """Bring segments into the store, and their files out of the spool."""
        transfer = Transfer(
            books=self.books,
            spool=self.gateway.spool,
            store=self.gateway.store,
            proofs=Proofs(),
            policy_for=lambda _camera, _at_us: POLICY,
            lock_mode=lock_mode,
            clock=self.gateway.clock,
            observer=Seen(),
        )
        for piece in pieces:
            transfer.advance(piece.sidecar.segment)
        release_due(self.books, self.gateway.spool, self.gateway.clock, 0)

    def row(self, segment: str) -> SegmentRow:
        return self.books.read(lambda tx: get_segment(tx, SegmentId(segment)))

    def files(self) -> set[str]:
        root = self.gateway.data_dir / "spool"
        return {path.name for path in root.rglob("*.mp4")}


@asynccontextmanager
async def theatre(directory: Path, **changed: Any) -> AsyncIterator[Theatre]:  # noqa: ANN401 - of Gateway
    """Serve an installation of people; `changed` are fields of its gateway."""
    async with AsyncExitStack() as held:
        people = held.enter_context(installation_of_people(directory))
        one = held.enter_context(ThreadPoolExecutor(1))
        gateway = replace(people.gateway, **{"catalogue_thread": one, **changed})
        watching = make_watching(gateway, held)
        app = application(lambda: b"", _ready, gateway, Services(watching=watching))
        service = HttpService(app, "127.0.0.1", free_port(), None)
        address = await service.open()
        try:
            async with ClientSession() as session:
                yield Theatre(people, gateway, address, session, watching)
        finally:
            await service.close()


def bulky(house: Theatre) -> Sealed:
    """Seal sixteen seconds of a megabyte each, which nobody can decode."""
    (small,) = sealed(loop(SMALL), "kg-hall", house.begin_us, 10, segment_s=10)
    parts = [small.data[: scan(small.data).init_bytes]]
    for second in range(16):
        samples = Samples(second * 90_000)
        samples.add([bytes([second]) * (1 << 20)], 1 << 20, 90_000)
        parts += fragment(second + 1, samples, None, house.begin_us + second * US)
    data = b"".join(parts)
    digest = hashlib.sha256(data).hexdigest()
    sidecar = replace(small.sidecar, size_bytes=len(data), sha256=digest, media_duration_us=16 * US)
    return Sealed(sidecar, data)


def entries_of(text: str, base: str) -> list[Entry]:
    """Parse a media playlist by hand (RFC 8216 section 4)."""
    lines = text.splitlines()
    assert lines[0] == "#EXTM3U"
    result: list[Entry] = []
    at_us: int | None = None
    length_us, part, where, apart = 0, None, "", False
    for line in lines[1:]:
        name, _, value = line.partition(":")
        if name == "#EXTINF":
            length_us = round(float(value.rstrip(",")) * US)
        elif name == "#EXT-X-PROGRAM-DATE-TIME":
            at_us = round(datetime.fromisoformat(value).timestamp() * 1000) * 1000
        elif name == "#EXT-X-BYTERANGE":
            size, offset = value.split("@")
            part = (int(offset), int(size))
        elif name == "#EXT-X-MAP":
            found = re.search('URI="([^"]+)"', value)
            assert found is not None
            where = base + found[1]
        elif name == "#EXT-X-DISCONTINUITY":
            apart = True
        elif line and not line.startswith("#"):
            start_us = at_us if at_us is not None else result[-1].start_us + result[-1].duration_us
            result.append(Entry(base + line, part, where, start_us, length_us, apart))
            at_us, part, apart = None, None, False
    return result


async def _ready() -> dict[str, str]:
    return {}
