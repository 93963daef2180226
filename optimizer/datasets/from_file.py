"""A file's examples for a program, in splits: what a page makes of it when nothing is changed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from optimizer.core.problems import Problem, Refused
from optimizer.core.programs.example import Example
from optimizer.core.programs.program import Program
from optimizer.datasets.columns import Column, Role
from optimizer.datasets.guessing import describe
from optimizer.datasets.mapping import RowReader, guessed
from optimizer.datasets.reading import read_table
from optimizer.datasets.splitting import Split
from optimizer.datasets.surveying import kept, survey
from optimizer.datasets.table import FILE, Options, in_its_row


@dataclass(frozen=True)
class Splits:
    """`columns` are as found; `told` is what to know of the reading: what was put right, and rows
    that were left out.
    """

    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    test: tuple[Example, ...]
    columns: tuple[Column, ...] = ()
    told: tuple[Problem, ...] = ()

    @property
    def sizes(self) -> tuple[int, int, int]:
        return len(self.train), len(self.validation), len(self.test)


def read_splits(
    path: Path,
    program: Program,
    seed: int = 0,
    expected: Collection[str] = (),
    options: Options | None = None,
) -> Splits:
    """Read a dataset's file as its page does, with the guesses of the page.

    The columns that the program takes are inputs, and those called like an output of one of its
    modules are expected, whatever would be guessed of them.

    Args:
        seed: deals the rows out, where no column names their split.
        expected: further columns that are expected, by their names or those of their fields.

    Raises:
        Refused: the file cannot be read, or makes no examples for the program.
    """
    try:
        with path.open("rb") as file:
            table = read_table(file, path.name, options)
    except OSError as error:
        why = error.strerror or str(error)
        raise Refused.because("table.unreadable", FILE, path=str(path), why=why) from error
    inputs = [field.name for field in program.inputs]
    outputs = [field.name for module in program.modules for field in module.signature.outputs]
    wanted = {name for name in (*expected, *program.outputs, *outputs) if name} - set(inputs)
    columns = describe(table, inputs, sorted(wanted))
    _check_inputs(columns, inputs)
    mapping = guessed(columns, seed)
    found = survey(lambda: table.rows, table.columns, mapping)
    found.check(table.unit)
    by_split: dict[Split, list[Example]] = {split: [] for split in Split}
    examples = RowReader(table.columns, mapping).usable(table.rows)
    for split, example in kept(found.splits, examples):
        by_split[split].append(example)
    left_out = [in_its_row(wrong, table.unit) for wrong in (*table.problems, *found.problems)]
    train, validation, test = (tuple(by_split[split]) for split in Split)
    return Splits(train, validation, test, columns, (*table.notes, *found.notes, *left_out))


def _check_inputs(columns: Collection[Column], inputs: Collection[str]) -> None:
    taken = {column.field for column in columns if column.role is Role.INPUT}
    for name in inputs:
        if name not in taken:
            names = tuple(column.name for column in columns)
            raise Refused.because("table.no_column_for", FILE, name=name, columns=names)
