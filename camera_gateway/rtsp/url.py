"""Addresses inside one camera: where requests go, whatever the camera says. Pure.

Every URL that is sent is built from the host and port of the target and a path. A camera may name another
host in Content-Base or in a control attribute (wrong interface, old address, malice): its path is taken,
its host never. No URL made here holds credentials.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import quote

MAX_PATH = 4096

_ABSOLUTE = re.compile(r"rtsps?://[^/?#]*", re.IGNORECASE)
_BARE_AUTHORITY = re.compile(r"[A-Za-z0-9.\-]+:\d{1,5}(?=/)|(?:\d{1,3}\.){3}\d{1,3}(?=/)")
_SAFE = "!$%&'()*+,-./:;=?@_~[]"


@dataclass(frozen=True, slots=True)
class Target:
    """One stream of one camera. `path` is as in the URL, with query; `host` a name or an IP literal."""

    host: str
    port: int
    path: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """The request URL, without credentials."""
        return self.at(self.path)

    def at(self, path: str) -> str:
        """Return the URL of `path` on this very host and port."""
        host = f"[{self.host}]" if ":" in self.host and not self.host.startswith("[") else self.host
        return f"rtsp://{host}:{self.port}{clean_path(path)}"


def clean_path(path: str) -> str:
    """Return `path` with a leading slash, and everything percent-encoded that could break a request line."""
    encoded = quote(path.strip(), safe=_SAFE, errors="replace")[:MAX_PATH]
    return encoded if encoded.startswith("/") else f"/{encoded}"


def path_of(reference: str) -> str | None:
    """Return path and query of an absolute URL, of `host:port/path` without a scheme, or of `/path`; else None."""
    text = reference.strip()
    found = _ABSOLUTE.match(text) or _BARE_AUTHORITY.match(text)
    if found is not None:
        return text[found.end() :] or "/"
    return text if text.startswith("/") else None


def base_path(target: Target, content_base: str | None, content_location: str | None) -> str:
    """Return the path that relative controls hang on (RFC 2326 appendix C.1.1), always on our host."""
    for reference in (content_base, content_location):
        if reference:
            path = path_of(reference)
            if path is not None:
                return path
    return target.path


def join_control(base: str, control: str | None) -> str:
    """Return the path of a control attribute below `base`.

    Relative controls are appended to the base, query and all, as cameras expect from the widespread clients;
    RFC 3986 resolution would cut `?channel=1&subtype=0` off.
    """
    text = (control or "*").strip()
    if text in {"*", ""}:
        return base
    absolute = _ABSOLUTE.match(text)
    if absolute is not None:
        return text[absolute.end() :] or "/"
    if text.startswith("/"):
        if text.startswith(base.rstrip("/") + "/"):
            return text
        text = text[1:]
    return f"{base}{text}" if base.endswith("/") else f"{base}/{text}"


def host_of(reference: str) -> str:
    """Return host and port of an absolute URL without credentials, to be shown to a person."""
    found = re.match(r"[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)", reference.strip())
    authority = found[1] if found is not None else ""
    return re.sub(r"[^\w.:\[\]-]", "?", authority.rpartition("@")[2])[:255]
