"""What the documentation says about the code is looked up in the code."""

from __future__ import annotations

import re
import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

DOCS = Path("docs")
LARGEST = 1_000_000  # bytes of one file
CONTRIBUTING = Path("CONTRIBUTING.md")
PAGES = sorted([*DOCS.rglob("*.md"), CONTRIBUTING, Path("README.md"), Path("CHANGELOG.md")])
DECISIONS = sorted((DOCS / "decisions").glob("0*.md"))
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
FILE = re.compile(
    r"(?:promptlab|optimizer|tests|templates|docs|static|docker|requirements)/[\w./-]+"
)
NAME = re.compile(r"[a-z_]+(?:\.[a-z_]+)*\.[a-z_]+\.\w+|[a-z_]+\.[a-z_]+\.[A-Z]\w+")
PINNED = re.compile(r"^([A-Za-z0-9_.-]+)", re.MULTILINE)


def inline(page: Path) -> list[str]:
    """Code within sentences, fenced blocks left out."""
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    return CODE.findall(text)


@pytest.mark.parametrize("document", PAGES, ids=str)
def test_links_lead_somewhere(document: Path) -> None:
    missing = [
        link
        for link in LINK.findall(document.read_text("utf-8"))
        if not (document.parent / link).exists()
    ]
    assert missing == []


@pytest.mark.parametrize("document", [DOCS / "architecture.md", CONTRIBUTING, *DECISIONS], ids=str)
def test_files_that_are_named_exist(document: Path) -> None:
    named = [code for code in inline(document) if FILE.fullmatch(code) and "*" not in code]
    assert [name for name in named if not Path(name).exists()] == []


@pytest.mark.parametrize("document", [DOCS / "architecture.md", *DECISIONS], ids=str)
def test_functions_and_classes_that_are_named_exist(document: Path) -> None:
    names = [code for code in inline(document) if NAME.fullmatch(code) and "/" not in code]
    assert [name for name in names if not _exists(name)] == []


def _exists(name: str) -> bool:
    """`runs.starting.services.start_run`, with the room's package in front or without."""
    for full in (name, f"promptlab.{name}"):
        module, _dot, attribute = full.rpartition(".")
        found: Any = None
        try:
            found = import_module(module)
        except ModuleNotFoundError:
            continue
        return hasattr(found, attribute)
    return False


def test_the_drawing_of_the_rooms_names_every_room_and_no_other() -> None:
    page = (DOCS / "architecture.md").read_text("utf-8")
    drawing = page[page.index("promptlab (the web)") : page.index("optimizer (a Django app")]
    drawn = set(re.findall(r"^│ ((?:\w+)(?: [|·] \w+)*)(?=  |$)", drawing, re.MULTILINE))
    rooms = {word for line in drawn for word in re.findall(r"\w+", line)} - {"asgi", "settings"}
    real = {path.parent.name for path in Path("promptlab").glob("*/__init__.py")}
    assert rooms - {"urls"} == real


def test_the_drawing_of_the_core_names_every_room_and_no_other() -> None:
    page = (DOCS / "architecture.md").read_text("utf-8")
    drawing = page[page.index("─ core ─") : page.index("standard library and numpy")]
    drawn = re.findall(r"^│ │ (\w+(?: \| \w+)*)  ", drawing, re.MULTILINE)
    rooms = [room for line in drawn for room in line.split(" | ")]
    real = {path.parent.name for path in Path("optimizer/core").glob("*/__init__.py")}
    assert (set(rooms), len(rooms)) == (real, len(real))


def test_files_that_the_page_of_optimizers_names_exist() -> None:
    named = [code for code in inline(DOCS / "optimizers.md") if re.fullmatch(r"[\w/]+\.py", code)]
    places = (Path("."), Path("optimizer/core"))
    assert [name for name in named if not any((p / name).exists() for p in places)] == []


def test_the_index_of_decisions_is_whole() -> None:
    index = (DOCS / "decisions/README.md").read_text("utf-8")
    for page in DECISIONS:
        title = page.read_text("utf-8").splitlines()[0].removeprefix("# ")
        number, _space, words = title.partition(" ")
        assert f"| [{number}]({page.name}) | {words} |" in index


def test_every_dependency_is_argued_for() -> None:
    argued = {code for page in DECISIONS for code in inline(page)}
    wanted: set[str] = set()
    for file in Path("requirements").glob("*.in"):
        lines = [line for line in file.read_text("utf-8").splitlines() if line[:1].isalpha()]
        wanted |= {PINNED.findall(line)[0] for line in lines}
    assert wanted - argued == set()


@pytest.mark.parametrize("document", PAGES, ids=str)
def test_pages_speak_of_no_one_machine(document: Path) -> None:
    text = document.read_text("utf-8")
    assert not re.search(r"(?<![\w.])/(?:work|root|home|tmp)/", text)


def test_nothing_large_is_kept_in_the_repository() -> None:
    """Weights, results and downloads lie beside it."""
    told = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, check=False)
    files = [Path(name) for name in told.stdout.split("\0") if name]
    assert [str(f) for f in files if f.is_file() and f.stat().st_size > LARGEST] == []
