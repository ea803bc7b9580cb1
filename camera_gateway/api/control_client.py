"""The other end of the control socket: one request, one answer, over a plain Unix socket."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

from camera_gateway.errors import BY_EXIT_CODE, GatewayError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CONNECT_S = 2.0
SOCKET_NAME = "control.sock"


class NobodyServes(GatewayError):
    """No process listens: the command may open the catalogue itself."""


def ask(path: Path, verb: str, arguments: Mapping[str, Any], *, answer_s: float) -> Any:  # noqa: ANN401 - JSON
    """Perform a verb in the process behind `path`.

    Raises the verb's own `GatewayError`, `NobodyServes` when nobody listens, `Unavailable` when it does not answer.
    """
    with _connect(path) as connection:
        connection.settimeout(answer_s)
        request = json.dumps({"verb": verb, "arguments": dict(arguments)}) + "\n"
        try:
            connection.sendall(request.encode())
            pieces = []
            while piece := connection.recv(1 << 16):
                pieces.append(piece)
            answer = json.loads(b"".join(pieces) or b"{}")
        except (OSError, ValueError) as error:
            raise Unavailable("the service did not finish its answer", hint="see its log, then try again") from error
    if "result" in answer:
        return answer["result"]
    raise _as_error(answer)


def _connect(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(CONNECT_S)
        connection.connect(str(path))
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
