"""Tables that other tools export: cells that hold JSON, and columns with a meaning of their own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from typing import Any

from optimizer.core.programs.signature import Value
from optimizer.datasets.columns import is_missing
from optimizer.datasets.export_kinds import LANGFUSE, LANGSMITH, Item
from optimizer.datasets.json_rows import table_of
from optimizer.datasets.table import Table

SEEN = 20  # rows by which an export is known
_WITH_JSON = (LANGFUSE, LANGSMITH)
"""Kinds whose items are exported as tables, too, a cell for each part."""
_ASSERTION = re.compile(r"((?:not-)?[a-z][a-z0-9-]*)(?:\([0-9.]+\))?:\s*(.*)", re.DOTALL)
_EXPECTED = re.compile(r"__expected[0-9]*")
_METADATA = "__metadata:"
_AS_NAMED = ("__description", "__threshold")


def as_rows(table: Table) -> Table:
    """The rows that a table stands for, if another tool exported it; else the table."""
    item_of = _reading(table)
    if item_of is None:
        return table
    names = table.columns
    items = ((row.place, item_of(dict(zip(names, row.cells, strict=True)))) for row in table.rows)
    read = table_of(items)
    return replace(
        table, columns=read.columns, rows=read.rows, problems=(*table.problems, *read.problems),
        notes=(*read.notes, *table.notes),
    )  # fmt: skip


def _reading(table: Table) -> Callable[[dict[str, Value]], Item] | None:
    if any(map(_EXPECTED.fullmatch, table.columns)):
        return _promptfoo
    for kind in _WITH_JSON:
        if not kind.marks.isdisjoint(table.columns):
            seen = [
                dict(zip(table.columns, r.cells, strict=True)) for r in islice(table.rows, SEEN)
            ]
            if all(kind.is_one(_parsed(cells)) for cells in seen):
                return _parsed
    return None


def _parsed(cells: dict[str, Value]) -> Item:
    """Cells that are JSON as what they say."""
    return {name: _said(cell) for name, cell in cells.items()}


def _said(cell: Value) -> Any:
    if is_missing(cell):
        return None
    if isinstance(cell, str) and cell.lstrip().startswith(("{", "[", '"')):
        try:
            return json.loads(cell)
        except (ValueError, RecursionError):
            return cell
    return cell


def _promptfoo(cells: dict[str, Value]) -> Item:
    """Columns with two lines before their names are no variables."""
    item: Item = {"vars": {}, "assert": [], "metadata": {}}
    for name, cell in cells.items():
        if not name.startswith("__"):
            item["vars"][name] = cell
        elif is_missing(cell):
            continue
        elif _EXPECTED.fullmatch(name):
            item["assert"].append(_assertion(str(cell).strip()))
        elif name.startswith(_METADATA):
            item["metadata"][name.removeprefix(_METADATA).removesuffix("[]")] = cell
        elif name in _AS_NAMED:
            item[name.removeprefix("__")] = cell
        else:
            item.setdefault("options", {})[name] = cell
    return item


def _assertion(text: str) -> Item:
    """`contains: Paris` as its kind and its value; a text alone is what the answer has to equal."""
    found = _ASSERTION.fullmatch(text)
    return {"type": found[1], "value": found[2]} if found else {"type": "equals", "value": text}
