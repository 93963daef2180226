"""`manage.py import_preview`: what a dataset's file holds, read as its page reads it."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from optimizer.core.problems import Problem, Refused
from optimizer.datasets.encodings import CHOICES
from optimizer.datasets.reading import too_large
from optimizer.datasets.table import FILE, MAX_BYTES, Options, in_its_row, place_of
from optimizer.files.reading_arguments import add_reading_arguments, reading_options
from optimizer.sentences import reasons, sentence
from promptlab.datasets.sandboxed_reader import Found, read_apart

SHOWN_ROWS = 5
SHOWN_CHARACTERS = 40


class Command(BaseCommand):
    help = (
        "Read a file as the page of a new dataset does, and say what it holds. Nothing is stored. "
        "Exit code 0: readable, 1: not."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        add_reading_arguments(parser)
        parser.add_argument("--json", action="store_true", help="one line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = _found(options["file"], reading_options(options))
        except Refused as refusal:
            self._refuse(reasons(refusal), as_json=options["json"])
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(found)))
        else:
            self.stdout.write("\n".join(_lines(found)))

    def _refuse(self, why: str, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps({"error": why}))
        else:
            self.stderr.write(why)
        sys.exit(1)


def _found(file: Path, options: Options) -> Found:
    """Raises Refused when the file cannot be read, or no table can be made of it."""
    try:
        with file.open("rb") as opened:
            size = opened.seek(0, 2)
        if size > MAX_BYTES:
            raise Refused(too_large(size))
        with tempfile.TemporaryDirectory() as folder:
            return read_apart(file.resolve(), file.name, options, Path(folder) / "rows")
    except OSError as error:
        why = error.strerror or str(error)
        raise Refused.because("table.unreadable", FILE, path=str(file), why=why) from error


def _as_json(found: Found) -> dict[str, object]:
    return {
        "rows": found.count,
        "columns": found.names,
        "encoding": found.encoding or None,
        "delimiter": found.delimiter or None,
        "sheet": found.sheet or None,
        "sheets": found.sheets,
        "problems": [
            {found.unit: place_of(wrong), "line": place_of(wrong), "reason": sentence(wrong)}
            for wrong in found.problems
        ],
        "problem_count": found.problem_count,
        "notes": [sentence(note) for note in found.notes],
        "preview": [{"line": row.place, "cells": row.cells} for row in found.preview],
    }


def _lines(found: Found) -> Iterator[str]:
    facts = [f"{found.count} rows", f"{len(found.columns)} columns"]
    if found.encoding:
        facts.append(str(CHOICES.get(found.encoding, found.encoding)))
    if found.delimiter:
        facts.append(f"delimiter {found.delimiter!r}")
    if found.sheet:
        facts.append(f"“{found.sheet}” of {', '.join(found.sheets)}")
    yield " · ".join(facts)
    for column in found.columns:
        yield f"  {column.name}: {column.role.value}, {column.type.value}"
    for row in found.preview[:SHOWN_ROWS]:
        cells = ("" if cell is None else str(cell)[:SHOWN_CHARACTERS] for cell in row.cells)
        yield f"{found.unit} {row.place}: " + " | ".join(map(_in_a_line, cells))
    yield from map(sentence, found.notes)
    yield from (sentence(_placed(wrong, found)) for wrong in found.problems)
    if found.problem_count:
        yield f"Rows that were left out: {found.problem_count}"


def _placed(wrong: Problem, found: Found) -> Problem:
    return in_its_row(wrong, found.unit)


def _in_a_line(text: str) -> str:
    return " ".join(text.split())
