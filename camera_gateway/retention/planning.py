"""From the catalogue to decisions and plans: what retention reads before it does anything.

Promises a page of rows at a time on the catalogue's thread, so that recording and uploading go on, and the same plan
for the same moment while nothing has changed. Changes nothing. Synchronous.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from camera_gateway.catalogue.holds import active_holds
from camera_gateway.catalogue.kept import count_by_site, kept_before
from camera_gateway.catalogue.policies import list_rules
from camera_gateway.catalogue.registry import get_camera, list_cameras
from camera_gateway.catalogue.tombstones import deleted_since
from camera_gateway.domain.retention import DAY_US, Policies, Viewpoint
from camera_gateway.retention.decide import decide
from camera_gateway.retention.plan import Lately, make_plan

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.ids import CameraId
    from camera_gateway.domain.retention import Defaults, Hold, Kept, RetentionPolicy
    from camera_gateway.footage.books import Books
    from camera_gateway.retention.decide import Decision
    from camera_gateway.retention.plan import Plan

PAGE = 500
HOUR_US = 3_600_000_000
LATELY_US = 30 * DAY_US


@dataclass(frozen=True, slots=True)
class World:
    """Rules and holds at one moment of the catalogue."""

    policies: Policies
    holds: tuple[Hold, ...]


def read_world(defaults: Defaults, tx: Transaction) -> World:
    """Return the rules and holds as they are."""
    return World(Policies(list_rules(tx), defaults), tuple(active_holds(tx)))


def policy_for(books: Books, defaults: Defaults, camera: CameraId, at_us: int) -> RetentionPolicy:
    """Return the rules for a camera's footage of a moment: what the uploader locks it by."""

    def work(tx: Transaction) -> RetentionPolicy:
        found = get_camera(tx, camera)
        place = Viewpoint(found.institution, found.zone.value, found.id)
        return Policies(list_rules(tx), defaults).at(place, at_us)

    return books.read(work)


def decisions(
    books: Books,
    world: World,
    as_of_us: int,
    cameras: Collection[str] | None = None,
    *,
    before_us: int | None = None,
) -> Iterator[Decision]:
    """Yield the decision about each segment that starts before `before_us` (None: `as_of_us`), by camera and start.

    `cameras` None: all, also the retired.
    """
    until_us = as_of_us if before_us is None else before_us
    for camera in books.read(list_cameras):
        if cameras is None or camera.id in cameras:
            for kept in _of_camera(books, camera.id, until_us):
                yield decide(kept, world.policies, world.holds, as_of_us)


def plan_of(books: Books, defaults: Defaults, as_of_us: int) -> Plan:
    """Return the plan of everything that is to go at a moment."""
    world = books.read(partial(read_world, defaults))
    before_us = as_of_us - world.policies.least_floor_us()
    return make_plan(as_of_us, decisions(books, world, as_of_us, before_us=before_us))


def read_lately(now_us: int, tx: Transaction) -> Lately:
    """Return what the brake measures a plan by."""
    last_hour = sum(deleted_since(tx, now_us - HOUR_US).values())
    return Lately(count_by_site(tx), deleted_since(tx, now_us - LATELY_US), last_hour)


def _of_camera(books: Books, camera: str, before_us: int) -> Iterator[Kept]:
    after = (-1, "")
    while page := books.read(partial(_page, camera, before_us, after)):
        yield from page
        after = (page[-1].start_us, page[-1].segment)


def _page(camera: str, before_us: int, after: tuple[int, str], tx: Transaction) -> list[Kept]:
    return kept_before(tx, camera, before_us, after, PAGE)
