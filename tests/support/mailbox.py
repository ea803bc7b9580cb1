"""A mail server for tests: takes mail on loopback (RFC 5321, as much as a client needs), and keeps what came.

It speaks no TLS, so that a client that demands it can be seen to refuse.
"""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from email.message import EmailMessage


class _Handler(socketserver.StreamRequestHandler):
    timeout = 20

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self) -> None:
        box: Any = self.server
        self.say("220 mailbox")
        while line := self.rfile.readline().decode().strip():
            box.mailbox.commands.append(line)
            word = line.split()[0].upper()
            if word == "EHLO":
                self.say("250 mailbox")
            elif word == "DATA":
                self.say("354 go on")
                lines = []
                while (part := self.rfile.readline()) not in {b".\r\n", b""}:
                    lines.append(part.removeprefix(b".") if part.startswith(b"..") else part)
                if box.mailbox.refuses:
                    self.say("452 no room")
                else:
                    box.mailbox.messages.append(email.message_from_bytes(b"".join(lines), policy=email.policy.default))
                    self.say("250 taken")
            elif word in {"MAIL", "RCPT", "RSET"}:
                self.say("250 ok")
            elif word == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("502 not here")


class Mailbox:
    """Use it in a `with`; `messages` is what it has taken, `refuses` makes it take nothing."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.commands: list[str] = []
        self.refuses = False
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Handler)
        self._server.mailbox = self  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
