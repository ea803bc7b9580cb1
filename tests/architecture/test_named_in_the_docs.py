"""What code and tests refer to can be looked up: invariants and threats by their ids, documents by their names."""

from __future__ import annotations

import re

from support.tree import ROOT, relative

INVARIANTS = ROOT / "docs" / "invariants.md"
THREATS = ROOT / "docs" / "threat-model.md"
ROW = re.compile(r"^\| ([DURCTSZ]\d+) \| (.+?) \| (.+?) \|$", re.MULTILINE)
NAMED = re.compile(r"invariants? ([DURCTSZ]\d+(?:(?:, | and | to |–)[DURCTSZ]\d+)*)")
SAYS = re.compile(r"(?<![\w.])([DURCTSZ]\d{1,2})\b")
DOCUMENT = re.compile(r"(?<![\w.*{}\"-])((?:[\w-]+/)*[\w-]+\.md)\b")


def sources() -> dict[str, str]:
    folders = ("camera_gateway", "storage", "scripts", "tests")
    paths = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return {relative(path): path.read_text() for path in paths}


def stated() -> dict[str, str]:
    return {identity: held for identity, _, held in ROW.findall(INVARIANTS.read_text())}


def test_every_invariant_that_is_named_is_stated() -> None:
    known = set(stated())
    assert len(known) > 40
    unknown = {
        (name, identity)
        for name, text in sources().items()
        for group in NAMED.findall(text)
        for identity in SAYS.findall(group)
        if identity not in known
    }
    assert unknown == set()


def test_every_invariant_names_a_test_that_names_it() -> None:
    for identity, held in stated().items():
        if held.startswith("*"):
            continue  # says why there is none
        path = ROOT / "tests" / held.strip("`")
        assert path.is_file(), f"{identity}: {held}"
        text = path.read_text()
        assert identity in SAYS.findall(text) or f"def test_{identity.lower()}_" in text, f"{identity}: {held}"


def test_every_threat_that_is_named_is_in_the_model() -> None:
    model = THREATS.read_text()
    unknown = {
        (name, identity)
        for name, text in sources().items()
        for group in re.findall(r"threat model,? (M\d+(?:(?:, | and )M\d+)*)", text)
        for identity in re.findall(r"M\d+", group)
        if re.search(rf"\b{identity}\b", model) is None
    }
    assert unknown == set()


def test_every_document_that_is_named_is_here() -> None:
    here = [f"/{relative(path)}" for path in ROOT.rglob("*.md") if ".venv" not in path.parts]
    texts = {**sources(), "pyproject.toml": (ROOT / "pyproject.toml").read_text()}
    texts |= {relative(path): path.read_text() for path in (ROOT / "docs").rglob("*.md")}
    missing = {
        (where, name)
        for where, text in texts.items()
        for name in DOCUMENT.findall(text)
        if not any(path.endswith(f"/{name}") for path in here)
    }
    assert missing == set()
