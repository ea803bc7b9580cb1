"""A package holds the original bytes and everything that proves them, and its verifier names each tampering."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest
from support.clips import FPS, WALL_US, h264_clip

from camera_gateway.clock import US
from camera_gateway.domain.ids import CameraId
from camera_gateway.errors import Refused
from camera_gateway.evidence import verifier
from camera_gateway.media.judge import decode_all, list_packets

if TYPE_CHECKING:
    from pathlib import Path

    from support.evidence_house import House

HALL, YARD = CameraId("kg-hall"), CameraId("kg-yard")


def failing(path: Path) -> set[str]:
    return {name for name, _ in verifier.verify(path).failures}


def names(directory: Path, pattern: str = "*") -> set[str]:
    return {path.name for path in directory.glob(pattern)}


def checked(package: Path, *command: str) -> None:
    """Hold a verifier in the package to exit 0."""
    done = subprocess.run(command, cwd=package, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def objects(store: Path, sha256: str) -> list[Path]:
    files = [path for path in store.rglob("*") if path.is_file()]
    return [path for path in files if hashlib.sha256(path.read_bytes()).hexdigest() == sha256]


def original(package: Path) -> Path:
    """One of the segments."""
    return next(path for path in sorted(package.glob("*.mp4")) if path.name[0].isdigit())


def head_of(package: Path) -> dict[str, str]:
    return verifier.parse_signed((package / "EXPORT.txt").read_text())[0]


async def test_a_sealed_span_is_packed_bit_for_bit_and_verifies_as_zip_and_as_directory(
    house: House, tmp_path: Path
) -> None:
    sealed = house.record(HALL)
    await house.seal()
    request = await house.ask()
    report = await house.export(request, tmp_path / "p.zip")
    assert report["findings"] == []
    assert report["unsealed_days"] == []
    assert failing(tmp_path / "p.zip") == set()
    with zipfile.ZipFile(tmp_path / "p.zip") as archive:
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        hashes = {hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}
        assert {sidecar.sha256 for sidecar in sealed} <= hashes
        assert archive.namelist()[-2:] == ["EXPORT.txt", "EXPORT.sig"]
    await house.export(request, tmp_path / "d")
    found = verifier.verify(tmp_path / "d")
    assert found.failures == []
    assert found.counts["segments"] == len(sealed)
    head = head_of(tmp_path / "d")
    assert head["requester"] == "следователь А. Серік"
    assert (head["asked-by"], head["approved-by"]) == ("token:alia", "token:berik")
    assert head["missing-s"] == "0.000"
    assert names(tmp_path, ".*.part") == set()


async def test_the_enclosed_verifiers_pass_without_this_software(house: House, tmp_path: Path) -> None:
    house.record(HALL)
    await house.seal()
    package = tmp_path / "d"
    await house.export(await house.ask(), package)
    checked(package, sys.executable, "-I", "verify.py", ".")
    checked(package, "sh", "verify.sh", ".")


async def test_each_tampering_is_named(house: House, tmp_path: Path) -> None:
    house.record(HALL)
    await house.seal()
    package = tmp_path / "d"
    await house.export(await house.ask(), package)
    segment = original(package)
    for path, change in (
        (package / "EXPORT.txt", lambda data: data.replace(b"26-7510", b"26-7511")),
        (package / "CUSTODY.tsv", lambda data: data.replace(b"alia", b"alya")),
        (package / "SPAN-GAPS.tsv", lambda data: data + b"x"),
        (segment, lambda data: data[:-1] + bytes([data[-1] ^ 1])),
        (package / "DERIVATIVE.kg-hall.mp4", lambda data: data + b"x"),
    ):
        before = path.read_bytes()
        path.write_bytes(change(before))
        assert path.name in failing(package)
        path.write_bytes(before)
    (package / "added.txt").write_text("x")
    assert failing(package) == {"added.txt"}
    (package / "added.txt").unlink()
    segment.unlink()
    assert failing(package) == {segment.name}


async def test_a_day_that_is_not_sealed_is_said_to_be_so_and_vouched_for_by_the_export(
    house: House, tmp_path: Path
) -> None:
    house.record(HALL, store=False)
    report = await house.export(await house.ask(), tmp_path / "d")
    assert report["unsealed_days"] == ["2023-11-14"]
    found = verifier.verify(tmp_path / "d")
    assert found.failures == []
    assert any("not sealed" in note for note in found.notes)
    assert head_of(tmp_path / "d")["unsealed-segments"] == "3"
    checked(tmp_path / "d", "sh", "verify.sh", ".")
    segment = original(tmp_path / "d")
    segment.write_bytes(b"x")
    assert failing(tmp_path / "d") == {segment.name}


async def test_the_derivative_shows_exactly_the_span_with_the_boxes_of_onvif(house: House, tmp_path: Path) -> None:
    house.record(HALL)
    await house.export(await house.ask(1.0, 4.0), tmp_path / "d")
    made = tmp_path / "d" / "DERIVATIVE.kg-hall.mp4"
    with made.open("rb") as file:
        shown = [time for time in decode_all(file).video_s if time >= 0]
        assert abs(len(shown) - 3 * FPS) <= 1
        file.seek(0)
        got = [packet.nal_hashes for packet in list_packets(file) if packet.kind == "video"]
    sent = [tuple(hashlib.sha256(nal).hexdigest() for nal in unit.nals) for unit in h264_clip(150).units]
    assert all(unit in sent for unit in got)
    data = made.read_bytes()
    assert b"suep" in data
    assert b"token:alia" in data
    start = int.from_bytes(data[-8:], "big")
    assert start // 10 - 11_644_473_600_000_000 == WALL_US + US
    assert "DERIVATIVE.README.txt" in names(tmp_path / "d")


async def test_no_recording_is_a_signed_certificate_with_the_causes(house: House, tmp_path: Path) -> None:
    house.gap(HALL, 0, 6)
    await house.seal()
    report = await house.export(await house.ask(), tmp_path / "d")
    assert report["nothing"]
    assert report["segments"] == 0
    assert failing(tmp_path / "d") == set()
    assert head_of(tmp_path / "d")["result"] == "no recording exists"
    for language in ("kk", "ru", "en"):
        assert "camera-unreachable" in (tmp_path / "d" / f"NO-RECORDING.{language}.txt").read_text()
    (tmp_path / "d" / "NO-RECORDING.ru.txt").write_text("есть")
    assert failing(tmp_path / "d") == {"NO-RECORDING.ru.txt"}


async def test_a_damaged_object_is_packed_as_it_is_and_named_by_all(house: House, tmp_path: Path) -> None:
    sealed = house.record(HALL)
    await house.seal()
    wrong = sealed[1]
    spooled = house.loaded.settings.site.data_dir / "spool" / HALL / f"{wrong.segment}.mp4"
    spooled.write_bytes(b"torn")
    assert (await house.export(await house.ask(), tmp_path / "sound"))["findings"] == []
    damaged = objects(tmp_path / "store", wrong.sha256)
    assert damaged
    for path in damaged:
        data = bytearray(path.read_bytes())
        data[100] ^= 1
        path.chmod(0o600)
        path.write_bytes(data)
    report = await house.export(await house.ask(), tmp_path / "d")
    assert {finding["invariant"] for finding in report["findings"]} == {"C2"}
    assert failing(tmp_path / "d") == {f"{wrong.start_us:016d}-{wrong.sha256[:16]}.mp4"}


async def test_the_hold_is_there_before_the_approval_and_nobody_approves_alone(house: House, tmp_path: Path) -> None:
    house.record(HALL)
    span = {"from_us": WALL_US, "to_us": WALL_US + 6 * US}
    asked = {"requester": "a", "body": "b", "legal_ground": "c", "case": "d", "cameras": [HALL], **span}
    made = await house.people.do(house.alia, "evidence.request", **asked)
    actions = [row.action for row in house.people.audit()]
    assert actions.index("hold.place") < actions.index("evidence.request")
    assert made["hold"]["confirmed"]
    request = made["request"]["id"]
    for step, code in (("evidence.export-plan", "not-approved"), ("evidence.approve", "second-person")):
        with pytest.raises(Refused) as refused:
            await house.people.do(house.alia, step, request=request)
        assert refused.value.code == code
    await house.people.do(house.berik, "evidence.approve", request=request)
    with pytest.raises(Refused):
        await house.people.do(house.berik, "evidence.approve", request=request)
    plan = await house.people.do(house.alia, "evidence.export-plan", request=request)
    assert house.people.last().action == "evidence.export", "audited before the first byte"
    done = {"package": plan["package"], "made": {}, "changed": {"strange.txt": "0" * 64}, "absent": []}
    with pytest.raises(Exception, match="not what was planned"):
        await house.people.do(house.alia, "evidence.export-finish", **done)


async def test_an_incident_is_held_entered_and_told_in_one_step(house: House) -> None:
    house.record(HALL)
    before_us = house.clock.now_us()
    at_us = WALL_US + 2 * US
    found = await house.people.do(
        house.alia, "incident.report", institution="kg-12", cameras=[HALL], at_us=at_us, text="Упал ребёнок"
    )
    assert found["hold"]["confirmed"]
    assert found["hold"]["segments"] == 3
    assert set(found["notices"]) == {
        f"incident-1.{who}.{language}.txt" for who in ("police", "prosecutor") for language in ("ru", "kk")
    }
    row = next(row for row in house.people.audit() if row.action == "incident.report")
    assert row.at_us == before_us
    assert all(row.digest in text and "Упал ребёнок" in text for text in found["notices"].values())
    holds = await house.people.do(house.alia, "hold.list")
    assert [hold["cameras"] for hold in holds] == [[HALL]]
    assert [incident["id"] for incident in await house.people.do(house.alia, "incident.list")] == ["incident-1"]


async def test_a_whole_institution_is_one_package_with_a_copy_to_play_for_each_camera_that_recorded(
    house: House, tmp_path: Path
) -> None:
    house.record(HALL)
    house.gap(YARD, 0, 6)
    await house.seal()
    request = await house.ask(-10, 16, cameras=[], institution="kg-12", zone="hall")
    report = await house.export(request, tmp_path / "d")
    assert failing(tmp_path / "d") == set()
    assert names(tmp_path / "d", "DERIVATIVE.*.mp4") == {"DERIVATIVE.kg-hall.mp4"}
    assert {gap["camera"] for gap in report["gaps"]} == {HALL, YARD}
    assert report["missing_s"] == 20 + 26
    assert head_of(tmp_path / "d")["camera"] == f"{HALL} {YARD}"
