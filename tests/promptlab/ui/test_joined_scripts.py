"""One script of the canvas is served, made of the modules that are written."""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage

from promptlab.ui.joined_scripts import JOINED, JoinedScripts, joined, minified
from tests.promptlab.ui.test_styles import Collected

STATIC = Path(__file__).parents[3] / "static"
[CANVAS] = JOINED


class Joining(JoinedScripts, Collected):
    pass


def written(name: str) -> str:
    return (STATIC / name).read_text()


def test_each_part_stands_once_before_who_needs_it_and_others_are_imported() -> None:
    parts = {
        "js/graph.js": (
            'import { a } from "./graph-a.js";\nimport { copy } from "./other.js";\na();\n'
        ),
        "js/graph-a.js": 'import { b } from "./graph-b.js";\nexport const a = () => b;\n',
        "js/graph-b.js": "export const b = 1;\n",
    }
    assert joined("js/graph.js", parts.__getitem__) == (
        'import { copy } from "./other.js";\n'
        "(() => {\nconst b = 1;\nconst a = () => b;\na();\n})();\n"
    )


def test_no_name_is_given_twice_in_the_parts_of_the_canvas() -> None:
    names = re.findall(
        r"^(?:const|let|class|(?:async )?function) (\w+)", joined(CANVAS, written), re.MULTILINE
    )
    assert [name for name, n in Counter(names).items() if n > 1] == []


def test_what_is_collected_is_the_joined_script(tmp_path: Path) -> None:
    sources = FileSystemStorage(location=STATIC)
    paths: dict[str, Any] = {
        str(file.relative_to(STATIC)): (sources, str(file.relative_to(STATIC)))
        for file in STATIC.glob("js/*.js")
    }
    for _twice in range(2):
        list(Joining(location=tmp_path).post_process(dict(paths)))
    assert [file.name for file in (tmp_path / "js").iterdir()] == ["pipeline-graph.js"]
    script = (tmp_path / CANVAS).read_text()
    assert script == minified(joined(CANVAS, written))
    assert re.findall(r'"(\./[\w-]+\.js)"', script) == ["./clipboard.js"]


def test_where_there_is_no_minifier_the_script_is_sent_as_it_was_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "minify", None)
    script = joined(CANVAS, written)
    assert minified(script) == script
