"""The portal's files: what a browser may be asked to run, how much of it, and where its addresses lead."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

import pytest
from support.tree import ROOT

from camera_gateway.api.portal import PAGES, load_portal, portal_directory

if TYPE_CHECKING:
    from pathlib import Path

PORTAL = ROOT / "camera_gateway" / "portal"
SCRIPTS = sorted((PORTAL / "js").rglob("*.js"))
LARGEST_ALTOGETHER = 150_000
"""Bytes as they are sent (gzip): every module of every page, the player included. An old computer parses them too."""
LARGEST_PAGE = 100_000
"""Bytes unpacked that a page runs before footage is opened."""
IMPORT = re.compile(r'(?:from|import)\s*\(?\s*"(\.[^"]+\.js)"')
UNSAFE = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|javascript:|DOMParser"
)


def closure(start: Path) -> set[Path]:
    """The modules that a module runs with it; what it loads later, when it is wanted, is left out."""
    found, todo = set(), [start]
    while todo:
        path = todo.pop()
        if path in found:
            continue
        found.add(path)
        static = re.findall(r'^(?:import|export)[^;]*?"(\.[^"]+\.js)"', path.read_text(), re.MULTILINE)
        todo += [(path.parent / name).resolve() for name in static]
    return found


def test_all_scripts_together_are_small() -> None:
    sent = sum(len(gzip.compress(path.read_bytes(), 6)) for path in SCRIPTS)
    assert sent <= LARGEST_ALTOGETHER


@pytest.mark.parametrize("page", sorted((PORTAL / "js" / "pages").glob("*.js")), ids=lambda path: path.stem)
def test_a_page_runs_little_before_footage_is_opened(page: Path) -> None:
    modules = closure(PORTAL / "js" / "main.js") | closure(page)
    assert sum(path.stat().st_size for path in modules) <= LARGEST_PAGE
    assert not [path for path in modules if "player" in path.parts], "the player comes when it is wanted"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.relative_to(PORTAL).as_posix())
def test_a_script_says_what_it_is_and_makes_no_markup_of_text(path: Path) -> None:
    text = path.read_text()
    assert text.startswith("/* ")
    assert not UNSAFE.search(text)


def test_every_import_leads_to_a_file() -> None:
    for path in SCRIPTS:
        for name in IMPORT.findall(path.read_text()):
            assert (path.parent / name).resolve().is_file(), f"{path.name} imports {name}"


def test_nothing_is_inline_and_nothing_comes_from_elsewhere() -> None:
    index = (PORTAL / "index.html").read_text()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", index)
    for path in (*SCRIPTS, *(PORTAL / "css").glob("*.css"), PORTAL / "index.html"):
        addresses = re.findall(r"https?://[^\s\"'`)]+", path.read_text())
        # the namespace of SVG is a name, no address
        assert [each for each in addresses if each != "http://www.w3.org/2000/svg"] == [], path.name


def test_the_server_knows_the_pages_that_the_router_knows() -> None:
    router = (PORTAL / "js" / "router.js").read_text()
    routed = re.findall(r'\["/([a-z-]+)[^"]*", "([a-z-]+)"', router)
    assert {first for first, _ in routed} == PAGES
    assert {name for _, name in routed} == {path.stem for path in (PORTAL / "js" / "pages").glob("*.js")} - {
        path.stem for path in helpers()
    }


def helpers() -> set[Path]:
    """Modules beside pages that are no page themselves."""
    return {
        path for path in (PORTAL / "js" / "pages").glob("*.js") if "export async function page" not in path.read_text()
    }


def test_the_version_is_of_all_files_and_changes_with_any(tmp_path: Path) -> None:
    (tmp_path / "js").mkdir()
    (tmp_path / "index.html").write_text('<html data-session="{session}"><script src="{static}/js/a.js"></script>')
    (tmp_path / "js" / "a.js").write_text("one")
    before = load_portal(tmp_path)
    assert f"/static/{before.version}/js/a.js" in before.page
    assert load_portal(tmp_path).version == before.version
    (tmp_path / "js" / "a.js").write_text("two")
    assert load_portal(tmp_path).version != before.version
    (tmp_path / "js" / "b.txt").write_text("not served")
    assert "js/b.txt" not in load_portal(tmp_path).assets


def test_the_files_of_the_package_are_the_ones_that_are_served() -> None:
    portal = load_portal(portal_directory())
    assert portal_directory().resolve() == PORTAL
    assert {path.relative_to(PORTAL).as_posix() for path in SCRIPTS} <= portal.assets.keys()
    assert "package-lock.json" not in portal.assets
