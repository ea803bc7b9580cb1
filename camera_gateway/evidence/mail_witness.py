"""A mailbox as second party: each seal and its signature are mailed to it; the only user of smtplib.

Promises one message for a seal with text and signature attached bit for bit, nothing over a line without TLS unless
the settings say so, and a password over TLS only. A mailbox contradicts nobody by itself: whoever reads it compares.
Sends, and never reads mail.
"""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import TYPE_CHECKING, Literal

from camera_gateway.clock import to_datetime
from camera_gateway.errors import Unavailable
from storage.checksum import sha256_of

if TYPE_CHECKING:
    from collections.abc import Callable

TIMEOUT_S = 30.0
TEXT, SIGNATURE = ".txt", ".sig"


@dataclass(frozen=True, slots=True, repr=False)
class Post:
    """Where mail is handed in, and to whom it goes. Not shown by repr: it holds a secret."""

    host: str
    port: int
    tls: Literal["starttls", "tls", "none"]
    user: str | None
    password: str | None
    sender: str
    recipient: str


class MailWitness:
    """Mails copies. `now_us` dates the messages; `trust` is whose certificates are believed."""

    def __init__(
        self, name: str, post: Post, now_us: Callable[[], int], trust: Callable[[], ssl.SSLContext] | None = None
    ) -> None:
        self._name = name
        self._post = post
        self._now_us = now_us
        self._trust = trust or ssl.create_default_context
        self._texts: dict[str, bytes] = {}

    @property
    def name(self) -> str:
        """What the seal calls it."""
        return self._name

    def keep(self, key: str, data: bytes, until_us: int) -> None:  # noqa: ARG002 - a mailbox keeps what it keeps
        """Take a text; with its signature both are sent. See Witness: raises `Unavailable`."""
        if key.endswith(TEXT):
            self._texts[key.removesuffix(TEXT)] = data
            return
        text = self._texts.pop(key.removesuffix(SIGNATURE), b"")
        try:
            self._send(self._message(key.removesuffix(SIGNATURE), text, data))
        except (smtplib.SMTPException, OSError) as error:
            # the server's answer may repeat what was sent: its kind is enough
            raise Unavailable(
                f"witness {self._name}: mail to {self._post.host} failed ({type(error).__name__})",
                hint="see [witness] in the settings; the seals wait",
            ) from error

    def _message(self, place: str, text: bytes, signature: bytes) -> EmailMessage:
        message = EmailMessage()
        name = place.rpartition("/")[2]
        message["Subject"] = f"{name} SHA256:{sha256_of(text)}"
        message["From"], message["To"] = self._post.sender, self._post.recipient
        message["Date"] = format_datetime(to_datetime(self._now_us()))
        message["Message-ID"] = make_msgid(domain=self._post.sender.rpartition("@")[2])
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation notice in answer
        message.set_content(
            f"A copy of {place}{TEXT} and its signature for {self._name} to keep.\n"
            "If the institution ever shows another text of this day, this message contradicts it.\n"
        )
        for suffix, data in ((TEXT, text), (SIGNATURE, signature)):
            # base64 and no text type, so that no server changes an end of line
            message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name + suffix)
        return message

    def _send(self, message: EmailMessage) -> None:
        post = self._post
        if post.tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(post.host, post.port, timeout=TIMEOUT_S, context=self._trust())
        else:
            server = smtplib.SMTP(post.host, post.port, timeout=TIMEOUT_S)
        with server:
            if post.tls == "starttls":
                server.starttls(context=self._trust())
            if post.user is not None and post.password is not None:
                server.login(post.user, post.password)
            server.send_message(message)
