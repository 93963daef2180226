"""A file that comes while others are being read is kept, and read in its turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from promptlab.accounts.models import Project, User
from promptlab.datasets import turns, uploads
from promptlab.datasets.models import Dataset, Upload

CSV = b"message,label\none,ham\ntwo,spam\nthree,ham\n"


@pytest.fixture(autouse=True)
def impatient(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home of our own, where nobody else reads; and no waiting within a request."""
    settings.HOME = replace(settings.HOME, path=tmp_path)
    monkeypatch.setattr("promptlab.datasets.uploads.PATIENCE", 0.0)


@pytest.fixture
def crowd(tmp_path: Path) -> Iterator[ExitStack]:
    """Others who hold every turn, until it is closed."""
    folder = tmp_path / "uploads"
    folder.mkdir()
    with ExitStack() as held:
        for _ in range(turns.READERS):
            held.enter_context(turns.turn(folder, patience=0))
        yield held


@pytest.fixture
def site(erin: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(erin)


def drop(site: Client, project: Project, content: bytes = CSV, name: str = "t.csv"):  # type: ignore[no-untyped-def]
    file = SimpleUploadedFile(name, content)
    return site.post(reverse("datasets:new", args=[project.slug]), {"file": file})


def address(page: str, project: Project) -> str:
    return reverse(f"datasets:{page}", args=[project.slug, Upload.objects.get().token])


def test_the_file_is_kept_and_its_page_asks_again_by_itself(
    site: Client, project: Project, crowd: ExitStack
) -> None:
    answer = drop(site, project)
    assert answer.url == address("map", project)
    page = site.get(answer.url)
    assert page.status_code == 200
    assert "2 other files are being read at this moment. Yours is kept" in page.content.decode()
    part = site.post(address("read_again", project), headers={"HX-Request": "true"})
    assert part.status_code == 200
    assert 'hx-trigger="every 3s, submit"' in part.content.decode()
    assert "<html" not in part.content.decode()


def test_it_is_read_in_its_turn(site: Client, project: Project, crowd: ExitStack) -> None:
    drop(site, project)
    crowd.close()
    answer = site.post(address("read_again", project), headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == address("map", project)
    assert uploads.found_in(Upload.objects.get()).count == 3
    assert "3 rows" in site.get(address("map", project)).content.decode()


def test_without_scripts_a_button_asks(site: Client, project: Project, crowd: ExitStack) -> None:
    drop(site, project)
    still = site.post(address("read_again", project))
    assert "Yours is kept" in still.content.decode()
    crowd.close()
    assert site.post(address("read_again", project)).url == address("map", project)  # type: ignore[attr-defined]


def test_a_file_that_cannot_be_read_in_its_turn_can_be_read_differently(
    site: Client, project: Project, crowd: ExitStack
) -> None:
    drop(site, project, b"a,b\n", "rows.csv")
    crowd.close()
    answer = site.post(address("read_again", project), headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert "column names but no rows" in answer.content.decode()
    assert "Read it differently" in answer.content.decode()
    answer = site.post(address("read_again", project), {"encoding": ""})
    assert answer.url == address("map", project)  # type: ignore[attr-defined]


@pytest.mark.parametrize("page", ["map", "outlook"])
def test_a_form_sent_before_its_turn_changes_nothing(
    page: str, site: Client, project: Project, crowd: ExitStack
) -> None:
    drop(site, project)
    assert site.post(address(page, project), {"name": "x"}).status_code in (200, 302)
    assert not Dataset.objects.exists()
    assert Upload.objects.get().waits


def test_another_reading_of_a_file_that_was_read_waits_too(
    site: Client, project: Project, crowd: ExitStack, tmp_path: Path
) -> None:
    crowd.close()
    drop(site, project)
    with ExitStack() as held:
        for _ in range(turns.READERS):
            held.enter_context(turns.turn(tmp_path / "uploads", patience=0))
        answer = site.post(address("read_again", project), {"encoding": "", "has_header": ""})
    assert answer.status_code == 422
    assert "2 other files are being read at this moment. Try again." in answer.content.decode()
    assert uploads.found_in(Upload.objects.get()).count == 3


def test_no_more_than_a_few_files_wait(
    site: Client, project: Project, crowd: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("promptlab.datasets.uploads.MAX_WAITING", 1)
    drop(site, project)
    refused = drop(site, project)
    assert refused.status_code == 422
    told = refused.context["form"].errors["file"][0]
    assert told.startswith("Files that wait to be read: 1, as many as may. Yours was not kept")
    assert Upload.objects.count() == 1


def test_a_full_disk_keeps_nothing(
    site: Client, project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("promptlab.datasets.uploads.read_apart", full)
    answer = drop(site, project)
    assert answer.status_code == 507
    assert "The server's disk is full" in answer.context["form"].errors["file"][0]
    assert not Upload.objects.exists()
    assert not [f for f in (tmp_path / "uploads").iterdir() if f.suffix != ".lock"]
