from __future__ import annotations

import errno
import io
from pathlib import Path

import pytest
from support.simulated_files import PowerCutError, SimulatedFiles

from storage.checksum import (
    HashingWriter,
    check_hex,
    from_header,
    sha256_of,
    sha256_of_chunks,
    sha256_of_file,
    to_header,
)
from storage.files import (
    RealFiles,
    atomic_replace,
    exclusive_create,
    fsync_directory,
)

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-4, example


def test_sha256_is_the_standard_s_and_the_same_by_every_way(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    writer = HashingWriter(io.BytesIO())
    writer.write(b"a")
    writer.write(b"bc")
    assert {sha256_of(b"abc"), sha256_of_chunks([b"a", b"", b"bc"]), sha256_of_file(tmp_path / "f")} == {ABC}
    assert (writer.sha256, writer.size) == (ABC, 3)


def test_bytes_that_the_target_refused_are_not_hashed() -> None:
    class Refusing:
        def write(self, _data: bytes, /) -> int:
            raise OSError(errno.EIO, "no")

    writer = HashingWriter(Refusing())
    with pytest.raises(OSError, match="no"):
        writer.write(b"abc")
    assert (writer.size, writer.sha256) == (0, sha256_of(b""))


def test_the_header_form_goes_there_and_back() -> None:
    assert to_header(ABC) == "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
    assert from_header(to_header(ABC)) == ABC


@pytest.mark.parametrize("value", [None, "", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=-2", "AAAA", "%%%", "é"])
def test_a_header_that_is_no_hash_of_the_whole_is_not_believed(value: str | None) -> None:
    assert from_header(value) is None


@pytest.mark.parametrize("value", ["", "a" * 63, "A" * 64, "g" * 64, ABC + "\n"])
def test_only_64_lower_case_digits_are_a_hash(value: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        check_hex(value)


def test_exclusive_create_refuses_a_taken_name_and_leaves_it_alone(tmp_path: Path) -> None:
    exclusive_create(tmp_path / "f", b"first")
    with pytest.raises(FileExistsError):
        exclusive_create(tmp_path / "f", b"second")
    assert (tmp_path / "f").read_bytes() == b"first"
    assert (tmp_path / "f").stat().st_mode & 0o777 == 0o600


def test_exclusive_create_leaves_no_half_file_behind() -> None:
    files = SimulatedFiles()
    files.fail["fsync"] = OSError(errno.EIO, "no")
    with pytest.raises(OSError, match="no"):
        exclusive_create(Path("/f"), b"data", files)
    assert files.names(Path("/")) == []


def test_atomic_replace_leaves_the_old_file_when_it_fails() -> None:
    files = SimulatedFiles()
    atomic_replace(Path("/f"), b"old", files)
    for operation in ("write", "fsync", "close", "rename"):
        files.fail[operation] = OSError(errno.EIO, "no")
        with pytest.raises(OSError, match="no"):
            atomic_replace(Path("/f"), b"new", files)
        assert files.read(Path("/f")) == b"old"
    atomic_replace(Path("/f"), b"new", files)
    assert files.read(Path("/f")) == b"new"
    assert files.names(Path("/")) == ["f"]


def test_atomic_replace_is_old_or_new_at_every_cut() -> None:
    for cut_at in range(5):
        files = SimulatedFiles()
        atomic_replace(Path("/f"), b"old", files)
        files.cut_at = files.done + cut_at
        with pytest.raises(PowerCutError):
            atomic_replace(Path("/f"), b"new", files)
        for disk in files.crashes():
            assert disk.read(Path("/f")) in (b"old", b"new")


def test_the_real_files_do_what_the_simulated_ones_do(tmp_path: Path) -> None:
    files = RealFiles()
    files.make_directory(tmp_path / "d")
    with pytest.raises(FileExistsError):
        files.make_directory(tmp_path / "d")
    fd = files.create(tmp_path / "d" / "f")
    assert files.writev(fd, [b"ab", b"cd"]) == 4
    files.truncate(fd, 3)
    files.writev(fd, [b"X"])
    files.start_write_back(fd, 0, 4)
    files.fsync(fd)
    files.close(fd)
    files.fsync_directory(tmp_path / "d")
    assert files.read(tmp_path / "d" / "f") == b"abcX"
    assert files.read(tmp_path / "d" / "f", 1, 2) == b"bc"
    fd = files.open_existing(tmp_path / "d" / "f")
    files.writev(fd, [b"!"])
    files.close(fd)
    assert files.stat(tmp_path / "d" / "f").bytes == 5
    assert files.names(tmp_path / "d") == ["f"]
    assert files.stat(tmp_path / "d").is_directory
    fsync_directory(tmp_path / "d")
    (tmp_path / "link").symlink_to(tmp_path / "d" / "f")
    with pytest.raises(OSError, match="symbolic"):
        files.open_existing(tmp_path / "link")
