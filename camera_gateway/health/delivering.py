"""Sending a message by an apprise address; the only importer of apprise.

Promises that an address, which holds passwords and tokens, stands in no log and in no error, and that a service which
does not answer is given up on after `TIMEOUT_S`. Blocks: call it on a thread of its own.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from camera_gateway.errors import InvalidInput
from camera_gateway.settings.load import read_secret

if TYPE_CHECKING:
    from pathlib import Path

TIMEOUT_S = 20.0
BAD_ADDRESS, UNREADABLE, REFUSED, SILENT = "address not understood", "file unreadable", "not accepted", "no answer"


def deliver(url_file: Path, title: str, text: str) -> str | None:
    """Send one message by the address in a file; return None when the service took it, else why it did not."""
    try:
        address = read_secret(url_file)
    except InvalidInput:
        return UNREADABLE
    return _sent(address, title, text)


def _sent(address: str, title: str, text: str) -> str | None:
    # a second of imports, hundreds of plugins: only where a message is sent
    import apprise  # noqa: PLC0415 - as said

    for name in ("apprise", "urllib3.connectionpool"):  # what they tell may hold the address
        logging.getLogger(name).setLevel(logging.CRITICAL)
    asset = apprise.AppriseAsset(
        app_id="Camera Gateway",
        app_desc="Camera Gateway",
        app_url="",
        async_mode=False,
        secure_logging=True,
        storage_mode=apprise.PersistentStoreMode.MEMORY,
        service_timeout=TIMEOUT_S,
    )
    sender = apprise.Apprise(asset=asset)
    if not sender.add(address):
        return BAD_ADDRESS
    try:
        result: Any = sender.notify(text, title=title, body_format=apprise.NotifyFormat.TEXT)
    except (OSError, TypeError, ValueError):  # a plugin that chokes on its address
        return REFUSED
    if result:
        return None
    status = getattr(getattr(result, "status", None), "name", "")
    return SILENT if status == "TIMEOUT" else REFUSED
