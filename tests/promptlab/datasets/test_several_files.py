"""Several files at once, what is told before they are read, and many rows made apart."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from optimizer.core.problems import Conflict
from optimizer.datasets.columns import Role, Use
from optimizer.datasets.mapping import Mapping, RowFilter, guessed
from optimizer.datasets.splitting import Split, SplitPlan
from promptlab.accounts.models import Project, User
from promptlab.datasets import making, queries, services, uploads
from promptlab.datasets.models import Upload
from tests.fakes.telling import refused

Browser = Callable[[User], Client]


def table(name: str, first: int, n: int, header: str = "message,label") -> SimpleUploadedFile:
    lines = [f"text {i},{('ham', 'spam')[i % 2]}\n" for i in range(first, first + n)]
    return SimpleUploadedFile(name, f"{header}\n{''.join(lines)}".encode())


def test_files_are_the_splits_that_they_are_called_like(
    project: Project, erin: User, client_of: Browser
) -> None:
    browser = client_of(erin)
    files = [table("mail-train.csv", 0, 6), table("mail-dev.csv", 6, 4), table("test.csv", 10, 2)]
    answer = browser.post(reverse("datasets:new", args=[project.slug]), {"file": files})
    page = browser.get(answer["Location"])
    form = page.context["form"]
    assert form["split_column"].value() == "column:split"
    assert [(row.split, row.count) for row in page.context["outlook"].splits] == [
        ("train", 6), ("validation", 4), ("test", 2),
    ]  # fmt: skip


def test_files_of_other_names_are_given_splits(
    project: Project, erin: User, client_of: Browser
) -> None:
    browser = client_of(erin)
    files = [table("old.csv", 0, 6), table("new.csv", 6, 4)]
    answer = browser.post(reverse("datasets:new", args=[project.slug]), {"file": files})
    form = browser.get(answer["Location"]).context["form"]
    values = {name: form[name].value() for name in form.fields}
    sent = {name: value for name, value in values.items() if value is not False}
    sent |= {"split_column": "column:file", "names": "old.csv = train, new.csv = dev"}
    wrong = browser.post(answer["Location"], {**sent, "names": "old.csv"})
    assert "write “value = train”" in wrong.content.decode()
    made = browser.post(answer["Location"], sent)
    assert made.status_code == 302, made.context["form"].errors
    counts = queries.split_counts(project.datasets.get())
    assert list(counts.values()) == [6, 4, 0]


def test_files_with_other_columns_are_no_table(project: Project, erin: User) -> None:
    files = [table("a.csv", 0, 3), table("b.csv", 3, 3, header="message,topic")]
    upload = uploads.receive(project, erin, files)
    told = uploads.refusal_of(upload).problems
    assert [(p.code, p.values["more"]) for p in told] == [("table.other_columns", ("topic",))]


def test_a_file_that_is_there_already_is_told_before_it_is_read(
    project: Project, erin: User, client_of: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = uploads.receive(project, erin, table("a.csv", 0, 6))
    uploads.make_dataset(upload, erin, "Mail", guessed(uploads.found_in(upload).columns))
    read: list[Upload] = []
    monkeypatch.setattr(uploads, "read", lambda upload, options: read.append(upload) or upload)
    with pytest.raises(Conflict):
        uploads.receive(project, erin, table("b.csv", 0, 6))
    browser, address = client_of(erin), reverse("datasets:new", args=[project.slug])
    page = browser.post(address, {"file": table("b.csv", 0, 6)})
    assert "“Mail” was made of this very file" in page.content.decode()
    assert read == []
    uploads.receive(project, erin, table("b.csv", 0, 6), again=True)
    assert len(read) == 1


MANY = making.MANY + 100
LINES = "message,label,part,id\n" + "".join(
    f'text {i} "é\\t",{("ham", "spam", "")[i % 3]},{"ab"[i % 2]},{i}\n' for i in range(MANY)
)


def test_many_rows_are_made_apart_as_few_are_here(project: Project, erin: User) -> None:
    file = SimpleUploadedFile("many.csv", LINES.encode())
    upload = uploads.receive(project, erin, file)
    uses = (
        Use("message", Role.INPUT, "message"), Use("label", Role.EXPECTED, "label"),
        Use("id", Role.METADATA, "id"),
    )  # fmt: skip
    names = (("a", Split.TRAIN), ("b", Split.VALIDATION))
    plan = SplitPlan(column="part", names=names)
    mapping = Mapping(uses, plan, RowFilter("part", "a"))
    source = uploads.source_of(upload)
    assert source.stored is not None
    here = making.Making(source.rows, source.names, mapping, 7)
    lines = b"".join(here.chunks())
    with making.making_apart(source.stored, source.names, mapping, 7) as apart:
        assert b"".join(apart.chunks()) == lines
    assert (apart.digest, apart.survey.counts) == (here.digest, here.survey.counts)
    assert apart.survey.problem_count == len(here.survey.problems) > 200
    dataset = uploads.make_dataset(upload, erin, "Many", guessed(source.columns))
    row = dataset.examples.get(key="3")
    assert row.inputs == {"message": 'text 1 "é\\t"'}
    assert (row.metadata, dataset.left_out) == ({"id": "1"}, MANY // 3)
    assert dataset.count == dataset.examples.count()


def test_no_row_is_there_when_storing_is_broken_off(
    project: Project, erin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(lines: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(services, "store_lines", broken)
    upload = uploads.receive(project, erin, table("a.csv", 0, 6))
    with pytest.raises(KeyboardInterrupt):
        uploads.make_dataset(upload, erin, "Mail", guessed(uploads.found_in(upload).columns))
    assert not project.datasets.exists()


def test_no_row_is_there_when_the_process_that_makes_rows_is_killed(
    project: Project, erin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = uploads.receive(project, erin, SimpleUploadedFile("many.csv", LINES.encode()))
    mapping = guessed(uploads.found_in(upload).columns)
    monkeypatch.setattr(making, "SECONDS", 0)
    with refused("more than 0 seconds"):
        uploads.make_dataset(upload, erin, "Mail", mapping)
    assert not project.datasets.exists()
    assert project.uploads.count() == 1  # to be imported again


def test_a_mapping_without_such_columns_is_refused_from_apart(
    project: Project, erin: User, tmp_path: Path
) -> None:
    rows = tmp_path / "rows"
    rows.write_text(json.dumps([[1], ["x"], ["y"]]) + "\n")
    mapping = Mapping((Use("a", Role.INPUT, "a"), Use("c", Role.EXPECTED, "c")), SplitPlan())
    apart = making.making_apart(rows, ("a", "b"), mapping, 1)
    with refused("There is no such column"), apart:
        pass


def test_a_column_that_nothing_but_its_place_tells_of_is_marked(
    project: Project, erin: User, client_of: Browser
) -> None:
    lines = "".join(f"text {i},a{i % 2},b{i % 3}\n" for i in range(12))
    file = SimpleUploadedFile("a.csv", f"message,label,mood\n{lines}".encode())
    upload = uploads.receive(project, erin, file)
    page = client_of(erin).get(reverse("datasets:map", args=[project.slug, upload.token]))
    marked = {column.name for column in page.context["form"].columns() if column.doubt}
    assert marked == {"mood"}
    assert "Where it says “a guess”" in page.content.decode()
