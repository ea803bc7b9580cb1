"""What the catalogue knows for a report: coverage, explanations, tombstones, holds, viewings, seals.

Reads only, a camera at a time, so that recording and uploading go on in between. The documents themselves are made in
`compliance/documents`, which knows nothing of where their material comes from.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from camera_gateway.actions import health, viewings
from camera_gateway.actions.footage import Span, background, measured
from camera_gateway.actions.reports_judging import explained
from camera_gateway.catalogue import holds as hold_rows
from camera_gateway.catalogue import registry, seals, segments, tombstones, users
from camera_gateway.catalogue import viewings as viewing_rows
from camera_gateway.clock import to_datetime
from camera_gateway.compliance.documents.material import Frame, Watched
from camera_gateway.compliance.documents.registers import Gone, Held, Late
from camera_gateway.compliance.documents.words import texts_of
from camera_gateway.domain.ids import InstitutionId
from camera_gateway.errors import InvalidInput
from camera_gateway.evidence.seal import parse_seal
from camera_gateway.footage.books import Books
from camera_gateway.handover.status_file import read_statuses
from camera_gateway.retention.decide import Verdict
from camera_gateway.retention.planning import decisions, read_world
from storage.checksum import sha256_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from camera_gateway.actions.footage import Background
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.actions.reports_subject import Asked
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.compliance.documents.material import Explained
    from camera_gateway.domain.camera import Camera
    from camera_gateway.domain.coverage import KeptSpan
    from camera_gateway.retention.decide import Decision

MOST_VIEWINGS = 10_000


async def frame_of(gateway: Gateway, asked: Asked, *, tied: bool = True) -> Frame:
    """Return what every report says of itself, with the findings of the installation.

    `tied`: with the last seal of the one institution that it is about.
    """
    found = installation(health.findings(gateway))
    now_us = gateway.clock.now_us()
    seal = await gateway.read(lambda tx: _last_seal(tx, asked)) if tied and len(asked.subjects) == 1 else None
    return Frame(asked.start_us, asked.end_us, now_us, asked.made_by, asked.time_zone, found, seal)


def _last_seal(tx: Transaction, asked: Asked) -> tuple[str, str] | None:
    rows = [seals.last_of_site(tx, site.id) for site in registry.list_sites(tx, InstitutionId(asked.subjects[0].id))]
    known = [row for row in rows if row is not None]
    if not known:
        return None
    last = max(known, key=lambda row: row.number)
    return parse_seal(last.text, last.day.isoformat()).name, sha256_of(last.text)


def installation(findings: Iterable[str]) -> tuple[str, ...]:
    """Return the codes of findings that there are texts for; any other stays the sentence that it is."""
    known = texts_of("en")["installation"]
    return tuple(next((code for code in known if text.startswith(code)), text) for text in findings)


async def watched(gateway: Gateway, cameras: Iterable[Camera], asked: Asked) -> list[Watched]:
    """Return the coverage of each camera in the span, with what people said of its gaps."""
    found = []
    for camera in cameras:
        # status before catalogue: a segment sealed in between is then seen twice, never not at all
        recorders = read_statuses(gateway.data_dir / "status")
        now_us = gateway.clock.now_us()
        span = Span(camera=camera.id, from_us=asked.start_us, to_us=asked.end_us)

        def work(
            tx: Transaction, span: Span = span, camera: Camera = camera
        ) -> tuple[list[KeptSpan], Background, tuple[Explained, ...]]:
            kept = segments.kept_spans(tx, camera.id, span.from_us, span.to_us)
            return kept, background(tx, camera.id, span), explained(tx, camera.id, span.from_us, span.to_us)

        kept, behind, words = await gateway.read(work)
        result, _ = measured(gateway, span, behind, recorders, kept, now_us)
        found.append(Watched(camera.id, camera.name, camera.zone.value, result, words))
    return found


async def seals_of(gateway: Gateway, camera: Camera, asked: Asked) -> list[tuple[str, str, int]]:
    """Return name, SHA-256 and time of each seal of the UTC days that a span touches."""
    first, last = (to_datetime(moment).date() for moment in (asked.start_us, asked.end_us - 1))

    def work(tx: Transaction) -> list[tuple[str, str, int]]:
        rows = seals.sealed_between(tx, camera.site, first, last)
        return [
            (parse_seal(row.text, row.day.isoformat()).name, sha256_of(row.text), row.sealed_us)
            for row in rows
            if first <= row.day <= last
        ]

    return await gateway.read(work)


async def deleted(gateway: Gateway, asked: Asked) -> list[Gone]:
    """Return what was ordered to be deleted in the span, of the cameras that are asked for."""
    found: list[Gone] = []
    for camera in asked.cameras:

        def work(tx: Transaction, camera: Camera = camera) -> list[tombstones.Tombstone]:
            return tombstones.ordered_in_span(tx, camera.id, asked.start_us, asked.end_us)

        found += [_gone(stone) for stone in await gateway.read(work)]
    return found


def _gone(stone: tombstones.Tombstone) -> Gone:
    return Gone(
        camera=stone.camera,
        start_us=stone.start_us,
        end_us=stone.end_us,
        size_bytes=stone.size_bytes,
        rule=stone.policy,
        plan=stone.plan,
        ordered_by=stone.ordered_by,
        approved_by=stone.approved_by,
        ordered_us=stone.at_us,
        confirmed=stone.confirmed_us is not None,
        withdrawn=stone.withdrawn_us is not None,
    )


async def holds_of(gateway: Gateway, asked: Asked) -> list[Held]:
    """Return the holds on the institution or its cameras that were in force at some time of the span."""
    owner, cameras = asked.subjects[0].id, {camera.id for camera in asked.cameras}
    rows = await gateway.read(hold_rows.list_holds)
    return [
        Held(row.id, row.cameras, row.start_us, row.end_us, row.placed_us, row.lifted_us, row.case)
        for row in rows
        if (row.institution == owner or cameras.intersection(row.cameras))
        and row.placed_us < asked.end_us
        and (row.lifted_us is None or row.lifted_us > asked.start_us)
    ]


async def late(gateway: Gateway, asked: Asked) -> list[Late]:
    """Return what is kept longer than its ceiling allows, by camera and rule, as it is now."""
    defaults, cameras = gateway.settings.retention.defaults(), {camera.id for camera in asked.cameras}
    books = Books(gateway.catalogue, gateway.catalogue_thread)

    def work() -> dict[tuple[str, str], list[Decision]]:
        now_us = gateway.clock.now_us()
        world = books.read(partial(read_world, defaults))
        before_us = now_us - world.policies.least_floor_us()
        found: dict[tuple[str, str], list[Decision]] = {}
        for decision in decisions(books, world, now_us, cameras, before_us=before_us):
            if decision.verdict is Verdict.OVERDUE:
                found.setdefault((decision.segment.place.camera, decision.policy), []).append(decision)
        return found

    return [
        Late(
            camera,
            len(those),
            sum(one.segment.size_bytes for one in those),
            min(one.segment.start_us for one in those),
            rule,
        )
        for (camera, rule), those in sorted((await gateway.waiting(work)).items())
    ]


async def viewings_of(gateway: Gateway, asked: Asked) -> list[dict[str, Any]]:
    """Return the lines of the register of viewings that began in the span; of one camera, or of the institution."""
    cameras = {str(camera.id): camera for camera in asked.cameras}

    def work(tx: Transaction) -> list[dict[str, Any]]:
        found = viewing_rows.list_viewings(
            tx, MOST_VIEWINGS, from_us=asked.start_us, to_us=asked.end_us, cameras=cameras
        )
        people = {user.id: user for user in users.list_users(tx)}
        return [{**viewings.described(one, people), "camera_name": cameras[one.camera].name} for one in found]

    rows = await gateway.read(work)
    if len(rows) == MOST_VIEWINGS:
        raise InvalidInput(f"there are {MOST_VIEWINGS} viewings and more in this span", hint="take a shorter one")
    return rows
