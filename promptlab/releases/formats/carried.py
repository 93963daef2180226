"""The text of the one reader of replies, as it goes into files that run without us."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from itertools import chain

from optimizer.core.programs.passages import corpus_file
from optimizer.core.programs.program import Program

LINE = f"# {'-' * 94}\n"
"""Below it begins what is copied of a file."""
CHOOSING = (
    "import hashlib",
    "import math",
    "from collections import Counter",
    "from collections.abc import Sequence",
    "from heapq import nsmallest",
)
"""What `chooser` imports beyond the reader."""
MEANING = (
    "import base64",
    "import os",
    "import sys",
    "import urllib.request",
    "from array import array",
    "from operator import mul",
)
"""What it imports beyond that where it chooses by meaning."""
_NEEDED = """\
import datetime
import json
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from decimal import Decimal
"""


def imports(typing: str, *more: str) -> str:
    """What the copied text imports, these names of `typing`, and `more`, in order."""
    lines = {*_NEEDED.splitlines(), f"from typing import {typing}", *more}
    return "\n".join(sorted(lines, key=lambda line: (line.startswith("from"), line)))


@cache
def reader() -> str:
    """Source of `spoken`, of `read_reply` and of all that it stands on, as runs use it."""
    names = (
        "ending.py",
        "dates.py",
        "values.py",
        "stated.py",
        "thinking.py",
        "mending.py",
        "answers.py",
        "layouts.py",
        "reply.py",
    )
    return "\n\n".join(copied("optimizer.core.programs", name) for name in names)


@cache
def chooser(by_meaning: bool = False) -> str:
    """Source of `Nearest` and `input_key`, which choose demos for each input as runs do; of
    `NearestInMeaning`, too, where some are chosen so.
    """
    likeness = copied("optimizer.core.programs", "likeness.py")
    parts = [likeness, copied(__package__, "nearest.py")]
    if by_meaning:
        parts.insert(1, copied("optimizer.core.programs", "vectors.py"))
        parts.append(copied(__package__, "by_meaning.py"))
    return "\n\n".join(parts)


def steps_of(program: Program, known: Sequence[Source] = ()) -> list[str]:
    """Source of what a program's conditions, repetitions and steps without a model stand on, but
    for what the file has already.
    """
    flows = any(call.when or call.repeat for call in program.calls)
    needed = [FLOW] if flows else []
    for made in sorted(_classes(program)):
        needed += _STEPS[made]
    return [copied(*each) for each in dict.fromkeys(needed) if each not in known]


def every_step() -> list[str]:
    """Source of all that `steps_of` may give."""
    return [copied(*each) for each in dict.fromkeys([FLOW, *chain(*_STEPS.values())])]


def imports_of_steps(program: Program) -> tuple[str, ...]:
    """What that imports beyond the reader."""
    return tuple(
        dict.fromkeys(line for made in _classes(program) for line in _IMPORTS.get(made, ()))
    )


def _classes(program: Program) -> set[str]:
    """What its steps are made of that are no prompts: their classes, and those of their tools."""
    steps = {module.python_class for module in program.modules if not module.is_prompt}
    return steps | {made for m in program.modules for made, _told in m.python_tools().values()}


def needs_of(program: Program) -> tuple[str, ...]:
    """Libraries that these steps want installed."""
    return ("bm25s",) if any(module.corpora for module in program.modules) else ()


def beside(program: Program) -> list[str]:
    """What has to lie beside the file, and what else it does otherwise than a run, in words."""
    turns = [
        f"{module.name} takes its turns as texts here, with whatever model; in a run, models that "
        "call functions make the same turns as calls."
        for module in program.modules
        if module.python_tools()
    ]
    return turns + [
        f"{module.name} looks things up in {corpus_file(digest)}, which has to lie "
        "beside this file: the project's page “Corpora” gives it."
        for module in program.modules
        for digest in module.corpora
    ]


Source = tuple[str, str]
"""A package and a file of it."""
_CORE = "optimizer.core.programs"
FLOW: Source = (_CORE, "flow.py")
LIKENESS: Source = (_CORE, "likeness.py")
CALLING = ("from contextlib import redirect_stdout", "from io import StringIO")
LOOKING_UP = ("from pathlib import Path", "import bm25s", "import numpy")
FETCHING = (
    "import urllib.error",
    "import urllib.request",
    "from urllib.parse import quote, urlsplit",
)
VOTING = ("from collections import Counter", "from collections.abc import Sequence")
TAKING_TURNS = ("from collections.abc import Generator, Sequence",)
_PASSAGES: Source = (_CORE, "passages.py")
_VOTING: Source = (_CORE, "voting.py")
_URLS: Source = (_CORE, "urls.py")
_LOOKUP: tuple[Source, ...] = (
    LIKENESS,
    _PASSAGES,
    ("optimizer.retrieval", "lookup.py"),
)
_STEPS: dict[str, tuple[Source, ...]] = {
    "Calling": ((_CORE, "returned.py"),),
    "Endpoint": (_PASSAGES, _URLS, (_CORE, "endpoints.py"), (__package__, "endpoint.py")),
    "Fetching": (_URLS, (_CORE, "turns.py"), (__package__, "fetching.py")),
    "Function": ((_CORE, "returned.py"),),
    "Lookup": _LOOKUP,
    "MostFrequent": (_VOTING,),
    "Picking": (_VOTING, (_CORE, "picking.py"), (__package__, "picker.py")),
    "Agent": ((_CORE, "turns.py"), (__package__, "agent.py")),
    "Searching": _LOOKUP,
}
"""What makes each class stand on its own feet."""
_IMPORTS: dict[str, tuple[str, ...]] = {
    "Calling": CALLING,
    "Endpoint": FETCHING,
    "Fetching": FETCHING,
    "Function": CALLING,
    "Lookup": (*CHOOSING, *LOOKING_UP),
    "MostFrequent": VOTING,
    "Picking": VOTING,
    "Agent": TAKING_TURNS,
    "Searching": (*CHOOSING, *LOOKING_UP),
}
"""What that imports beyond the reader."""


def copied(package: str, name: str) -> str:
    """A file of ours below its line of dashes."""
    source = files(package).joinpath(name).read_text(encoding="utf-8")
    return source.partition(LINE)[2].strip("\n") + "\n"


@cache
def names_in(source: str) -> frozenset[str]:
    """What a source defines and imports: names that nothing else in its file may have."""
    found: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
        else:
            targets = (part for part in ast.walk(node) if isinstance(part, ast.Name))
            found |= {part.id for part in targets if isinstance(part.ctx, ast.Store)}
    return frozenset(found)
