"""D1, D2, D7: the power goes at every step of the spool's work, in every way the disk allows."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.simulated_files import PowerCutError, SimulatedFiles

from storage.checksum import sha256_of
from storage.files import Stat
from storage.spool import Orphan, PartFacts, PartFile, Record, Segment, Spool

ROOT = Path("/spool")
CONTENT = b"first fragment" + b"second fragment" + b"third fragment"

Work = Callable[[Spool, "Acknowledged"], None]


class Acknowledged:
    """What the spool has promised so far, kept outside of the disk that fails."""

    def __init__(self) -> None:
        self.segments: dict[str, bytes] = {}
        self.records: dict[str, bytes] = {}
        self.releasing: set[str] = set()
        self.released: set[str] = set()


def sidecar(facts: PartFacts) -> bytes:
    return json.dumps({"name": facts.name, "bytes": facts.bytes, "sha256": facts.sha256}).encode()


def open_spool(files: SimulatedFiles) -> Spool:
    return Spool.open(ROOT, owner="site", exclusive=True, files=files)


def seal_one(spool: Spool, promised: Acknowledged, name: str = "one") -> None:
    part = spool.begin("cam", name)
    part.write(CONTENT[:14])
    part.write([CONTENT[14:29], CONTENT[29:]])
    sealed = part.seal(sidecar)
    assert sealed.sha256 == sha256_of(CONTENT)
    promised.segments[name] = CONTENT


def put_gap(spool: Spool, promised: Acknowledged) -> None:
    spool.put_record("cam", "gap", b'{"cause": "disk-full"}')
    promised.records["gap"] = b'{"cause": "disk-full"}'


def seal_and_release(spool: Spool, promised: Acknowledged) -> None:
    seal_one(spool, promised)
    (segment,) = spool.scan("cam")
    promised.releasing.add("one")
    spool.release(segment)
    promised.released.add("one")


def salvage(spool: Spool, promised: Acknowledged) -> None:
    part = spool.begin("cam", "torn")
    part.write(CONTENT)
    part.leave()
    (found,) = spool.scan("cam")
    assert isinstance(found, PartFile)
    spool.reseal(found, keep_bytes=29, sidecar=sidecar)
    promised.segments["torn"] = CONTENT[:29]


def set_aside(spool: Spool, promised: Acknowledged) -> None:
    seal_one(spool, promised)
    (segment,) = spool.scan("cam")
    promised.releasing.add("one")
    spool.quarantine(segment, "hash differs")


WORKLOADS = [seal_one, put_gap, seal_and_release, salvage, set_aside]


def steps_of(work: Work) -> int:
    files = SimulatedFiles()
    work(open_spool(files), Acknowledged())
    return files.done


def cuts(work: Work, skip: frozenset[str] = frozenset()) -> Iterator[tuple[Acknowledged, SimulatedFiles]]:
    for cut_at in range(steps_of(work) + 1):
        files = SimulatedFiles(cut_at)
        promised = Acknowledged()
        with contextlib.suppress(PowerCutError):
            spool = open_spool(files)
            files.skip = skip
            work(spool, promised)
        for disk in files.crashes():
            yield promised, disk


def losses(promised: Acknowledged, disk: SimulatedFiles) -> list[str]:
    """What is wrong on a disk found after a cut."""
    if "spool" not in disk.names(Path("/")):
        return ["everything"] if promised.segments or promised.records else []
    with open_spool(disk) as spool:
        entries = list(spool.scan())
    wrong = []
    segments, records = {}, {}
    for entry in entries:
        if isinstance(entry, Segment):
            segments[entry.name] = disk.read(entry.path)
            facts = PartFacts("cam", entry.name, entry.bytes, sha256_of(segments[entry.name]))
            if disk.read(entry.sidecar_path) != sidecar(facts):
                wrong.append(f"{entry.name} is half and listed as whole")
        elif isinstance(entry, Record):
            records[entry.name] = disk.read(entry.path)
    for name, content in promised.segments.items():
        if name not in promised.releasing and segments.get(name) != content:
            wrong.append(f"segment {name} was promised and is lost")
    for name, content in promised.records.items():
        if records.get(name) != content:
            wrong.append(f"record {name} was promised and is lost")
    wrong += [f"{name} was released and is back" for name in promised.released & segments.keys()]
    wrong += [f"record {n} is half" for n, c in records.items() if n == "gap" and not c.endswith(b"}")]
    return wrong


@pytest.mark.parametrize("work", WORKLOADS)
def test_d2_no_cut_loses_what_was_promised_or_passes_half_for_whole(work: Work) -> None:
    seen = 0
    for promised, disk in cuts(work):
        assert losses(promised, disk) == []
        seen += 1
    assert seen > 2 * steps_of(work)


@pytest.mark.parametrize("forgotten", ["fsync", "fsync-directory"])
@pytest.mark.parametrize("work", [seal_one, put_gap, salvage])
def test_the_enumeration_finds_a_spool_that_forgets_to_sync(work: Work, forgotten: str) -> None:
    found = [wrong for case in cuts(work, frozenset({forgotten})) for wrong in losses(*case)]
    assert any("promised and is lost" in wrong for wrong in found)


def test_d7_after_any_cut_of_a_seal_the_rest_can_be_salvaged_or_cleared_away() -> None:
    for _, disk in cuts(seal_one):
        if "spool" not in disk.names(Path("/")):
            continue
        with open_spool(disk) as spool:
            for entry in list(spool.scan()):
                if isinstance(entry, PartFile) or (isinstance(entry, Orphan) and entry.kind == "data-without-sidecar"):
                    spool.reseal(entry, keep_bytes=entry.bytes // 2, sidecar=sidecar)
            for entry in list(spool.scan()):
                if isinstance(entry, Orphan):
                    spool.release(entry)
            assert all(isinstance(entry, Segment) for entry in spool.scan())
        assert losses(Acknowledged(), disk) == []


def test_d8_the_open_number_never_goes_back_over_a_cut() -> None:
    def reopen(spool: Spool, promised: Acknowledged) -> None:
        first = spool.open_number
        spool.close()
        again = open_spool(spool.files)  # type: ignore[arg-type]
        assert again.open_number == first + 1
        promised.records["number"] = str(again.open_number).encode()

    for promised, disk in cuts(reopen):
        if "spool" in disk.names(Path("/")):
            expected = int(promised.records.get("number", b"0")) + 1
            assert open_spool(disk).open_number >= expected


def test_the_simulated_disk_forgets_what_was_not_synced() -> None:
    files = SimulatedFiles()
    fd = files.create(Path("/a"))
    files.writev(fd, [b"abcd"])
    states = {
        (tuple(disk.names(Path("/"))), disk.read(Path("/a")) if disk.names(Path("/")) else b"")
        for disk in files.crashes()
    }
    assert states == {((), b""), (("a",), b""), (("a",), b"ab"), (("a",), b"abcd")}
    files.fsync(fd)
    files.fsync_directory(Path("/"))
    (only,) = files.crashes()
    assert only.read(Path("/a")) == b"abcd"
    assert only.stat(Path("/a")) == Stat(4, 0, is_directory=False)
