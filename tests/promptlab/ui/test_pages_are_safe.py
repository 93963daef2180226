"""What a strict content security policy refuses, and what opens a hole, is not written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
FORBIDDEN = {
    "an inline style": re.compile(r"""\sstyle\s*=\s*["']"""),
    "a style element": re.compile(r"<style\b"),
    "an inline script": re.compile(r"<script(?![^>]*\bsrc=)"),
    "an event attribute": re.compile(r"""\son[a-z]+\s*=\s*["']"""),
    "hx-on, which needs eval": re.compile(r"\bhx-on\b"),
    "a filtered trigger, which needs eval": re.compile(r"""hx-trigger\s*=\s*["'][^"']*\["""),
    "a js: value, which needs eval": re.compile(r"""=["']\s*(js|javascript):"""),
    "text that is not escaped": re.compile(r"\|\s*safe\b|autoescape\s+off|\|\s*safeseq"),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_template_contains(what: str) -> None:
    guilty = [
        str(path.relative_to(ROOT))
        for path in TEMPLATES
        if FORBIDDEN[what].search(path.read_text())
    ]
    assert guilty == []


def test_no_script_draws_html_from_text() -> None:
    unsafe = re.compile(r"innerHTML\s*=|insertAdjacentHTML|document\.write|\beval\(|new Function")
    for path in (ROOT / "static/js").glob("*.js"):
        assert not unsafe.search(path.read_text()), path.name


def test_no_python_marks_text_as_safe() -> None:
    guilty = [
        str(path.relative_to(ROOT))
        for room in ("promptlab", "optimizer")
        for path in (ROOT / room).rglob("*.py")
        if "mark_safe" in path.read_text() or "SafeString(" in path.read_text()
    ]
    assert guilty == []
