"""The control socket: the same verbs for the shell, from the process that owns the catalogue.

A Unix socket, mode 0600, in the data directory; one request per connection, a JSON document a line:
`{"verb", "arguments", "token"}` in, an empty line at once (it was heard), then `{"result"}` or `{"error", "exit"}`
out. Who asks is the token's user; without a token, the user whom the kernel names (SO_PEERCRED).
"""

from __future__ import annotations

import asyncio
import json
import pwd
import socket
import struct
import sys
from typing import TYPE_CHECKING, Any

import structlog

from camera_gateway.actions.access import identify
from camera_gateway.actions.verbs import perform
from camera_gateway.api.unix_path import short_name
from camera_gateway.domain.people import Actor
from camera_gateway.errors import GatewayError, InvalidInput, Unavailable

if TYPE_CHECKING:
    from pathlib import Path

    from camera_gateway.actions.gateway import Gateway

REQUEST_LIMIT = 1 << 20
PATIENCE_S = 10.0
"""For a request to come whole, and for its answer to be taken."""
_CREDENTIALS = struct.Struct("3i")


class ControlSocket:
    """Serves verbs until closed."""

    def __init__(self, gateway: Gateway, path: Path) -> None:
        self._gateway = gateway
        self._path = path
        self._server: asyncio.Server | None = None
        self._requests: set[asyncio.Task[None]] = set()
        self._log = structlog.get_logger("control")

    async def open(self) -> None:
        """Listen; a socket left by a dead process is replaced (the catalogue's lock proves that it is dead).

        Raises `Unavailable` when the socket cannot be made.
        """
        # bound under a name of its own and renamed: nobody connects before the mode is 0600
        hidden = self._path.with_suffix(".new")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            hidden.unlink(missing_ok=True)
            with short_name(hidden) as name:
                listener.bind(name)
            hidden.chmod(0o600)
            # the name is ours to remove: asyncio (from 3.13 on) knows the hidden one only
            options: dict[str, Any] = {"cleanup_socket": False} if sys.version_info >= (3, 13) else {}
            self._server = await asyncio.start_unix_server(self._serve, sock=listener, limit=REQUEST_LIMIT, **options)
            hidden.replace(self._path)
        except OSError as error:
            listener.close()
            raise Unavailable(
                f"the control socket {self._path} cannot be made: {error.strerror or error}",
                hint="check the data directory's disk and mode",
            ) from error

    async def close(self) -> None:
        """Stop listening; requests under way are cut off."""
        if self._server is None:
            return
        self._server.close()
        self._path.unlink(missing_ok=True)
        for request in self._requests:
            request.cancel()
        await asyncio.gather(*self._requests, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._requests.add(task)
            task.add_done_callback(self._requests.discard)
        try:
            async with asyncio.timeout(PATIENCE_S):
                line = await reader.readline()
            if line:
                writer.write(b"\n")
                answer = await self._answer(line, _actor(writer))
                writer.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
                async with asyncio.timeout(PATIENCE_S):
                    await writer.drain()
                    writer.close()
                    await writer.wait_closed()
        except (OSError, ValueError):  # TimeoutError is the first, a line over the limit the second
            self._log.info("control request dropped")
        finally:
            writer.transport.abort()

    async def _answer(self, line: bytes, actor: Actor) -> dict[str, Any]:
        try:
            verb, arguments, token = _parsed(line)
            if token is not None:
                actor = await identify(self._gateway, token)
            result = await perform(self._gateway, actor, verb, arguments)
        except GatewayError as error:
            return {"error": error.as_dict(), "exit": error.exit_code}
        return {"result": result}


def _parsed(line: bytes) -> tuple[str, dict[str, Any], str | None]:
    """Return verb, arguments and token of a request; `InvalidInput` never repeats what it holds."""
    try:
        request = json.loads(line)
    except (ValueError, RecursionError):
        raise InvalidInput("the request is not JSON") from None
    if not isinstance(request, dict):
        raise InvalidInput("the request is not a JSON object")
    verb, arguments, token = request.get("verb"), request.get("arguments") or {}, request.get("token")
    if not isinstance(verb, str) or not isinstance(arguments, dict):
        raise InvalidInput("the request names no verb, or its arguments are no object")
    if token is not None and not isinstance(token, str):
        # a token that cannot be read must not turn its sender into the shell's user
        raise InvalidInput("the request's token is no text")
    return verb, arguments, token


def _actor(writer: asyncio.StreamWriter) -> Actor:
    """Return the user at the other end, as the kernel knows it."""
    peer = writer.get_extra_info("socket")
    raw = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _pid, uid, _gid = _CREDENTIALS.unpack(raw)
    try:
        return Actor("shell", pwd.getpwuid(uid).pw_name)
    except KeyError:
        return Actor("shell", f"uid-{uid}")
