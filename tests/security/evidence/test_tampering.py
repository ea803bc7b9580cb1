"""Each way of tampering is named at the file that was tampered with: by verify.py alone, by the command, by openssl.

The directory is what somebody downloads from the bucket, or a package; whoever tampers has everything but the key.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from support.sealed_days import CAMERAS, FIRST, SEGMENTS, Sealed, new_key, seal_of, sealed_days

from camera_gateway.cli.main import main
from camera_gateway.domain.naming import ManifestKind, tombstones_name
from camera_gateway.evidence import enclosures, verifier
from camera_gateway.evidence.seal import parse_seal
from storage.checksum import sha256_of

if TYPE_CHECKING:
    from collections.abc import Callable

CAMERA, OTHER = CAMERAS
VERIFY_PY = Path(verifier.__file__)
VERIFY_SH = Path(enclosures.__file__).parent / "texts" / "verify.sh"


@dataclass(frozen=True)
class Tampering:
    """What was done, and the files that have to be named for it, no more and no fewer."""

    do: Callable[[Sealed], list[Path]]
    package: bool = False


def bit_flipped(days: Sealed) -> list[Path]:
    path = days.segment(CAMERA, days.days[0], 2)
    data = bytearray(path.read_bytes())
    data[1_700] ^= 1
    path.write_bytes(data)
    return [path]


def segment_removed(days: Sealed) -> list[Path]:
    path = days.segment(CAMERA, days.days[0], 1)
    path.unlink()
    return [Path(path.name)]


def segments_swapped(days: Sealed) -> list[Path]:
    one, two = (days.segment(CAMERA, days.days[0], number) for number in (0, 3))
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    return [one, two]


def segment_renamed(days: Sealed) -> list[Path]:
    path = days.segment(CAMERA, days.days[0], 1)
    later = path.with_name(f"{int(path.name[:16]) + 5_000_000:016d}{path.name[16:]}")
    path.rename(later)
    return [later]


def day_reordered(days: Sealed) -> list[Path]:
    """The times of two segments are exchanged in the index, and their lines with them."""
    path = days.manifest(CAMERA, days.days[0], ManifestKind.INDEX)
    first, second, *rest = path.read_text().splitlines(keepends=True)
    one, two = json.loads(first), json.loads(second)
    for name in ("start", "end", "media_start_us"):
        one[name], two[name] = two[name], one[name]
    path.write_text("".join([json.dumps(two) + "\n", json.dumps(one) + "\n", *rest]))
    return [path]


def manifest_edited(days: Sealed) -> list[Path]:
    """A segment is replaced, and its hash in the list as well."""
    path = days.manifest(CAMERA, days.days[0], ManifestKind.SHA256SUMS)
    path.write_text("f" * 64 + path.read_text()[64:])
    return [path]


def seal_edited(days: Sealed) -> list[Path]:
    path = days.seal(days.days[0])
    path.write_text(path.read_text().replace("0.004 s", "0.000 s"))
    return [path]


def older_seal_replayed(days: Sealed) -> list[Path]:
    for suffix in ("txt", "sig"):
        shutil.copy(days.seal(days.days[0], suffix), days.seal(days.days[1], suffix))
    return [days.seal(days.days[1])]


def gap_deleted(days: Sealed) -> list[Path]:
    path = days.manifest(CAMERA, days.days[0], ManifestKind.GAPS)
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:1]))
    return [path]


def key_replaced(days: Sealed) -> list[Path]:
    path = days.root / "seal.pub"
    path.write_bytes(new_key(2).public.pem)
    return [path]


def export_edited(days: Sealed) -> list[Path]:
    path = days.root / "EXPORT.txt"
    path.write_text(path.read_text().replace("A. Serik", "B. Serik"))
    return [path]


def file_added(days: Sealed) -> list[Path]:
    path = days.segment(CAMERA, days.days[0], 0).with_name("1795219200000001-0123456789abcdef.mp4")
    path.write_bytes(b"footage that nobody recorded")
    return [path]


def file_added_to_package(days: Sealed) -> list[Path]:
    path = days.root / "statement.pdf"
    path.write_bytes(b"%PDF")
    return [path]


def derivative_edited(days: Sealed) -> list[Path]:
    path = days.root / "DERIVATIVE.cam-01.mp4"
    path.write_bytes(b"another scene")
    return [path]


def gap_file_removed(days: Sealed) -> list[Path]:
    path = days.manifest(OTHER, days.days[1], ManifestKind.GAPS)
    path.unlink()
    return [path]


def signature_removed(days: Sealed) -> list[Path]:
    path = days.seal(days.days[1], "sig")
    path.unlink()
    return [path]


TAMPERINGS = {
    "a bit flipped": Tampering(bit_flipped),
    "a segment removed": Tampering(segment_removed),
    "segments swapped": Tampering(segments_swapped),
    "a segment renamed": Tampering(segment_renamed),
    "the day reordered": Tampering(day_reordered),
    "a manifest edited": Tampering(manifest_edited),
    "the seal edited": Tampering(seal_edited),
    "an older seal replayed": Tampering(older_seal_replayed),
    "a gap deleted": Tampering(gap_deleted),
    "the key replaced": Tampering(key_replaced),
    "the text of an export edited": Tampering(export_edited, package=True),
    "a file added": Tampering(file_added),
    "a file added to a package": Tampering(file_added_to_package, package=True),
    "a copy for convenience edited": Tampering(derivative_edited, package=True),
    "a list of gaps removed": Tampering(gap_file_removed),
    "a signature removed": Tampering(signature_removed),
    "a bit flipped in a package": Tampering(bit_flipped, package=True),
    "a segment removed from a package": Tampering(segment_removed, package=True),
}


def by_python(root: Path, *more: str) -> tuple[int, list[str]]:
    """verify.py as a stranger runs it: no site packages, no environment, nothing of ours beside it."""
    alone = root.parent / "alone"
    alone.mkdir(exist_ok=True)
    script = shutil.copy(VERIFY_PY, alone / "verify.py")
    done = subprocess.run(
        [sys.executable, "-I", "-S", script, root, "--json", *more],
        capture_output=True,
        text=True,
        check=False,
        cwd=alone,
        env={},
    )
    assert done.stderr == ""
    return done.returncode, [item["file"] for item in json.loads(done.stdout)["failures"]]


def by_command(root: Path, *more: str) -> tuple[int, list[str]]:
    done = CliRunner().invoke(main, ["evidence", "verify", str(root), "--json", *more])
    assert done.stderr == ""
    found = json.loads(done.stdout)
    assert found["ok"] == (done.exit_code == 0)
    return done.exit_code, [item["file"] for item in found["failures"]]


def by_shell(root: Path, *more: str) -> tuple[int, list[str]]:
    """verify.sh, with openssl and coreutils from the system and nothing else on the path."""
    done = subprocess.run(
        ["/bin/sh", VERIFY_SH, root, *more],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin"},
    )
    assert done.stderr == "", done.stderr
    failures = [line for line in done.stdout.splitlines() if line.startswith("FAIL  ")]
    return done.returncode, [line.removeprefix("FAIL  ").partition(": ")[0] for line in failures]


VERIFIERS = {"verify.py": by_python, "evidence verify": by_command, "verify.sh": by_shell}


def made(tmp_path: Path, *, package: bool) -> Sealed:
    days = sealed_days(tmp_path / "days")
    if package:
        days.write_export(hours=(0, SEGMENTS - 1))
    return days


@pytest.mark.parametrize("package", [False, True], ids=["bucket", "package"])
@pytest.mark.parametrize("verify", VERIFIERS.values(), ids=VERIFIERS)
def test_what_nobody_has_touched_is_found_sound(
    tmp_path: Path, verify: Callable[..., tuple[int, list[str]]], *, package: bool
) -> None:
    days = made(tmp_path, package=package)
    assert verify(days.root) == (0, [])


@pytest.mark.parametrize("tampering", TAMPERINGS.values(), ids=TAMPERINGS)
@pytest.mark.parametrize("verify", VERIFIERS.values(), ids=VERIFIERS)
def test_a_tampering_is_named_at_its_file(
    tmp_path: Path, verify: Callable[..., tuple[int, list[str]]], tampering: Tampering
) -> None:
    days = made(tmp_path, package=tampering.package)
    wanted = {days.relative(path) if path.is_absolute() else str(path) for path in tampering.do(days)}
    code, named = verify(days.root)
    assert code == 1
    # what is missing is named by its path where a list of paths says it, else by its name
    assert {name if name in wanted else Path(name).name for name in named} == wanted


@pytest.mark.parametrize("verify", VERIFIERS.values(), ids=VERIFIERS)
def test_a_history_made_anew_with_another_key_fails_by_the_fingerprint_on_paper(
    tmp_path: Path, verify: Callable[..., tuple[int, list[str]]]
) -> None:
    days = sealed_days(tmp_path / "days", key=new_key(666))
    option = [] if verify is by_shell else ["--fingerprint"]
    assert verify(days.root) == (0, [])  # nothing in the files themselves can show it
    assert verify(days.root, *option, new_key().public.fingerprint) == (1, ["seal.pub"])
    assert verify(days.root, *option, new_key(666).public.fingerprint) == (0, [])


@pytest.mark.parametrize("verify", VERIFIERS.values(), ids=VERIFIERS)
def test_a_seal_signed_anew_by_the_key_itself_contradicts_the_next_days_seal(
    tmp_path: Path, verify: Callable[..., tuple[int, list[str]]]
) -> None:
    """The institution has the key: it drops a gap and seals the day again. The next seal knows better."""
    days = sealed_days(tmp_path / "days")
    day = days.days[0]
    files = dict(parse_seal(days.seal(day).read_bytes(), "seal").files)
    gaps = days.manifest(CAMERA, day, ManifestKind.GAPS)
    gaps.write_text("".join(gaps.read_text().splitlines(keepends=True)[:1]))
    files[gaps.name] = sha256_of(gaps.read_bytes())
    days.write_seal(seal_of(day, files, days.key, None))
    assert verify(days.root) == (1, [days.relative(days.seal(day))])


def test_the_printed_commands_are_the_ones_that_work(tmp_path: Path) -> None:
    """The lines of HOW-TO-VERIFY, typed by hand in the directory of one camera-day."""
    days = sealed_days(tmp_path / "days", days=1)
    flat = tmp_path / "flat"
    flat.mkdir()
    for path in days.root.rglob("*"):
        if path.is_file() and "cam-02" not in str(path):
            shutil.copy(path, flat)
    text = enclosures.enclosures()["HOW-TO-VERIFY.en.txt"].decode()
    lines = [line.strip() for line in text.splitlines() if line.startswith("        ")]
    lines = [line.replace("CAM.DAY", "cam-01.DAY").replace("DAY", "2026-11-21") for line in lines]
    assert len(lines) == 4
    outputs = []
    for line in lines:
        done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=False, cwd=flat)
        assert done.returncode == 0, done.stderr
        outputs.append(done.stdout)
    assert f"SHA256:{outputs[0].split()[0]}" == days.key.public.fingerprint
    assert outputs[1] == "Signature Verified Successfully\n"
    assert outputs[2].count(": OK") == 3
    assert outputs[3].count(": OK") == SEGMENTS
    for language in ("kk", "ru"):
        theirs = enclosures.enclosures()[f"HOW-TO-VERIFY.{language}.txt"].decode()
        assert all(line.strip() in theirs for line in text.splitlines() if line.startswith("        "))


def test_the_awk_line_finds_what_is_missing_inside_a_clip(tmp_path: Path) -> None:
    days = sealed_days(tmp_path / "days", days=1)
    path = days.manifest(CAMERA, days.days[0], ManifestKind.GAPS)
    inside: list[str | Path] = ["awk", "-F\t", '$2>"2026-11-21T10:15" && $1<"2026-11-21T10:17"', path]
    before: list[str | Path] = ["awk", "-F\t", '$2>"2026-11-21T01:15" && $1<"2026-11-21T01:17"', path]
    assert "camera-unreachable" in subprocess.run(inside, capture_output=True, text=True, check=True).stdout
    assert subprocess.run(before, capture_output=True, text=True, check=True).stdout == ""


@pytest.mark.parametrize("verify", VERIFIERS.values(), ids=VERIFIERS)
def test_lists_of_deletions_of_two_sites_have_one_name_and_are_not_taken_for_each_other(
    tmp_path: Path, verify: Callable[..., tuple[int, list[str]]]
) -> None:
    days = sealed_days(tmp_path / "days", days=0)
    name = tombstones_name(FIRST)
    paths = []
    for site in ("kg-12", "annex"):
        folder = days.root / "seals" / site / FIRST.isoformat()
        folder.mkdir(parents=True)
        paths.append(folder / name)
        paths[-1].write_text(f"sha256\n{sha256_of(site.encode())}\n")
        seal = replace(seal_of(FIRST, {name: sha256_of(paths[-1].read_bytes())}, days.key, None), site=site)
        (folder / seal.name).write_bytes(seal.text())
        (folder / seal.name.replace(".txt", ".sig")).write_bytes(days.key.sign(seal.text()))
    assert verify(days.root) == (0, [])
    paths[1].write_text("sha256\n")
    assert verify(days.root) == (1, [days.relative(paths[1])])
