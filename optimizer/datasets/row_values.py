"""The values of one row by their fields, from the cells of a file and from what people type."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from optimizer.core.problems import Problem, Refused, problem
from optimizer.core.programs.signature import Field, FieldType, Value
from optimizer.core.programs.values import UnreadableValue, read_value
from optimizer.datasets.blocks import are_texts, none_missing
from optimizer.datasets.columns import is_missing
from optimizer.datasets.table import of_row, trouble_in


class Unfit(Exception):
    """A cell is no value of its field: why, without a place."""

    def __init__(self, why: Problem) -> None:
        super().__init__(why)
        self.why = why


def value_of(field: Field, cell: Value, *, expected: bool) -> Value:
    """A cell as a value of its field.

    Raises:
        Unfit: it is none.
    """
    if is_missing(cell):
        if field.nullable:
            return None
        if expected:
            raise Unfit(problem("row.no_expected"))
        return "" if field.type is FieldType.TEXT else None
    try:
        return read_value(field.kind, cell)  # type: ignore[no-any-return]
    except UnreadableValue as error:
        raise Unfit(problem("row.value", why=str(error))) from None


def reader_of(field: Field, *, expected: bool) -> Callable[[Value], Value]:
    """`value_of` for many cells of one column: what is a value as it stands is not looked at again.

    Texts of tables have nothing in them that cannot be stored.
    """
    choices = frozenset(field.choices) if field.type is FieldType.CHOICE else frozenset()
    texts = field.type is FieldType.TEXT and not field.nullable

    def read(cell: Value) -> Value:
        if isinstance(cell, str) and (cell in choices or (texts and not cell.isspace() and cell)):
            return cell
        return value_of(field, cell, expected=expected)

    return read


def read_cells(
    field: Field, cells: Sequence[Value], *, expected: bool
) -> tuple[Sequence[Value], dict[int, Problem]]:
    """A whole column by `value_of`: the values, and by their numbers why some cells are none."""
    plain = field.type is FieldType.TEXT and not field.nullable
    if plain and none_missing(cells):
        return cells, {}
    read = reader_of(field, expected=expected)
    if not are_texts(cells):
        return _read_each(read, cells)
    texts = list(dict.fromkeys(cells))
    values, unfit = _read_each(read, texts)
    known = dict(zip(texts, values, strict=True))
    why = {texts[n]: wrong for n, wrong in unfit.items()}
    told = {n: why[cell] for n, cell in enumerate(cells) if cell in why} if why else {}
    return [known[cell] for cell in cells], told


def _read_each(
    read: Callable[[Value], Value], cells: Sequence[Value]
) -> tuple[list[Value], dict[int, Problem]]:
    values: list[Value] = []
    unfit: dict[int, Problem] = {}
    for n, cell in enumerate(cells):
        try:
            values.append(read(cell))
        except Unfit as error:
            values.append(None)
            unfit[n] = error.why
    return values, unfit


def trouble_within(value: Any) -> Problem | None:
    """Why a value, or what is nested in it, cannot be stored, if so."""
    if isinstance(value, dict | list):
        inner = (*value, *value.values()) if isinstance(value, dict) else value
        return next((told for item in inner if (told := trouble_within(item))), None)
    return trouble_in(value)


def values_of(
    fields: Sequence[Field], given: Mapping[str, Value], place: int, *, expected: bool
) -> dict[str, Value]:
    """What somebody gives for the fields of a row; what is left out is missing.

    Args:
        place: the row's number, of which problems are told.

    Raises:
        Refused: all that is wrong with it, at the columns `rows[PLACE].FIELD`.
    """
    names = {field.name for field in fields}
    found: dict[str, Value] = {}
    wrong = [problem("row.no_such_field", of_row(place, name)) for name in given.keys() - names]
    for field in fields:
        cell = given.get(field.name)
        try:
            trouble = trouble_within(cell)
            if trouble:
                raise Unfit(trouble)
            found[field.name] = value_of(field, cell, expected=expected)
        except Unfit as error:
            wrong.append(error.why.at(of_row(place, field.name)))
    if not expected and not wrong and all(map(is_missing, found.values())):
        wrong.append(problem("row.no_input", of_row(place)))
    if wrong:
        raise Refused(*wrong)
    return found
