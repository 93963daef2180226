"""Which code this is: the release, and the commit where the code lies in a clone."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

from promptlab.launch.home import CHECKOUT

_DIGEST = re.compile(r"[0-9a-f]{40,64}")
SHOWN = 12


@cache
def code_version(checkout: Path = CHECKOUT) -> str:
    """“0.1.0 (3f2a9c01d4e5)”; without the commit where there is none to be read."""
    project = tomllib.loads((checkout / "pyproject.toml").read_text())["project"]
    commit = _commit(checkout / ".git")
    return f"{project['version']} ({commit[:SHOWN]})" if commit else str(project["version"])


def _commit(git: Path) -> str:
    """The commit that is checked out, "" where these are no files of Git's as we know them."""
    if git.is_file():  # a work tree beside its repository
        git = git.parent / git.read_text().partition(":")[2].strip()
    head = _line(git / "HEAD")
    name = head.removeprefix("ref: ")
    if name == head:
        return head if _DIGEST.fullmatch(head) else ""
    shared = git / _line(git / "commondir") if (git / "commondir").is_file() else git
    packed = _line_of(shared / "packed-refs", f" {name}").partition(" ")[0]
    found = _line(shared / name) or packed
    return found if _DIGEST.fullmatch(found) else ""


def _line(path: Path) -> str:
    return path.read_text().strip() if path.is_file() else ""


def _line_of(path: Path, ending: str) -> str:
    lines = path.read_text().splitlines() if path.is_file() else ()
    return next((line for line in lines if line.endswith(ending)), "")
