"""A dataset lives: rows are added, changed and removed in versions that never change."""

from __future__ import annotations

import io

import pytest
from django.db import IntegrityError, connection, transaction
from django.http import Http404

from optimizer.core.problems import Conflict
from optimizer.datasets.splitting import Split
from promptlab.accounts.models import Project, User
from promptlab.datasets import queries, services
from promptlab.datasets.changes import Changes
from promptlab.datasets.models import Dataset, DatasetExample
from promptlab.datasets.versions import (
    NewRow,
    add_rows,
    change_row,
    go_back,
    remove_rows,
    row_of,
)
from tests.fakes.telling import refused
from tests.promptlab.runs.scene import Scene

CSV = "message,label,id\n" + "".join(
    f"text {n},{'spam' if n % 4 == 0 else 'ham'},{n}\n" for n in range(20)
)


@pytest.fixture
def dataset(project: Project, erin: User) -> Dataset:
    return services.import_dataset(
        project, erin, "Tickets", io.BytesIO(CSV.encode()), source_name="t.csv"
    )


def row(message: str, label: str = "ham", split: Split | None = None) -> NewRow:
    return NewRow({"message": message}, {"label": label}, split)


def in_version(dataset: Dataset, number: int) -> set[tuple[str, str]]:
    rows = queries.rows_of(dataset, number)
    return {(found.key, found.inputs["message"]) for found in rows}


def test_rows_that_are_added_make_a_version_with_keys_of_their_own(
    dataset: Dataset, erin: User
) -> None:
    first, digest = in_version(dataset, 1), dataset.digest
    added = add_rows(dataset, [row("new", split=Split.TEST), row("newer")], erin, "from a try")
    assert added.keys == ("22", "23")  # the file ended in line 21
    assert (dataset.version, dataset.count) == (2, 22)
    assert dataset.digest != digest
    assert in_version(dataset, 1) == first
    assert in_version(dataset, 2) == first | {("22", "new"), ("23", "newer")}
    assert [row_of(dataset, key).split for key in added.keys] == ["test", "train"]
    newest = dataset.versions.first()
    assert newest is not None
    assert (newest.number, newest.added, newest.note) == (2, 2, "from a try")


def test_what_is_there_already_is_not_added_again(dataset: Dataset, erin: User) -> None:
    known = row("text 0", "spam")
    assert add_rows(dataset, [known], erin).known == 1
    assert dataset.version == 1
    added = add_rows(dataset, [known, row("new"), row("new")], erin)
    assert (len(added.keys), added.known) == (1, 2)


def test_equal_inputs_stay_in_one_split(dataset: Dataset, erin: User) -> None:
    there = dataset.examples.filter(split="test").first()
    assert there is not None
    other = "spam" if there.expected["label"] == "ham" else "ham"
    with refused(f"Row 1 has the inputs of row {there.key}, which is in the test split"):
        add_rows(dataset, [row(there.inputs["message"], other, Split.TRAIN)], erin)
    (key,) = add_rows(dataset, [row(there.inputs["message"], other)], erin).keys
    assert row_of(dataset, key).split == "test"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (NewRow({"message": "x"}, {"label": "eggs"}), "Row 2, column “label”"),
        (NewRow({"message": "x"}, {}), "Row 2, column “label”, has no expected value"),
        (NewRow({"message": " "}, {"label": "ham"}), "Row 2 has no input"),
        (NewRow({"body": "x"}, {"label": "ham"}), "Row 2, column “body”, is no field"),
        (NewRow({"message": "\x00"}, {"label": "ham"}), "has a null byte"),
    ],
)
def test_what_does_not_fit_is_told_at_its_place_and_nothing_is_stored(
    given: NewRow, told: str, dataset: Dataset, erin: User
) -> None:
    with refused(told):
        add_rows(dataset, [row("good"), given], erin)
    assert (dataset.version, dataset.examples.count()) == (1, 20)


def test_a_row_that_is_changed_keeps_its_key_and_its_place(dataset: Dataset, erin: User) -> None:
    before = row_of(dataset, "3")
    change_row(dataset, "3", row(before.inputs["message"], "spam"), erin, "a mistake", seen=1)
    after = row_of(dataset, "3")
    assert (after.expected, after.position, after.split) == (
        {"label": "spam"}, before.position, before.split,
    )  # fmt: skip
    assert [(c.key, c.before, c.after) for c in Changes(dataset, 1, 2)] == [("3", before, after)]
    change_row(dataset, "3", row(before.inputs["message"], "spam"), erin)
    assert dataset.version == 2, "nothing is another row now"
    with pytest.raises(Conflict):
        change_row(dataset, "3", row("other"), erin, seen=1)


def test_rows_that_are_removed_are_still_in_the_versions_before(
    dataset: Dataset, erin: User
) -> None:
    remove_rows(dataset, ["21", "99"], erin)
    assert (dataset.version, dataset.count) == (2, 19)
    assert ("21", "text 19") in in_version(dataset, 1) - in_version(dataset, 2)
    assert add_rows(dataset, [row("new")], erin).keys == ("22",), "no key is given twice"
    with pytest.raises(Http404):
        row_of(dataset, "21")


def test_train_and_validation_keep_a_row(dataset: Dataset, erin: User) -> None:
    keys = [example.id for example in queries.examples(dataset, "validation")]
    with refused("No row would be left in the validation split"):
        remove_rows(dataset, keys, erin)
    assert dataset.examples.count() == 20


def test_a_version_is_known_by_what_it_holds(dataset: Dataset, erin: User) -> None:
    digest = dataset.digest
    change_row(dataset, "3", row("other"), erin)
    assert dataset.digest != digest
    change_row(dataset, "3", row("text 1"), erin)
    assert (dataset.digest, dataset.version) == (digest, 3)


def test_the_database_lets_no_row_of_a_version_change(dataset: Dataset, erin: User) -> None:
    remove_rows(dataset, ["21"], erin)
    ended = DatasetExample.of_all_versions.filter(dataset=dataset, key="21")
    for rows, told in ((dataset.examples.all(), {"inputs": {}}), (ended, {"until": None})):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**told)


def test_a_dataset_is_deleted_with_all_its_versions(dataset: Dataset, erin: User) -> None:
    change_row(dataset, "3", row("other"), erin)
    remove_rows(dataset, ["21"], erin)
    services.remove(dataset, erin)
    assert not DatasetExample.of_all_versions.exists()


def test_an_older_version_comes_back_as_a_new_one(dataset: Dataset, erin: User) -> None:
    first, digest = in_version(dataset, 1), dataset.digest
    add_rows(dataset, [row("new")], erin)
    change_row(dataset, "3", row("text 1, corrected"), erin)
    remove_rows(dataset, ["5"], erin)
    second = in_version(dataset, 2)
    go_back(dataset, 1, erin, "a step back")
    assert (dataset.version, dataset.count, dataset.digest) == (5, 20, digest)
    assert (in_version(dataset, 5), in_version(dataset, 2)) == (first, second)
    newest = dataset.versions.first()
    assert newest is not None
    assert (newest.added, newest.changed, newest.removed) == (1, 1, 1)
    assert newest.note == "a step back"
    go_back(dataset, 1, erin)
    assert dataset.version == 5  # as it is already
    go_back(dataset, 2, erin)
    assert in_version(dataset, 6) == second
    with pytest.raises(Http404):
        go_back(dataset, 99, erin)


def test_any_two_versions_are_compared(dataset: Dataset, erin: User) -> None:
    (key,) = add_rows(dataset, [row("new")], erin).keys
    change_row(dataset, "3", row("text 1, corrected"), erin)
    remove_rows(dataset, ["5"], erin)
    go_back(dataset, 2, erin)
    texts = [
        (change.key, *(row and row.inputs["message"] for row in (change.before, change.after)))
        for change in Changes(dataset, 1, 4)
    ]
    assert texts == [
        ("3", "text 1", "text 1, corrected"), ("5", "text 3", None), (key, None, "new"),
    ]  # fmt: skip
    back = Changes(dataset, 4, 1)
    assert [(change.key, change.before is None) for change in back[1:]] == [
        ("5", True), (key, False),
    ]  # fmt: skip
    assert back[-1].key == key
    assert not Changes(dataset, 2, 5), "changed, and changed back"


def test_the_database_lets_no_dataset_leave_rows(dataset: Dataset) -> None:
    leaves_rows = pytest.raises(IntegrityError, match="would leave rows")
    with leaves_rows, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM datasets_datasetversion WHERE dataset_id = %s", [dataset.pk])
        cursor.execute("DELETE FROM datasets_dataset WHERE id = %s", [dataset.pk])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_run_says_which_version_it_began_with(scene: Scene) -> None:
    first = scene.start()
    known = scene.dataset.examples.all()[0]
    change_row(scene.dataset, known.key, NewRow({"message": "other"}, known.expected), scene.by)
    second = scene.start()
    assert (first.dataset_version, second.dataset_version) == (1, 2)
    assert first.dataset_digest != second.dataset_digest
    frozen = {e["id"]: e["inputs"] for s in ("train", "validation", "test")
              for e in getattr(first.run, s).examples}  # fmt: skip
    assert frozen[known.key] == known.inputs
