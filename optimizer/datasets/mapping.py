"""From rows to examples: what columns are for, and every cell read as its field's type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from optimizer.core.problems import Problem, problem
from optimizer.core.programs.example import Example
from optimizer.core.programs.signature import FieldType, Value, written
from optimizer.datasets.blocks import Block, none_missing, picked
from optimizer.datasets.columns import MAX_LABELS, Column, Role, Use, is_missing, use_of
from optimizer.datasets.row_values import Unfit, read_cells, reader_of
from optimizer.datasets.splitting import Split, SplitPlan
from optimizer.datasets.table import Row, of_row


@dataclass(frozen=True)
class RowFilter:
    """Only rows whose cell in a column is this text are used: “subtask” is “navigate”."""

    column: str
    value: str


@dataclass(frozen=True)
class Mapping:
    """What is made of a table: what its columns are for, and how its rows are dealt out."""

    uses: tuple[Use, ...]
    plan: SplitPlan
    only: RowFilter | None = None

    def problems(self, columns: Sequence[str]) -> list[Problem]:
        """Everything that is wrong with it for such columns, each told at its place."""
        found = _use_problems(self.uses)
        others = (self.plan.column, self.plan.group, self.only.column if self.only else "")
        named = [*(use.column for use in self.uses), *filter(None, others)]
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


@dataclass(frozen=True)
class Usable:
    """The rows of a block that are examples, by column; and why others are none.

    `inputs` and `expected` hold the values of a field each, `metadata` cells as they are.
    """

    rows: Block
    inputs: dict[str, Sequence[Value]]
    expected: dict[str, Sequence[Value]]
    metadata: dict[str, Sequence[Value]]
    problems: tuple[Problem, ...] = ()
    passed: int = 0

    def __len__(self) -> int:
        return len(self.rows)

    def without(self, wrong: dict[int, Problem]) -> Usable:
        """The same without rows in which something is wrong, by their numbers."""
        if not wrong:
            return self
        good = [n for n in range(len(self)) if n not in wrong]

        def left(part: dict[str, Sequence[Value]]) -> dict[str, Sequence[Value]]:
            return {name: picked(cells, good) for name, cells in part.items()}

        return Usable(
            self.rows.chosen(good), left(self.inputs), left(self.expected), left(self.metadata),
            tuple(wrong[n] for n in sorted(wrong)), self.passed,
        )  # fmt: skip


class RowReader:
    """Reads rows as examples, by the uses of their columns and the plan's split column."""

    def __init__(self, columns: Sequence[str], mapping: Mapping) -> None:
        place = {name: number for number, name in enumerate(columns)}
        used = [use for use in mapping.uses if use.role in (Role.INPUT, Role.EXPECTED)]
        self._metadata = [
            (place[use.column], use.field) for use in mapping.uses if use.role.is_kept
        ]
        plan, only = mapping.plan, mapping.only
        self._plan = plan
        self._split_at = place[plan.column] if plan.column else None
        self._group_at = place[plan.group] if plan.group else None
        self._only = (place[only.column], only.value.strip()) if only else None
        self._readers = [
            (place[use.column], use, reader_of(use.as_field(), expected=use.role is Role.EXPECTED))
            for use in used
        ]
        self.label = next(
            (u.field for u in used if u.role is Role.EXPECTED and u.type is FieldType.CHOICE), ""
        )
        """The first expected choice, whose values are spread over the splits."""

    def read(self, row: Row) -> Example | Problem:
        """The row as an example, or why it cannot be one."""
        inputs: dict[str, Value] = {}
        expected: dict[str, Value] = {}
        for number, use, value_in in self._readers:
            try:
                value = value_in(row.cells[number])
            except Unfit as error:
                return error.why.at(of_row(row.place, use.column))
            (expected if use.role is Role.EXPECTED else inputs)[use.field] = value
        if all(is_missing(value) for value in inputs.values()):
            return problem("row.no_input", of_row(row.place))
        if self._split_at is not None and self.split_of(row) is None:
            return problem("row.no_split", of_row(row.place, self._plan.column))
        return Example(str(row.place), inputs, expected)

    def read_block(self, block: Block) -> Usable:
        """`read` of all rows that the filter lets in, by column."""
        taken = self._taken(block)
        values: dict[Role, dict[str, Sequence[Value]]] = {Role.INPUT: {}, Role.EXPECTED: {}}
        wrong: dict[int, Problem] = {}
        for number, use, _value_in in self._readers:
            wanted = use.role is Role.EXPECTED
            cells = taken.columns[number]
            read, unfit = read_cells(use.as_field(), cells, expected=wanted)
            values[use.role][use.field] = read
            for n in unfit.keys() - wrong.keys():
                wrong[n] = unfit[n].at(of_row(taken.places[n], use.column))
        inputs, expected = values[Role.INPUT], values[Role.EXPECTED]
        self._note_others(taken, inputs, wrong)
        metadata = {name: taken.columns[at] for at, name in self._metadata}
        passed = len(block) - len(taken)
        return Usable(taken, inputs, expected, metadata, (), passed).without(wrong)

    def _taken(self, block: Block) -> Block:
        if self._only is None:
            return block
        at, _value = self._only
        return block.chosen([n for n, cell in enumerate(block.columns[at]) if self._lets_in(cell)])

    def _note_others(
        self, rows: Block, inputs: dict[str, Sequence[Value]], wrong: dict[int, Problem]
    ) -> None:
        """What is wrong with rows whose cells are values."""
        if not any(map(none_missing, inputs.values())):
            for n, values in enumerate(zip(*inputs.values(), strict=True)):
                if n not in wrong and all(map(is_missing, values)):
                    wrong[n] = problem("row.no_input", of_row(rows.places[n]))
        if self._split_at is not None:
            for n, split in enumerate(self.splits_of(rows)):
                if split is None and n not in wrong:
                    wrong[n] = problem("row.no_split", of_row(rows.places[n], self._plan.column))

    def splits_of(self, rows: Block) -> list[Split | None]:
        """`split_of` each row."""
        if self._split_at is None:
            return [None] * len(rows)
        names = list(map(str, rows.columns[self._split_at]))
        meant = {name: self._plan.split_of(name) for name in set(names)}
        return [meant[name] for name in names]

    def groups_of(self, rows: Block) -> list[str | None]:
        """What each row stays together with; None: nothing by this."""
        if self._group_at is None:
            return [None] * len(rows)
        cells = rows.columns[self._group_at]
        return [None if is_missing(cell) else written(cell) for cell in cells]

    def split_of(self, row: Row) -> Split | None:
        """The split that the file gives the row, if the plan follows a column."""
        at = self._split_at
        return None if at is None else self._plan.split_of(str(row.cells[at]))

    def takes(self, row: Row) -> bool:
        """Whether the filter lets the row in."""
        if self._only is None:
            return True
        return self._lets_in(row.cells[self._only[0]])

    def _lets_in(self, cell: Value) -> bool:
        value = self._only[1] if self._only else ""
        return written(cell).strip() == value if cell is not None else not value

    def metadata_of(self, row: Row) -> dict[str, Value]:
        """What is kept with the row as it stands in the file; an empty cell is nothing."""
        cells = row.cells
        return {name: cells[at] for at, name in self._metadata if not is_missing(cells[at])}

    def usable(self, rows: Iterable[Row]) -> Iterator[Example]:
        for row in filter(self.takes, rows):
            read = self.read(row)
            if isinstance(read, Example):
                yield read
