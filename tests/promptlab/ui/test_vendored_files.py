"""Files written by others stay exactly as published, and the pages stay light."""

from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path

import pytest

from promptlab.ui.joined_scripts import JOINED, joined, minified
from promptlab.ui.styles import SOURCES, squeezed

ROOT = Path(__file__).parents[3]
STATIC = ROOT / "static"
NOTICE = re.compile(r"^\s+([0-9a-f]{64})  (static/\S+)$", re.MULTILINE)

# Bytes on the wire, as docs/design.md promises them.
BUDGETS = {"css": 12_000, "js": 30_000, "fonts": 55_000, "canvas": 12_000, "canvas_css": 2_600}
# Of the canvas of a program alone: no other page loads it.
CANVAS = "js/pipeline-graph*.js"


def notices() -> list[tuple[str, str]]:
    text = (ROOT / "THIRD-PARTY-NOTICES").read_text()
    return [(path, digest) for digest, path in NOTICE.findall(text)]


def gzipped(paths: list[Path]) -> int:
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in paths)


def test_the_styles_fit_their_budget_as_the_one_file_that_is_served() -> None:
    served = squeezed("".join((STATIC / source).read_text() for source in SOURCES))
    assert len(gzip.compress(served.encode(), 9)) <= BUDGETS["css"]


def test_every_style_file_is_part_of_the_one_that_is_served() -> None:
    written = {str(path.relative_to(STATIC)) for path in STATIC.glob("css/**/*.css")}
    assert written - {"css/pages/canvas.css"} == set(SOURCES)


@pytest.mark.parametrize(("path", "digest"), notices())
def test_a_vendored_file_is_exactly_the_published_one(path: str, digest: str) -> None:
    assert hashlib.sha256((ROOT / path).read_bytes()).hexdigest() == digest


def test_every_vendored_file_is_named_in_the_notices() -> None:
    vendored = [*STATIC.glob("vendor/*.js"), *STATIC.glob("fonts/*.woff2")]
    named = {path for path, _ in notices()}
    assert {str(path.relative_to(ROOT)) for path in vendored} == named


def test_every_licence_of_a_vendored_file_lies_beside_it() -> None:
    text = (ROOT / "THIRD-PARTY-NOTICES").read_text()
    licences = re.findall(r"static/\S+\.txt", text)
    assert len(licences) == 3
    for licence in licences:
        assert "THE SOFTWARE IS PROVIDED" in (words := (ROOT / licence).read_text()) or (
            "SIL OPEN FONT LICENSE" in words
        )


def test_the_scripts_fit_their_budget_with_htmx() -> None:
    scripts = {*STATIC.glob("js/*.js"), *STATIC.glob("vendor/*.js")} - {*STATIC.glob(CANVAS)}
    assert gzipped(sorted(scripts)) <= BUDGETS["js"]


def test_the_canvas_fits_its_budget_with_all_its_modules_as_the_one_file_that_is_served() -> None:
    pytest.importorskip("minify")
    [canvas] = JOINED
    served = minified(joined(canvas, lambda name: (STATIC / name).read_text()))
    assert len(gzip.compress(served.encode(), 9)) <= BUDGETS["canvas"]
    styles = squeezed((STATIC / "css/pages/canvas.css").read_text())
    assert len(gzip.compress(styles.encode(), 9)) <= BUDGETS["canvas_css"]


def test_the_fonts_fit_their_budget() -> None:
    fonts = STATIC.glob("fonts/*.woff2")
    assert sum(path.stat().st_size for path in fonts) <= BUDGETS["fonts"]
