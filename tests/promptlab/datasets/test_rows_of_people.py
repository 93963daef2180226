"""Rows that people add and correct on pages, versions with their differences, downloads."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from optimizer.datasets.columns import Role, Use
from optimizer.datasets.mapping import Mapping
from optimizer.datasets.reading import read_table
from optimizer.datasets.splitting import SplitPlan
from promptlab.accounts.models import Project, User
from promptlab.datasets import services
from promptlab.datasets.models import Dataset
from promptlab.datasets.versions import NewRow, add_rows, row_of
from promptlab.ui.value_field import FieldType

Browser = Callable[[User], Client]
CSV = "id,message,tags,n,label\n" + "".join(
    f'm{n},text {n},"[""a"", ""b{n}""]",{n},{"spam" if n % 4 == 0 else "ham"}\n' for n in range(20)
)
USES = (
    Use("id", Role.METADATA, "origin"),
    Use("message", Role.INPUT, "message"),
    Use("tags", Role.INPUT, "tags", FieldType.LIST),
    Use("n", Role.INPUT, "n", FieldType.INTEGER, nullable=True),
    Use("label", Role.EXPECTED, "label", FieldType.CHOICE, ("ham", "spam")),
)


@pytest.fixture
def dataset(project: Project, erin: User) -> Dataset:
    return services.import_dataset(
        project, erin, "Tickets", io.BytesIO(CSV.encode()), Mapping(USES, SplitPlan()),
        source_name="t.csv",
    )  # fmt: skip


def url(page: str, dataset: Dataset, *args: object) -> str:
    return reverse(f"datasets:{page}", args=[dataset.project.slug, dataset.pk, *args])


def test_a_form_adds_a_row_and_says_where_it_is_wrong(
    dataset: Dataset, erin: User, client_of: Browser
) -> None:
    browser = client_of(erin)
    sent = {"input-message": "new", "input-tags": '["x"]', "input-n": "", "metadata-origin": "m99"}
    wrong = browser.post(url("add", dataset), {**sent, "input-n": "many", "expected-label": "ham"})
    assert wrong.status_code == 422
    assert set(wrong.context["one"].errors) == {"input-n"}
    browser.post(url("add", dataset), {**sent, "expected-label": "spam", "note": "by hand"})
    row = row_of(dataset, "22")
    assert row.inputs == {"message": "new", "tags": ["x"], "n": None}
    assert (row.expected, row.metadata) == ({"label": "spam"}, {"origin": "m99"})
    page = browser.get(url("versions", dataset)).content.decode()
    assert "by hand" in page
    assert "text 3" in browser.get(url("rows", dataset), {"q": "m3"}).content.decode()


def test_a_page_compares_versions_and_goes_back_to_one(
    dataset: Dataset, erin: User, client_of: Browser
) -> None:
    browser = client_of(erin)
    new = NewRow({"message": "new", "tags": ["x"], "n": 1}, {"label": "ham"})
    (key,) = add_rows(dataset, [new], erin).keys
    back = url("go_back", dataset, 1)
    assert back not in browser.get(url("version", dataset, 2)).content.decode()
    assert back in browser.get(url("version", dataset, 1)).content.decode()
    page = browser.post(back, follow=True)
    assert "This is version 3, as version 1 was" in page.content.decode()
    assert [change.key for change in page.context["changes"]] == [key]
    same = browser.get(url("version", dataset, 3), {"against": 1})
    assert "Both hold the same rows" in same.content.decode()
    assert "The newest version holds the same" in browser.post(back, follow=True).content.decode()


@pytest.mark.parametrize(
    "text",
    [
        "message\ttags\tn\tlabel\tsplit\nnew\t[]\t5\tham\ttest\n",
        '{"message": "new", "tags": [], "n": 5, "label": "ham", "split": "test"}\n',
    ],
)
def test_rows_are_pasted_with_their_splits(
    text: str, dataset: Dataset, erin: User, client_of: Browser
) -> None:
    answer = client_of(erin).post(url("add", dataset), {"several": "1", "pasted": text})
    assert answer.status_code == 302, answer.context["many"].errors
    row = row_of(dataset, "22")
    assert (row.inputs["n"], row.split) == (5, "test")


def test_cells_without_names_are_in_the_order_of_the_columns(
    dataset: Dataset, erin: User, client_of: Browser
) -> None:
    text = "first\t[]\t1\tham\nsecond\t[]\t2\tspam\n"
    client_of(erin).post(url("add", dataset), {"several": "1", "pasted": text})
    assert [row_of(dataset, key).inputs["message"] for key in ("22", "23")] == ["first", "second"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("message\tlabel\nnew\tham\n", "Name the columns as the dataset does"),
        ("message,tags,n,label\nx,[],1,eggs\n", "Line 2, column “label”"),
        ("", "Paste rows, or choose a file"),
    ],
)
def test_what_cannot_be_added_is_told_and_none_is_left_out(
    text: str, told: str, dataset: Dataset, erin: User, client_of: Browser
) -> None:
    answer = client_of(erin).post(url("add", dataset), {"several": "1", "pasted": text})
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert dataset.versions.count() == 1


def test_an_expected_value_is_corrected(
    dataset: Dataset, erin: User, carol: User, client_of: Browser
) -> None:
    browser = client_of(erin)
    page = browser.get(url("row", dataset, "3"))
    sent = {field.html_name: field.value() or "" for field in page.context["form"]}
    answer = browser.post(url("row", dataset, "3"), {**sent, "expected-label": "spam"})
    assert answer.status_code == 302
    assert row_of(dataset, "3").expected == {"label": "spam"}
    assert row_of(dataset, "3").metadata == {"origin": "m1"}
    late = browser.post(url("row", dataset, "3"), {**sent, "expected-label": "ham"})
    assert "Somebody changed this row meanwhile" in late.content.decode()
    shown = client_of(carol).get(url("version", dataset, 2))
    (change,) = shown.context["changes"]
    assert [(cell.name, cell.before, cell.after) for cell in change.cells] == [
        ("label", "ham", "spam")
    ]


def test_a_row_is_taken_out(dataset: Dataset, erin: User, client_of: Browser) -> None:
    browser = client_of(erin)
    browser.post(url("remove_row", dataset, "21"))
    assert browser.get(url("row", dataset, "21")).status_code == 404
    older = browser.get(url("rows", dataset), {"version": "1", "q": "text 19"})
    assert [row.key for row in older.context["rows"]] == ["21"]


@pytest.mark.parametrize("kind", ["jsonl", "csv", "spreadsheet", "parquet"])
def test_what_is_downloaded_is_read_in_as_it_was(
    kind: str, dataset: Dataset, carol: User, client_of: Browser
) -> None:
    answer = client_of(carol).get(url("download", dataset, kind))
    assert answer["Content-Disposition"].startswith('attachment; filename="Tickets-v1.')
    table = read_table(io.BytesIO(answer.content), f"t.{kind}")
    assert table.columns == ("id", "split", "message", "tags", "n", "label", "origin")
    assert len(table.rows) == 20
    tags = table.rows[1].cells[3]
    assert (json.loads(tags) if isinstance(tags, str) else tags) == ["a", "b1"]
    assert table.rows[1].cells[-1] == "m1"


def test_only_a_file_for_spreadsheets_is_other_than_the_rows(
    dataset: Dataset, erin: User, client_of: Browser
) -> None:
    formula = '=HYPERLINK("http://x")'
    add_rows(dataset, [NewRow({"message": formula, "tags": [], "n": -5}, {"label": "ham"})], erin)
    browser = client_of(erin)
    files = {k: browser.get(url("download", dataset, k)) for k in ("jsonl", "csv", "spreadsheet")}
    last = {kind: answer.content.decode().splitlines()[-1] for kind, answer in files.items()}
    assert json.loads(last["jsonl"])["message"] == formula
    assert ',"=HYPERLINK(' in last["csv"]
    assert ",\"'=HYPERLINK(" in last["spreadsheet"]
    assert ",-5," in last["spreadsheet"]


def test_numbers_that_parquet_has_no_room_for_are_written_out(
    dataset: Dataset, erin: User, client_of: Browser
) -> None:
    row = NewRow({"message": "big", "tags": [], "n": 10**30}, {"label": "ham"})
    add_rows(dataset, [row], erin)
    answer = client_of(erin).get(url("download", dataset, "parquet"), {"q": "big"})
    (read,) = read_table(io.BytesIO(answer.content), "t.parquet").rows
    assert str(read.cells[4]) == str(10**30)


def test_a_file_adds_rows(dataset: Dataset, erin: User, client_of: Browser) -> None:
    file = SimpleUploadedFile("more.csv", b"Message,tags,label\none,[],ham\ntwo,[],spam\n")
    client_of(erin).post(url("add", dataset), {"several": "1", "file": file})
    assert dataset.examples.count() == 22
