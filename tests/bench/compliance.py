"""How long a month's report of many cameras takes, and how much memory: the days are kept, as each night leaves them.

Every segment is a row of the catalogue; what the bucket lists is given, for a listing is the store's time. First the
days are summed up (what the nights do, told apart), then another process gathers and judges every centre. Promised: 20
centres of 10 cameras, 31 days of one-minute segments, within 2 s and 200 MB, and a flat cost per camera.
Run: scripts/bench compliance [--centres 20] [--cameras 10] [--days 31] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

from sqlalchemy import insert  # noqa: E402 - after the path is set
from support.catalogue_rows import SITE, device_value, sidecar_value  # noqa: E402 - likewise
from support.gateway_rig import Inline  # noqa: E402 - likewise

from camera_gateway.actions.daybooks import keep_books  # noqa: E402 - likewise
from camera_gateway.actions.gathering import gather  # noqa: E402 - likewise
from camera_gateway.actions.standards import installed  # noqa: E402 - likewise
from camera_gateway.catalogue import registry, tables  # noqa: E402 - likewise
from camera_gateway.catalogue.opening import Catalogue  # noqa: E402 - likewise
from camera_gateway.catalogue.runs import extend_run  # noqa: E402 - likewise
from camera_gateway.clock import US, HeldClock  # noqa: E402 - likewise
from camera_gateway.compliance.daybook import Listing  # noqa: E402 - likewise
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
from camera_gateway.domain.people import SYSTEM  # noqa: E402 - likewise
from camera_gateway.roles.lifecycle import initialise  # noqa: E402 - likewise
from camera_gateway.roles.loading import load_settings  # noqa: E402 - likewise
from camera_gateway.roles.opening import gateway_of  # noqa: E402 - likewise
from storage.memory import MemoryStore  # noqa: E402 - likewise

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway

MINUTE = 60 * US
DAY = 1_440 * MINUTE
MIDNIGHT = 1_700_416_800 * US
"""Local midnight of the site, after the days."""
STANDARD = "house-baseline"


def gateway_in(directory: Path, catalogue: Catalogue, clock: HeldClock) -> Gateway:
    """Return a gateway on a catalogue, with a store in memory."""
    loaded = load_settings(directory / "gateway.toml")
    return gateway_of(loaded, clock, catalogue, MemoryStore(clock.now_us), Inline(), Inline(), lambda: None)


def build(directory: Path, centres: int, cameras: int, days: int) -> dict[str, float]:
    """Register everything, write every segment, and sum the days up as the nights do."""
    config = directory / "gateway.toml"
    config.write_text('[site]\ndata_dir = "data"\n[store]\nkind = "directory"\ndirectory = "s"\n')
    clock = HeldClock(MIDNIGHT)
    initialise(config, None, clock)
    settings = load_settings(config).settings
    spent = {"insert_s": 0.0, "nights_cpu_s": 0.0}
    with Catalogue.open(settings.catalogue.url, settings.site.data_dir, clock) as catalogue:
        gateway = gateway_in(directory, catalogue, clock)
        for centre in range(centres):
            owner = InstitutionId(f"centre-{centre}")
            with catalogue.write(SYSTEM) as tx:
                registry.add_institution(tx, Institution(owner, "Centre", InstitutionKind.SOCIAL_CENTRE, "Абай", 1))
                site = replace(SITE, id=SiteId(owner), institution=owner)
                registry.add_site(tx, site)
            for number in range(cameras):
                name = CameraId(f"c{centre}-{number}")
                viewpoint = Camera(
                    name, owner, site.id, "Camera", list(Zone)[number % 8], CameraState.ACTIVE, (),
                    MIDNIGHT - days * DAY, None,
                )  # fmt: skip
                began = time.perf_counter()
                starts = range(MIDNIGHT - days * DAY, MIDNIGHT, MINUTE)
                with catalogue.write(SYSTEM) as tx:
                    registry.add_camera(tx, viewpoint, device_value(name))
                    usual = sidecar_value(name, 0, institution=owner)
                    extend_run(tx, usual)
                    row = {
                        **asdict(usual), "state": "released", "locked": True, "policy": "floor", "attempts": 1,
                        "next_attempt_us": 0,
                    }  # fmt: skip
                    rows = [
                        {
                            **row, "segment": f"{name}-{us}", "start_us": us, "end_us": us + MINUTE,
                            "stored_us": us + 2 * MINUTE,
                        }
                        for us in starts
                    ]  # fmt: skip
                    tx.connection.execute(insert(tables.segments), rows)
                spent["insert_s"] += time.perf_counter() - began
                began = time.process_time()
                listing = Listing(frozenset(starts), MIDNIGHT)
                asyncio.run(keep_books(gateway, viewpoint, site.time_zone, listing))
                spent["nights_cpu_s"] += time.process_time() - began
            print(f"centre {centre + 1} of {centres}", file=sys.stderr)  # noqa: T201 - progress of a benchmark
    return spent


def peak_mb() -> int:
    """Return the largest resident set of this process, which began with its program and not with its parent's."""
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(found[1]) // 1024 if found else 0


async def report(directory: Path, days: int) -> dict[str, Any]:
    """Gather and judge every centre over the month, and say what it took."""
    clock = HeldClock(MIDNIGHT)
    settings = load_settings(directory / "gateway.toml").settings
    with Catalogue.open(settings.catalogue.url, settings.site.data_dir, clock) as catalogue:
        gateway = gateway_in(directory, catalogue, clock)
        with catalogue.read() as tx:
            centres = registry.list_institutions(tx)
        began, spent = time.perf_counter(), time.process_time()
        standards = installed(gateway)
        found = 0
        for centre in centres:
            record = await gather(gateway, centre.id, MIDNIGHT - days * DAY, MIDNIGHT, days + 1, fresh=False)
            findings = evaluate(standards, STANDARD, record, Period(MIDNIGHT - days * DAY, MIDNIGHT, MIDNIGHT))
            found += sum(counts(findings).values())
        wall, cpu = time.perf_counter() - began, time.process_time() - spent
    return {
        "report_s": round(wall, 3),
        "report_cpu_s": round(cpu, 3),
        "findings": found,
        "peak_mb": peak_mb(),
    }


def main() -> None:
    """Build in this process, report in another, print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--centres", type=int, default=20)
    parser.add_argument("--cameras", type=int, default=10)
    parser.add_argument("--days", type=int, default=31)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--report-of", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.report_of is not None:
        print(json.dumps(asyncio.run(report(args.report_of, args.days))))  # noqa: T201 - the answer of a benchmark
        return
    with tempfile.TemporaryDirectory() as made:
        directory = Path(made)
        spent = build(directory, args.centres, args.cameras, args.days)
        command = [sys.executable, __file__, "--report-of", made, "--days", str(args.days)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        all_cameras = args.centres * args.cameras
        result = {
            "cameras": all_cameras,
            "segments": all_cameras * args.days * 1_440,
            **json.loads(done.stdout),
            "nights_cpu_ms_per_camera_day": round(1_000 * spent["nights_cpu_s"] / all_cameras / args.days, 2),
        }
        result["report_cpu_ms_per_camera"] = round(1_000 * result["report_cpu_s"] / all_cameras, 2)
    print(json.dumps(result) if args.json else "\n".join(f"{k:<30}{v}" for k, v in result.items()))  # noqa: T201 - likewise


if __name__ == "__main__":
    main()
