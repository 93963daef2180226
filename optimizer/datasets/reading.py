"""Any file a person may drop → a table. Pure: no database, no Django."""

from __future__ import annotations

import io
from pathlib import PurePath
from typing import BinaryIO

from optimizer.datasets.delimited import read_delimited
from optimizer.datasets.encodings import check_encoding, find_encoding
from optimizer.datasets.json_rows import read_json_array, read_json_lines
from optimizer.datasets.table import MAX_BYTES, Options, Table, Unreadable

DELIMITED = {"csv", "tsv", "tab", "ssv", "txt"}


def read_table(file: BinaryIO, name: str = "", options: Options | None = None) -> Table:
    """Read a seekable file; `name` helps by its ending only.

    Raises:
        Unreadable: no table can be made of it; the message says why and what to do.
    """
    options = options or Options()
    _check_size(file)
    encoding = find_encoding(file)
    if options.encoding:
        check_encoding(file, options.encoding)
        encoding = options.encoding
    text = io.TextIOWrapper(file, encoding, newline="")
    try:
        table = _read(text, encoding, options, PurePath(name).suffix.lower().lstrip("."))
    except UnicodeDecodeError as error:
        raise Unreadable(
            f"The file is not {encoding} throughout. Choose another encoding."
        ) from error
    finally:
        text.detach()  # the file stays its owner's
    if not table.rows:
        raise Unreadable(_without_rows(table))
    return table


def _check_size(file: BinaryIO) -> None:
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if size > MAX_BYTES:
        raise Unreadable(
            f"The file has {size / 2**20:.0f} MB; up to {MAX_BYTES // 2**20} MB are taken. "
            "Take a part of it: a few hundred rows are enough to optimize."
        )


def _read(text: io.TextIOWrapper, encoding: str, options: Options, extension: str) -> Table:
    start = _beginning(text)
    if extension in DELIMITED or not start.startswith(("{", "[")):
        if extension in ("json", "jsonl", "ndjson"):
            raise Unreadable("The file is not JSON: it begins neither with { nor with [.")
        return read_delimited(text, encoding, options, extension)
    if start.startswith("[") and extension not in ("jsonl", "ndjson"):
        return read_json_array(text, encoding)
    if extension == "json" and not _first_line_is_whole(text):
        return read_json_array(text, encoding)
    return read_json_lines(text, encoding)


def _beginning(text: io.TextIOWrapper) -> str:
    """The first characters after any blank ones; the text is rewound."""
    start = ""
    while not start and (chunk := text.read(4096)):
        start = chunk.lstrip("\ufeff \t\r\n")
    text.seek(0)
    return start


def _first_line_is_whole(text: io.TextIOWrapper) -> bool:
    """Whether a .json file has an object a line, as many exporters write it."""
    first = next((line.strip() for line in text if line.strip()), "")
    text.seek(0)
    return first.startswith("{") and first.endswith("}")


def _without_rows(table: Table) -> str:
    if not table.problems:
        return "The file has column names but no rows. Add rows and choose it again."
    first = table.problems[0]
    return (
        f"No row of the file can be used. The first one, {table.unit} {first.place}, "
        f"{first.message}."
    )
