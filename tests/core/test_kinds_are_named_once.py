"""A kind is named by its own two files and the two registries that find them; by nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from optimizer.core.metrics import METRIC_KINDS
from optimizer.core.modules import MODULE_KINDS

KINDS = [
    *(("optimizer/core/modules", "promptlab/programs/kinds", k) for k in MODULE_KINDS.values()),
    *(("optimizer/core/metrics", "promptlab/metrics/kinds", k) for k in METRIC_KINDS.values()),
]
SOURCES = [
    path
    for room in ("optimizer", "promptlab", "templates")
    for path in Path(room).rglob("*")
    if path.suffix in (".py", ".html", ".js") and "migrations" not in path.parts
]


@pytest.mark.parametrize(("core", "web", "kind"), KINDS, ids=lambda part: str(part))
def test_only_its_own_files_and_the_registries_name_a_kind(core: str, web: str, kind: type) -> None:
    name: str = kind.kind  # type: ignore[attr-defined]
    # DSPy has names of its own for some.
    named = re.compile(
        rf"(?<!dspy\.)(?<!predictor: ClassVar\[str\] = )(\b{kind.__name__}\b|\"{name}\")"
    )
    files = {str(path) for path in SOURCES if named.search(path.read_text())}
    own = {f"{room}/{file}" for room in (core, web) for file in (f"{name}.py", "__init__.py")}
    assert files <= own
    assert {f"{core}/{name}.py", f"{web}/{name}.py"} <= files
