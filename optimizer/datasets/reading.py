"""Any file that a person may give → a table: the one reader of pages, API and command line."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import PurePath
from typing import Any, BinaryIO

from optimizer.core.problems import Problem, Refused, problem, warning
from optimizer.datasets.delimited import read_delimited
from optimizer.datasets.encodings import BROKEN_BYTES, CHOICES, find_encoding, is_a_guess
from optimizer.datasets.export_tables import as_rows
from optimizer.datasets.joining import are_splits, joined
from optimizer.datasets.json_rows import LINES, is_json, read_json
from optimizer.datasets.kinds import Kind, find_kind
from optimizer.datasets.packed import member, names_in, unpacked
from optimizer.datasets.parquet import read_parquet
from optimizer.datasets.references import FILE_URL, Beside, first_of
from optimizer.datasets.table import FILE, MAX_BYTES, Options, Table, in_its_row, sheets_note
from optimizer.datasets.workbooks import read_workbook
from optimizer.datasets.yaml_text import EXTENSIONS, as_json

MOST_PACKED = 2
"""A compressed file in an archive is read; what is packed more often is a trick."""
DELIMITED = ("csv", "tsv", "tab", "ssv", "txt")


def read_table(file: BinaryIO, name: str = "", options: Options | None = None) -> Table:
    """Read a seekable file; `name` helps by its ending only.

    Raises:
        Refused: no table can be made of it.
    """
    _check_size(file)
    table = _by_kind(file, name, options or Options())
    if not table.rows:
        raise Refused(_without_rows(table))
    return table


def _by_kind(
    file: BinaryIO, name: str, options: Options, packed: int = 0, beside: Beside | None = None
) -> Table:
    """`packed`: how many files it was in; `beside`: those that it may name."""
    kind = find_kind(file)
    if kind is Kind.WORKBOOK:
        return as_rows(read_workbook(file, options))
    if kind in (Kind.PACKED, Kind.ARCHIVE):
        if packed == MOST_PACKED:
            raise Refused.because("table.packed_again", FILE)
        read = _read_packed if kind is Kind.PACKED else _read_archive
        return read(file, name, options, packed + 1)
    if options.sheet:
        raise Refused.because("table.no_sheets", FILE)
    return read_parquet(file) if kind is Kind.PARQUET else _read_text(file, name, options, beside)


def _read_packed(file: BinaryIO, name: str, options: Options, packed: int) -> Table:
    with unpacked(file, name) as (inner, inner_name):
        return _by_kind(inner, inner_name, options, packed)


def _read_archive(file: BinaryIO, name: str, options: Options, packed: int) -> Table:
    names = names_in(file)
    if not options.sheet and (are_splits(names) or (options.together and len(names) > 1)):
        tables = {name: _read_member(file, replace(options, sheet=name), packed) for name in names}
        table = joined(tables, insists=options.together)
        if table:
            return replace(table, sheet="", sheets=names)
    return _read_member(file, options, packed)


def _read_member(file: BinaryIO, options: Options, packed: int) -> Table:
    if not options.sheet:
        options = replace(options, sheet=first_of(names_in(file)))
    with member(file, options) as (inner, inner_name, names):
        if len(names) == 1:
            return _by_kind(inner, inner_name, options, packed)
        beside = _beside(file, inner_name, names, options, packed)
        table = _by_kind(inner, inner_name, replace(options, sheet=""), packed, beside)
    notes = (*sheets_note(names, inner_name), *table.notes)
    return replace(table, sheet=inner_name, sheets=names, notes=notes)


def _beside(
    archive: BinaryIO, name: str, names: tuple[str, ...], options: Options, packed: int
) -> Beside:
    """The other files of an archive, as one of them names them."""

    def table(name: str) -> Table:
        with member(archive, replace(options, sheet=name)) as (file, *_):
            return _by_kind(file, name, replace(options, sheet=""), packed)

    def text(name: str) -> str:
        with member(archive, replace(options, sheet=name)) as (file, *_):
            encoding = find_encoding(file, options.encoding)
            return file.read().decode(encoding, "replace")

    def data(name: str) -> Any:
        return json.loads(as_json(text(name)))  # JSON is YAML, too

    return Beside(name, names, table, data, text)


def _read_text(file: BinaryIO, name: str, options: Options, beside: Beside | None) -> Table:
    encoding = find_encoding(file, options.encoding)
    text = io.TextIOWrapper(file, encoding, errors=BROKEN_BYTES, newline="")
    try:
        table = _read(text, encoding, options, PurePath(name).suffix.lower().lstrip("."), beside)
    finally:
        text.detach()  # the file stays its owner's
    if not options.encoding and is_a_guess(encoding) and table.rows:
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


def _read(
    text: io.TextIOWrapper, encoding: str, options: Options, extension: str, beside: Beside | None
) -> Table:
    if extension in EXTENSIONS or (extension == "json" and beside and _refers(text)):
        return _read_yaml(text, encoding, options, beside)
    # A table of another kind may begin so, too: its ending says so, unless it is whole JSON.
    if _beginning(text).startswith(("{", "[")) and (extension not in DELIMITED or is_json(text)):
        return read_json(text, encoding, extension, flatten=options.flatten)
    if extension in ("json", *LINES):
        raise Refused.because("table.no_json_start", FILE)
    return as_rows(read_delimited(text, encoding, options, extension))


def _refers(text: io.TextIOWrapper) -> bool:
    """Whether a text names other files; it is rewound."""
    refers = any(FILE_URL in line for line in text)
    text.seek(0)
    return refers


def _read_yaml(
    text: io.TextIOWrapper, encoding: str, options: Options, beside: Beside | None
) -> Table:
    """As the same values in JSON; tests that are named but not there are asked for."""
    written = as_json(text.read())
    found = json.loads(written)
    tests = found.get("tests") if isinstance(found, dict) else None
    if tests and beside:
        written = json.dumps(beside.filled(found), ensure_ascii=False)
    elif isinstance(tests, str):
        raise Refused.because("table.tests_elsewhere", FILE, file=tests.removeprefix("file://"))
    return read_json(io.StringIO(written), encoding, "json", flatten=options.flatten)


def _beginning(text: io.TextIOWrapper) -> str:
    """The first characters after any blank ones; the text is rewound."""
    start = ""
    while not start and (chunk := text.read(4096)):
        start = chunk.lstrip("\ufeff\x1e \t\r\n")
    text.seek(0)
    return start


def _without_rows(table: Table) -> Problem:
    if not table.problems:
        return problem("table.no_rows", FILE)
    first = in_its_row(table.problems[0], table.unit)
    return problem("table.no_usable_row", FILE, first=first)
