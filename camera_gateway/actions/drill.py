"""The verb `drill`: draw stored segments by lot, fetch, hash and decode them, and say what share came back.

Promises that the seed, and the population that it was drawn from, are in the audit log before the first byte is
fetched, and the result after the last one.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from camera_gateway.domain.measured import DRILL_SAMPLE
from camera_gateway.errors import Unavailable
from camera_gateway.footage.books import Books
from camera_gateway.footage.drill import Drilled, Driller, draw, wilson

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.domain.people import Actor


class DrillArgs(BaseModel):
    """What `drill` takes; without a seed one is drawn, and published."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sample: int = Field(default=DRILL_SAMPLE, ge=1, le=100_000)
    seed: str | None = Field(default=None, min_length=1, max_length=200, pattern=r"^[!-~]+$")


async def drill(gateway: Gateway, actor: Actor, args: DrillArgs) -> dict[str, Any]:
    """Hold a drill; `ok` is false when any segment did not come back as it was stored."""
    books = Books(gateway.catalogue, gateway.catalogue_thread)
    seed = args.seed or secrets.token_hex(16)
    lots = await gateway.waiting(draw, books, seed, args.sample)
    await gateway.write(
        actor,
        lambda tx: tx.audit(
            "drill.begin",
            "installation",
            seed=seed,
            sample=args.sample,
            population=lots.population,
            population_sha256=lots.digest,
        ),
    )
    driller = Driller(books, gateway.store, gateway.spool, gateway.data_dir)

    def told(done: int, of: int) -> None:
        gateway.progress(done, of, "segments")

    try:
        found: Drilled = await gateway.waiting(driller.run, lots, told)
    except OSError as error:
        raise Unavailable(f"the drill was broken off: {error.strerror}", hint="check the disk; see doctor") from error
    report = report_of(found)
    await gateway.write(
        actor,
        lambda tx: tx.audit(
            "drill.end",
            "installation",
            seed=seed,
            checked=found.checked,
            good=found.good,
            failures=[{"segment": failure.segment, "cause": failure.cause} for failure in found.failures[:100]],
        ),
    )
    if found.ratio is not None:
        gateway.drilled(found.ratio)
    return report


def report_of(found: Drilled) -> dict[str, Any]:
    """Return what a drill found, for JSON."""
    low, high = wilson(found.good, found.checked)
    return {
        "ok": not found.failures,
        "seed": found.lots.seed,
        "population": found.lots.population,
        "population_sha256": found.lots.digest,
        "chosen": list(found.lots.chosen),
        "checked": found.checked,
        "good": found.good,
        "skipped": found.skipped,
        "bytes": found.size_bytes,
        "retrievable": found.ratio,
        "interval_95": [low, high],
        "failures": [
            {
                "segment": failure.segment,
                "camera": failure.camera,
                "key": failure.key,
                "cause": failure.cause,
                "detail": failure.detail,
                "marked": failure.marked,
            }
            for failure in found.failures
        ],
    }
