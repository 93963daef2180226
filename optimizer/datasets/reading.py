"""Any file that a person may give → a table: the one reader of pages, API and command line."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import PurePath
from typing import BinaryIO

from optimizer.core.problems import Problem, Refused, problem, warning
from optimizer.datasets.delimited import read_delimited
from optimizer.datasets.encodings import BROKEN_BYTES, CHOICES, find_encoding, is_a_guess
from optimizer.datasets.json_rows import LINES, is_json, read_json
from optimizer.datasets.table import FILE, MAX_BYTES, Options, Table, in_its_row

DELIMITED = ("csv", "tsv", "tab", "ssv", "txt")


def read_table(file: BinaryIO, name: str = "", options: Options | None = None) -> Table:
    """Read a seekable file; `name` helps by its ending only.

    Raises:
        Refused: no table can be made of it.
    """
    options = options or Options()
    _check_size(file)
    encoding = find_encoding(file, options.encoding)
    text = io.TextIOWrapper(file, encoding, errors=BROKEN_BYTES, newline="")
    try:
        table = _read(text, encoding, options, PurePath(name).suffix.lower().lstrip("."))
    finally:
        text.detach()  # the file stays its owner's
    if not table.rows:
        raise Refused(_without_rows(table))
    if not options.encoding and is_a_guess(encoding):
        told = warning("note.guess", FILE, encoding=CHOICES.get(encoding, encoding))
        return replace(table, notes=(told, *table.notes))
    return table


def _check_size(file: BinaryIO) -> None:
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if size > MAX_BYTES:
        raise Refused(too_large(size))


def too_large(size: int) -> Problem:
    """What is said of a file of so many bytes that it is not taken."""
    return problem("table.too_large", FILE, size=size / 2**20, most=MAX_BYTES // 2**20)


def _read(text: io.TextIOWrapper, encoding: str, options: Options, extension: str) -> Table:
    # A table of another kind may begin so, too: its ending says so, unless it is whole JSON.
    if _beginning(text).startswith(("{", "[")) and (extension not in DELIMITED or is_json(text)):
        return read_json(text, encoding, extension)
    if extension in ("json", *LINES):
        raise Refused.because("table.no_json_start", FILE)
    return read_delimited(text, encoding, options, extension)


def _beginning(text: io.TextIOWrapper) -> str:
    """The first characters after any blank ones; the text is rewound."""
    start = ""
    while not start and (chunk := text.read(4096)):
        start = chunk.lstrip("\ufeff \t\r\n")
    text.seek(0)
    return start


def _without_rows(table: Table) -> Problem:
    if not table.problems:
        return problem("table.no_rows", FILE)
    first = in_its_row(table.problems[0], table.unit)
    return problem("table.no_usable_row", FILE, first=first)
