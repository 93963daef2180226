"""The pages of a new dataset: file, columns, split."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from promptlab.accounts.models import Project, User
from promptlab.datasets import queries, uploads
from promptlab.datasets.models import Dataset, Upload
from promptlab.datasets.views import new
from tests.fakes.workbooks import xlsx

Browser = Callable[[User], Client]

CSV = "id,message,label\n" + "".join(
    f"{n},text {n},{'spam' if n % 4 == 0 else 'ham'}\n" for n in range(40)
)


def new_url(project: Project) -> str:
    return reverse("datasets:new", args=[project.slug])


def file(content: str | bytes = CSV, name: str = "tickets.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)


def drop(site: Client, project: Project, **kind: Any) -> Any:
    return site.post(new_url(project), {"file": file(**kind)})


def mapped(upload: Upload, page: str, project: Project) -> str:
    return reverse(f"datasets:{page}", args=[project.slug, upload.token])


@pytest.fixture
def site(erin: User, client_of: Browser) -> Client:
    return client_of(erin)


@pytest.fixture
def upload(site: Client, project: Project) -> Upload:
    drop(site, project)
    return Upload.objects.get()


def answers(site: Client, upload: Upload, project: Project, **changes: Any) -> dict[str, Any]:
    """What the page has filled in, with some changes; a value of None leaves a field out."""
    form = site.get(mapped(upload, "map", project)).context["form"]
    data = {name: form[name].value() for name in form.fields}
    data = {**data, **changes}
    return {name: value for name, value in data.items() if value is not None and value is not False}


def test_a_file_leads_to_its_columns_with_everything_guessed(
    site: Client, project: Project
) -> None:
    answer = drop(site, project)
    upload = Upload.objects.get()
    assert answer.url == mapped(upload, "map", project)
    page = site.get(answer.url)
    roles = [row.role.value() for row in page.context["form"].columns()]
    assert roles == ["metadata", "input", "expected"]
    assert page.context["form"]["name"].value() == "tickets"
    content = page.content.decode()
    assert "40 rows" in content
    assert "text 19" in content
    assert "text 20" not in content  # a preview of 20 rows
    assert [(row.split, row.count) for row in page.context["outlook"].splits] == [
        ("train", 16), ("validation", 16), ("test", 8),
    ]  # fmt: skip


def test_with_scripts_the_answer_leads_on(site: Client, project: Project) -> None:
    answer = site.post(new_url(project), {"file": file()}, headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == mapped(Upload.objects.get(), "map", project)


def test_the_dataset_is_made_as_the_form_says_and_the_upload_forgotten(
    site: Client, upload: Upload, project: Project, settings: Settings
) -> None:
    data = answers(site, upload, project, name="Mail", train=50, validation=50, test=0, seed=7)
    answer = site.post(mapped(upload, "map", project), data)
    dataset = Dataset.objects.get()
    assert answer.url == reverse("datasets:detail", args=[project.slug, dataset.pk])
    assert (dataset.name, dataset.count, dataset.seed) == ("Mail", 40, 7)
    assert (dataset.source_name, str(dataset.created_by)) == ("tickets.csv", "Erin")
    assert list(queries.split_counts(dataset).values()) == [20, 20, 0]
    assert not Upload.objects.exists()
    assert list(Path(settings.HOME.path, "uploads").glob(f"{upload.token}*")) == []


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"", "x.csv", "The file is empty"),
        (b"\n\n", "x.csv", "The file is empty"),
        (b"PK\x03\x04 [Content_Types].xml", "x.xlsx", "The file is damaged"),
        (gzip.compress(b"%PDF-1.7", mtime=0), "x.csv.gz", "This is a PDF"),
    ],
)
def test_a_file_that_cannot_be_read_at_all_is_refused_beside_the_field(
    content: bytes, name: str, message: str, site: Client, project: Project
) -> None:
    page = drop(site, project, content=content, name=name)
    assert page.status_code == 422
    assert message in page.context["form"].errors["file"][0]
    assert "Read it differently" not in page.content.decode()
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"a,b\n", "x.csv", "column names but no rows"),
        (bytes(range(256)) * 9, "x.csv", "neither a text nor a workbook"),
        (b"{nope", "x.json", "JSON"),
        (b"a,b\n1\n", "x.csv", "has one cell instead of 2"),
    ],
)
def test_a_file_that_may_be_read_differently_is_told_with_the_switches(
    content: bytes, name: str, message: str, site: Client, project: Project
) -> None:
    page = drop(site, project, content=content, name=name)
    assert page.status_code == 422
    assert message in page.context["form"].errors["file"][0]
    upload = Upload.objects.get()
    shown = page.content.decode()
    assert "Read it differently" in shown
    assert mapped(upload, "read_again", project) in shown
    again = site.get(mapped(upload, "map", project))
    assert message in again.content.decode()
    assert site.post(mapped(upload, "outlook", project), {}).status_code == 302


def test_after_reading_failed_another_way_of_reading_leads_on(
    site: Client, project: Project
) -> None:
    drop(site, project, content="only,a row\n")
    upload = Upload.objects.get()
    still = site.post(mapped(upload, "read_again", project), {"encoding": "", "has_header": "on"})
    assert still.status_code == 422
    assert "column names but no rows" in still.content.decode()
    answer = site.post(mapped(upload, "read_again", project), {"encoding": ""})
    assert answer.url == mapped(upload, "map", project)  # type: ignore[attr-defined]
    upload.refresh_from_db()
    assert uploads.found_in(upload).count == 1
    assert not upload.refused


def test_after_reading_failed_another_encoding_leads_on(site: Client, project: Project) -> None:
    text = "名前,都市\n" + "田中,東京\n鈴木,大阪\n" * 3
    drop(site, project, content=b"\x00\x01" * 40 + text.encode("cp932"))
    upload = Upload.objects.get()
    choice = {"encoding": "cp932", "has_header": ""}
    answer = site.post(
        mapped(upload, "read_again", project), choice, headers={"HX-Request": "true"}
    )
    assert answer.headers.get("HX-Redirect") == mapped(upload, "map", project)


def test_another_file_takes_the_place_of_one_that_could_not_be_read(
    site: Client, project: Project
) -> None:
    drop(site, project, content="a,b\n")
    first = Upload.objects.get()
    drop(site, project)
    assert Upload.objects.get() != first


def test_no_file_is_said(site: Client, project: Project) -> None:
    page = site.post(new_url(project), {})
    assert page.status_code == 422
    assert page.context["form"].errors["file"] == ["Choose a file."]


def test_a_file_over_the_limit_is_refused(
    site: Client, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("promptlab.datasets.forms.MAX_BYTES", 1 << 20)
    page = drop(site, project, content="a,b\n" + "1,2\n" * 700_000)
    assert "The file has 3 MB; up to 50 MB are taken" in page.context["form"].errors["file"][0]


def test_rows_that_were_left_out_are_told_with_their_lines(site: Client, project: Project) -> None:
    drop(site, project, content=CSV + "oops\n")
    content = site.get(mapped(Upload.objects.get(), "map", project)).content.decode()
    assert "One row was left out" in content
    assert "Line 42 has one cell instead of 3" in content


def test_a_field_that_is_mapped_twice_is_refused_beside_it_and_nothing_is_lost(
    site: Client, upload: Upload, project: Project
) -> None:
    data = answers(
        site, upload, project, seed=123, name="Kept", **{"role-0": "input", "field-0": "message"}
    )  # fmt: skip
    page = site.post(mapped(upload, "map", project), data)
    form = page.context["form"]
    assert page.status_code == 422
    assert "Column “id” is “message” already" in form.errors["field-1"][0]
    assert (form["name"].value(), form["seed"].value()) == ("Kept", "123")
    assert not Dataset.objects.exists()
    assert Upload.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"role-2": "ignored"}, "__all__", "at least one column as expected"),
        ({"role-1": "ignored"}, "__all__", "at least one column as input"),
        ({"field-1": "2 words"}, "field-1", "is not a field name"),
        ({"field-1": ""}, "field-1", "is not a field name"),
        ({"train": 90}, "train", "make 150 %"),
        ({"train": 0}, "train", "greater than or equal to 1"),
        ({"type-2": "integer"}, "unusable", "“spam” is not a number"),
        ({"type-2": "integer"}, "__all__", "No row can be used"),
        ({"name": ""}, "name", "required"),
        ({"role-2": "nonsense"}, "role-2", "valid choice"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(
    changes: dict[str, Any],
    field: str,
    message: str,
    site: Client,
    upload: Upload,
    project: Project,
) -> None:
    page = site.post(mapped(upload, "map", project), answers(site, upload, project, **changes))
    assert page.status_code == 422
    assert message in " ".join(page.context["form"].errors[field])
    assert not Dataset.objects.exists()


def test_a_choice_needs_few_short_values(site: Client, project: Project) -> None:
    drop(site, project, content="q,a\n" + "".join(f"q{n},{'long ' * 40}{n}\n" for n in range(9)))
    upload = Upload.objects.get()
    data = answers(site, upload, project, **{"type-1": "choice"})
    page = site.post(mapped(upload, "map", project), data)
    assert (
        "A choice needs 2 to 100 different short values" in page.context["form"].errors["type-1"][0]
    )


def test_a_name_that_is_taken_is_said_beside_it(
    site: Client, upload: Upload, project: Project
) -> None:
    site.post(mapped(upload, "map", project), answers(site, upload, project))
    drop(site, project, content=CSV + "99,one more,ham\n")
    again = Upload.objects.get()
    assert answers(site, again, project)["name"] == "tickets 2"
    data = answers(site, again, project, name="tickets")
    page = site.post(mapped(again, "map", project), data)
    assert "There is a dataset “tickets”" in page.context["form"].errors["name"][0]


def test_rows_without_a_label_can_stop_the_import(site: Client, project: Project) -> None:
    drop(site, project, content=CSV + "99,no label,\n")
    upload = Upload.objects.get()
    page = site.get(mapped(upload, "map", project))
    assert "One row cannot be used" in page.content.decode()
    data = answers(site, upload, project, unusable="stop")
    page = site.post(mapped(upload, "map", project), data)
    told = page.context["form"].errors["unusable"]
    assert told == [
        "1 row cannot be used. Correct the file, or skip such rows.",
        "Line 42, column “label”, has no expected value.",
    ]
    site.post(mapped(upload, "map", project), {**data, "unusable": "skip"})
    assert (Dataset.objects.get().count, Dataset.objects.get().left_out) == (40, 1)


def test_the_outlook_follows_the_form(site: Client, upload: Upload, project: Project) -> None:
    data = answers(site, upload, project, train=10, validation=90, test=0)
    page = site.post(mapped(upload, "outlook", project), data, headers={"HX-Request": "true"})
    for split, n in (("train", 4), ("validation", 36), ("test", 0)):
        shown = re.sub(r">\s+<", "><", page.content.decode())
        assert f'<th scope="row">{split}</th><td class="r" data-label="Examples">{n}</td>' in shown
    wrong = site.post(mapped(upload, "outlook", project), {**data, "role-2": "ignored"})
    assert "Correct the columns" in wrong.content.decode()
    assert not Dataset.objects.exists()


def test_the_outlook_looks_at_a_sample_of_many_rows(
    site: Client, upload: Upload, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(new, "MOST_LOOKED_AT", 10)
    page = site.get(mapped(upload, "map", project))
    outlook = page.context["outlook"]
    assert sum(split.count for split in outlook.splits) == 10
    assert outlook.notes[0] == "Of the first 10 rows; all will be taken."


def test_the_column_that_names_the_split_is_taken(site: Client, project: Project) -> None:
    rows = "".join(f"q{n},a{n},{'train' if n < 6 else 'dev'}\n" for n in range(10))
    drop(site, project, content="q,a,split\n" + rows)
    upload = Upload.objects.get()
    site.post(mapped(upload, "map", project), answers(site, upload, project))
    assert list(queries.split_counts(Dataset.objects.get()).values()) == [6, 4, 0]


def test_another_encoding_can_be_chosen(site: Client, project: Project) -> None:
    text = "вопрос,ответ\n" + "".join(f"да {n},нет {n}\n" for n in range(9))
    drop(site, project, content=text.encode("koi8_r"))
    upload = Upload.objects.get()
    answer = site.post(
        mapped(upload, "read_again", project), {"encoding": "koi8_r", "has_header": "on"}
    )
    assert "вопрос" in site.get(answer.url).content.decode()  # type: ignore[attr-defined]
    wrong = site.post(mapped(upload, "read_again", project), {"encoding": "utf-8"})
    assert wrong.status_code == 422
    assert "The file is not UTF-8" in wrong.content.decode()


def test_a_first_row_that_is_no_header_is_kept(
    site: Client, upload: Upload, project: Project
) -> None:
    site.post(mapped(upload, "read_again", project), {"encoding": ""})
    upload.refresh_from_db()
    assert uploads.found_in(upload).count == 41


def test_another_file_can_be_taken(site: Client, upload: Upload, project: Project) -> None:
    answer = site.post(mapped(upload, "discard", project))
    assert answer.url == new_url(project)  # type: ignore[attr-defined]
    assert not Upload.objects.exists()


def test_uploads_are_forgotten_after_a_day(
    site: Client, upload: Upload, project: Project, settings: Settings
) -> None:
    Upload.objects.update(created_at=timezone.now() - timedelta(hours=25))
    drop(site, project)
    assert not Upload.objects.filter(pk=upload.pk).exists()
    assert list(Path(settings.HOME.path, "uploads").glob(f"{upload.token}*")) == []


@pytest.mark.parametrize("page", ["map", "outlook", "read_again", "discard"])
def test_an_upload_belongs_to_its_owner(
    page: str, upload: Upload, project: Project, alice: User, client_of: Browser
) -> None:
    assert client_of(alice).post(mapped(upload, page, project), {}).status_code == 404


def test_a_viewer_cannot_add_datasets(project: Project, carol: User, client_of: Browser) -> None:
    assert client_of(carol).get(new_url(project)).status_code == 403
    assert drop(client_of(carol), project).status_code == 403
    assert not Upload.objects.exists()


def test_an_outsider_finds_nothing(project: Project, dave: User, client_of: Browser) -> None:
    assert client_of(dave).get(new_url(project)).status_code == 404


def test_cells_are_shown_as_text(site: Client, project: Project) -> None:
    attack = "<script>alert(1)</script>"
    drop(site, project, content=f"q,{attack}\n" + f"{attack},a\n" * 4)
    content = site.get(mapped(Upload.objects.get(), "map", project)).content.decode()
    assert attack not in content
    assert "&lt;script&gt;" in content


def test_a_sheet_and_a_delimiter_can_be_chosen(site: Client, project: Project) -> None:
    book = xlsx({"A": [["q", "a"], ["x", "1"]], "B": [["ask", "say"], ["p", "1"], ["r", "2"]]})
    drop(site, project, content=book, name="book.xlsx")
    upload = Upload.objects.get()
    page = site.get(mapped(upload, "map", project)).content.decode()
    assert "This is “A”. There are others to choose: B." in page
    site.post(mapped(upload, "read_again", project), {"sheet": "B", "has_header": "on"})
    upload.refresh_from_db()
    assert uploads.found_in(upload).names == ("ask", "say")
    wrong = site.post(mapped(upload, "read_again", project), {"sheet": "C", "has_header": "on"})
    assert "There is no “C” in the file. It has: A, B." in wrong.content.decode()


SLOTS = "text,people,name\n" + "".join(
    f"table for {n} and {name},{n if n % 2 else ''},{name if n % 2 else ''}\n"
    for n, name in enumerate(("Bo", "Cyd", "Dee", "Eli") * 10)
)


@pytest.mark.parametrize(("ticked", "count"), [(True, 40), (False, 20)])
def test_whether_an_empty_cell_is_null_is_guessed_and_can_be_changed(
    ticked: bool, count: int, site: Client, project: Project
) -> None:
    drop(site, project, content=SLOTS)
    upload = Upload.objects.get()
    page = site.get(mapped(upload, "map", project)).content.decode()
    changes = {f"nullable-{n}": "on" if ticked else None for n in (1, 2)}
    data = answers(site, upload, project, **changes)
    site.post(mapped(upload, "map", project), data)

    assert page.count("Empty is null") == 2
    dataset = Dataset.objects.get()
    assert (dataset.count, dataset.left_out) == (count, 40 - count)
    assert [c["nullable"] for c in dataset.columns] == [False, ticked, ticked]
    _inputs, expected = queries.fields(dataset)
    assert [field.nullable for field in expected] == [ticked, ticked]


def test_columns_of_any_name_label_their_fields(site: Client, project: Project) -> None:
    rows = "".join(f"なぜ {n}?,{('はい', 'いいえ')[n % 2]}\n" for n in range(20))
    drop(site, project, content="質問,Final answer\n" + rows)
    upload = Upload.objects.get()
    site.post(mapped(upload, "map", project), answers(site, upload, project))
    inputs, expected = queries.fields(Dataset.objects.get())

    assert [(f.name, f.label) for f in (*inputs, *expected)] == [
        ("field_1", "質問"), ("final_answer", "Final answer"),
    ]  # fmt: skip
