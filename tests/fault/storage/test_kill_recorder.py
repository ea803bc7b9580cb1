"""D2: a writer that is killed with -9 at any moment loses nothing that it has been promised."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from storage.checksum import sha256_of_file
from storage.spool import Orphan, PartFile, Segment, Spool

KILLS = 20
ROOT = Path(__file__).parents[3]

WRITER = """
import json, random, sys
from pathlib import Path
from storage.spool import Spool

root, first, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
rng = random.Random(seed)
with Spool.open(root, owner="site", exclusive=True) as spool:
    for number in range(first, first + 100_000):
        part = spool.begin("cam", f"{number:08d}")
        for _ in range(rng.randrange(1, 6)):
            part.write([rng.randbytes(rng.randrange(1, 40_000)) for _ in range(3)])
        sealed = part.seal(lambda f: json.dumps([f.bytes, f.sha256]).encode())
        print(number, sealed.sha256, flush=True)
"""


def write_until_killed(root: Path, first: int, seed: int, after_acks: int) -> dict[str, str]:
    """Names and hashes that the writer said were sealed before it was killed."""
    child = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(root), str(first), str(seed)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    acknowledged: dict[str, str] = {}
    guard = threading.Timer(30, child.kill)
    guard.start()
    try:
        with child.stdout as lines:
            for line in lines:
                if line.endswith("\n"):
                    number, digest = line.split()
                    acknowledged[f"{int(number):08d}"] = digest
                if len(acknowledged) == after_acks:
                    child.kill()
    finally:
        guard.cancel()
        child.kill()
        child.wait(10)
    return acknowledged


@pytest.mark.parametrize("seed", [20261122])
def test_d2_twenty_kills_lose_no_sealed_segment_and_leave_nothing_half(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    root = tmp_path / "spool"
    promised: dict[str, str] = {}
    parts = 0
    for kill in range(KILLS):
        acknowledged = write_until_killed(root, kill * 100_000, seed + kill, rng.randrange(1, 12))
        assert acknowledged, "the writer was killed before it began"
        promised |= acknowledged
        with Spool.open(root, owner="site", exclusive=True) as spool:
            for entry in list(spool.scan()):
                if isinstance(entry, PartFile):
                    parts += 1
                    spool.reseal(
                        entry,
                        keep_bytes=entry.bytes,
                        sidecar=lambda f: json.dumps([f.bytes, f.sha256]).encode(),
                    )
                elif isinstance(entry, Orphan):
                    spool.release(entry)
            found = {entry.name: entry for entry in spool.scan()}
        assert promised.keys() <= found.keys()
        for name, entry in found.items():
            assert isinstance(entry, Segment)
            digest = sha256_of_file(entry.path)
            assert json.loads(entry.sidecar_path.read_bytes()) == [entry.bytes, digest]
            assert promised.get(name, digest) == digest
    assert parts > 0, "no kill hit a growing part: the test proves less than it says"
    with Spool.open(root, owner="site", exclusive=True) as spool:
        assert spool.open_number == 2 * KILLS + 1


def test_d8_a_second_recorder_is_refused_while_the_first_lives_and_not_after(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from storage.spool import Spool\n"
        "s = Spool.open(Path(sys.argv[1]), owner='site', exclusive=True)\n"
        "print('open', flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "spool")],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    with child.stdin, child.stdout:
        assert child.stdout.readline() == "open\n"
        with pytest.raises(Exception, match="another process holds the spool"):
            Spool.open(tmp_path / "spool", owner="site", exclusive=True)
        with Spool.open(tmp_path / "spool", owner="site", exclusive=False) as shared:
            assert shared.open_number == 1
        child.kill()
        child.wait(10)
    with Spool.open(tmp_path / "spool", owner="site", exclusive=True) as spool:
        assert spool.open_number == 2
