"""The documentation says what the code says: pages fresh, links alive, every command of an example real."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import generated_pages
import pytest
from support.tree import ROOT, relative

from camera_gateway.cli.main import main
from camera_gateway.domain.footage import GapCause, ProbeCause

PAGES = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md"), *(ROOT / "tests").rglob("*.md")])
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```(?:sh|shell|console|bash)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:\.venv/bin/)?camera-gateway [^`]+|scripts/[^`]+)`")


def prose(path: Path) -> str:
    """The page without its code."""
    text = FENCED.sub("", path.read_text())
    return re.sub(r"`[^`\n]*`", "code", text)


def anchors(path: Path) -> set[str]:
    plain = [re.sub(r"[`*]", "", heading) for heading in HEADING.findall(path.read_text())]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", generated_pages.pages(), ids=relative)
def test_a_generated_page_is_fresh(page: Path) -> None:
    assert page.is_file(), "run: scripts/docs"
    assert page.read_text() == generated_pages.pages()[page](), "stale; run: scripts/docs"


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_link_leads_somewhere(page: Path) -> None:
    dead = []
    for target in LINK.findall(prose(page)):
        if "://" in target:
            continue
        name, _, fragment = target.partition("#")
        there = (page.parent / name).resolve() if name else page
        if not there.exists() or (fragment and there.suffix == ".md" and fragment not in anchors(there)):
            dead.append(target)
    assert dead == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, todo = set(), [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page in reached:
            continue
        reached.add(page)
        targets = [(page.parent / t.partition("#")[0]).resolve() for t in LINK.findall(prose(page)) if "://" not in t]
        targets += [page for target in targets if target.is_dir() for page in target.glob("*.md")]
        todo += [target for target in targets if target.suffix == ".md" and target.is_file()]
    lost = {relative(page) for page in PAGES if page.is_relative_to(ROOT / "docs")} - {relative(p) for p in reached}
    assert lost == set()


def examples() -> list[tuple[Path, str]]:
    """Each command line of each page, with its page: shell blocks, and commands named in a sentence."""
    found = []
    for page in PAGES:
        text = page.read_text()
        for block in BLOCK.findall(text):
            joined = block.replace("\\\n", " ")
            found += [(page, line.removeprefix("$ ")) for line in joined.splitlines() if line.strip()]
        found += [
            (page, line) for line in INLINE.findall(re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
        ]
    return found


def words_of(line: str) -> list[str]:
    """The words of the command in a line, without comment, prompt, assignments and ellipses."""
    words = shlex.split(line.replace("…", ""), comments=True)
    while words and (re.fullmatch(r"[A-Z_]+=.*", words[0]) or words[0] == "sudo"):
        words.pop(0)
    return words


def complaint(words: list[str]) -> str | None:
    """What is wrong with a command line of ours; None when nothing is, or when it is not ours."""
    if words and words[0].startswith("scripts/"):
        return None if (ROOT / words[0]).exists() or any(c in words[0] for c in "*{<") else f"no {words[0]}"
    if not words or Path(words[0]).name != "camera-gateway":
        return None
    command: click.Command = main
    known = {"--help", "--version"}
    rest = iter(words[1:])
    for word in rest:
        known |= {name for p in command.params if isinstance(p, click.Option) for name in (*p.opts, *p.secondary_opts)}
        option = word.partition("=")[0]
        if option == "--config":
            next(rest)
        elif word.startswith("-") and word != "-":
            if option not in known and not re.fullmatch(r"-\d+[smhd]", option):
                return f"{command.name} has no option {option}"
        elif isinstance(command, click.Group):
            if "|" in word or word.isupper():
                return None
            if word not in command.commands:
                return f"{command.name} has no command {word}"
            command = command.commands[word]
    return None


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("camera-gateway camera list --json", False),
        ("camera-gateway --config x.toml footage coverage CAM --from -2h", False),
        ("camera-gateway camera lst", True),
        ("camera-gateway camera list --colour", True),
        ("scripts/run --demo", False),
        ("scripts/walk", True),
        ("apt-get install git", False),
    ],
)
def test_the_reader_of_examples_tells_right_from_wrong(line: str, wrong: bool) -> None:  # noqa: FBT001 - a parameter
    assert (complaint(words_of(line)) is not None) == wrong


def test_every_example_names_a_command_that_exists() -> None:
    found = examples()
    assert len(found) > 20
    wrong = [f"{relative(page)}: {line}: {why}" for page, line in found if (why := complaint(words_of(line)))]
    assert wrong == []


def test_the_auditors_guide_explains_every_cause_of_a_gap() -> None:
    text = (ROOT / "docs" / "guide" / "auditor.md").read_text()
    assert [cause for cause in GapCause if f"| `{cause}` |" not in text] == []


def test_the_it_guide_says_what_to_do_about_every_cause_of_a_failed_probe() -> None:
    text = (ROOT / "docs" / "guide" / "it-staff.md").read_text()
    assert [cause for cause in ProbeCause if f"| `{cause}` |" not in text] == []


def test_the_readme_keeps_its_order() -> None:
    headings = HEADING.findall((ROOT / "README.md").read_text())
    assert headings == [
        "Camera Gateway",
        "What it promises",
        "Two commands",
        "Who it is for",
        "How it works",
        "What it does not do",
        "Development",
        "Licence",
    ]
