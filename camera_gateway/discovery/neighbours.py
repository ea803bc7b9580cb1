"""MAC addresses of neighbours, as this machine's kernel has learnt them by talking to them. Reads one file of Linux.

Knows only who is in the same network; behind a router there is nothing to learn, and that is no error.
"""

from __future__ import annotations

from pathlib import Path

from camera_gateway.domain.identity import mac_of

TABLE = Path("/proc/net/arp")
_COMPLETE = 0x2


def mac_addresses(table: Path = TABLE) -> dict[str, str]:
    """Return MAC by IPv4 address, of entries that are complete (RFC 826; proc(5), net/arp)."""
    try:
        lines = table.read_text(encoding="ascii").splitlines()[1:]
    except (OSError, UnicodeDecodeError):
        return {}
    found = {}
    for line in lines:
        words = line.split()
        if len(words) < 4:  # noqa: PLR2004 - address, type, flags, MAC
            continue
        mac = mac_of(words[3])
        if mac is not None and int(words[2], 16) & _COMPLETE:
            found[words[0]] = mac
    return found
