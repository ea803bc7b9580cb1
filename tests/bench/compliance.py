"""How long a month's report of many cameras takes, and how much memory: the days are kept, as each night leaves them.

Two stages. *Whole*: every minute of every camera is a row of the catalogue, and each camera's days are summed up from
its own rows, as the nights do; 20 centres of 10 cameras over 31 days are promised within 2 s and 200 MB. *Flat*: the
cost of a camera among 10, 200 and 2,000 is promised to be the same. 89 million rows fit neither the disk nor the time
that there is, so there **only the first camera has a month of rows**; each of the others has the rows of its last day,
and its kept days are copied from the first one's, which were summed up. A report reads kept days and no rows of them.

Both are reported on at midnight, when every day is kept, and the whole stage once more at `--hour` of the day that
follows: that day's rows so far are kept by nobody, and are read.

What the bucket lists is given in both, for a listing is the store's time. Reports are made in processes of their own,
in rounds; figures are medians, memory is the most of all rounds. Each then makes the monthly report of all centres as
a document as well, timed apart; the memory is that of both.
Run: scripts/bench compliance [--centres 20] [--cameras 10] [--days 31] [--cameras-flat 10,200,2000] [--hour 10]
     [--rounds 3] [--json] [--write]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from sqlalchemy import Text, cast, insert, literal, select  # noqa: E402 - after the path is set
from support.catalogue_rows import SITE, device_value, sidecar_value  # noqa: E402 - likewise
from support.gateway_rig import Inline  # noqa: E402 - likewise

from camera_gateway.actions.daybooks import keep_books  # noqa: E402 - likewise
from camera_gateway.actions.gathering import gather  # noqa: E402 - likewise
from camera_gateway.actions.reports_making import made  # noqa: E402 - likewise
from camera_gateway.actions.reports_subject import MakeReport, resolve  # noqa: E402 - likewise
from camera_gateway.actions.standards import installed  # noqa: E402 - likewise
from camera_gateway.catalogue import registry, tables  # noqa: E402 - likewise
from camera_gateway.catalogue.compliance_tables import camera_days  # noqa: E402 - likewise
from camera_gateway.catalogue.opening import Catalogue, Transaction  # noqa: E402 - likewise
from camera_gateway.catalogue.runs import extend_run  # noqa: E402 - likewise
from camera_gateway.clock import US, HeldClock  # noqa: E402 - likewise
from camera_gateway.compliance.daybook import Listing  # noqa: E402 - likewise
from camera_gateway.compliance.documents.model import Kind, canonical  # noqa: E402 - likewise
from camera_gateway.compliance.evaluate import counts, evaluate  # noqa: E402 - likewise
from camera_gateway.compliance.measure import Period  # noqa: E402 - likewise
from camera_gateway.domain.camera import (  # noqa: E402 - likewise
    Camera,
    CameraState,
    Institution,
    InstitutionKind,
    Zone,
)
from camera_gateway.domain.ids import CameraId, InstitutionId, SiteId  # noqa: E402 - likewise
from camera_gateway.domain.people import SYSTEM, Actor  # noqa: E402 - likewise
from camera_gateway.roles.lifecycle import initialise  # noqa: E402 - likewise
from camera_gateway.roles.loading import load_settings  # noqa: E402 - likewise
from camera_gateway.roles.opening import gateway_of  # noqa: E402 - likewise
from storage.memory import MemoryStore  # noqa: E402 - likewise

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from camera_gateway.actions.gateway import Gateway

MINUTE = 60 * US
DAY = 1_440 * MINUTE
MIDNIGHT = 1_700_416_800 * US
"""Local midnight of the site, after the days."""
STANDARD = "house-baseline"
PROMISED_S, PROMISED_MB = 2.0, 200
FLAT = 1.25
"""So much dearer may a camera be among the most than among the second fewest; 10 cameras alone carry what is fixed."""
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- tables of scripts/bench compliance -->", "<!-- end of the tables -->"


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is. `whole`: each camera has every row, and days of its own."""

    centres: int
    cameras: int
    days: int
    whole: bool

    @property
    def number(self) -> int:
        """All cameras."""
        return self.centres * self.cameras


@dataclass(slots=True)
class Spent:
    """Seconds of processor and of the clock on the wall."""

    cpu_s: float = 0.0
    wall_s: float = 0.0

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Add what happens inside."""
        began, before = time.perf_counter(), time.process_time()
        yield
        self.wall_s += time.perf_counter() - began
        self.cpu_s += time.process_time() - before


def gateway_in(directory: Path, catalogue: Catalogue, clock: HeldClock) -> Gateway:
    """Return a gateway on a catalogue, with a store in memory."""
    loaded = load_settings(directory / "gateway.toml")
    return gateway_of(loaded, clock, catalogue, MemoryStore(clock.now_us), Inline(), Inline(), lambda: None)


def registered(tx: Transaction, centre: int, size: Size) -> list[Camera]:
    """Register a centre with its cameras."""
    owner = InstitutionId(f"centre-{centre}")
    registry.add_institution(tx, Institution(owner, "Centre", InstitutionKind.SOCIAL_CENTRE, "Абай", 1))
    site = replace(SITE, id=SiteId(owner), institution=owner)
    registry.add_site(tx, site)
    cameras = []
    for number in range(size.cameras):
        name = CameraId(f"c{centre}-{number}")
        camera = Camera(
            name, owner, site.id, "Camera", list(Zone)[number % 8], CameraState.ACTIVE, (),
            MIDNIGHT - size.days * DAY, None,
        )  # fmt: skip
        registry.add_camera(tx, camera, device_value(name))
        cameras.append(camera)
    return cameras


def fill(tx: Transaction, camera: Camera, start_us: int, end_us: int = MIDNIGHT) -> None:
    """Write a released segment for each minute of a span: the first, and copies of it made by SQL."""
    usual = sidecar_value(camera.id, start_us // MINUTE, institution=camera.institution)
    extend_run(tx, usual)
    row = {
        **asdict(usual), "state": "released", "locked": True, "policy": "floor", "attempts": 1, "next_attempt_us": 0,
        "stored_us": usual.end_us + MINUTE,
    }  # fmt: skip
    tx.connection.execute(insert(tables.segments), row)
    first = tables.segments.alias()
    number = select(literal(1).label("number")).cte("minutes", recursive=True)
    minutes = number.union_all(select(number.c.number + 1).where(number.c.number < (end_us - start_us) // MINUTE - 1))
    later_us = minutes.c.number * MINUTE
    columns = {column.name: first.c[column.name] for column in tables.segments.columns}
    for name in ("start_us", "end_us", "media_start_us", "stored_us"):
        columns[name] = columns[name] + later_us
    columns["segment"] = first.c.run + literal("-").concat(cast(columns["start_us"], Text))
    copies = select(*columns.values()).select_from(minutes).join(first, first.c.segment == usual.segment)
    tx.connection.execute(insert(tables.segments).from_select(list(columns), copies))


def copy_days(tx: Transaction, source: CameraId, target: CameraId) -> None:
    """Give a camera the kept days of another one."""
    columns = [literal(target) if c.name == "camera" else c for c in camera_days.columns]
    copies = select(*columns).where(camera_days.c.camera == source)
    tx.connection.execute(insert(camera_days).from_select([c.name for c in camera_days.columns], copies))


def build(directory: Path, size: Size) -> dict[str, Any]:
    """Register everything, write the segments, and sum the days up as the nights do; return what that took."""
    config = directory / "gateway.toml"
    config.write_text('[site]\ndata_dir = "data"\n[store]\nkind = "directory"\ndirectory = "s"\n')
    clock = HeldClock(MIDNIGHT)
    initialise(config, None, clock)
    settings = load_settings(config).settings
    filling, nights = Spent(), Spent()
    first_us = MIDNIGHT - size.days * DAY
    listing = Listing(frozenset(range(first_us, MIDNIGHT, MINUTE)), MIDNIGHT)
    summed_up: list[Camera] = []
    with Catalogue.open(settings.catalogue.url, settings.site.data_dir, clock) as catalogue:
        gateway = gateway_in(directory, catalogue, clock)

        def written(centre: int) -> list[Camera]:
            with catalogue.write(SYSTEM) as tx:
                cameras = registered(tx, centre, size)
                for camera in cameras:
                    own = size.whole or (centre == 0 and camera is cameras[0])
                    fill(tx, camera, first_us if own else MIDNIGHT - DAY)
            return cameras

        def kept(cameras: Sequence[Camera]) -> None:
            for camera in cameras:
                if size.whole or not summed_up:
                    assert asyncio.run(keep_books(gateway, camera, SITE.time_zone, listing)) == size.days
                    summed_up.append(camera)
                    continue
                with catalogue.write(SYSTEM) as tx:
                    copy_days(tx, summed_up[0].id, camera.id)

        for centre in range(size.centres):
            with filling.counted():
                cameras = written(centre)
            with nights.counted():
                kept(cameras)
            print(f"centre {centre + 1} of {size.centres}", file=sys.stderr)  # noqa: T201 - progress of a benchmark
    rows = size.number * size.days * 1_440 if size.whole else (size.number - 1 + size.days) * 1_440
    return {
        "rows": rows,
        "fill_s": round(filling.wall_s, 1),
        "fill_cpu_s": round(filling.cpu_s, 1),
        "nights_s": round(nights.wall_s, 1),
        "nights_cpu_s": round(nights.cpu_s, 1),
        "camera_days_summed": len(summed_up) * size.days,
    }


def go_on(directory: Path, hours: int) -> None:
    """Let every camera record for some hours after midnight."""
    settings = load_settings(directory / "gateway.toml").settings
    with Catalogue.open(settings.catalogue.url, settings.site.data_dir, HeldClock(MIDNIGHT)) as catalogue:
        with catalogue.read() as tx:
            cameras = registry.list_cameras(tx)
        with catalogue.write(SYSTEM) as tx:
            for camera in cameras:
                fill(tx, camera, MIDNIGHT, MIDNIGHT + hours * 60 * MINUTE)


def peak_mb() -> int:
    """Return the largest resident set of this process, which began with its program and not with its parent's."""
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(found[1]) // 1024 if found else 0


async def report(directory: Path, days: int, hours: int) -> dict[str, Any]:
    """Gather and judge every centre over the month, some hours after its end, and say what it took."""
    now_us = MIDNIGHT + hours * 60 * MINUTE
    clock = HeldClock(now_us)
    settings = load_settings(directory / "gateway.toml").settings
    with Catalogue.open(settings.catalogue.url, settings.site.data_dir, clock) as catalogue:
        gateway = gateway_in(directory, catalogue, clock)
        with catalogue.read() as tx:
            centres = registry.list_institutions(tx)
        before_mb = peak_mb()
        began, spent = time.perf_counter(), time.process_time()
        standards = installed(gateway)
        found = 0
        for centre in centres:
            record = await gather(gateway, centre.id, MIDNIGHT - days * DAY, MIDNIGHT, days + 1, fresh=False)
            findings = evaluate(standards, STANDARD, record, Period(MIDNIGHT - days * DAY, MIDNIGHT, now_us))
            found += sum(counts(findings).values())
        wall, cpu = time.perf_counter() - began, time.process_time() - spent
        document = Spent()
        with document.counted():
            await monthly(gateway, MakeReport(kind=Kind.MONTHLY, from_us=MIDNIGHT - days * DAY, to_us=MIDNIGHT))
    return {
        "report_s": wall,
        "report_cpu_s": cpu,
        "document_cpu_s": document.cpu_s,
        "findings": found,
        "before_mb": before_mb,
        "peak_mb": peak_mb(),
    }


async def monthly(gateway: Gateway, args: MakeReport) -> str:
    """Make the monthly report of all centres as a document, by every standard that binds them."""
    actor, now_us = Actor("shell", "bench"), gateway.clock.now_us()
    asked = await gateway.read(lambda tx: resolve(tx, actor, args, now_us))
    return canonical(await made(gateway, actor, args, asked))


def measure(size: Size, rounds: int, hour: int) -> Iterator[dict[str, Any]]:
    """Build in this process, report in others, yield what it took: at midnight, and where whole at `hour` after it."""
    with tempfile.TemporaryDirectory() as folder:
        built = build(Path(folder), size)
        yield {**built, **_reported(Path(folder), size, rounds, 0)}
        if size.whole and hour:
            go_on(Path(folder), hour)
            rows = built["rows"] + size.number * hour * 60
            yield {**built, "rows": rows, **_reported(Path(folder), size, rounds, hour)}


def _reported(directory: Path, size: Size, rounds: int, hour: int) -> dict[str, Any]:
    given = {"--report-of": str(directory), "--days": str(size.days), "--hour": str(hour)}
    command = [sys.executable, __file__, *(word for pair in given.items() for word in pair)]
    loads, runs = [], []
    for _ in range(rounds):
        loads.append(os.getloadavg()[0])
        runs.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    middle = {
        name: statistics.median(run[name] for run in runs) for name in ("report_s", "report_cpu_s", "document_cpu_s")
    }
    return {
        "cameras": size.number,
        "whole": size.whole,
        "hour": hour,
        **{name: round(value, 3) for name, value in middle.items()},
        "report_cpu_ms_per_camera": round(1_000 * middle["report_cpu_s"] / size.number, 2),
        "findings": runs[0]["findings"],
        "before_mb": max(run["before_mb"] for run in runs),
        "peak_mb": max(run["peak_mb"] for run in runs),
        "load": round(max(loads), 1),
    }


def table(results: Sequence[dict[str, Any]]) -> list[str]:
    """Return what was measured as Markdown."""
    lines = [
        "| cameras | rows of segments | kept days | report at | wall | CPU | CPU per camera | peak memory | load |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for one in results:
        cells = (
            f"{one['cameras']:,}",
            f"{one['rows']:,}",
            "each camera's own" if one["whole"] else "copied from one camera's",
            f"{one['hour']:02}:00",
            f"{one['report_s']:.2f} s",
            f"{one['report_cpu_s']:.2f} s",
            f"{one['report_cpu_ms_per_camera']:.1f} ms",
            f"{one['peak_mb']} MB",
            f"{one['load']}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    for one in results:
        if one["whole"] and not one["hour"]:
            each = 1_000 * one["nights_cpu_s"] / one["camera_days_summed"]
            words = (
                f"Filling the catalogue of {one['cameras']:,} cameras took {one['fill_s']:.0f} s "
                f"({one['fill_cpu_s']:.0f} CPU-s), summing up its {one['camera_days_summed']:,} camera-days "
                f"{one['nights_s']:.0f} s ({one['nights_cpu_s']:.0f} CPU-s, {each:.1f} ms each). "
                f"The monthly report as a document, by every standard that binds and with the coverage of each camera, "
                f"takes {one['document_cpu_s']:.2f} CPU-s at midnight."
            )
            lines += ["", *textwrap.wrap(words, 120)]
    return lines


def kept_promises(results: Sequence[dict[str, Any]]) -> bool:
    """Whether what was measured is within what is promised."""
    whole = [one for one in results if one["whole"] and not one["hour"]]
    flat = [one["report_cpu_ms_per_camera"] for one in results if not one["whole"]][1:]
    in_time = all(one["report_s"] <= PROMISED_S and one["peak_mb"] <= PROMISED_MB for one in whole)
    return in_time and (not flat or max(flat) <= FLAT * flat[0])


def main() -> int:
    """Measure each size, print what it took; 1 when a promise is not kept."""
    parser = argparse.ArgumentParser(prog="scripts/bench compliance")
    parser.add_argument("--centres", type=int, default=20, help="0: only the flat stage")
    parser.add_argument("--cameras", type=int, default=10)
    parser.add_argument("--days", type=int, default=31)
    parser.add_argument("--cameras-flat", default="10,200,2000", help="numbers of cameras; empty: only the whole stage")
    parser.add_argument("--hour", type=int, default=10, help="0: reports at midnight only")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.relative_to(ROOT)}")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--report-of", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.report_of is not None:
        print(json.dumps(asyncio.run(report(args.report_of, args.days, args.hour))))  # noqa: T201 - the answer of a benchmark
        return 0
    sizes = [Size(args.centres, args.cameras, args.days, whole=True)] if args.centres else []
    numbers = [int(number) for number in args.cameras_flat.split(",") if number]
    sizes += [Size(number // args.cameras, args.cameras, args.days, whole=False) for number in numbers]
    results = [one for size in sizes for one in measure(size, args.rounds, args.hour)]
    text = "\n".join(table(results))
    if args.write:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    print(json.dumps(results) if args.json else text)  # noqa: T201 - likewise
    return 0 if kept_promises(results) else 1


if __name__ == "__main__":
    sys.exit(main())
