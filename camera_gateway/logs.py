"""Logs: one line per event, JSON or for a terminal, and no secret in any of them (S4).

Promises that whatever is logged, by us or by a library, passes `Redactor` after its traceback was made text. Only
roles set logs up; everybody else asks structlog for a logger.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING, Any, TextIO
from urllib.parse import unquote

import structlog

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping
    from pathlib import Path

    from structlog.typing import Processor

HIDDEN = "***"

_NAMES = (
    r"pass(?:word|wd|phrase)?|pwd|secret(?:[_-]?(?:access[_-]?)?key)?|(?:[a-z]+[_-])?token|api[_-]?key|"
    r"access[_-]?key(?:[_-]?id)?|private[_-]?key|(?:proxy-)?authorization|www-authenticate|(?:set-)?cookie|"
    r"x-amz-(?:signature|credential|security-token)|signature|nonce|response|opaque"
)
_SECRET_KEY = re.compile(rf"(?:.*[_-])?(?:{_NAMES})", re.IGNORECASE)
_NOT_SECRET = re.compile(r".*(?:_file|_path|_s|_us|_bytes|_bps|_class)", re.IGNORECASE)
# up to the last '@' of a word: a password may hold '@', ':' and '/'; then one with blanks up to the first '@'
_ACCOUNT = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*:/{2,})(?:[^\s\"'<>]*@|[^\s/@:]*:[^\n/@\"'<>]*@)", re.IGNORECASE)
# the whole rest of the line: schemes put several secrets behind the name of this header
_HEADER = re.compile(r"(?P<name>\b(?:proxy-)?authorization\b[\"']?\s*[:=]\s*)[^\r\n]+", re.IGNORECASE)
_CHALLENGE = re.compile(r"\b(?P<scheme>Basic|Bearer|Digest)\s+(?=\S*[=+/\d._-])[^\r\n]+")
_PAIR = re.compile(
    rf"(?P<name>(?<![a-z0-9])(?:[a-z0-9]+[_-])*?(?:{_NAMES})[\"']?\s*[:=]\s*)"
    r"(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[^\s,;&\"'}\])]+)",
    re.IGNORECASE,
)
_DECODINGS = 2
"""How many layers of percent-encoding are looked through."""


class Redactor:
    """Takes secrets out of texts and log events: by their shape and, where known, by their value."""

    def __init__(self) -> None:
        self._known: list[str] = []

    def remember(self, secret: str) -> None:
        """Hide this very text from now on, wherever it appears. Short ones are left to the patterns."""
        shortest = 4
        if len(secret) >= shortest and secret not in self._known:
            self._known.append(secret)
            self._known.sort(key=len, reverse=True)

    def scrub(self, text: str) -> str:
        """Return `text` without accounts in URLs, passwords, tokens and authorization, percent-encoded ones too.

        Where an encoded secret is found, the text comes back decoded.
        """
        result = self._scrub(text)
        decoded = result
        for _ in range(_DECODINGS):
            if "%" not in decoded:
                break
            decoded = unquote(decoded)
            cleaned = self._scrub(decoded)
            if cleaned != decoded:
                result = decoded = cleaned
        return result

    def _scrub(self, text: str) -> str:
        for secret in self._known:
            text = text.replace(secret, HIDDEN)
        text = _ACCOUNT.sub(rf"\g<scheme>{HIDDEN}@", text)
        text = _HEADER.sub(rf"\g<name>{HIDDEN}", text)
        text = _CHALLENGE.sub(rf"\g<scheme> {HIDDEN}", text)
        return _PAIR.sub(rf"\g<name>{HIDDEN}", text)

    def __call__(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:  # noqa: ANN401 - structlog's own signature
        """Redact an event, as a structlog processor."""
        return {key: self._value(key, value) for key, value in event.items()}

    def _value(self, key: str, value: Any) -> Any:  # noqa: ANN401 - any logged value
        if _SECRET_KEY.fullmatch(key) and not _NOT_SECRET.fullmatch(key) and not isinstance(value, bool | None):
            return HIDDEN
        return self._clean(value)

    def _clean(self, value: Any) -> Any:  # noqa: ANN401 - any logged value
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, bytes | bytearray):
            value = value.decode("utf-8", "replace")
        if isinstance(value, str):
            return self.scrub(str(value))
        if isinstance(value, dict):
            return {str(key): self._value(str(key), inner) for key, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._clean(inner) for inner in value]
        return self.scrub(str(value))


def set_up_logs(
    file: Path | None = None,
    *,
    site: str = "",
    role: str = "",
    level: int = logging.INFO,
    stream: TextIO | None = None,
    redactor: Redactor | None = None,
) -> Redactor:
    """Send all logs, structlog's and the standard library's, to `file` or `stream` (default stderr).

    JSON lines, except on a terminal. `site` and `role` stand on each line when given. Returns the redactor, which can
    be told of secrets. Calling it again replaces what was set up before.
    """
    redactor = redactor or Redactor()
    if file is not None:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler: logging.Handler = logging.FileHandler(file, encoding="utf-8")
        for_people = False
    else:
        stream = stream or sys.stderr
        handler = logging.StreamHandler(stream)
        for_people = stream.isatty()
    always = {name: value for name, value in (("site", site), ("role", role)) if value}

    def add_origin(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:  # noqa: ANN401 - structlog's own signature
        return {**always, **event}

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_origin,
    ]
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if for_people
        else structlog.processors.JSONRenderer(ensure_ascii=False, sort_keys=True)
    )
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                # first the traceback becomes text, then everything is redacted, then written
                structlog.processors.format_exc_info,
                redactor,
                renderer,
            ],
        )
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    for old in root.handlers.copy():
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(level)
    return redactor
