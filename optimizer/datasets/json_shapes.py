"""Where the rows are in a JSON document: the ways in which people and tools write tables."""

from __future__ import annotations

from typing import Any

from optimizer.core.problems import Refused
from optimizer.datasets.exports import Exports, rows_in_document
from optimizer.datasets.table import FILE

KEY = "key"
"""The column of names that rows have in a document which is no list."""


def items_of(found: Any) -> list[Any]:
    """The list that a document is or has; an object without one is a single row.

    Raises:
        Refused: there is none, or more than one.
    """
    if isinstance(found, list):
        return found
    if not isinstance(found, dict):
        raise Refused.because("table.no_json_rows", FILE)
    lists = _lists_in(found)
    table = rows_in_document(found) or _table_in(found) or _by_columns(found) or _by_keys(found)
    if table:
        return table
    if len(lists) > 1:
        raise Refused.because("table.json_lists", FILE, n=len(lists))
    return lists[0] if lists else [found]


def _table_in(found: dict[str, Any]) -> list[Any]:
    """Lists of cells below their names, where a document has columns and rows apart; or the rows
    of a page of Hugging Face, beside which its features stand.
    """
    names, rows = found.get("columns"), found.get("data", found.get("rows"))
    if are_names(names) and isinstance(rows, list):
        return [names, *rows]
    rows = found.get("rows")
    paged = isinstance(rows, list) and rows and isinstance(rows[0], dict) and "row" in rows[0]
    return rows if paged and isinstance(rows, list) else []


def is_one_row(found: Any) -> bool:
    """Whether a document is a single object, in which there are no rows."""
    if not isinstance(found, dict) or _lists_in(found) or _table_in(found):
        return False
    return not (rows_in_document(found) or _by_columns(found) or _by_keys(found))


def are_names(found: Any) -> bool:
    """Whether it is the first of lists of cells, which names the columns."""
    return (
        isinstance(found, list)
        and bool(found)
        and all(isinstance(name, str) and name.strip() for name in found)
        and len(set(found)) == len(found)
    )


def _by_columns(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of columns that are written one after the other: lists, or values by their numbers."""
    columns = {name: _values(column) for name, column in found.items()}
    lengths = {len(column) for column in columns.values()}
    if len(columns) < 2 or len(lengths) != 1 or lengths == {0} or lengths == {1}:
        return []
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def _values(column: Any) -> list[Any]:
    """Those of a column by its rows; none when it is no column."""
    if isinstance(column, dict) and all(key == str(n) for n, key in enumerate(column)):
        column = list(column.values())
    plain = isinstance(column, list) and not any(isinstance(one, dict | list) for one in column)
    return column if plain else []


def _by_keys(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows with the same names in an object whose keys are their own names or numbers."""
    rows = list(found.values())
    if len(rows) < 2 or not all(isinstance(row, dict) and row for row in rows):
        return []
    if any(row.keys() != rows[0].keys() for row in rows) or KEY in rows[0]:
        return []
    if all(key.isdecimal() for key in found):
        return rows
    return [{KEY: key, **row} for key, row in found.items()]


def _lists_in(found: dict[str, Any], wraps: int = 3) -> list[list[Any]]:
    """The lists of objects in a document, or in the only object that it is wrapped in.

    Args:
        wraps: how many times more it may be wrapped.
    """
    if Exports().plain(found) is not found:  # it is a row itself
        return []
    lists = [
        value
        for value in found.values()
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value)
    ]
    inner = [value for value in found.values() if isinstance(value, dict)]
    return lists if lists or len(inner) != 1 or not wraps else _lists_in(inner[0], wraps - 1)
