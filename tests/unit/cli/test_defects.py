"""What nobody expected is one line as well, and repeats nothing that it was given."""

from __future__ import annotations

import json

import click
import pytest
from click.testing import CliRunner

from camera_gateway.cli.shell import TRACEBACK, Shell, command

SECRET = "hunter2"


def broken(name: str) -> click.Command:
    group = click.Group()

    @command(group, name)
    def fails(_shell: Shell) -> None:
        """Fail."""
        raise KeyError(SECRET)

    return fails


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_defect_is_one_line_with_its_place_and_without_its_text(options: list[str]) -> None:
    done = CliRunner().invoke(broken("look"), options)
    assert done.exit_code == 1
    assert SECRET not in done.output
    assert "Traceback" not in done.output
    assert "KeyError at test_defects.py:" in done.output
    assert done.output.count("\n") == 1
    if options:
        assert json.loads(done.stdout)["error"]["code"] == "defect"


def test_the_whole_trace_is_shown_to_who_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TRACEBACK, "1")
    assert isinstance(CliRunner().invoke(broken("look")).exception, KeyError)


def test_a_role_tells_its_log_everything() -> None:
    assert isinstance(CliRunner().invoke(broken("serve")).exception, KeyError)
