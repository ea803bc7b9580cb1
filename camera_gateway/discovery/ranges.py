"""Which addresses may be looked at: ranges as people write them, inside the allowed networks, and not too many. Pure.

Every single address is asked for by the one rule of `domain.camera.address_allowed`, so that a wide range cannot
reach what a URL could not (threat model, M1).
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from camera_gateway.domain.camera import address_allowed
from camera_gateway.errors import InvalidInput, Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_ADDRESSES = 4_096
"""A /20."""


def addresses_of(ranges: Sequence[str], allowed: tuple[str, ...]) -> tuple[str, ...]:
    """Return the addresses of IPv4 networks, each once; network and broadcast addresses are left out.

    `InvalidInput` for what is no network or too large; `Refused` for one that is not inside the allowed networks.
    """
    found: dict[str, None] = {}
    left = MOST_ADDRESSES
    for text in ranges:
        network = _network(text)
        left -= network.num_addresses
        if left < 0:
            raise InvalidInput(
                f"more than {MOST_ADDRESSES} addresses are asked for",
                hint="give ranges of a /20 together, one after another",
            )
        hosts = [str(host) for host in network.hosts()]
        denied = next((host for host in hosts if not address_allowed(host, allowed)), None)
        if denied is not None:
            raise Refused(
                f"{denied} is not in the site's allowed networks",
                hint="an administrator allows networks: institution change --allow",
                code="address-not-allowed",
            )
        found.update(dict.fromkeys(hosts))
    return tuple(found)


def _network(text: str) -> ipaddress.IPv4Network:
    try:
        return ipaddress.IPv4Network(text.strip(), strict=False)
    except ValueError:
        raise InvalidInput(
            f"range {text[:50]!r} is no IPv4 network", hint="write CIDR, for example 192.168.10.0/24"
        ) from None
