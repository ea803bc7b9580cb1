"""`seal make`, `seal verify`, `init` and `doctor` as a shell sees them, with and without a running service."""

from __future__ import annotations

import json
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from support.command_line import INSTITUTION, Directory

from camera_gateway.clock import SystemClock, to_datetime
from camera_gateway.evidence.sealing import SETTLE_US
from camera_gateway.evidence.signing import PublicKey

if TYPE_CHECKING:
    from pathlib import Path


def days_ago(number: int) -> str:
    """Return the day that far back; before half past midnight UTC yesterday is not over yet."""
    return str((to_datetime(SystemClock().now_us() - SETTLE_US) - timedelta(days=number)).date())


def installation(root: Path, *, more: str = "", days: int = 2) -> Directory:
    """One camera that is `days` days old, with nothing recorded."""
    made = Directory(root, more=more, here=True)
    made.add_institution()
    made.json(*made.camera_words("rtsp://127.0.0.1:9/none"), "--no-probe")
    since = datetime.fromisoformat(days_ago(days)).replace(tzinfo=UTC)
    with closing(sqlite3.connect(made.data / "catalogue.sqlite")) as connection:
        connection.execute("UPDATE cameras SET created_us = ?", (int(since.timestamp()) * 1_000_000,))
        connection.commit()
    return made


def objects(made: Directory) -> dict[str, Path]:
    """The bucket of a directory store: key → the file of its one version."""
    store = made.root / "store"
    return {str(path.parent.relative_to(store))[:-1]: path for path in store.rglob("*.data")}


def test_init_prints_the_fingerprint_that_doctor_repeats(tmp_path: Path) -> None:
    made = Directory(tmp_path / "site", init=False, here=True)
    answer = made.json("init")
    key = made.data / "keys" / "seal.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    fingerprint = PublicKey.parse((made.data / "keys" / "seal.pub").read_bytes(), "seal.pub").fingerprint
    assert (answer["seal_key"], answer["seal_key_fingerprint"]) == (str(key), fingerprint)
    found = {item["name"]: item for item in made.json("doctor", code=1)["properties"]}
    assert found["seal-key"]["state"] == "proven"
    assert fingerprint in found["seal-key"]["detail"]
    key.chmod(0o644)
    found = {item["name"]: item for item in made.json("doctor", code=1)["properties"]}
    assert found["seal-key"]["state"] == "failed"


def test_a_lost_key_is_never_replaced_in_silence(tmp_path: Path) -> None:
    made = installation(tmp_path / "site")
    made.json("seal", "make")
    (made.data / "keys" / "seal.key").unlink()
    error = made.json("seal", "make", code=3)["error"]
    assert "no seal key" in error["message"]
    assert not (made.data / "keys" / "seal.key").exists()


def test_an_installation_from_before_the_seals_gets_its_key_at_the_first_one(tmp_path: Path) -> None:
    made = installation(tmp_path / "site")
    for name in ("seal.key", "seal.pub"):
        (made.data / "keys" / name).unlink()
    answer = made.json("seal", "make")
    assert answer["key"] == PublicKey.parse((made.data / "keys" / "seal.pub").read_bytes(), "seal.pub").fingerprint


@pytest.mark.parametrize("served", [False, True], ids=["alone", "served"])
def test_missed_days_are_sealed_and_verified(tmp_path: Path, *, served: bool) -> None:
    made = installation(tmp_path / "site")
    if served:
        with made.serving():
            answers = made.json("seal", "make"), made.json("seal", "verify", "--rebuild")
    else:
        answers = made.json("seal", "make"), made.json("seal", "verify", "--rebuild")
    sealed, verified = answers
    if not served:  # the service seals by itself when it starts
        assert sealed["sealed"] == [{"site": INSTITUTION, "seal": f"SEAL.{days_ago(n)}.txt"} for n in (2, 1)]
    assert (sealed["ok"], sealed["witness"], sealed["findings"]) == (True, None, [])
    assert (verified["ok"], verified["counts"]) == (True, {"seals": 2, "lists": 8})
    keys = [key for key in objects(made) if "/seals/" in key]
    assert len(keys) == 6, "text, signature, and what is registered"
    assert made.json("seal", "make")["sealed"] == []


def test_one_day_is_sealed_and_verified_by_name_and_nonsense_is_refused(tmp_path: Path) -> None:
    made = installation(tmp_path / "site")
    day = days_ago(2)
    assert [item["seal"] for item in made.json("seal", "make", "--day", day)["sealed"]] == [f"SEAL.{day}.txt"]
    assert made.json("seal", "verify", "--day", day)["counts"]["seals"] == 1
    assert made.json("seal", "verify", "--day", days_ago(1), code=3)["error"]["code"] == "not-found"
    assert made.json("seal", "make", "--day", days_ago(0), code=2)["error"]["code"] == "invalid-input"
    assert made.json("seal", "make", "--day", "yesterday", code=2)["error"]["code"] == "invalid-input"
    assert made.json("seal", "verify", "--site", "elsewhere", code=3)["error"]["code"] == "not-found"


def test_what_was_changed_in_the_bucket_is_named_and_exits_with_1(tmp_path: Path) -> None:
    made = installation(tmp_path / "site")
    made.json("seal", "make")
    gaps = next(key for key in objects(made) if key.endswith(f"{days_ago(1)}.GAPS.tsv"))
    path = objects(made)[gaps]
    path.write_bytes(path.read_bytes().replace(b"from", b"form"))
    answer = made.json("seal", "verify", code=1)
    assert [item["file"] for item in answer["failures"]] == [gaps]
    line = made.run("seal", "verify")
    assert (line.code, line.out.splitlines()[0].startswith(f"FAIL  {gaps}: ")) == (1, True)


def test_a_second_party_gets_its_copy_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "site" / "auditor").mkdir(parents=True)
    more = '\n[witness]\nkind = "directory"\nname = "Auditor, Almaty"\ndirectory = "auditor"\n'
    made = installation(tmp_path / "site", more=more)
    assert "witness: NONE" not in json.dumps(made.json("doctor", code=1)["findings"])
    answer = made.json("seal", "make")
    assert (answer["witness"], answer["waiting_for_witness"]) == ("Auditor, Almaty", 0)
    copies = {path.relative_to(tmp_path / "site" / "auditor").as_posix(): path for path in
              (tmp_path / "site" / "auditor").rglob("SEAL.*")}  # fmt: skip
    theirs = {key: path.read_bytes() for key, path in copies.items()}
    assert theirs == {key: path.read_bytes() for key, path in objects(made).items() if "/SEAL." in key}
    assert b"\nwitness: Auditor, Almaty\n" in next(data for key, data in theirs.items() if key.endswith(".txt"))
