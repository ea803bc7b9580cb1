"""Sign-in links: a way in, once, for somebody who has no password yet or has forgotten it.

Promises that only the SHA-256 of a link's secret is kept, and that the secret stands in the fragment of the address,
which no browser sends to a server and no proxy writes into its log.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from camera_gateway.access.secret_texts import new_link_secret
from camera_gateway.catalogue import credentials
from camera_gateway.catalogue.credentials import LinkRow
from camera_gateway.clock import US

if TYPE_CHECKING:
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.people import UserId
    from camera_gateway.settings.schema import Settings


def make_link(tx: Transaction, user: UserId | None, life_us: int) -> tuple[LinkRow, str]:
    """Make a link for a user, or for the first administrator; return what is kept of it, and its secret."""
    made, now_us = new_link_secret(), tx.clock.now_us()
    expires_us = (now_us + life_us) // US * US  # people read it
    row = LinkRow(made.id, user, str(tx.actor), now_us, expires_us, None, None)
    credentials.add_link(tx, row, made.digest)
    return row, made.text


def address_of_link(settings: Settings, secret: str) -> str:
    """Return the address that a person opens."""
    return f"{portal_address(settings)}#/welcome?token={secret}"


def portal_address(settings: Settings) -> str:
    """Return where people reach the pages, with a slash at its end."""
    if settings.access.portal_url is not None:
        return settings.access.portal_url
    api = settings.api
    return f"{'https' if api.tls else 'http'}://{_reachable(api.host)}:{api.port}/"


def _reachable(host: str) -> str:
    """Return a host as it stands in an address; for "every address of this machine" the one that surely is one."""
    try:
        parsed = ipaddress.ip_address(host)
    except ValueError:
        return host
    if parsed.is_unspecified:
        return "localhost"
    return f"[{host}]" if parsed.version == 6 else host  # noqa: PLR2004 - IPv6
