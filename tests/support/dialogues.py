"""Replays the dialogues of tests/data/cameras: the camera's half, with CSeq and length filled in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from camera_gateway.rtsp.conversation import Conversation
from camera_gateway.rtsp.url import Target

if TYPE_CHECKING:
    from collections.abc import Callable

CAMERAS = Path(__file__).parents[1] / "data" / "cameras"


def vendors() -> list[str]:
    """Return the names of all recorded-style dialogues."""
    return sorted(path.stem for path in CAMERAS.glob("*.txt"))


def answers(vendor: str) -> list[tuple[str, str]]:
    """Return (method, answer) pairs in order; answers still with their place-holders."""
    text = (CAMERAS / f"{vendor}.txt").read_text(encoding="utf-8")
    parts = re.split(r"^=== (\w+)\n", text, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def on_the_wire(answer: str, cseq: int) -> bytes:
    """Fill in the place-holders and end lines as RTSP does."""
    text = answer.replace("{blank}", " ").replace("{tab}", "\t").replace("{cseq}", str(cseq))
    head, _, body = text.rstrip("\n").partition("\n\n")
    wire_body = body.replace("\n", "\r\n").encode() + (b"\r\n" if body else b"")
    head = head.replace("{length}", str(len(wire_body))).replace("\n", "\r\n")
    return head.encode() + b"\r\n\r\n" + wire_body


class Camera:
    """The camera's half of a dialogue; remembers what it was asked."""

    def __init__(self, script: list[tuple[str, str]]) -> None:
        self._script = list(script)
        self.requests: list[str] = []

    def answer(self, request: bytes) -> bytes:
        """Answer one request by the script, which says what must be asked next."""
        text = request.decode()
        self.requests.append(text)
        method = text.split(" ", 1)[0]
        expected, answer = self._script.pop(0)
        assert method == expected, f"asked {method}, the dialogue goes on with {expected}"
        found = re.search(r"^CSeq: (\d+)", text, re.MULTILINE)
        assert found is not None
        return on_the_wire(answer, int(found[1]))

    @property
    def exhausted(self) -> bool:
        return not self._script


def converse(
    conversation: Conversation,
    camera: Camera,
    *,
    slices: Callable[[bytes], list[bytes]] = lambda data: [data],
) -> None:
    """Run the handshake until nothing more is to be said; answers arrive in the slices asked for."""
    request = conversation.start()
    while request:
        request = b"".join(conversation.receive(part) for part in slices(camera.answer(request)))


def target(path: str = "/live", **more: str) -> Target:
    """Return the address of a made-up camera."""
    return Target("10.20.0.9", 554, path, **more)


def play(vendor: str, path: str = "/live", **more: str) -> tuple[Conversation, Camera]:
    """Converse with a vendor's dialogue to its end."""
    conversation, camera = Conversation(target(path, **more)), Camera(answers(vendor))
    converse(conversation, camera)
    return conversation, camera
