"""The seal key changes by two people, announced by the seal before; old packages stay provable from either paper."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from support.evidence_house import CAMERAS
from support.sealed_days import new_key

from camera_gateway.errors import Refused
from camera_gateway.evidence import verifier
from camera_gateway.evidence.seal import parse_seal
from camera_gateway.evidence.signing import known_keys

if TYPE_CHECKING:
    from pathlib import Path

    from support.evidence_house import House


async def rotated(house: House) -> Any:  # noqa: ANN401 - JSON
    house.people.user("dana", ("administrator", "all"))
    _, token = house.people.token("dana")
    return await house.people.do(house.alia, "seal.rotate", reason="the operator has left", second=token)


def seals_of(house: House) -> list[Any]:
    store, found = house.people.gateway.store, []
    for blob in store.list("v1/kg-12/seals/"):
        if blob.key.endswith(".txt"):
            with store.get(blob.key) as chunks:
                found.append(parse_seal(b"".join(chunks), blob.key))
    return found


def by_shell(package: Path, *paper: str) -> list[str]:
    done = subprocess.run(
        ["/bin/sh", package / "verify.sh", package, *paper], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    failed = [line.split()[1].rstrip(":") for line in done.stdout.splitlines() if line.startswith("FAIL  ")]
    assert bool(failed) == bool(done.returncode)
    return failed


def by_python(package: Path, *paper: str) -> list[str]:
    return [name for name, _ in verifier.verify(package, *paper).failures]


async def test_the_key_is_announced_then_signs_and_old_footage_is_proven_from_either_paper(
    house: House, tmp_path: Path
) -> None:
    house.record(CAMERAS[0])
    await house.seal()
    change = await rotated(house)
    await house.seal()
    await house.seal()
    last = seals_of(house)
    assert {seal.key for seal in last} == {change["key"], change["next_key"]}
    announcing = [seal.day for seal in last if seal.next_key == change["next_key"]]
    assert announcing
    assert all((seal.key == change["key"]) == (seal.day <= max(announcing)) for seal in last)
    keys = house.people.gateway.data_dir / "keys"
    assert set(known_keys(keys)) == {change["key"], change["next_key"]}
    assert not (keys / "next").exists()
    checked = await house.people.do(house.alia, "seal.verify")
    assert (checked["ok"], checked["key"]) == (True, change["next_key"]), checked

    report = await house.export(await house.ask(), tmp_path / "d")
    assert report["findings"] == []
    for verify in (by_python, by_shell):
        for paper in ((), (change["key"],), (change["next_key"],)):
            assert verify(tmp_path / "d", *paper) == [], (verify, paper)
        assert verify(tmp_path / "d", new_key(9).public.fingerprint) != []
    done = subprocess_python(tmp_path / "d", change["key"])
    assert done.returncode == 0, done.stdout
    older = next((tmp_path / "d").glob("KEY.*.pub"))
    older.write_bytes(new_key(9).public.pem)
    for verify in (by_python, by_shell):
        assert verify(tmp_path / "d") != []
    actions = [row.action for row in house.people.audit()]
    assert actions.index("seal.key-announce") < actions.index("seal.key-change")


def subprocess_python(package: Path, paper: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", str(package / "verify.py"), str(package), "--fingerprint", paper]
    return subprocess.run(command, capture_output=True, text=True, check=False)


async def test_one_person_changes_no_key_and_two_changes_do_not_overlap(house: House) -> None:
    with pytest.raises(Refused) as refused:
        await house.people.do(house.alia, "seal.rotate", reason="alone")
    assert refused.value.code == "second-person"
    await rotated(house)
    _, token = house.people.token("dana")
    with pytest.raises(Refused) as refused:
        await house.people.do(house.alia, "seal.rotate", reason="again", second=token)
    assert refused.value.code == "rotation-begun"


async def test_a_key_that_was_put_in_place_without_being_announced_is_named(house: House) -> None:
    house.record(CAMERAS[0])
    await house.seal()
    keys = house.people.gateway.data_dir / "keys"
    (keys / "retired").mkdir()
    (keys / "seal.pub").rename(keys / "retired" / "seal-old.pub")
    (keys / "seal.key").unlink()
    type(new_key()).create(keys)
    await house.seal()
    checked = await house.people.do(house.alia, "seal.verify")
    assert "did not announce" in " ".join(failure["reason"] for failure in checked["failures"])
