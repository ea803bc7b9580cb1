"""What was acknowledged survives kill -9 at any moment (D2), and the next start finds the catalogue sound."""

from __future__ import annotations

import random
import subprocess
import sys
from typing import TYPE_CHECKING

from support.catalogue_rows import URL, new_catalogue

from camera_gateway.catalogue import audit_log, segments
from camera_gateway.catalogue.opening import Catalogue
from camera_gateway.clock import HeldClock

if TYPE_CHECKING:
    from pathlib import Path

WRITER = """
import itertools, sys
from pathlib import Path
from camera_gateway.catalogue import segments
from camera_gateway.catalogue.opening import Catalogue
from camera_gateway.clock import HeldClock
from camera_gateway.domain.people import SYSTEM
from support.catalogue_rows import URL, sidecar_value
with Catalogue.open(URL, Path(sys.argv[1]), HeldClock()) as catalogue:
    for number in itertools.count(int(sys.argv[2])):
        with catalogue.write(SYSTEM) as tx:
            assert segments.insert_spooled(tx, sidecar_value("hall", number), f"hall/{number}.mp4")
            tx.audit("test.taken", f"segment:{number}")
        print(number, flush=True)
"""


def test_every_acknowledged_transaction_is_there_after_kill_9(tmp_path: Path) -> None:
    new_catalogue(tmp_path, HeldClock(), "hall").close()
    known = 0
    for seed in range(5):
        acknowledgements = random.Random(seed).randrange(1, 60)
        command = [sys.executable, "-c", WRITER, str(tmp_path), str(known)]
        paths = {"PYTHONPATH": ":".join(sys.path)}
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=paths) as child:
            assert child.stdout is not None
            last = [int(child.stdout.readline()) for _ in range(acknowledgements)][-1]
            child.kill()
            rest = child.stdout.read().split()
            last = max([last, *map(int, rest)])
        with Catalogue.open(URL, tmp_path, HeldClock()) as catalogue, catalogue.read() as tx:
            assert catalogue.quick_check() is None
            found = [row.sidecar.start_us for row in segments.iterate_all(tx)]
            known = len(found)
            # the one in flight may or may not have been committed; it was not acknowledged
            assert known in {last + 1, last + 2}
            assert audit_log.head(tx)[0] == 4 + known  # four rows of the registry before
