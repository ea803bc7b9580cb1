"""Reports from a shell: options, exit codes, files."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from support.command_line import INSTITUTION, Directory

from camera_gateway.compliance.documents.words import LANGUAGES
from camera_gateway.domain.schedule import zone

if TYPE_CHECKING:
    from pathlib import Path

MAGIC = {"json": b"{", "csv": b"\xef\xbb\xbf", "xlsx": b"PK\x03\x04", "pdf": b"%PDF-"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Directory:
    """An installation with an institution and one camera that was never tried; no service runs."""
    directory = Directory(tmp_path_factory.mktemp("made"), here=True)
    directory.add_institution()
    directory.json(*directory.camera_words("rtsp://127.0.0.1:9/main", "yard", "--no-probe"))
    return directory


def month(made: Directory) -> str:
    """The month, by the institution's clocks, in which it was registered a moment ago."""
    (row,) = made.json("institution", "list")
    return datetime.fromisoformat(row["created_at"]).astimezone(zone("Asia/Almaty")).strftime("%Y-%m")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", MAGIC)
def test_a_compliance_report_is_written_in_each_form_and_language(
    made: Directory, form: str, language: str, tmp_path: Path
) -> None:
    target = tmp_path / f"report.{form}"
    words = ["compliance", "report", INSTITUTION, "--standard", "house-baseline", "--month", month(made)]
    done = made.run(*words, "--format", form, "--lang", language, "-o", str(target), "--json")
    assert done.code == 1, "a new camera without a picture fails the house profile"
    assert done.document["bytes"] == target.stat().st_size
    assert target.read_bytes().startswith(MAGIC[form])


def test_without_a_file_json_and_csv_go_to_standard_output(made: Directory) -> None:
    identity = made.json("report", "make", "gap-register", "--institution", INSTITUTION, "--from", "-1h", "--to", "now")
    found = made.run("report", "get", identity["id"], "--format", "json", "--lang", "kk")
    assert found.code == 0
    assert json.loads(found.out)["id"] == identity["id"]
    assert made.run("report", "list").out.count(identity["id"]) == 1


def test_what_is_not_there_or_not_meant_is_one_line_and_its_exit_code(made: Directory) -> None:
    words = ["--standard", "house-baseline", "--format", "csv"]
    assert made.run("compliance", "report", "nobody", *words, "--month", "2026-11").code == 3
    assert made.run("compliance", "report", INSTITUTION, *words, "--month", "2026-13").code == 2
    assert made.run("compliance", "report", INSTITUTION, *words, "--month", "2999-01").code == 2
    assert made.run("compliance", "report", INSTITUTION, "--standard", "poem", "--month", month(made)).code == 3
    assert made.run("report", "get", "no-such-report").code == 3
    assert made.run("report", "make", "monthly", "--institution", INSTITUTION, "--month", month(made)).code == 2
