"""Any file that a person may give → a table: the one reader of pages, API and command line."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import PurePath
from typing import BinaryIO

from optimizer.datasets.delimited import read_delimited
from optimizer.datasets.encodings import CHOICES, find_encoding, is_a_guess
from optimizer.datasets.json_rows import LINES, read_json
from optimizer.datasets.table import MAX_BYTES, Options, Table, Unreadable

DELIMITED = ("csv", "tsv", "tab", "ssv", "txt")


def read_table(file: BinaryIO, name: str = "", options: Options | None = None) -> Table:
    """Read a seekable file; `name` helps by its ending only.

    Raises:
        Unreadable: no table can be made of it; the message says why and what to do.
    """
    options = options or Options()
    _check_size(file)
    encoding = find_encoding(file, options.encoding)
    text = io.TextIOWrapper(file, encoding, newline="")
    try:
        table = _read(text, encoding, options, PurePath(name).suffix.lower().lstrip("."))
    finally:
        text.detach()  # the file stays its owner's
    if not table.rows:
        raise Unreadable(_without_rows(table))
    if not options.encoding and is_a_guess(encoding):
        told = f"The characters are read as {CHOICES.get(encoding, encoding)}, which is a guess."
        return replace(table, notes=(told, *table.notes))
    return table


def _check_size(file: BinaryIO) -> None:
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if size > MAX_BYTES:
        raise Unreadable(too_large(size))


def too_large(size: int) -> str:
    """What is said of a file of so many bytes that it is not taken."""
    return (
        f"The file has {size / 2**20:.0f} MB; up to {MAX_BYTES // 2**20} MB are taken. "
        "Take a part of it: a few hundred rows are enough to optimize."
    )


def _read(text: io.TextIOWrapper, encoding: str, options: Options, extension: str) -> Table:
    if extension not in DELIMITED and _beginning(text).startswith(("{", "[")):
        return read_json(text, encoding, extension)
    if extension in ("json", *LINES):
        raise Unreadable("The file is not JSON: it begins neither with { nor with [.")
    return read_delimited(text, encoding, options, extension)


def _beginning(text: io.TextIOWrapper) -> str:
    """The first characters after any blank ones; the text is rewound."""
    start = ""
    while not start and (chunk := text.read(4096)):
        start = chunk.lstrip("\ufeff \t\r\n")
    text.seek(0)
    return start


def _without_rows(table: Table) -> str:
    if not table.problems:
        return "The file has column names but no rows. Add rows and choose it again."
    first = table.problems[0]
    return (
        f"No row of the file can be used. The first one, {table.unit} {first.place}, "
        f"{first.message}."
    )
