"""A token is in the answer that made it and in the file that keeps it; in no log, row, error or database page (S4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.command_line import Directory

from camera_gateway.access.tokens import digest_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


def test_a_token_is_nowhere_but_with_its_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    directory = Directory(tmp_path, here=True)
    directory.json("user", "add", "--name", "Ali", "--role", "administrator")
    printed = directory.json("token", "create", "ali", "--label", "printed")["token"]
    directory.json("token", "create", "ali", "--out", "kept.token")
    kept = (tmp_path / "kept.token").read_text().strip()
    (tmp_path / "printed.token").write_text(printed)
    unknown = "cgw_" + "Z" * 43
    (tmp_path / "unknown.token").write_text(unknown)

    def use() -> None:
        directory.run("camera", "show", "none", "--token-file", "printed.token")
        directory.run("user", "list", "--token-file", "unknown.token")
        # given where an id is asked for, as people do
        directory.run("token", "revoke", printed)
        directory.run("token", "list", "--user", kept)

    use()
    with directory.serving():
        use()
        third = directory.json("token", "create", "ali")["token"]
        directory.json("token", "revoke", directory.json("token", "list")[0]["id"])
        directory.run("user", "list", "--token-file", "printed.token")

    places = {
        text: {where for where, data in directory.everything() if text.encode() in data}
        for text in (printed, kept, third, unknown)
    }
    assert {where for where in places[printed] if not where.startswith("output ")} == {"printed.token"}
    assert len(places[printed]) == 2, "its file, and the one answer that made it"
    assert places[kept] == {"kept.token"}
    assert len(places[third]) == 1
    assert places[unknown] == {"unknown.token"}
    digest = digest_of(kept).encode()
    assert any(digest in data for where, data in directory.everything() if where.startswith("data/catalogue.sqlite"))
