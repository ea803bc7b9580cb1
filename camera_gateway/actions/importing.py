"""Verbs that register many at once: a file is tried whole, and what was tried is created whole, by its digest.

Promises: nothing is created before every row is good and a person has named the digest of what was tried; passwords
are sealed as soon as a row is read, for the camera that it names, and appear in no result; rows of places where the
asker may not register fail like unknown ones; a wrong account is tried once per device.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from camera_gateway.access.permissions import Act
from camera_gateway.access.rights import place_of_institution, rights_of
from camera_gateway.actions import import_cameras, import_institutions
from camera_gateway.actions.places import ANYWHERE
from camera_gateway.catalogue import import_runs
from camera_gateway.catalogue.import_runs import ImportRun
from camera_gateway.clock import rfc3339
from camera_gateway.discovery.columns import CAMERAS, INSTITUTIONS, Fault, read_entries, template
from camera_gateway.domain.ids import InstitutionId
from camera_gateway.errors import InvalidInput, Refused

if TYPE_CHECKING:
    from camera_gateway.access.rights import Rights
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.actions.places import Places
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.discovery.columns import Column, Entry
    from camera_gateway.domain.people import Actor, Place

COLUMNS = {"camera": CAMERAS, "institution": INSTITUTIONS}
TITLES = {"camera": "cameras", "institution": "institutions"}
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class Import(BaseModel):
    """What an import takes: a file to be tried (`dry_run`), or the digest of one that was tried, to be created."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str | None = Field(None, max_length=200)
    """The file's name, for people."""
    content: SecretStr | None = None
    """The file, base64: it may hold passwords."""
    dry_run: bool = False
    digest: str | None = Field(None, pattern=r"^[0-9a-f]{64}$")


class ImportCameras(Import):
    """An import of cameras."""

    institution: str | None = None
    """For rows that name none."""
    probe: bool = True
    """Try each camera; without it they are registered unseen."""


class ImportInstitutions(Import):
    """An import of institutions."""


class OneTemplate(BaseModel):
    """Names a template's form."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    form: Literal["csv", "xlsx"] = "xlsx"


def places_of_import(tx: Transaction, args: ImportCameras) -> Places:
    """Return the institution that the asker names; each row's own place is asked for where the row is read."""
    if args.institution is None:
        return ANYWHERE
    return (place_of_institution(tx, InstitutionId(args.institution)),)


async def cameras(gateway: Gateway, actor: Actor, args: ImportCameras) -> dict[str, Any]:
    """Try a table of cameras, or create what was tried."""
    if args.digest is not None:
        return await _confirm(gateway, actor, args, "camera")
    entries, faults = await _entries(gateway, args, CAMERAS)
    default = None if args.institution is None else InstitutionId(args.institution)
    rows = await import_cameras.try_rows(gateway, actor, entries, faults, default=default, probing=args.probe)
    return await _tried(gateway, actor, args, "camera", rows.results, rows.planned, rows.faults)


async def institutions(gateway: Gateway, actor: Actor, args: ImportInstitutions) -> dict[str, Any]:
    """Try a table of institutions, or create what was tried."""
    if args.digest is not None:
        return await _confirm(gateway, actor, args, "institution")
    entries, faults = await _entries(gateway, args, INSTITUTIONS)
    rows = await import_institutions.try_rows(gateway, actor, entries, faults)
    return await _tried(gateway, actor, args, "institution", rows.results, rows.planned, rows.faults)


async def camera_template(gateway: Gateway, _actor: Actor, args: OneTemplate) -> dict[str, Any]:
    """Return the table of cameras to fill in."""
    return await gateway.waiting(_template, "camera", args.form)


async def institution_template(gateway: Gateway, _actor: Actor, args: OneTemplate) -> dict[str, Any]:
    """Return the table of institutions to fill in."""
    return await gateway.waiting(_template, "institution", args.form)


def _template(kind: str, form: str) -> dict[str, Any]:
    data = template(COLUMNS[kind], form, TITLES[kind])
    return {
        "file": f"{TITLES[kind]}.{form}",
        "media_type": MEDIA_TYPES[form],
        "content": base64.b64encode(data).decode(),
    }


async def _entries(gateway: Gateway, args: Import, columns: tuple[Column, ...]) -> tuple[list[Entry], list[Fault]]:
    """Read the file in a thread, one file at a time: it takes up to some seconds, which nobody else should wait for."""
    name, data = _file(args)
    async with gateway.one_table:
        return await gateway.waiting(read_entries, name, data, columns)


def _file(args: Import) -> tuple[str, bytes]:
    if args.content is None:
        raise InvalidInput("neither a file nor the digest of a dry run is given", hint="give a file and dry_run first")
    if not args.dry_run:
        raise InvalidInput("a file is tried first", hint="give dry_run, then the digest that it answers")
    try:
        data = base64.b64decode(args.content.get_secret_value(), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInput("the file is not base64") from None
    return args.file or "the file", data


async def _tried(
    gateway: Gateway,
    actor: Actor,
    args: Import,
    kind: str,
    results: list[dict[str, Any]],
    planned: list[dict[str, Any]],
    faults: list[Fault],
) -> dict[str, Any]:
    """Keep a dry run and return what it has found."""
    told = [fault.as_dict() for fault in faults]
    good = not told and all(row["ok"] for row in results)
    now_us = gateway.clock.now_us()
    text = json.dumps([kind, now_us, results, planned, told], ensure_ascii=False, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    name = "".join(c if c.isprintable() else "?" for c in args.file or "")
    run = ImportRun(digest, kind, name, str(actor), now_us, good, results, planned if good else None, None)
    await gateway.write(actor, lambda tx: import_runs.keep_run(tx, run))
    return {
        "digest": digest,
        "ok": good,
        "file": name,
        "at": rfc3339(now_us),
        "rows": results,
        "faults": told,
        "counts": {"rows": len(results), "good": sum(row["ok"] for row in results), "faults": len(told)},
        "created": [],
    }


async def _confirm(gateway: Gateway, actor: Actor, args: Import, kind: str) -> dict[str, Any]:
    """Create what was tried, all of it in one transaction or nothing."""
    digest = args.digest or ""
    if args.content is not None or args.dry_run:
        raise InvalidInput("a digest confirms what was tried; no file and no dry run belong to it")

    def work(tx: Transaction) -> tuple[ImportRun, list[str]]:
        rights = rights_of(tx, actor)
        run = import_runs.get_run(tx, digest, kind)
        planned = import_runs.demand_open(run, tx.clock.now_us())
        apply = import_cameras.create if kind == "camera" else import_institutions.create
        created = [apply(tx, one, lambda place: _demand(rights, actor, place)) for one in planned]
        import_runs.confirm_run(tx, run, created)
        return run, created

    run, created = await gateway.write(actor, work)
    gateway.registry_changed()
    return {
        "digest": run.digest,
        "ok": True,
        "file": run.file,
        "at": rfc3339(gateway.clock.now_us()),
        "rows": run.results,
        "faults": [],
        "counts": {"rows": len(run.results), "good": len(run.results), "faults": 0},
        "created": created,
    }


def _demand(rights: Rights, actor: Actor, place: Place) -> None:
    """Refuse what the asker may not create; told like an unknown place, not by its name."""
    decision = rights.decide(Act.CAMERA_MANAGE, place)
    if not decision.allowed:
        raise Refused(
            f"{actor.name} may not register this: {decision.reason}", hint="ask an administrator", code="forbidden"
        )
