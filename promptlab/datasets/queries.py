"""What is read of datasets."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import BooleanField, Count, F, Func, Q, QuerySet, TextField, Value

from optimizer.codec import from_json
from optimizer.core.programs.example import Example
from optimizer.core.programs.signature import NULL, Field, FieldType, written
from optimizer.core.programs.signature import Value as Cell
from optimizer.datasets.columns import Role
from optimizer.datasets.splitting import Split
from promptlab.accounts.models import Project
from promptlab.datasets.changes import lives_in
from promptlab.datasets.models import Dataset, DatasetExample


class _HasWords(Func):
    """Whether the words stand in a value of a JSON object, or in an item of a list in it, anywhere
    and in any case; names of its keys, and how JSON spells a text, are no part of it.
    """

    template = (
        "EXISTS (SELECT 1 FROM (SELECT %(expressions)s) AS given(data, words),"
        " jsonb_path_query(given.data, 'lax $.*[*]') AS item(value)"
        " WHERE strpos(lower(item.value #>> '{}'), lower(given.words)) > 0)"
    )
    output_field = BooleanField()

    def __init__(self, field: str, words: str) -> None:
        super().__init__(F(field), Value(words, output_field=TextField()))


@dataclass(frozen=True)
class LabelCount:
    """How often one label stands in the dataset, and in each split, in the order of Split."""

    label: str
    total: int
    by_split: tuple[int, ...]


def datasets_of(project: Project, words: str = "") -> QuerySet[Dataset]:
    """Those with the words in their names, newest first."""
    found = project.datasets.filter(name__icontains=words) if words else project.datasets.all()
    return found.select_related("created_by").order_by("-created_at", "-pk")


def examples(dataset: Dataset, split: Split | str) -> tuple[Example, ...]:
    """The examples of a split as the optimizer sees them, in the file's order."""
    return examples_in(dataset.examples.filter(split=Split(split).value))


def examples_in(rows: QuerySet[DatasetExample]) -> tuple[Example, ...]:
    """Rows as the optimizer sees them."""
    found = rows.values_list("key", "inputs", "expected")
    return tuple(Example(*row) for row in found.iterator(chunk_size=2000))


def rows_of(dataset: Dataset, version: int) -> QuerySet[DatasetExample]:
    """The rows of any version, in order."""
    rows = DatasetExample.of_all_versions.filter(lives_in(version), dataset=dataset)
    return rows.order_by("position")


def as_example(row: DatasetExample) -> Example:
    return Example(row.key, row.inputs, row.expected)


def fields(dataset: Dataset) -> tuple[tuple[Field, ...], tuple[Field, ...]]:
    """Input fields and expected fields, in the file's order."""
    return _fields(dataset, "input"), _fields(dataset, "expected")


def columns(dataset: Dataset) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the input fields and of the expected fields."""
    inputs, expected = fields(dataset)
    return tuple(f.name for f in inputs), tuple(f.name for f in expected)


def metadata_names(dataset: Dataset) -> tuple[str, ...]:
    """What is kept with each row, by its names."""
    return tuple(c["field"] for c in dataset.columns if Role(c["role"]).is_kept)


def feedback(dataset: Dataset) -> dict[str, str]:
    """What columns of feedback say, by the row's key; rows of which they say something."""
    names = [c["field"] for c in dataset.columns if Role(c["role"]) is Role.FEEDBACK]
    if not names:
        return {}
    found = {}
    for key, metadata in dataset.examples.values_list("key", "metadata"):
        said = [written(metadata[n]).strip() for n in names if metadata.get(n) is not None]
        found[key] = "\n".join(filter(None, said))
    return {key: told for key, told in found.items() if told}


def labels(dataset: Dataset, column: str) -> list[Cell]:
    """What every example expects in a column; None where it says nothing."""
    return list(dataset.examples.order_by().values_list(f"expected__{column}", flat=True))


def find_examples(
    dataset: Dataset, split: str = "", words: str = "", version: int | None = None
) -> QuerySet[DatasetExample]:
    """Examples of a split (or of all) in which the words stand, anywhere and in any case.

    Args:
        version: None for the newest.
    """
    found = dataset.examples.all() if version is None else rows_of(dataset, version)
    if split:
        found = found.filter(split=split)
    if words:
        places = ("inputs", "expected", "metadata")
        found = found.filter(reduce(or_, (Q(_HasWords(place, words)) for place in places)))
    return found


def split_counts(dataset: Dataset, version: int | None = None) -> dict[Split, int]:
    """How many rows each split has, in a version; None for the newest."""
    rows = dataset.examples.all() if version is None else rows_of(dataset, version)
    counted = dict(rows.order_by().values_list("split").annotate(n=Count("pk")))
    return {split: counted.get(split.value, 0) for split in Split}


def label_counts(dataset: Dataset) -> tuple[LabelCount, ...]:
    """Labels of the first expected choice field, most frequent first."""
    choice = next((f for f in fields(dataset)[1] if f.type is FieldType.CHOICE), None)
    if choice is None:
        return ()
    counted: dict[str, Counter[str]] = {label: Counter() for label in choice.choices}
    pairs = dataset.examples.order_by().values_list(f"expected__{choice.name}", "split")
    for label, split, n in pairs.annotate(n=Count("pk")):
        counted.setdefault(written(label) or NULL, Counter())[split] = n
    found = [
        LabelCount(label, splits.total(), tuple(splits[split.value] for split in Split))
        for label, splits in counted.items()
    ]
    return tuple(sorted(found, key=lambda count: (-count.total, count.label)))


_OF_FIELD = {"type", "choices", "nullable", "items", "fields", "label"}
"""Of a column, what its field has too."""


def _fields(dataset: Dataset, role: str) -> tuple[Field, ...]:
    return tuple(
        from_json(
            Field,
            {"name": column["field"], **{key: column[key] for key in _OF_FIELD & column.keys()}},
        )
        for column in dataset.columns
        if column["role"] == role
    )
