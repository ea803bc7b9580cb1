"""The fake cameras of one process: one listening socket, one shared timer, shared clips.

`async with FakeCameras([...]) as farm: farm.url(0)` serves them on loopback. The
timer is split into slots, so that not every camera sends in the same instant.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from fakecam.connection import Connection
from fakecam.layout import Clip, load_clip
from fakecam.ledger import Ledger
from fakecam.settings import CameraSettings, SettingsError
from fakecam.wallclock import WallClock

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_SLOTS = 4
_FLUSH_EVERY_S = 1.0
_BACKLOG = 512


@dataclass(slots=True)
class Camera:
    """A camera as served: its settings, its clip, its sessions."""

    settings: CameraSettings
    clip: Clip
    sessions: set[str] = field(default_factory=set)


class FakeCameras:
    """Serves cameras while it is open.

    `port` 0 lets the kernel choose; `tick_s` is how often a session's due units are sent; a
    client that leaves more than `max_buffer_bytes` unread is dropped. Raises ClipError for a clip
    that cannot be served, SettingsError for a path given twice, OSError for a port in use.
    """

    def __init__(
        self,
        cameras: Sequence[CameraSettings],
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        ledger: Path | None = None,
        tick_s: float = 0.04,
        max_buffer_bytes: int = 4 << 20,
    ) -> None:
        self.host, self.port = host, port
        self.max_buffer_bytes = max_buffer_bytes
        self.cameras: list[Camera] = []
        self._by_path: dict[str, Camera] = {}
        clips: dict[tuple[Path, bool], Clip] = {}
        for settings in cameras:
            key = (settings.clip, settings.audio)
            if key not in clips:
                clips[key] = load_clip(settings.clip, audio=settings.audio)
            camera = Camera(settings, clips[key])
            self.cameras.append(camera)
            for path in (settings.path, *settings.aliases):
                if path in self._by_path:
                    raise SettingsError(f"two cameras at {path}")
                self._by_path[path] = camera
        self.ledger = Ledger(ledger)
        self._clock = WallClock()
        self._slot_s = tick_s / _SLOTS
        self._slots: list[set[Connection]] = [set() for _ in range(_SLOTS)]
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._nobody = asyncio.Event()
        self._nobody.set()
        self.connections_seen = 0

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self), self.host, self.port, backlog=_BACKLOG)
        self.port = self._server.sockets[0].getsockname()[1]
        self._tick(loop, 0, loop.time())
        self._flush(loop)
        return self

    async def __aexit__(self, *_: object) -> None:
        for timer in self._timers.values():
            timer.cancel()
        if self._server is not None:
            self._server.close()
        self.drop_clients("server-stopped")
        await self._nobody.wait()
        if self._server is not None:
            await self._server.wait_closed()
        self.ledger.close()

    def url(self, number: int = 0) -> str:
        """Address of a camera, counted from 0, without credentials."""
        return f"rtsp://{self.host}:{self.port}{self.cameras[number].settings.path}"

    def drop_clients(self, reason: str = "dropped", path: str | None = None) -> None:
        """Cut every connection, or those that play the camera at `path`."""
        for connection in list(self._connections):
            if path is None or connection.camera_path == path:
                connection.abort(reason)

    def now_ns(self) -> int:
        """UTC now in nanoseconds."""
        return self._clock.now_ns()

    def find(self, path: str) -> Camera | None:
        """Find the camera of a request's path, with or without a track."""
        return self._by_path.get(path.rpartition("/trackID=")[0] or path)

    def connected(self, connection: Connection) -> None:
        """Remember an accepted connection."""
        self.connections_seen += 1
        self._connections.add(connection)
        self._nobody.clear()

    def disconnected(self, connection: Connection) -> None:
        """Forget a connection that is gone."""
        self._connections.discard(connection)
        for slot in self._slots:
            slot.discard(connection)
        if not self._connections:
            self._nobody.set()

    def playing(self, connection: Connection) -> None:
        """Give a connection ticks from now on."""
        min(self._slots, key=len).add(connection)

    def _tick(self, loop: asyncio.AbstractEventLoop, count: int, due_s: float) -> None:
        slot = self._slots[count % _SLOTS]
        for connection in list(slot):
            connection.tick(self.now_ns())
            if not connection.playing:
                slot.discard(connection)
        # a late tick is not made up for: the next one sends whatever is due by then
        due_s = max(due_s + self._slot_s, loop.time())
        self._timers["tick"] = loop.call_at(due_s, self._tick, loop, count + 1, due_s)

    def _flush(self, loop: asyncio.AbstractEventLoop) -> None:
        self.ledger.flush()
        self._timers["flush"] = loop.call_later(_FLUSH_EVERY_S, self._flush, loop)
