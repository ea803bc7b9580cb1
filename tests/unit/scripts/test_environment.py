"""scripts/environment.sh: which Python it takes, when it works and when it does not. No network, no real venv."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from support.tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

TOOLS = (
    *("awk", "bash", "basename", "cat", "chmod", "cp", "cut", "date", "dirname", "flock", "grep", "head", "id"),
    *("mkdir", "mktemp", "nproc", "rm", "sed", "sha256sum", "sleep", "tail", "tee"),
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A checkout with the scripts and lock files, and a PATH that holds only what a bare system has."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__", "fakecam"))
    for name in ("requirements.lock", "requirements-test.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, tool
        (tmp_path / "bin" / tool).symlink_to(found)
    return tmp_path


def bash(tree: Path, command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [tree / "bin" / "bash", "-c", f". scripts/environment.sh; {command}"],
        cwd=tree,
        env={"PATH": str(tree / "bin"), "HOME": str(tree / "home"), "LANG": "C.UTF-8", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def program(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def interpreter(path: Path, version: str, *, ensurepip: int = 1) -> Path:
    """Something that answers the set-up's question as Python `version` would."""
    return program(path, f"""case "$2" in *"'{version}'"*) echo "{path} {ensurepip}";; esac""")


def fake_venv(tree: Path) -> Path:
    """A .venv that passes for sound; its Python writes down each pip call and is slow enough to be met twice."""
    venv = tree / ".venv"
    program(
        venv / "bin" / "python",
        f"""case "$*" in
            "-m pip "*) echo "$*" >>"{tree}/pip.txt"; sleep 0.2;;
            *sys.prefix*) echo "3.13 here";;
        esac""",
    )
    (venv / "bin" / "pip").write_text(f"#!{venv}/bin/python\n")
    return venv


def pip_calls(tree: Path) -> list[str]:
    return (tree / "pip.txt").read_text().splitlines()


def test_the_newest_python_is_taken(tree: Path) -> None:
    for version in ("3.11", "3.13", "3.12"):
        interpreter(tree / "bin" / f"python{version}", version)
    assert bash(tree, "find_python; echo $python").stdout == f"{tree}/bin/python3.13\n"


def test_a_shim_of_an_absent_version_is_passed_over(tree: Path) -> None:
    program(tree / "bin" / "python3.13", "echo 'python3.13: command not found' >&2; exit 127")
    interpreter(tree / "bin" / "python3.12", "3.12")
    assert bash(tree, "find_python; echo $python").stdout == f"{tree}/bin/python3.12\n"


def test_a_python_of_pyenv_is_found_though_it_is_not_on_the_path(tree: Path) -> None:
    inside = interpreter(tree / "home" / ".pyenv" / "versions" / "3.12.7" / "bin" / "python", "3.12")
    assert bash(tree, "find_python; echo $python").stdout == f"{inside}\n"


def test_a_python_that_can_make_a_venv_goes_before_a_newer_one_that_cannot(tree: Path) -> None:
    interpreter(tree / "bin" / "python3.13", "3.13", ensurepip=0)
    interpreter(tree / "bin" / "python3.11", "3.11")
    assert bash(tree, "find_python; echo $python").stdout == f"{tree}/bin/python3.11\n"


def test_without_ensurepip_and_without_root_it_says_what_to_install(tree: Path) -> None:
    interpreter(tree / "bin" / "python3", "3.11", ensurepip=0)
    bare = interpreter(tree / "bin" / "python3.11", "3.11", ensurepip=0)
    bare.write_text(bare.read_text() + 'case "$2" in *"%d.%d"*) echo 3.11;; esac\n')
    result = bash(tree, "can_apt() { false; }; find_python")
    assert result.returncode == 1
    assert "apt-get install python3.11-venv" in result.stderr


def test_without_ensurepip_root_installs_it(tree: Path) -> None:
    interpreter(tree / "bin" / "python3.11", "3.11", ensurepip=0)
    program(
        tree / "bin" / "apt-get",
        f"""echo "$*" >>"{tree}/apt.txt"
        case "$*" in *-venv*) sed -i s/'11 0"'/'11 1"'/ "{tree}/bin/python3.11";; esac""",
    )
    result = bash(tree, "mkdir -p var; can_apt() { true; }; find_python; echo $python")
    assert result.stdout == f"{tree}/bin/python3.11\n", result.stderr
    assert (tree / "apt.txt").read_text().splitlines()[0].startswith("update")


def test_no_python_at_all_is_one_line_that_says_what_to_do(tree: Path) -> None:
    result = bash(tree, "can_apt() { false; }; find_python")
    assert result.returncode == 1
    assert result.stderr == (
        "set-up: no Python 3.11, 3.12 or 3.13 that can make a virtual environment; "
        "install one: apt-get install python3 python3-venv\n"
    )


def test_the_dependencies_are_installed_by_hash_and_the_project_without_index(tree: Path) -> None:
    fake_venv(tree)
    result = bash(tree, "ensure_environment run")
    assert result.returncode == 0, result.stderr
    locked, project = pip_calls(tree)
    assert "--require-hashes" in locked
    assert locked.endswith(f"-r {tree}/requirements.lock")
    assert "--no-index" in project
    assert "--no-deps --no-build-isolation" in project


def test_a_second_call_does_nothing(tree: Path) -> None:
    fake_venv(tree)
    bash(tree, "ensure_environment run")
    assert bash(tree, "ensure_environment run").stderr == ""
    assert len(pip_calls(tree)) == 2


def test_what_is_compiled_is_kept_where_the_environment_forbids_it(tree: Path) -> None:
    told = bash(tree, 'echo "${PYTHONDONTWRITEBYTECODE-kept}"', PYTHONDONTWRITEBYTECODE="1")
    assert told.stdout == "kept\n"


def test_an_environment_for_tests_is_enough_for_running(tree: Path) -> None:
    fake_venv(tree)
    bash(tree, "ensure_environment test")
    assert bash(tree, "ensure_environment run").stderr == ""
    assert len(pip_calls(tree)) == 2


def test_an_environment_for_running_is_not_enough_for_tests(tree: Path) -> None:
    fake_venv(tree)
    bash(tree, "ensure_environment run")
    bash(tree, "ensure_environment test")
    assert [call for call in pip_calls(tree) if "requirements-test.lock" in call]


@pytest.mark.parametrize("changed", ["requirements.lock", "pyproject.toml"])
def test_a_changed_file_makes_the_set_up_run_again(tree: Path, changed: str) -> None:
    fake_venv(tree)
    bash(tree, "ensure_environment run")
    with (tree / changed).open("a") as file:
        file.write("# changed\n")
    bash(tree, "ensure_environment run")
    assert len(pip_calls(tree)) == 4


def test_two_set_ups_at_once_do_the_work_once(tree: Path) -> None:
    fake_venv(tree)
    result = bash(tree, "(ensure_environment run) & (ensure_environment run) & wait")
    assert result.returncode == 0, result.stderr
    assert len(pip_calls(tree)) == 2


def test_a_failed_installation_leaves_no_stamp_and_points_to_the_log(tree: Path) -> None:
    venv = fake_venv(tree)
    program(
        venv / "bin" / "python",
        """case "$*" in "-m pip "*) echo "ERROR: no such hash" >&2; exit 1;; *sys.prefix*) echo x;; esac""",
    )
    result = bash(tree, "ensure_environment run")
    assert result.returncode == 1
    assert "ERROR: no such hash" in result.stderr
    assert "var/set-up.log" in result.stderr
    assert not (venv / "stamp-run").exists()


@pytest.mark.parametrize("fault", ["moved", "no pip", "python is gone"])
def test_an_unsound_venv_is_made_anew(tree: Path, fault: str) -> None:
    venv = fake_venv(tree)
    bash(tree, "ensure_environment run")
    if fault == "moved":
        (venv / "bin" / "pip").write_text("#!/elsewhere/.venv/bin/python\n")
    elif fault == "no pip":
        (venv / "bin" / "pip").unlink()
    else:
        (venv / "bin" / "python").unlink()
    maker = interpreter(tree / "bin" / "python3.12", "3.12")
    refusal = f'case "$*" in "-m venv --clear"*) echo "$*" >>"{tree}/venv.txt"; exit 1;; esac\n'
    maker.write_text(maker.read_text() + refusal)
    result = bash(tree, "ensure_environment run")
    assert "making .venv" in result.stderr
    assert (tree / "venv.txt").read_text() == f"-m venv --clear {venv}\n"


def test_a_venv_of_a_python_that_is_too_old_is_not_sound(tree: Path) -> None:
    venv = fake_venv(tree)
    old = "import sys; sys.version_info = (3, 10)"
    program(venv / "bin" / "python", f"""exec {sys.executable} -c "{old}; $2" """)
    assert bash(tree, "venv_is_sound && echo sound || echo unsound").stdout == "unsound\n"
    program(venv / "bin" / "python", f"""exec {sys.executable} "$@" """)
    assert bash(tree, "venv_is_sound && echo sound || echo unsound").stdout == "sound\n"


def test_the_stamp_depends_on_python_lock_and_project(tree: Path) -> None:
    fake_venv(tree)
    body = (tree / "requirements.lock").read_bytes() + (tree / "pyproject.toml").read_bytes()
    expected = hashlib.sha256(b"3.13 here\n" + body).hexdigest()
    assert bash(tree, 'stamp_of "$root/requirements.lock"').stdout == f"{expected}\n"


def test_an_unknown_benchmark_is_a_usage_error_that_names_the_known_ones(tree: Path) -> None:
    (tree / "tests" / "bench").mkdir(parents=True)
    (tree / "tests" / "bench" / "ingest.py").write_text("")
    result = subprocess.run([tree / "scripts" / "bench", "speed"], capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr == "no benchmark speed; there are: ingest\n"


def test_checks_side_by_side_show_only_the_output_of_those_that_fail(tree: Path) -> None:
    script = (
        ". scripts/side-by-side.sh; start good sh -c 'echo fine'; start bad sh -c 'echo broken >&2; exit 3';"
        " finish; echo code $?"
    )
    result = subprocess.run(["bash", "-c", script], cwd=tree, capture_output=True, text=True, check=False)
    assert result.stdout == "ok      good\nFAILED  bad\nbroken\ncode 1\n"


def test_without_root_the_missing_programs_are_named(tree: Path) -> None:
    fake_venv(tree)
    result = subprocess.run(
        [tree / "bin" / "bash", tree / "scripts" / "test", "--version"],
        env={"PATH": str(tree / "bin")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "not installed, and not root: " in result.stderr
    assert "so these tests will be skipped: " in result.stderr
