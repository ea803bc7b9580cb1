"""The reference page and the example file say what the schema says."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

import pytest

from camera_gateway.settings.load import load
from camera_gateway.settings.locate import config_directory
from camera_gateway.settings.reference import Setting, example_toml, sections, settings, settings_markdown
from camera_gateway.settings.schema import ChannelSettings, Settings

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

UNITS = {"_bytes": "bytes", "_bps": "bits per second", "_ms": "milliseconds", "_s": "seconds", "_days": "days",
         "_hours": "hours"}  # fmt: skip
CONTRACT_SECTIONS = ("site", "spool", "recorder", "store", "upload", "catalogue", "retention", "witness", "standards",
                     "health", "alerts", "api", "access")  # fmt: skip


def named(each: Setting) -> str:
    return f"{each.section}.{each.key}"


def test_the_sections_are_those_of_the_contract() -> None:
    assert tuple(sections()) == CONTRACT_SECTIONS
    assert all(sections().values())


@pytest.mark.parametrize("each", settings(), ids=named)
def test_every_setting_says_what_it_does_and_why_and_has_its_unit_in_its_name(each: Setting) -> None:
    assert each.what.endswith(".")
    assert each.why.endswith((".", "so."))
    assert each.default or each.example
    for suffix, unit in UNITS.items():
        if each.key.endswith(suffix):
            assert each.unit == unit
            break


@pytest.mark.parametrize("each", settings(), ids=named)
def test_every_setting_stands_on_the_reference_page_with_its_default(each: Setting) -> None:
    section = settings_markdown().split(f"## [{each.section}]\n")[1].split("\n## ")[0].split("\n### ")[0]
    (row,) = [line for line in section.splitlines() if line.startswith(f"| `{each.key}` |")]
    assert (each.default or "none") in row
    assert each.what in row.replace("\\|", "|")
    assert len(re.split(r"(?<!\\)\|", row)) == 8


def test_what_a_table_of_a_list_holds_stands_on_the_page_and_in_the_example() -> None:
    part = settings_markdown().split("### [[alerts.channels]]\n")[1].split("\n## ")[0]
    assert "| `url_file` | path | – | none |" in part
    assert '| `audience` | `it` or `administrator` or `auditor` | – | `"it"` |' in part
    example = example_toml().split("#   [[alerts.channels]]\n")[1].split("\n\n")[0]
    values = tomllib.loads(example.replace("#   ", ""))
    assert ChannelSettings.model_validate(values).name == "duty"


def test_the_committed_example_is_fresh() -> None:
    committed = (config_directory() / "gateway.example.toml").read_text("utf-8")
    assert committed == example_toml(), "stale: write camera_gateway.settings.reference.example_toml() into it"


def _uncommented(lines: Iterable[str]) -> str:
    return "\n".join(re.sub(r"^#(?=\w+ = )", "", line) for line in lines)


def test_the_example_as_it_stands_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text(example_toml(), encoding="utf-8")
    assert load(tmp_path / "gateway.toml", {}) == Settings()


def test_every_line_of_the_example_can_be_uncommented_and_shows_the_default(tmp_path: Path) -> None:
    text = _uncommented(example_toml().splitlines())
    (tmp_path / "gateway.toml").write_text(text, encoding="utf-8")
    loaded = load(tmp_path / "gateway.toml", {})
    assert {(section, key) for section, values in tomllib.loads(text).items() for key in values} == {
        (each.section, each.key) for each in settings()
    }
    for each in settings():
        found = getattr(getattr(loaded, each.section), each.key)
        if each.default:
            assert found == getattr(getattr(Settings(), each.section), each.key)
        else:
            assert found is not None


def test_variables_are_named_as_the_loader_reads_them() -> None:
    (port,) = [each for each in settings() if (each.section, each.key) == ("api", "port")]
    assert load(None, {port.variable: "1234"}).api.port == 1234
