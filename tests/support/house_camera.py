"""A camera for the portal's house to register: it sends one small picture over and over, on the house's own loop."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from support.fault_camera import FaultCamera

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.portal_house import PortalHouse


@contextmanager
def camera(house: PortalHouse) -> Iterator[FaultCamera]:
    """Serve one while the block lasts; `url` is where."""
    found = FaultCamera("none", after=10_000, frame_s=0.02)

    async def open_() -> None:
        await found.__aenter__()

    async def close() -> None:
        await found.__aexit__()

    house.wait(open_())
    try:
        yield found
    finally:
        house.wait(close())
