"""A sheet of a workbook as a table: XLSX, XLSB, XLS and ODS.

The library is native code for files of strangers; it is imported in the process that reads one, and
nowhere else.
"""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, BinaryIO

from optimizer.core.problems import Problem, Refused, warning
from optimizer.core.programs.signature import Value
from optimizer.datasets.cells import cell_of
from optimizer.datasets.header import find_header, reads_like_data
from optimizer.datasets.table import (
    FILE,
    Options,
    Row,
    Table,
    check_room,
    check_width,
    chosen_sheet,
    of_row,
    sheets_note,
    trouble_in,
    unique_names,
)

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

HEAD_ROWS = 60
_UNNAMED = re.compile(r"column \d+")
MAX_UNPACKED = 400 << 20
"""Bytes of all that a workbook packs; its reader holds less of it at a time."""


def read_workbook(file: BinaryIO, options: Options) -> Table:
    """Read the sheet that is asked for, or the first that shows and is not empty.

    Raises:
        Refused: no table can be made of it.
    """
    from python_calamine import CalamineError, PasswordError, load_workbook

    _check_unpacked(file)
    try:
        with load_workbook(file) as workbook:
            names = _visible(workbook)
            return _table(_sheet(workbook, names, options.sheet), names, options)
    except PasswordError as error:
        raise Refused.because("table.protected", FILE) from error
    except CalamineError as error:
        code = "table.protected" if _is_encrypted(file) else "table.broken"
        raise Refused.because(code, FILE) from error


def _is_encrypted(file: BinaryIO) -> bool:
    """Whether it is what Office wraps a workbook with a password in."""
    file.seek(0)
    return "EncryptedPackage".encode("utf-16-le") in file.read()


def _check_unpacked(file: BinaryIO) -> None:
    """What the archive says of itself; one that lies meets the limits of the process."""
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            size = sum(info.file_size for info in archive.infolist())
        if size > MAX_UNPACKED:
            raise Refused.because("table.unpacks_large", FILE, most=MAX_UNPACKED // 2**20)
    file.seek(0)


def _visible(workbook: CalamineWorkbook) -> tuple[str, ...]:
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    sheets = [m for m in workbook.sheets_metadata if m.typ == SheetTypeEnum.WorkSheet]
    shown = [m.name for m in sheets if m.visible == SheetVisibleEnum.Visible]
    if not sheets:
        raise Refused.because("table.broken", FILE)
    return tuple(shown or (m.name for m in sheets))


def _sheet(workbook: CalamineWorkbook, names: tuple[str, ...], asked: str) -> CalamineSheet:
    name = chosen_sheet(names, asked)
    sheet = workbook.get_sheet_by_name(name)
    if asked or sheet.height:
        return sheet
    others = (workbook.get_sheet_by_name(other) for other in names[1:])
    return next((other for other in others if other.height > 1), sheet)


def _table(sheet: CalamineSheet, names: tuple[str, ...], options: Options) -> Table:
    body = _rows(sheet)
    head = list(islice(body, HEAD_ROWS))
    if not any(map(_is_filled, head)):
        if len(names) > 1:
            raise Refused.because("table.empty_sheet", FILE, name=sheet.name)
        raise Refused.because("table.empty", FILE)
    columns, notes, below = _names(head, sheet.width, options)
    rows: list[Row] = []
    problems: list[Problem] = []
    empty = 0
    for row in chain(head[below:], body):
        trouble = next((told for cell in row.cells if (told := trouble_in(cell))), None)
        if trouble:
            problems.append(trouble.at(of_row(row.place)))
        elif _is_filled(row):
            rows.append(row)
        else:
            empty += 1
        check_room(len(rows) + len(problems), len(columns))
    if empty:
        notes.append(warning("note.empty_rows", FILE, n=empty))
    columns, rows = _without_blank_columns(columns, rows)
    found = sheets_note(names, sheet.name)
    return Table(
        columns, tuple(rows), "", "sheet", "", tuple(problems), (*found, *notes), sheet.name, names
    )


def _rows(sheet: CalamineSheet) -> Iterator[Row]:
    """Its rows with the numbers that they have on the sheet."""
    for place, cells in enumerate(sheet.iter_rows(), start=1):
        yield Row(place, tuple(map(_cell, cells)))


def _cell(value: object) -> Value:
    """XLSX knows no whole numbers."""
    return cell_of(int(value) if isinstance(value, float) and value.is_integer() else value)


def _is_filled(row: Row) -> bool:
    return any(str(cell).strip() for cell in row.cells)


def _names(
    head: list[Row], width: int, options: Options
) -> tuple[tuple[str, ...], list[Problem], int]:
    """The names of the columns, notes about them, and how many rows stand above the data."""
    check_width(width)
    if not options.has_header:
        return tuple(f"column {n}" for n in range(1, width + 1)), [], 0
    at = find_header([Row(row.place, _trimmed(row.cells)) for row in head], _usual_width(head)) or 0
    names, notes = unique_names([str(cell) for cell in head[at].cells])
    if reads_like_data(head[at]):
        notes.insert(0, warning("note.no_names", FILE, line=head[at].place))
    if any(map(_is_filled, head[:at])):
        notes.insert(0, warning("note.titles", FILE, line=head[at].place))
    return names, notes, at + 1


def _usual_width(head: list[Row]) -> int:
    """Cells of most rows, those below titles, without blank ones at the end."""
    filled = [len(_trimmed(row.cells)) for row in head if _is_filled(row)]
    counts = Counter(filled[len(filled) // 2 :])
    return max(counts, key=lambda width: (width > 1, counts[width]))


def _trimmed(cells: tuple[Value, ...]) -> tuple[Value, ...]:
    last = max((n for n, cell in enumerate(cells, start=1) if str(cell).strip()), default=1)
    return cells[:last]


def _without_blank_columns(
    columns: tuple[str, ...], rows: list[Row]
) -> tuple[tuple[str, ...], list[Row]]:
    """Columns at the end of a sheet that have neither name nor value are formatting."""
    used = {n for row in rows for n, cell in enumerate(row.cells) if cell != ""}
    last = max(
        (n for n in range(len(columns)) if n in used or not _UNNAMED.fullmatch(columns[n])),
        default=0,
    )
    return columns[: last + 1], [Row(row.place, row.cells[: last + 1]) for row in rows]
