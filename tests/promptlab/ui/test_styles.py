"""One style file is served, made of those that are written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.storage import StaticFilesStorage
from django.core.files.storage import FileSystemStorage

from promptlab.ui.styles import BUNDLE, SOURCES, JoinedStyles, squeezed, stylesheets

STATIC = Path(__file__).parents[3] / "static"


class Collected(FileSystemStorage):
    """Where files are collected to, without hashing."""

    def post_process(self, paths: dict[str, Any], **options: Any) -> list[Any]:
        return [(name, name, False) for name in paths]


class Joining(JoinedStyles, Collected):
    pass


def collect(folder: Path) -> dict[str, Any]:
    sources = FileSystemStorage(location=STATIC)
    paths: dict[str, Any] = {source: (sources, source) for source in SOURCES}
    storage = Joining(location=folder)
    list(storage.post_process(paths))
    return paths


def test_the_joined_file_holds_every_style_in_order(tmp_path: Path) -> None:
    paths = collect(tmp_path)
    written = "".join((STATIC / source).read_text() for source in SOURCES)
    assert (tmp_path / BUNDLE).read_text() == squeezed(written)
    assert BUNDLE in paths


def test_comments_and_indentation_are_not_sent() -> None:
    assert squeezed("/* why\n not */\n.a {\n  color: red;\n}\n") == " .a { color: red; } "


def test_no_string_in_a_style_would_be_squeezed() -> None:
    for source in SOURCES:
        strings = re.findall(r'"[^"]*"', (STATIC / source).read_text())
        assert not [text for text in strings if "  " in text or "/*" in text]


def test_collecting_twice_keeps_one_file(tmp_path: Path) -> None:
    collect(tmp_path)
    collect(tmp_path)
    assert [p.name for p in (tmp_path / "css").iterdir()] == ["app.css"]


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    list(Joining(location=tmp_path).post_process({}, dry_run=True))
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_was_collected_each_file_is_linked() -> None:
    assert not hasattr(StaticFilesStorage, "joins_styles")
    assert len(stylesheets()) == len(SOURCES)


def test_the_order_of_the_layers_is_declared_first() -> None:
    first = (STATIC / SOURCES[0]).read_text()
    assert "@layer reset, tokens, base, layout, components, utilities;" in first


def test_important_is_left_to_utilities_hiding_and_still_pages() -> None:
    using = {p.name for p in STATIC.rglob("css/**/*.css") if "!important" in p.read_text()}
    assert using <= {"reset.css", "base.css", "utilities.css"}
