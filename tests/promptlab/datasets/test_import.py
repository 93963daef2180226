"""A file becomes a dataset."""

from __future__ import annotations

import io
import json

import pytest

from optimizer.core.problems import Conflict
from optimizer.core.programs.signature import Field, FieldType
from optimizer.datasets.columns import Role, Use
from optimizer.datasets.mapping import Mapping
from optimizer.datasets.splitting import Split, SplitPlan
from promptlab.accounts.models import Project, User
from promptlab.datasets import queries, services
from tests.fakes.telling import refused

CSV = "message,label,id\n" + "".join(
    f"text {n},{'spam' if n % 4 == 0 else 'ham'},{n}\n" for n in range(40)
)


USES = (
    Use("message", Role.INPUT, "message"),
    Use("label", Role.EXPECTED, "label", FieldType.CHOICE, ("ham", "spam")),
)


def mapping(*uses: Use) -> Mapping:
    return Mapping(uses, SplitPlan())


def imported(project: Project, by: User, content: str = CSV, **options: object):  # type: ignore[no-untyped-def]
    return services.import_dataset(
        project, by, "tickets", io.BytesIO(content.encode()), source_name="t.csv", **options
    )


def test_the_guess_makes_inputs_and_expected_values(project: Project, erin: User) -> None:
    dataset = imported(project, erin)
    assert queries.fields(dataset) == (
        (Field("message"),),
        (Field("label", FieldType.CHOICE, choices=("ham", "spam")),),
    )
    assert queries.columns(dataset) == (("message",), ("label",))


def test_splits_have_their_shares_and_every_label(project: Project, erin: User) -> None:
    dataset = imported(project, erin)
    assert queries.split_counts(dataset) == {
        Split.TRAIN: 16,
        Split.VALIDATION: 16,
        Split.TEST: 8,
    }
    assert [(c.label, c.total, c.by_split) for c in queries.label_counts(dataset)] == [
        ("ham", 30, (12, 12, 6)),
        ("spam", 10, (4, 4, 2)),
    ]


def test_examples_come_as_the_optimizer_wants_them(project: Project, erin: User) -> None:
    dataset = imported(project, erin)
    train = queries.examples(dataset, "train")
    assert len(train) == 16
    assert set(train[0].inputs) == {"message"}
    assert train[0].expected["label"] in ("ham", "spam")
    assert (
        len({example.id for split in Split for example in queries.examples(dataset, split)}) == 40
    )


def test_an_id_says_which_line_of_the_file_an_example_was(project: Project, erin: User) -> None:
    dataset = imported(project, erin)
    assert dataset.examples.get(key="2").inputs == {"message": "text 0"}


def test_equal_files_and_seeds_make_equal_datasets(
    project: Project, erin: User, dave: User
) -> None:
    other = Project.objects.get(slug="daves-own")
    assert imported(project, erin).digest == imported(other, dave).digest
    again = services.import_dataset(
        other, dave, "other seed", io.BytesIO(CSV.encode()), source_name="t.csv",
        mapping=Mapping(USES, SplitPlan(seed=1)),
    )  # fmt: skip
    assert again.digest != imported_digest(project)


def imported_digest(project: Project) -> str:
    return project.datasets.get().digest


def test_rows_without_a_label_are_skipped_and_counted(project: Project, erin: User) -> None:
    dataset = imported(project, erin, CSV + "no label,,99\n")
    assert (dataset.count, dataset.left_out) == (40, 1)


def test_rows_without_a_label_stop_the_import_if_so_wished(project: Project, erin: User) -> None:
    with refused("Line 42, column “label”, has no expected"):
        imported(project, erin, CSV + "no label,,99\n", skip_unusable=False)
    assert not project.datasets.exists()


def test_one_row_is_not_enough(project: Project, erin: User) -> None:
    with refused("Only one row can be used"):
        imported(project, erin, "text,label\nhello,ham\n")


def test_a_field_that_is_mapped_twice_is_refused_at_the_second_column(
    project: Project, erin: User
) -> None:
    uses = [
        Use("message", Role.INPUT, "text"),
        Use("id", Role.INPUT, "text"),
        Use("label", Role.EXPECTED, "label"),
    ]
    with refused("Column “message” is “text” already") as refusal:
        imported(project, erin, mapping=mapping(*uses))
    assert [p.place for p in refusal.value.problems] == ["mapping.id.field"]


def test_a_mapping_needs_inputs_and_expected_values(project: Project, erin: User) -> None:
    with refused("at least one column as expected"):
        imported(project, erin, mapping=mapping(Use("message", Role.INPUT, "text")))


def test_a_column_that_names_the_split_is_respected(project: Project, erin: User) -> None:
    content = "q,a,split\n" + "".join(
        f"q{n},a{n},{'train' if n < 6 else 'dev' if n < 9 else 'test'}\n" for n in range(10)
    )
    dataset = imported(project, erin, content)
    assert list(queries.split_counts(dataset).values()) == [6, 3, 1]
    assert dataset.shares == {"column": "split"}


def test_validation_is_taken_from_train_where_the_file_has_none(
    project: Project, erin: User
) -> None:
    content = "q,a,split\n" + "".join(
        f"q{n},a{n},{'train' if n < 8 else 'test'}\n" for n in range(10)
    )
    assert list(queries.split_counts(imported(project, erin, content)).values()) == [4, 4, 2]


def test_equal_inputs_never_stand_in_two_splits(project: Project, erin: User) -> None:
    content = "q,a\n" + "".join(f"q{n % 10},a{n % 3}\n" for n in range(60))
    dataset = imported(project, erin, content)
    splits: dict[str, set[str]] = {}
    for example in dataset.examples.all():
        splits.setdefault(example.inputs["q"], set()).add(example.split)
    assert all(len(found) == 1 for found in splits.values())


def test_a_name_is_taken_once_in_a_project(project: Project, erin: User) -> None:
    imported(project, erin)
    with pytest.raises(Conflict):
        imported(project, erin)


def test_values_that_do_not_fit_the_chosen_type_are_told(project: Project, erin: User) -> None:
    uses = [
        Use("message", Role.INPUT, "message"),
        Use("label", Role.EXPECTED, "label", FieldType.INTEGER),
    ]
    with refused("Line 2, column “label”, “spam” is not a number"):
        imported(project, erin, mapping=mapping(*uses))


def test_words_are_found_in_inputs_and_expected_values(project: Project, erin: User) -> None:
    dataset = imported(project, erin)
    assert [e.key for e in queries.find_examples(dataset, words="TEXT 17")] == ["19"]
    assert queries.find_examples(dataset, words="spam").count() == 10
    assert queries.find_examples(dataset, split="test", words="spam").count() == 2


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("message", 0),
        ("tags", 0),
        ("label", 0),
        ('"', 1),
        ("\\n", 0),
        ("\n", 1),
        ("back\\slash", 1),
        ("tag two", 1),
        ('one", "tag', 0),
        ("ÄPFEL", 1),
        ("%", 0),
        ("_", 0),
        ("42", 1),
    ],
)
def test_words_are_found_in_values_and_nowhere_else(
    words: str, found: int, project: Project, erin: User
) -> None:
    rows = [
        {"message": 'say "hi"', "tags": ["tag one", "tag two"], "n": 1, "answer": "a"},
        {"message": "two\nlines, äpfel", "tags": [], "n": 2, "answer": "b"},
        {"message": "back\\slash", "tags": ["x"], "n": 3, "answer": "c"},
        {"message": "number", "tags": ["x"], "n": 42, "answer": "d"},
    ]
    dataset = services.import_dataset(
        project, erin, "odd", io.BytesIO(json.dumps(rows).encode()), source_name="x.json"
    )
    assert queries.find_examples(dataset, words=words).count() == found
