from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest
from support.simulated_files import SimulatedFiles

from storage.checksum import sha256_of
from storage.errors import SpoolBusy, SpoolFailed, SpoolForeign, SpoolFull, SpoolTaken
from storage.spool import Orphan, PartFacts, PartFile, Record, Segment, Spool

ROOT = Path("/spool")


def sidecar(facts: PartFacts) -> bytes:
    return f"{facts.bytes} {facts.sha256}".encode()


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool.open(tmp_path / "spool", owner="site", exclusive=False)


@pytest.fixture
def files() -> SimulatedFiles:
    return SimulatedFiles()


@pytest.fixture
def simulated(files: SimulatedFiles) -> Spool:
    return Spool.open(ROOT, owner="site", exclusive=True, files=files)


def sealed(spool: Spool, name: str, data: bytes = b"data") -> Segment:
    part = spool.begin("cam", name)
    part.write(data)
    return part.seal(sidecar)


def test_a_sealed_segment_has_its_bytes_its_hash_and_its_sidecar(spool: Spool) -> None:
    part = spool.begin("cam-1", "a.b_c-1")
    part.write(b"one")
    part.write([b"two", bytearray(b"three"), memoryview(b"four"), b""])
    assert (part.size, part.sha256) == (15, sha256_of(b"onetwothreefour"))
    result = part.seal(sidecar)
    assert result.path.read_bytes() == b"onetwothreefour"
    assert result.sidecar_path.read_bytes() == sidecar(PartFacts("cam-1", "a.b_c-1", 15, result.sha256))
    (found,) = spool.scan("cam-1")
    assert isinstance(found, Segment)
    assert (found.path, found.bytes, found.name) == (result.path, 15, "a.b_c-1")
    assert not list(result.path.parent.glob("*.part"))


def test_many_pieces_and_short_writes_are_written_whole(simulated: Spool, files: SimulatedFiles) -> None:
    files.largest_write = 7
    pieces = [bytes([number % 251]) * (number % 5) for number in range(3000)]
    part = simulated.begin("cam", "a")
    part.write(pieces)
    result = part.seal(sidecar)
    assert files.read(result.path) == b"".join(pieces)
    assert result.sha256 == sha256_of(b"".join(pieces))


def test_write_back_is_asked_for_while_a_large_part_grows(simulated: Spool, files: SimulatedFiles) -> None:
    asked: list[tuple[int, int]] = []

    def remember(fd: int, offset: int, length: int) -> None:
        asked.append((offset, length))

    files.start_write_back = remember  # type: ignore[method-assign]
    part = simulated.begin("cam", "a")
    for _ in range(100):
        part.write(bytes(100_000))
    assert [offset for offset, _ in asked] == [0, 4_400_000]
    assert {length for _, length in asked} == {4_400_000}


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".hidden", "a/b", "../a", "a b", "я", "a\n", "x" * 161, "a.mp4", "a.tmp", "a.record"]
)
def test_a_name_that_could_leave_its_place_is_refused(spool: Spool, name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        spool.begin("cam", name)
    with pytest.raises(ValueError, match="name"):
        spool.put_record("cam", name, b"")


@pytest.mark.parametrize("queue", ["", "..", ".quarantine", "a/b", "SPOOL.json/.."])
def test_a_queue_that_could_leave_the_spool_is_refused(spool: Spool, queue: str) -> None:
    with pytest.raises(ValueError, match="name"):
        spool.begin(queue, "a")
    with pytest.raises(ValueError, match="name"):
        list(spool.scan(queue))


def test_a_name_is_given_once(spool: Spool) -> None:
    part = spool.begin("cam", "a")
    with pytest.raises(SpoolTaken):
        spool.begin("cam", "a")
    part.write(b"x")
    part.seal(sidecar)
    with pytest.raises(SpoolTaken):
        spool.begin("cam", "a")
    spool.put_record("cam", "gap", b"1")
    with pytest.raises(SpoolTaken):
        spool.begin("cam", "gap")


def test_a_record_is_kept_and_the_same_again_is_no_error(spool: Spool) -> None:
    record = spool.put_record("cam", "gap-1", b'{"cause": "x"}')
    assert spool.put_record("cam", "gap-1", b'{"cause": "x"}').path == record.path
    with pytest.raises(SpoolTaken):
        spool.put_record("cam", "gap-1", b"other")
    (found,) = spool.scan()
    assert isinstance(found, Record)
    assert found.path.read_bytes() == b'{"cause": "x"}'


def test_an_abandoned_part_leaves_nothing(spool: Spool) -> None:
    part = spool.begin("cam", "a")
    part.write(b"x")
    part.abandon()
    part.abandon()
    assert list(spool.scan()) == []
    with pytest.raises(SpoolFailed):
        part.write(b"y")


def test_a_part_that_was_left_is_found_and_resealed_to_what_is_whole(spool: Spool) -> None:
    part = spool.begin("cam", "a")
    part.write(b"whole|torn")
    part.leave()
    (found,) = spool.scan("cam")
    assert isinstance(found, PartFile)
    with pytest.raises(ValueError, match="keep_bytes"):
        spool.reseal(found, keep_bytes=11, sidecar=sidecar)
    result = spool.reseal(found, keep_bytes=6, sidecar=sidecar)
    assert result.path.read_bytes() == b"whole|"
    assert result.sha256 == sha256_of(b"whole|")
    (entry,) = spool.scan("cam")
    assert isinstance(entry, Segment)


def test_release_is_repeatable_and_takes_the_journal_along(spool: Spool) -> None:
    segment = sealed(spool, "a")
    segment.path.with_name("a.mp4.journal").write_bytes(b"{}")
    (found,) = spool.scan()
    spool.release(found)
    spool.release(found)
    assert list(segment.path.parent.iterdir()) == []


def test_every_kind_of_litter_is_named(spool: Spool) -> None:
    folder = sealed(spool, "whole").path.parent
    for name in ("lone.mp4", "bare.json", "draft.json.tmp", "gone.mp4.journal", "what.txt", ".x"):
        (folder / name).write_bytes(b"")
    (folder / "whole.mp4.journal").write_bytes(b"{}")
    (folder / "folder").mkdir()
    kinds = {e.path.name: e.kind for e in spool.scan() if isinstance(e, Orphan)}
    assert kinds == {
        "lone.mp4": "data-without-sidecar",
        "bare.json": "sidecar-without-data",
        "draft.json.tmp": "draft",
        "gone.mp4.journal": "journal",
        "what.txt": "unknown",
        ".x": "unknown",
    }
    assert [e.name for e in spool.scan() if isinstance(e, Segment)] == ["whole"]
    for entry in list(spool.scan()):
        spool.release(entry)
    assert list(spool.scan()) == []


def test_a_quarantined_entry_is_listed_no_more_and_kept_with_its_reason(spool: Spool) -> None:
    for _ in range(2):
        place = spool.quarantine(sealed(spool, "a", b"bad"), "hash differs")
        assert place.read_bytes() == b"bad"
        assert place.with_name(place.name.replace(".mp4", ".json")).exists()
        note = place.with_name(place.name.replace(".mp4", ".reason.json"))
        assert json.loads(note.read_bytes())["reason"] == "hash differs"
    assert list(spool.scan()) == []
    assert spool.usage().bytes == 0
    assert spool.queues() == ["cam"]


def test_usage_counts_bytes_files_and_the_oldest_per_queue(spool: Spool) -> None:
    first = sealed(spool, "a", bytes(1000))
    sealed(spool, "b", bytes(10))
    part = spool.begin("other", "c")
    part.write(bytes(7))
    usage = spool.usage("cam")
    assert (usage.files, usage.segments, usage.oldest_modified_us) == (4, 2, first.modified_us)
    assert usage.bytes == 1010 + sum(p.stat().st_size for p in first.path.parent.glob("*.json"))
    assert spool.usage("other").bytes == 7
    assert spool.usage().bytes == usage.bytes + 7
    assert spool.usage("empty").files == 0
    part.leave()


def test_d6_a_failed_fsync_is_never_tried_again_on_that_file(simulated: Spool, files: SimulatedFiles) -> None:
    part = simulated.begin("cam", "a")
    part.write(b"data")
    files.fail["fsync"] = OSError(errno.EIO, "i/o error")
    with pytest.raises(SpoolFailed, match="EIO"):
        part.seal(sidecar)
    before = files.log.count("fsync")
    with pytest.raises(SpoolFailed):
        part.seal(sidecar)
    with pytest.raises(SpoolFailed):
        part.write(b"more")
    assert files.log.count("fsync") == before
    assert [type(entry) for entry in simulated.scan()] == [PartFile]


@pytest.mark.parametrize("operation", ["write", "fsync", "close", "rename", "fsync-directory", "create"])
def test_d6_an_error_of_any_step_of_a_seal_means_not_stored(
    simulated: Spool, files: SimulatedFiles, operation: str
) -> None:
    part = simulated.begin("cam", "a")
    part.write(b"data")
    files.fail[operation] = OSError(errno.EIO, "i/o error")
    with pytest.raises(SpoolFailed):
        part.seal(sidecar)
    assert part.failed
    for entry in simulated.scan():
        if isinstance(entry, Segment):  # the last step failed: whole all the same, and durable by now
            assert operation == "fsync-directory"
            assert files.read(entry.path) == b"data"


def test_a_full_disk_takes_the_piece_back_and_the_part_can_still_be_sealed(
    simulated: Spool, files: SimulatedFiles
) -> None:
    part = simulated.begin("cam", "a")
    part.write(b"before")
    files.largest_write = 3
    write, calls = files.writev, 0

    def full_at_the_second(fd: int, pieces: list[bytes]) -> int:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise OSError(errno.ENOSPC, "full")
        return write(fd, pieces)

    files.writev = full_at_the_second  # type: ignore[method-assign,assignment]
    with pytest.raises(SpoolFull):
        part.write(b"does not fit")
    assert (part.size, part.failed) == (6, False)
    part.write(b"|after")
    assert files.read(part.seal(sidecar).path) == b"before|after"


def test_a_write_error_ends_the_part(simulated: Spool, files: SimulatedFiles) -> None:
    part = simulated.begin("cam", "a")
    files.fail["write"] = OSError(errno.EIO, "i/o error")
    with pytest.raises(SpoolFailed):
        part.write(b"x")
    with pytest.raises(SpoolFailed):
        part.seal(sidecar)
    part.abandon()
    assert list(simulated.scan()) == []


def test_d10_the_reserve_is_kept_for_others_but_a_gap_may_still_be_told() -> None:
    files = SimulatedFiles()
    spool = Spool.open(ROOT, owner="site", exclusive=True, reserve_bytes=1000, files=files)
    part = spool.begin("cam", "a")
    files.free = 1000
    assert spool.free_bytes() == 0
    with pytest.raises(SpoolFull):
        spool.begin("cam", "b")
    part.write(bytes(2 << 20))
    with pytest.raises(SpoolFull):
        part.write(b"x")
    assert part.seal(sidecar).bytes == 2 << 20
    spool.put_record("cam", "gap", b"spool-full")


def test_d8_another_owner_s_spool_is_refused(tmp_path: Path) -> None:
    Spool.open(tmp_path / "s", owner="one", exclusive=False).close()
    with pytest.raises(SpoolForeign):
        Spool.open(tmp_path / "s", owner="two", exclusive=True)
    Spool.open(tmp_path / "s", owner="one", exclusive=True).close()


def test_d8_a_directory_with_files_and_no_marker_is_refused(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"")
    with pytest.raises(SpoolForeign):
        Spool.open(tmp_path, owner="site", exclusive=True)
    assert [p.name for p in tmp_path.iterdir()] == ["holiday.jpg"]


def test_d8_an_unmounted_spool_an_older_copy_and_a_strange_one_are_refused(tmp_path: Path) -> None:
    with Spool.open(tmp_path / "s", owner="site", exclusive=True) as spool:
        known = spool.uuid
    with Spool.open(tmp_path / "s", owner="site", exclusive=True, expect_uuid=known, at_least_open=1) as spool:
        assert (spool.uuid, spool.open_number) == (known, 2)
    with pytest.raises(SpoolForeign, match="older"):
        Spool.open(tmp_path / "s", owner="site", exclusive=True, at_least_open=3)
    with pytest.raises(SpoolForeign):
        Spool.open(tmp_path / "s", owner="site", exclusive=True, expect_uuid="0" * 32)
    (tmp_path / "unmounted").mkdir()
    with pytest.raises(SpoolForeign, match="mounted"):
        Spool.open(tmp_path / "unmounted", owner="site", exclusive=True, expect_uuid=known)
    with Spool.open(tmp_path / "s", owner="site", exclusive=False) as spool:
        assert spool.open_number == 2


def test_d8_a_marker_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    for text in ("", "{}", "[]", '{"version": 2, "uuid": "a", "owner": "site", "open_number": 1}'):
        (tmp_path / "SPOOL.json").write_text(text)
        with pytest.raises(SpoolForeign):
            Spool.open(tmp_path, owner="site", exclusive=True)


def test_d8_two_exclusive_openings_do_not_meet(tmp_path: Path) -> None:
    first = Spool.open(tmp_path / "s", owner="site", exclusive=True)
    with pytest.raises(SpoolBusy):
        Spool.open(tmp_path / "s", owner="site", exclusive=True)
    first.close()
    first.close()
    Spool.open(tmp_path / "s", owner="site", exclusive=True).close()
