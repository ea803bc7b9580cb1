"""The other end of the control socket: one request, one answer, over a plain Unix socket.

Promises an answer, the verb's own error, or the word that nobody serves; must not open the catalogue itself.
"""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

from camera_gateway.api.unix_path import short_name
from camera_gateway.errors import BY_EXIT_CODE, GatewayError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CONNECT_S = 2.0
HEARD_S = 15.0
"""Within this a living service says that it has heard; the verb itself may take longer."""
SOCKET_NAME = "control.sock"


class NobodyServes(GatewayError):
    """No process listens: the command may open the catalogue itself."""


def ask(path: Path, verb: str, arguments: Mapping[str, Any], *, answer_s: float, token: str | None = None) -> Any:  # noqa: ANN401 - JSON
    """Perform a verb in the process behind `path`, as the user of `token` where one is given.

    Raises the verb's own `GatewayError`, `NobodyServes` when nobody listens, `Unavailable` when it does not answer.
    """
    with _connect(path) as connection:
        connection.settimeout(HEARD_S)
        request = json.dumps({"verb": verb, "arguments": dict(arguments), "token": token}) + "\n"
        try:
            connection.sendall(request.encode())
            pieces = [connection.recv(1 << 16)]
        except TimeoutError as error:
            raise Unavailable(
                "the service holds the catalogue and does not answer", hint="see its log; restart camera-gateway serve"
            ) from error
        except OSError as error:
            raise _cut_short() from error
        connection.settimeout(answer_s)
        try:
            while pieces[-1]:
                pieces.append(connection.recv(1 << 16))
            answer = json.loads(b"".join(pieces))
        except (OSError, ValueError) as error:
            raise _cut_short() from error
    if "result" in answer:
        return answer["result"]
    raise _as_error(answer)


def _cut_short() -> Unavailable:
    return Unavailable("the service did not finish its answer", hint="see its log, then try again")


def _connect(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(CONNECT_S)
        with short_name(path) as name:
            connection.connect(name)
    except (FileNotFoundError, ConnectionRefusedError) as error:
        connection.close()
        raise NobodyServes("no service runs", hint="start: camera-gateway run") from error
    except PermissionError as error:
        connection.close()
        raise Unavailable(
            f"the service's socket may not be opened: {path}", hint="run the command as the service's user or as root"
        ) from error
    except OSError as error:
        connection.close()
        raise Unavailable(f"the service does not answer: {error}", hint="restart camera-gateway serve") from error
    return connection


def _as_error(answer: Mapping[str, Any]) -> GatewayError:
    told = answer.get("error") or {"code": "unavailable", "message": "the service ended", "hint": "try again"}
    kind = BY_EXIT_CODE.get(int(answer.get("exit", 5)), Unavailable)
    return kind(told["message"], hint=told.get("hint", ""), code=told.get("code"))
