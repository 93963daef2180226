"""From rows to examples: every cell read as its field's type, every row given a split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from optimizer.core.problems import Problem, problem
from optimizer.core.programs.program import digest_of
from optimizer.core.programs.signature import FieldType, Value
from optimizer.core.programs.values import UnreadableValue
from optimizer.datasets.columns import MAX_LABELS, Role, Use, is_missing
from optimizer.datasets.splitting import Split, SplitPlan, deal, split_named
from optimizer.datasets.table import Row

Rows = Callable[[], Iterable[Row]]
"""Rows that can be gone through more than once."""


@dataclass(frozen=True)
class RowProblem:
    """A row that cannot become an example."""

    place: int
    column: str
    message: str


@dataclass(frozen=True)
class Survey:
    """What an import would make of the rows. `splits` is per usable row, in order."""

    splits: tuple[Split, ...]
    problems: tuple[RowProblem, ...]
    repeated: int
    labels: dict[Split, Counter[str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def count(self, split: Split) -> int:
        return self.splits.count(split)

    def per_split(self) -> list[tuple[Split, int, list[tuple[str, int]]]]:
        """Each split with its number of examples and its labels, most frequent first."""
        return [
            (split, self.count(split), self.labels.get(split, Counter()).most_common(20))
            for split in Split
        ]


def of_use(column: str, part: str = "") -> str:
    """The place of what is wrong with the use of a column: `mapping.COLUMN.field`."""
    return f"mapping.{column}.{part}" if part else f"mapping.{column}"


def check_uses(uses: Sequence[Use]) -> list[Problem]:
    """Everything that is wrong with a mapping, each told at its place."""
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
    return [wrong.at(of_use(use.column, "field")) for wrong in use.as_field().problems()]


@dataclass(frozen=True)
class Reading:
    """A usable row. `named` is the split that the file gives it, if the plan follows a column."""

    place: int
    inputs: dict[str, Value]
    expected: dict[str, Value]
    label: str
    named: Split | None


class RowReader:
    """Reads rows as examples, by the uses of their columns and the plan's split column."""

    def __init__(self, columns: Sequence[str], uses: Sequence[Use], plan: SplitPlan) -> None:
        place = {name: number for number, name in enumerate(columns)}
        self.uses = [(place[use.column], use) for use in uses if use.role is not Role.IGNORED]
        self.split_column = plan.column
        self.split_at = place[plan.column] if plan.column else None
        self.label = next(
            (
                use.field
                for _, use in self.uses
                if use.role is Role.EXPECTED and use.type is FieldType.CHOICE
            ),
            "",
        )

    def read(self, row: Row) -> Reading | RowProblem:
        values: dict[Role, dict[str, Value]] = {Role.INPUT: {}, Role.EXPECTED: {}}
        for number, use in self.uses:
            cell = row.cells[number]
            if is_missing(cell):
                if use.role is Role.EXPECTED:
                    return RowProblem(row.place, use.column, "has no expected value")
                values[use.role][use.field] = "" if use.type is FieldType.TEXT else None
                continue
            try:
                values[use.role][use.field] = use.as_field().read(cell)
            except UnreadableValue as error:
                return RowProblem(row.place, use.column, str(error).partition(": ")[2])
        if all(is_missing(value) for value in values[Role.INPUT].values()):
            return RowProblem(row.place, "", "has no input")
        named = split_named(str(row.cells[self.split_at])) if self.split_at is not None else None
        if self.split_at is not None and named is None:
            return RowProblem(row.place, self.split_column, "names no split")
        label = str(values[Role.EXPECTED][self.label]) if self.label else ""
        return Reading(row.place, values[Role.INPUT], values[Role.EXPECTED], label, named)

    def usable(self, rows: Iterable[Row]) -> Iterator[Reading]:
        for row in rows:
            read = self.read(row)
            if isinstance(read, Reading):
                yield read


def survey(rows: Rows, columns: Sequence[str], uses: Sequence[Use], plan: SplitPlan) -> Survey:
    """Go through all rows without keeping them: which are usable, and where each one goes."""
    reader = RowReader(columns, uses, plan)
    problems: list[RowProblem] = []
    groups: list[str] = []
    labels: list[str] = []
    named: list[Split | None] = []
    for row in rows():
        read = reader.read(row)
        if isinstance(read, RowProblem):
            problems.append(read)
            continue
        groups.append(digest_of(read.inputs))
        labels.append(read.label)
        named.append(read.named)
    splits, notes = _splits(groups, labels, named, plan)
    counted: dict[Split, Counter[str]] = {split: Counter() for split in Split}
    for split, label in zip(splits, labels, strict=True):
        if reader.label:
            counted[split][label] += 1
    return Survey(splits, tuple(problems), len(groups) - len(set(groups)), counted, notes)


def _splits(
    groups: Sequence[str], labels: Sequence[str], named: Sequence[Split | None], plan: SplitPlan
) -> tuple[tuple[Split, ...], tuple[str, ...]]:
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
    told = f"“{plan.column}” names no validation rows: half of the train rows became validation."
    return tuple(given), (told,)
