"""The list of datasets, one dataset, its rows."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from promptlab.accounts.models import Project, User
from promptlab.datasets import services
from promptlab.datasets.models import Dataset

Browser = Callable[[User], Client]

CSV = "zebra,alpha,label\n" + "".join(
    f"message {n},second {n},{'spam' if n % 4 == 0 else 'ham'}\n" for n in range(120)
)


@pytest.fixture
def dataset(project: Project, erin: User) -> Dataset:
    return services.import_dataset(
        project, erin, "Tickets", io.BytesIO(CSV.encode()), source_name="t.csv"
    )


def url(page: str, project: Project, *args: int) -> str:
    return reverse(f"datasets:{page}", args=[project.slug, *args])


def test_a_list_without_datasets_says_how_to_begin(
    project: Project, erin: User, carol: User, client_of: Browser
) -> None:
    assert "Drop a CSV or JSONL" in client_of(erin).get(url("list", project)).content.decode()
    page = client_of(carol).get(url("list", project)).content.decode()
    assert "An editor of the project adds the first one" in page
    assert url("new", project) not in page


def test_the_list_shows_splits_and_can_be_filtered(
    project: Project, dataset: Dataset, carol: User, client_of: Browser
) -> None:
    browser = client_of(carol)
    assert "Tickets" in browser.get(url("list", project), {"q": "tick"}).content.decode()
    none = browser.get(url("list", project), {"q": "nothing"}).content.decode()
    assert "No dataset matches" in none
    assert "Clear the filter" in none


def test_the_list_takes_few_queries_for_many_datasets(
    project: Project,
    erin: User,
    client_of: Browser,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(6):
        file = io.BytesIO(b"q,a\n1,x\n2,y\n3,x\n4,y\n")
        services.import_dataset(project, erin, f"set {number}", file, source_name="t.csv")
    browser = client_of(erin)
    with django_assert_max_num_queries(8):
        browser.get(url("list", project))


def test_a_dataset_shows_its_counts_and_labels(
    project: Project, dataset: Dataset, carol: User, client_of: Browser
) -> None:
    page = client_of(carol).get(url("detail", project, dataset.pk))
    content = page.content.decode()
    assert page.status_code == 200
    assert dataset.digest[:12] in content
    assert [label.label for label in page.context["labels"]] == ["ham", "spam"]
    assert url("rename", project, dataset.pk) not in content


def test_rows_stand_in_the_order_of_the_columns(
    project: Project, dataset: Dataset, carol: User, client_of: Browser
) -> None:
    page = client_of(carol).get(url("rows", project, dataset.pk))
    assert page.context["rows"][0].cells == ("message 0", "second 0", "spam")
    assert len(page.context["rows"]) == 50


def test_rows_are_filtered_by_split_and_words_in_the_address(
    project: Project, dataset: Dataset, carol: User, client_of: Browser
) -> None:
    browser, address = client_of(carol), url("rows", project, dataset.pk)
    test = browser.get(address, {"split": "test"})
    assert {row.split for row in test.context["rows"]} == {"test"}
    found = browser.get(address, {"q": "message 17"})
    assert [row.cells[0] for row in found.context["rows"]] == ["message 17"]
    assert browser.get(address, {"q": "\x00", "split": "x", "page": "x"}).status_code == 200
    none = browser.get(address, {"q": "nowhere"}).content.decode()
    assert "No row matches" in none
    last = browser.get(address, {"page": "99"})
    assert last.context["page"].number == 3


def test_an_editor_renames(
    project: Project, dataset: Dataset, erin: User, client_of: Browser
) -> None:
    browser = client_of(erin)
    browser.post(url("rename", project, dataset.pk), {"name": "Mail"})
    assert Dataset.objects.get().name == "Mail"
    page = browser.post(url("rename", project, dataset.pk), {"name": ""})
    assert page.status_code == 422


def test_a_name_that_is_taken_is_refused(
    project: Project, dataset: Dataset, erin: User, client_of: Browser
) -> None:
    services.import_dataset(project, erin, "Other", io.BytesIO(CSV.encode()), source_name="t.csv")
    page = client_of(erin).post(url("rename", project, dataset.pk), {"name": "Other"})
    assert "already" in page.context["form"].errors["name"][0]


def test_an_editor_deletes(
    project: Project, dataset: Dataset, erin: User, client_of: Browser
) -> None:
    answer = client_of(erin).post(url("remove", project, dataset.pk))
    assert answer.url == url("list", project)  # type: ignore[attr-defined]
    assert not Dataset.objects.exists()


@pytest.mark.parametrize("page", ["rename", "remove"])
def test_a_viewer_changes_nothing(
    page: str, project: Project, dataset: Dataset, carol: User, client_of: Browser
) -> None:
    assert client_of(carol).post(url(page, project, dataset.pk), {"name": "x"}).status_code == 403


@pytest.mark.parametrize("page", ["detail", "rows"])
def test_an_outsider_finds_nothing(
    page: str, project: Project, dataset: Dataset, dave: User, client_of: Browser
) -> None:
    browser = client_of(dave)
    assert browser.get(url(page, project, dataset.pk)).status_code == 404
    own = Project.objects.get(slug="daves-own")
    assert browser.get(url(page, own, dataset.pk)).status_code == 404
