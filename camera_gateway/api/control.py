"""The control socket: the same verbs for the shell, from the process that owns the catalogue.

A Unix socket, mode 0600, in the data directory; one request per connection, a JSON document a line:
`{"verb", "arguments"}` in, `{"result"}` or `{"error", "exit"}` out. Who asks is read from the kernel
(SO_PEERCRED), never from the request.
"""

from __future__ import annotations

import asyncio
import json
import pwd
import socket
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import structlog

from camera_gateway.actions.verbs import perform
from camera_gateway.domain.people import Actor
from camera_gateway.errors import GatewayError, InvalidInput

if TYPE_CHECKING:
    from pathlib import Path

    from camera_gateway.actions.gateway import Gateway

REQUEST_LIMIT = 1 << 20
_CREDENTIALS = struct.Struct("3i")


class ControlSocket:
    """Serves verbs until closed."""

    def __init__(self, gateway: Gateway, path: Path) -> None:
        self._gateway = gateway
        self._path = path
        self._server: asyncio.Server | None = None
        self._log = structlog.get_logger("control")

    async def open(self) -> None:
        """Listen; a socket left by a dead process is replaced (the catalogue's lock proves that it is dead)."""
        with suppress(FileNotFoundError):
            self._path.unlink()
        # bound under a name of its own and renamed: nobody connects before the mode is 0600
        hidden = self._path.with_suffix(".new")
        with suppress(FileNotFoundError):
            hidden.unlink()
        self._server = await asyncio.start_unix_server(self._serve, hidden, limit=REQUEST_LIMIT)
        hidden.chmod(0o600)
        hidden.rename(self._path)

    async def close(self) -> None:
        """Stop listening; requests under way end with their connection."""
        if self._server is not None:
            self._server.close()
            with suppress(FileNotFoundError):
                self._path.unlink()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await asyncio.wait_for(reader.readline(), 10)
            if line:
                answer = await self._answer(line, _actor(writer))
                writer.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, TimeoutError, asyncio.LimitOverrunError, ValueError):
            self._log.info("control request dropped")
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, line: bytes, actor: Actor) -> dict[str, Any]:
        try:
            request = json.loads(line)
            if not isinstance(request, dict):
                raise InvalidInput("the request is not a JSON object")
            result = await perform(self._gateway, actor, str(request.get("verb")), request.get("arguments") or {})
        except GatewayError as error:
            return {"error": error.as_dict(), "exit": error.exit_code}
        except json.JSONDecodeError:
            return {"error": InvalidInput("the request is not JSON").as_dict(), "exit": 2}
        return {"result": result}


def _actor(writer: asyncio.StreamWriter) -> Actor:
    """Return the user at the other end, as the kernel knows it."""
    peer = writer.get_extra_info("socket")
    raw = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _pid, uid, _gid = _CREDENTIALS.unpack(raw)
    try:
        return Actor("shell", pwd.getpwuid(uid).pw_name)
    except KeyError:
        return Actor("shell", f"uid-{uid}")
