"""The portal's files over HTTP: one page for every address of its own, and assets that never change under theirs.

Promises that an asset's address holds the digest of all of them (so it may be cached for ever), that the page itself
is never stored, and that a browser runs nothing but these files. Knows files, not cameras and not people.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import hdrs, web

from camera_gateway.api import cookies

if TYPE_CHECKING:
    from collections.abc import Mapping

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "connect-src 'self'; font-src 'self'; worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'self'"
)
PAGES = frozenset(
    {
        "account",
        "alerts",
        "audit",
        "cameras",
        "compliance",
        "evidence",
        "holds",
        "incidents",
        "institutions",
        "people",
        "registers",
        "reports",
        "retention",
        "sign-in",
        "standards",
        "system",
        "today",
        "watch",
        "welcome",
    }
)
"""First parts of the portal's own addresses (the History API); js/router.js has the same list."""

TYPES: Mapping[str, str] = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
TEXTS = frozenset({".css", ".js", ".json", ".svg"})
INDEX = "index.html"
_HASH_CHARACTERS = 16
_YEAR_S = 31_536_000


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it goes out; `gzipped` is None where packing does not help."""

    content_type: str
    body: bytes
    gzipped: bytes | None


@dataclass(frozen=True, slots=True)
class Portal:
    """Every file of the portal, read once. `version` is the digest of all of them."""

    version: str
    page: str
    """Still with `{session}` in it."""
    assets: Mapping[str, Asset]


def portal_directory() -> Path:
    """Return where the files are: beside this package, in a wheel as in a checkout."""
    return Path(str(resources.files("camera_gateway"))) / "portal"


def load_portal(directory: Path) -> Portal:
    """Read and pack the files below `directory`."""
    assets: dict[str, Asset] = {}
    digest = hashlib.sha256()
    template = (directory / INDEX).read_text()
    digest.update(template.encode())
    for path in sorted(p for p in directory.rglob("*") if p.is_file() and p.suffix in TYPES):
        name = path.relative_to(directory).as_posix()
        body = path.read_bytes()
        digest.update(f"{name}\0{len(body)}\0".encode() + body)
        packed = gzip.compress(body, 6, mtime=0) if path.suffix in TEXTS else None
        kind = TYPES[path.suffix]
        assets[name] = Asset(kind, body, packed)
    version = digest.hexdigest()[:_HASH_CHARACTERS]
    return Portal(version, template.replace("{static}", f"/static/{version}"), assets)


def add_portal(app: web.Application, portal: Portal) -> None:
    """Serve the portal: its page at its own addresses, its assets under their digest. To be added after all else."""

    async def page(request: web.Request) -> web.Response:
        # whether a session is shown, not whether it holds: so that nobody is asked about who has none
        session = "none" if cookies.shown(request) is None else "shown"
        return web.Response(
            body=portal.page.replace("{session}", session).encode(),
            headers={
                hdrs.CONTENT_TYPE: "text/html; charset=utf-8",
                hdrs.CACHE_CONTROL: "no-store",
                "Content-Security-Policy": POLICY,
                "Cross-Origin-Opener-Policy": "same-origin",
                "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
            },
        )

    async def asset(request: web.Request) -> web.Response:
        found = portal.assets.get(request.match_info["name"])
        if found is None or request.match_info["version"] != portal.version:
            raise web.HTTPNotFound
        headers = {
            hdrs.CONTENT_TYPE: f"{found.content_type}; charset=utf-8",
            hdrs.CACHE_CONTROL: f"public, max-age={_YEAR_S}, immutable",
            hdrs.VARY: hdrs.ACCEPT_ENCODING,
            "Content-Security-Policy": POLICY,  # a worker takes its policy from its own file
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        body = found.body
        if found.gzipped is not None and "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
            body = found.gzipped
            headers[hdrs.CONTENT_ENCODING] = "gzip"
        return web.Response(body=body, headers=headers)

    app.router.add_get("/", page)
    app.router.add_get("/static/{version}/{name:.+}", asset)
    for name in sorted(PAGES):
        app.router.add_get(f"/{name}", page)
        app.router.add_get(f"/{name}/{{rest:.*}}", page)
