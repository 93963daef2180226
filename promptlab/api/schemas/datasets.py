from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from ninja import Schema
from pydantic import Field as Bounds
from pydantic import Json, model_validator

from optimizer.core.programs.signature import FieldType
from optimizer.datasets.columns import Column, Role, Use, use_of
from optimizer.datasets.mapping import Mapping, RowFilter, guessed
from optimizer.datasets.splitting import Repeats, Split, SplitPlan
from optimizer.datasets.table import Options
from promptlab.api.schemas.base import Body, Name, Text, example
from promptlab.datasets.changes import RowChange
from promptlab.datasets.models import DatasetExample
from promptlab.datasets.versions import LONGEST_NOTE, NewRow

Percent = Annotated[int, Bounds(ge=0, le=100)]
Note = Annotated[Text, Bounds(max_length=LONGEST_NOTE)]
Number = Annotated[int, Bounds(ge=1, le=2_147_483_647)]
"""Of a version."""


class ColumnIn(Body):
    """What a column is for. A choice without `choices` takes the column's own labels. `nullable`:
    an empty cell is null; left out, it is as guessed.
    """

    column: Text
    role: Role
    field: Text = ""
    type: FieldType | None = None
    choices: list[Text] = []
    nullable: bool | None = None

    def use(self, found: Column | None) -> Use:
        """The decision, with the column's own guesses where nothing is said."""
        if found is None:  # the import refuses it by name
            return Use(self.column, self.role, self.field or "unknown")
        field, kind = self.field or found.field, self.type or found.type
        nullable = found.nullable if self.nullable is None else self.nullable
        use = use_of(found, self.role, field, kind, nullable)
        return replace(use, choices=tuple(self.choices)) if self.choices else use


class SplitIn(Body):
    """Shares in percent, together 100; or `column` names each row's split, `names` what its values
    mean. Rows with the same value in the column `group` stay together. `repeats`: what becomes of
    rows that nearly repeat one of another split.
    """

    train: Percent = 40
    validation: Percent = 40
    test: Percent = 20
    seed: Annotated[int, Bounds(ge=0, le=2_147_483_647)] = 0
    stratify: bool = True
    column: Text = ""
    group: Text = ""
    names: dict[str, Split] = {}
    repeats: Repeats = Repeats.KEEP

    @model_validator(mode="after")
    def _is_whole(self) -> SplitIn:
        if not self.column and self.train + self.validation + self.test != 100:
            raise ValueError("the shares of train, validation and test must add up to 100")
        return self

    def plan(self) -> SplitPlan:
        return SplitPlan(**{**dict(self), "names": tuple(self.names.items())})


class OnlyIn(Body):
    """Only rows whose cell in the column is the value are used."""

    column: Text
    value: Text


class DatasetIn(Schema):
    """The fields beside the file, or files of the same columns. `mapping`, `split` and `only` are
    JSON; left out, they are guessed, as an empty `encoding` or `delimiter` is. `quoting`: whether
    quotation marks mean anything. `sheet` names one of a workbook, or a file of an archive.
    `flatten`: objects in JSON's objects become columns. `together`: an archive's files are one
    table. `again`: false refuses a file that a dataset was made of already, before it is
    read.
    """

    name: Name
    mapping: Json[list[ColumnIn]] | None = None
    split: Json[SplitIn] | None = None
    only: Json[OnlyIn] | None = None
    skip_unusable: bool = True
    encoding: Text = ""
    has_header: bool = True
    delimiter: Annotated[Text, Bounds(max_length=8)] = ""
    quoting: bool = True
    sheet: Annotated[Text, Bounds(max_length=255)] = ""
    flatten: bool = False
    together: bool = False
    again: bool = True

    def options(self) -> Options:
        return Options(
            self.encoding,
            self.has_header,
            self.delimiter,
            self.quoting,
            self.sheet,
            self.flatten,
            self.together,
        )

    def choices(self, columns: Sequence[Column]) -> Mapping:
        """What is said of these columns, and the guesses where nothing is."""
        guess = guessed(columns)
        uses, plan = guess.uses, guess.plan
        if self.mapping is not None:
            by_name = {column.name: column for column in columns}
            uses = tuple(given.use(by_name.get(given.column)) for given in self.mapping)
        if self.split is not None:
            plan = self.split.plan()
        only = RowFilter(self.only.column, self.only.value) if self.only else None
        return Mapping(uses, plan, only)


class ColumnOut(Schema):
    """`doubt`: nobody said what it is for, and the guess may be wrong."""

    name: str
    role: str
    field: str
    type: str
    choices: list[str] = []
    nullable: bool = False
    items: str = "text"
    fields: list[dict[str, Any]] = []
    label: str = ""
    doubt: bool = False


class Splits(Schema):
    train: int
    validation: int
    test: int


class DatasetOut(Schema):
    """`left_out` counts rows of the file that could not become examples."""

    id: int
    name: str
    source_name: str
    count: int
    left_out: int
    splits: Splits
    created_at: datetime


class DatasetDetail(DatasetOut):
    """`digest` is the SHA-256 of all examples of the newest `version`; `shares` is how they were
    dealt out.
    """

    columns: list[ColumnOut]
    version: int
    digest: str
    seed: int
    shares: dict[str, Any]


class ExampleOut(Schema):
    """`id` is the line or row of the file that the example came from, or a number above all of
    those; it is the same in all versions.
    """

    id: str
    split: str
    inputs: dict[str, Any]
    expected: dict[str, Any]
    metadata: dict[str, Any] = {}

    @staticmethod
    def resolve_id(row: DatasetExample) -> str:
        return row.key


class ExampleIn(Body):
    """By the dataset's fields; what is left out has no value. Without a `split`: that of a row with
    the same inputs, else train. Without `metadata`, an example that is changed keeps what it has.
    """

    inputs: dict[str, Any]
    expected: dict[str, Any]
    metadata: dict[str, Any] | None = None
    split: Split | None = None

    def new_row(self) -> NewRow:
        return NewRow(self.inputs, self.expected, self.split, self.metadata)


class ExamplesIn(Body):
    model_config = example(
        {"examples": [{"inputs": {"message": "You won"}, "expected": {"label": "spam"}}]}
    )

    examples: Annotated[list[ExampleIn], Bounds(min_length=1, max_length=10_000)]
    note: Note = ""


class ChangeIn(ExampleIn):
    """`seen`: the version that the caller saw the example in; if it was changed after, that is a
    conflict.
    """

    model_config = example(
        {"inputs": {"message": "You won"}, "expected": {"label": "spam"}, "seen": 2}
    )

    note: Note = ""
    seen: Annotated[int, Bounds(ge=0, le=2_147_483_647)] = 0


class AddedOut(Schema):
    """`ids` of what was added; `known` counts examples that were there already."""

    version: int
    ids: list[str]
    known: int


class DatasetVersionOut(Schema):
    """`added`, `changed` and `removed` count examples, against the version before."""

    number: int
    digest: str
    count: int
    added: int
    changed: int
    removed: int
    note: str
    created_at: datetime


class ExampleChangeOut(Schema):
    """One example before and after; null where a version does not have it."""

    id: str
    before: ExampleOut | None
    after: ExampleOut | None

    @staticmethod
    def resolve_id(change: RowChange) -> str:
        return change.key
