"""From rows to examples: every cell read as its field's type, every row given a split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from optimizer.core.problems import Problem, Refused, problem, refuse, warning
from optimizer.core.programs.demo import digest_of
from optimizer.core.programs.example import Example
from optimizer.core.programs.signature import NULL, FieldType, Value
from optimizer.datasets.columns import MAX_LABELS, Column, Role, Use, is_missing, use_of
from optimizer.datasets.row_values import Unfit, value_of
from optimizer.datasets.splitting import Split, SplitPlan, deal, split_named
from optimizer.datasets.table import FILE, Row, in_its_row, of_row

Rows = Callable[[], Iterable[Row]]
"""Rows that can be gone through more than once."""


@dataclass(frozen=True)
class Mapping:
    """What is made of a table: what its columns are for, and how its rows are dealt out."""

    uses: tuple[Use, ...]
    plan: SplitPlan

    def problems(self, columns: Sequence[str]) -> list[Problem]:
        """Everything that is wrong with it for such columns, each told at its place."""
        found = _use_problems(self.uses)
        named = [*(use.column for use in self.uses), *filter(None, [self.plan.column])]
        missing = [name for name in named if name not in columns]
        return found + [problem("use.no_such_column", of_use(name)) for name in missing]


def guessed(columns: Iterable[Column], seed: int = 0) -> Mapping:
    """The mapping that the columns themselves suggest."""
    columns = tuple(columns)
    named = next((column.name for column in columns if column.names_split), "")
    uses = tuple(
        replace(use_of(c, c.role, c.field, c.type, c.nullable), doubt=c.doubt) for c in columns
    )
    return Mapping(uses, SplitPlan(seed=seed, column=named))


@dataclass(frozen=True)
class Survey:
    """What an import would make of the rows. `splits` is per usable row, in order."""

    splits: tuple[Split, ...]
    problems: tuple[Problem, ...]
    repeated: int
    labels: dict[Split, Counter[str]] = field(default_factory=dict)
    notes: tuple[Problem, ...] = ()

    def count(self, split: Split) -> int:
        return self.splits.count(split)

    def check(self, unit: str) -> None:
        """Raises Refused when that is too little to learn and to score."""
        if len(self.splits) < 2:
            why = [in_its_row(wrong, unit) for wrong in self.problems[:1]]
            if self.splits:
                raise Refused(problem("table.one_row", "mapping"), *why)
            raise Refused(problem("table.no_examples", "mapping"), *why)
        for split in (Split.TRAIN, Split.VALIDATION):
            if not self.count(split):
                raise Refused.because("table.empty_split", "split", split=split.value)


def of_use(column: str, part: str = "") -> str:
    """The place of what is wrong with the use of a column: `mapping.COLUMN.field`."""
    return f"mapping.{column}.{part}" if part else f"mapping.{column}"


def _use_problems(uses: Sequence[Use]) -> list[Problem]:
    found: list[Problem] = []
    taken: dict[str, str] = {}
    for use in uses:
        if use.role is Role.IGNORED:
            continue
        if use.field in taken:
            place = of_use(use.column, "field")
            found.append(problem("use.field_taken", place, other=taken[use.field], field=use.field))
        taken.setdefault(use.field, use.column)
        found += _field_problems(use)
    if not any(use.role is Role.INPUT for use in uses):
        found.append(problem("use.no_input", "mapping"))
    if not any(use.role is Role.EXPECTED for use in uses):
        found.append(problem("use.no_expected", "mapping"))
    return found


def _field_problems(use: Use) -> list[Problem]:
    if use.type is FieldType.CHOICE and len(use.choices) < 2:
        return [problem("use.no_choice", of_use(use.column, "type"), most=MAX_LABELS)]
    if use.type is FieldType.OBJECT and not use.fields:
        return [problem("use.no_object", of_use(use.column, "type"))]
    return [wrong.at(of_use(use.column, "field")) for wrong in use.as_field().problems()]


class RowReader:
    """Reads rows as examples, by the uses of their columns and the plan's split column."""

    def __init__(self, columns: Sequence[str], mapping: Mapping) -> None:
        place = {name: number for number, name in enumerate(columns)}
        used = [use for use in mapping.uses if use.role in (Role.INPUT, Role.EXPECTED)]
        self._fields = [(place[use.column], use, use.as_field()) for use in used]
        self._metadata = [
            (place[use.column], use.field) for use in mapping.uses if use.role is Role.METADATA
        ]
        self._split_column = mapping.plan.column
        self._split_at = place[self._split_column] if self._split_column else None
        self.label = next(
            (u.field for u in used if u.role is Role.EXPECTED and u.type is FieldType.CHOICE), ""
        )
        """The first expected choice, whose values are spread over the splits."""

    def read(self, row: Row) -> Example | Problem:
        """The row as an example, or why it cannot be one."""
        inputs: dict[str, Value] = {}
        expected: dict[str, Value] = {}
        for number, use, wanted in self._fields:
            answers = use.role is Role.EXPECTED
            try:
                value = value_of(wanted, row.cells[number], expected=answers)
            except Unfit as error:
                return error.why.at(of_row(row.place, use.column))
            (expected if answers else inputs)[use.field] = value
        if all(is_missing(value) for value in inputs.values()):
            return problem("row.no_input", of_row(row.place))
        if self._split_at is not None and self.split_of(row) is None:
            return problem("row.no_split", of_row(row.place, self._split_column))
        return Example(str(row.place), inputs, expected)

    def split_of(self, row: Row) -> Split | None:
        """The split that the file gives the row, if the plan follows a column."""
        return None if self._split_at is None else split_named(str(row.cells[self._split_at]))

    def metadata_of(self, row: Row) -> dict[str, Value]:
        """What is kept with the row as it stands in the file; an empty cell is nothing."""
        found = ((field, row.cells[number]) for number, field in self._metadata)
        return {field: cell for field, cell in found if not is_missing(cell)}

    def usable(self, rows: Iterable[Row]) -> Iterator[Example]:
        for row in rows:
            read = self.read(row)
            if isinstance(read, Example):
                yield read

    def usable_rows(self, rows: Iterable[Row]) -> Iterator[tuple[Example, Row]]:
        for row in rows:
            read = self.read(row)
            if isinstance(read, Example):
                yield read, row


def survey(rows: Rows, columns: Sequence[str], mapping: Mapping) -> Survey:
    """Go through all rows without keeping them: which are usable, and where each one goes.

    Raises:
        Refused: the mapping does not make examples of such columns.
    """
    refuse(mapping.problems(columns))
    reader = RowReader(columns, mapping)
    problems: list[Problem] = []
    groups: list[str] = []
    labels: list[str] = []
    named: list[Split | None] = []
    for row in rows():
        read = reader.read(row)
        if isinstance(read, Problem):
            problems.append(read)
            continue
        groups.append(digest_of(read.inputs))
        labels.append(_label(read.expected[reader.label]) if reader.label else "")
        named.append(reader.split_of(row))
    splits, notes = _splits(groups, labels, named, mapping.plan)
    counted: dict[Split, Counter[str]] = {split: Counter() for split in Split}
    for split, label in zip(splits, labels, strict=True):
        if reader.label:
            counted[split][label] += 1
    return Survey(splits, tuple(problems), len(groups) - len(set(groups)), counted, notes)


def _label(value: Value) -> str:
    return NULL if value is None else str(value)


def _splits(
    groups: Sequence[str], labels: Sequence[str], named: Sequence[Split | None], plan: SplitPlan
) -> tuple[tuple[Split, ...], tuple[Problem, ...]]:
    given = [split for split in named if split is not None]
    if not plan.column:
        return deal(groups, labels, plan), ()
    if Split.VALIDATION in given or Split.TRAIN not in given:
        return tuple(given), ()
    learned = [number for number, split in enumerate(given) if split is Split.TRAIN]
    half = SplitPlan(50, 50, 0, plan.seed, plan.stratify)
    dealt = deal([groups[n] for n in learned], [labels[n] for n in learned], half)
    for number, split in zip(learned, dealt, strict=True):
        given[number] = split
    return tuple(given), (warning("note.no_validation", FILE, column=plan.column),)
