"""Rules about source text that neither ruff nor mypy states: dangerous calls, docstrings, length, empty __init__."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.tree import PACKAGES, ROOT, modules, our_python, pyproject, relative

BANNED_APIS = pyproject()["tool"]["ruff"]["lint"]["flake8-tidy-imports"]["banned-api"]
MAY_USE_BANNED = {"camera_gateway/clock.py", "camera_gateway/supervision.py"}

SHORTEST_OPENING = 2
LONGEST_MODULE = 350
# longer modules, each with the reason why it is one thing
LONGER_ALLOWED: dict[str, str] = {
    "camera_gateway/api/answers.py": "the shape of every answer in one place; a list, not logic",
    "camera_gateway/catalogue/tables.py": "every table in one place; a list, not logic",
    "camera_gateway/settings/schema.py": "every setting in one place; a list, not logic",
    "camera_gateway/health/words.py": "the words of every alert in three languages; a list, not logic",
    "camera_gateway/ingest/segmenter.py": "one pure state machine; its transitions are read together",
    "camera_gateway/evidence/verifier.py": "travels alone in each package: one file that a stranger can read and run",
    "storage/blobs.py": "the contract of a store, most of it in words",
    "storage/local.py": "one store, every method of the contract once",
}

UNSAFE_MODULES = {"pickle", "cPickle", "marshal", "shelve", "dill"}
UNSAFE_CALLS = {"eval", "exec", "os.system", "os.popen", "yaml.load", "yaml.unsafe_load", "yaml.full_load"}


def dotted(node: ast.expr) -> str:
    """`a.b.c` of a call's target, as far as it is written out."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ""


def unsafe_uses(source: str) -> list[str]:
    """What in `source` lets data become code, a shell line or an object."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [f"{node.lineno}: import {a.name}" for a in node.names if a.name.split(".")[0] in UNSAFE_MODULES]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in UNSAFE_MODULES:
            found.append(f"{node.lineno}: from {node.module} import …")
        elif isinstance(node, ast.Call):
            if dotted(node.func) in UNSAFE_CALLS:
                found.append(f"{node.lineno}: {dotted(node.func)}(…)")
            found += [
                f"{node.lineno}: shell={ast.unparse(keyword.value)}"
                for keyword in node.keywords
                if keyword.arg == "shell" and not (isinstance(keyword.value, ast.Constant) and not keyword.value.value)
            ]
    return found


@pytest.mark.parametrize(
    ("source", "uses"),
    [
        ("import subprocess\nsubprocess.run('x', shell=True)", 1),
        ("run('x', shell=flag)", 1),
        ("run('x', shell=False)", 0),
        ("eval('1')", 1),
        ("model.eval()", 0),
        ("import pickle", 1),
        ("from pickle import loads", 1),
        ("import yaml\nyaml.load(text)", 1),
        ("import yaml\nyaml.safe_load(text)", 0),
        ("import os\nos.system('x')", 1),
    ],
)
def test_the_search_for_unsafe_calls_finds_them(source: str, uses: int) -> None:
    assert len(unsafe_uses(source)) == uses


def test_no_shell_no_eval_no_pickle_no_unsafe_yaml() -> None:
    found = {relative(path): uses for path in our_python() if (uses := unsafe_uses(path.read_text()))}
    assert found == {}


@pytest.mark.parametrize("api", BANNED_APIS)
def test_ruff_refuses_a_banned_api(api: str) -> None:
    snippet = f'"""Snippet."""\n\nimport {api.split(".", maxsplit=1)[0]}\n\nvalue = {api}()\n'
    for module in ("camera_gateway/ingest/snippet.py", "storage/snippet.py"):
        result = subprocess.run(
            [Path(sys.executable).parent / "ruff", "check", "--no-cache", "--stdin-filename", ROOT / module, "-"],
            cwd=ROOT,
            input=snippet,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 1
        assert "TID251" in result.stdout, result.stdout


def test_only_the_clock_and_the_supervisor_may_use_what_is_banned() -> None:
    using = {relative(path) for path in modules() if "TID251" in path.read_text()}
    assert using <= MAY_USE_BANNED


def test_each_noqa_names_its_rule_and_its_reason() -> None:
    bad = []
    for path in our_python():
        for number, line in enumerate(path.read_text().splitlines(), 1):
            comment = re.search(r"#\s*noqa\b(.*)", line)
            if comment and not re.match(r": (FBT\d+$|[A-Z]+\d+(, ?[A-Z]+\d+)*\b\W+\w+)", comment[1]):
                bad.append(f"{relative(path)}:{number}: {comment[0]}")
    assert bad == [], "\n".join(bad)


def test_a_module_opens_by_saying_what_it_is_and_promises() -> None:
    terse = []
    for path in modules():
        if path.name != "__init__.py" and "versions" not in path.parts:  # a migration's docstring is its title
            docstring = ast.get_docstring(ast.parse(path.read_text())) or ""
            if len(docstring.strip().splitlines()) < SHORTEST_OPENING:
                terse.append(relative(path))
    assert terse == [], "two to six lines, what it is, what it promises: " + ", ".join(terse)


def test_modules_stay_short_enough_to_be_read() -> None:
    lengths = {relative(path): len(path.read_text().splitlines()) for path in modules()}
    too_long = {name: length for name, length in lengths.items() if length > LONGEST_MODULE}
    assert {name: length for name, length in too_long.items() if name not in LONGER_ALLOWED} == {}
    assert LONGER_ALLOWED.keys() - too_long.keys() == set(), "short again: take them off the list"


def test_init_files_are_empty() -> None:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("__init__.py"):
            body = ast.parse(path.read_text()).body
            if relative(path) == "camera_gateway/domain/__init__.py":
                assert all(isinstance(node, ast.ImportFrom | ast.Assign | ast.Expr) for node in body)
            else:
                assert body == [], relative(path)
