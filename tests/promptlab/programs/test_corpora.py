"""Corpora are uploaded, chosen by a retrieve step, downloaded, and kept while they are used."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from optimizer.core.modules.retrieve import Retrieve
from optimizer.core.programs.signature import Field, FieldType, Signature
from optimizer.models import Corpus
from promptlab.accounts.models import Project, User
from promptlab.programs.models import Program
from tests.promptlab.programs.by_hand import (
    Browser,
    address,
    field,
    fresh,
    module_data,
    rows,
    text_of,
)

FILE = b"title,text\nAda,She wrote a program.\nBabbage,He drew an engine.\n"


def page(project: Project) -> str:
    return reverse("programs:corpora", args=[project.slug])


def sent(name: str = "Facts", content: bytes = FILE, file: str = "facts.csv") -> dict[str, Any]:
    return {"name": name, "file": SimpleUploadedFile(file, content)}


def test_a_file_becomes_a_corpus_that_can_be_downloaded(
    client_of: Browser, erin: User, project: Project
) -> None:
    client = client_of(erin)
    made = client.post(page(project), sent(), follow=True)
    assert "“Facts” has 2 passages" in text_of(made)
    corpus = Corpus.objects.get()
    file = client.get(reverse("programs:corpus_file", args=[project.slug, corpus.pk]))
    lines = file.content.decode().splitlines()
    assert [json.loads(line)["title"] for line in lines] == ["Ada", "Babbage"]
    assert corpus.digest[:12] in file["Content-Disposition"]


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        (sent(name=""), "This field is required"),
        (sent(name="Others"), "there already, as “Facts”"),
        (sent(content=b"a\nb\n"), "Another corpus is called “Facts”"),
        (sent(name="None", content=b"title,text\n"), "no rows"),
        (sent(name="Odd", content=b"%PDF-1.7 \x00\x01", file="a.pdf"), "PDF"),
    ],
    ids=["name", "content", "taken", "empty", "pdf"],
)
def test_what_cannot_be_one_is_told_at_its_field(
    wish: dict[str, Any], told: str, client_of: Browser, erin: User, project: Project
) -> None:
    client = client_of(erin)
    client.post(page(project), sent())
    wish["file"].seek(0)
    answer = client.post(page(project), wish)
    assert answer.status_code == 422
    assert told.lower() in text_of(answer).lower()
    assert Corpus.objects.count() == 1


def test_a_retrieve_step_chooses_one_and_keeps_it_from_being_removed(
    client_of: Browser, erin: User, project: Project, one_step: Program
) -> None:
    client = client_of(erin)
    client.post(page(project), sent())
    corpus = Corpus.objects.get()
    data = module_data(
        name="search", kind="retrieve", corpus=corpus.digest, k="2",
        **rows("inputs", field("query")), **rows("outputs", field("passages", "list")),
    )  # fmt: skip
    assert client.post(address("new_module", one_step), data | {"corpus": "x"}).status_code == 422
    assert client.post(address("new_module", one_step), data).status_code == 302
    made = fresh(one_step).core.module("search")
    assert made == Retrieve(
        "search", Signature((Field("query"),), (Field("passages", FieldType.LIST),)),
        corpus=corpus.digest, k=2,
    )  # fmt: skip
    assert "Facts (2 passages)" in text_of(client.get(address("module", one_step, "search")))
    remove = reverse("programs:remove_corpus", args=[project.slug, corpus.pk])
    assert "It is used by" in text_of(client.post(remove, follow=True))
    client.post(address("remove_module", one_step, "search"))
    assert "was removed" in text_of(client.post(remove, follow=True))
    assert not Corpus.objects.exists()


def test_a_corpus_of_another_project_stays_chosen_and_is_told(
    client_of: Browser, erin: User, one_step: Program
) -> None:
    data = module_data(
        name="search", kind="retrieve", corpus="", k="2",
        **rows("inputs", field("query")), **rows("outputs", field("passages", "list")),
    )  # fmt: skip
    answer = client_of(erin).post(address("new_module", one_step), data, follow=True)
    assert "choose a corpus" in text_of(answer)
