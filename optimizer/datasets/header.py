"""Which record of a table has the names of its columns: titles may stand above it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from optimizer.datasets.table import Row
from optimizer.datasets.words import sounds_like_a_field

LONGEST_NAME = 60  # characters; what is longer is a text
_NUMBER = re.compile(r"[-+(]?[$€£]?[0-9][0-9.,' ]*%?\)?")
_YEAR = re.compile(r"(?:1[5-9]|20)[0-9]{2}")
_COMMENT = re.compile(r"(?:#|//)\s")


def find_header(head: Sequence[Row], width: int) -> int | None:
    """The place in `head` of the record with the names; None when there is no record.

    Args:
        head: the first records of a table.
        width: the cells of most of its records.
    """
    if not head:
        return None
    known = _by_known_names(head)
    if known is not None:
        return known
    first = next((n for n, row in enumerate(head) if not _is_title(row, width)), 0)
    if first and not _names(head[first]) and _may_name(head[first - 1], width):
        return first - 1  # the rows have begun: the names are above, even if some are missing
    return first


def reads_like_data(row: Row) -> bool:
    """Whether one of the cells is a number, which few columns are called like; years may be."""
    return any(_NUMBER.fullmatch(cell) and not _YEAR.fullmatch(cell) for cell in _texts(row))


def _by_known_names(head: Sequence[Row]) -> int | None:
    """The first record with two or more names that datasets have, like “question” or “label”, if
    what stands above it cannot be names, or stands apart.
    """
    plain = False
    for number, row in enumerate(head):
        apart = number > 0 and _stands_apart(head[number - 1], row)
        if sum(sounds_like_a_field(cell) for cell in _texts(row)) >= 2 and (apart or not plain):
            return number
        plain = plain or all(_is_plain_name(str(cell)) for cell in row.cells)
    return None


def _stands_apart(above: Row, row: Row) -> bool:
    """Whether there is a blank line, or an empty record, between two records."""
    return row.place - above.place > 1 or not any(_texts(above))


def _is_plain_name(cell: str) -> bool:
    return (
        0 < len(cell) <= LONGEST_NAME
        and not _NUMBER.fullmatch(cell)
        and not cell.startswith((" ", "#", "//"))
        and ":" not in cell
    )


def _is_title(row: Row, width: int) -> bool:
    """Titles and remarks fill few cells, from the left; a blank name stands at either end."""
    cells = _texts(row)
    filled = len([cell for cell in cells if cell])
    if _COMMENT.match(cells[0]):
        return True
    needed = 2 if width in (2, 3) else width / 2
    index_has_no_name = len(cells) == width > 1 and not cells[0] and filled == width - 1
    return filled < needed and not index_has_no_name


def _may_name(row: Row, width: int) -> bool:
    cells = _texts(row)
    return len(cells) == width and len([cell for cell in cells if cell]) > 1 and _names(row)


def _names(row: Row) -> bool:
    """Whether the cells look like names: short, each another, and no numbers but years."""
    filled = [cell for cell in _texts(row) if cell]
    return len(set(filled)) == len(filled) and all(
        len(cell) <= LONGEST_NAME and (not _NUMBER.fullmatch(cell) or _YEAR.fullmatch(cell))
        for cell in filled
    )


def _texts(row: Row) -> list[str]:
    return [str(cell).strip() for cell in row.cells]
