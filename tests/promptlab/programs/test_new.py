"""New programs: from columns, in two steps, empty, from a file."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from optimizer.files import program_file
from promptlab.accounts.models import Project, User
from promptlab.datasets.models import Dataset
from promptlab.programs.models import Program
from tests.core.programs import ONE_STEP, TWO_STEPS

Browser = Callable[[User], Client]


def here(project: Project, way: str = "columns", more: str = "") -> str:
    return f"{reverse('programs:new', args=[project.slug])}?from={way}{more}"


def text_of(response: Any) -> str:
    return html.unescape(response.content.decode())


def test_the_newest_dataset_is_offered_with_a_name_and_a_drawing(
    client_of: Browser, erin: User, project: Project, dataset: Dataset
) -> None:
    page = text_of(client_of(erin).get(here(project)))

    assert 'value="Tickets"' in page
    assert "classify, Predict; takes message, text, from input.message" in page


def test_the_chosen_dataset_is_preselected(
    client_of: Browser, erin: User, project: Project, dataset: Dataset
) -> None:
    page = text_of(client_of(erin).get(here(project, "columns", f"&dataset={dataset.pk}")))

    assert f'<option value="{dataset.pk}" selected>Tickets</option>' in page


def test_a_choice_is_shown_at_once_and_a_name_of_ones_own_stays(
    client_of: Browser, erin: User, project: Project, dataset: Dataset
) -> None:
    client = client_of(erin)
    chosen = f"&dataset={dataset.pk}&kind=chain_of_thought&suggested=Tickets"
    headers = {"HX-Request": "true"}
    part = text_of(client.get(here(project, "columns", f"{chosen}&name=Tickets"), headers=headers))
    own = text_of(client.get(here(project, "columns", f"{chosen}&name=Mine"), headers=headers))

    assert "<html" not in part
    assert "classify, Chain of thought" in part
    assert 'value="Tickets"' in part
    assert 'name="name" value="Mine"' in own


def test_a_program_is_made_of_columns_and_can_run(
    client_of: Browser, erin: User, project: Project, dataset: Dataset
) -> None:
    data = {"dataset": dataset.pk, "name": "Intents", "kind": "chain_of_thought"}
    response = client_of(erin).post(here(project), data)
    program = Program.objects.get()

    assert response["Location"] == reverse("programs:program", args=[project.slug, program.pk])
    assert program.core.problems() == []
    assert program.core.modules[0].kind == "chain_of_thought"
    assert program.core.output_fields()["intent"].choices
    assert program.created_by == erin


def test_two_steps_are_made_of_columns_or_of_nothing(
    client_of: Browser, erin: User, project: Project, dataset: Dataset
) -> None:
    client = client_of(erin)
    client.post(
        here(project, "steps"), {"first": "summarize", "dataset": dataset.pk, "name": "One"}
    )
    client.post(here(project, "steps"), {"first": "extract", "dataset": "", "name": "Two"})
    one, two = Program.objects.order_by("name")

    assert [m.name for m in one.core.modules] == ["summarize", "classify"]
    assert [m.name for m in two.core.modules] == ["extract", "answer"]
    assert one.core.problems() == two.core.problems() == []


def test_without_a_dataset_the_page_says_what_to_do(
    client_of: Browser, erin: User, project: Project
) -> None:
    client = client_of(erin)

    assert "No dataset yet" in text_of(client.get(here(project)))
    assert client.get(here(project, "steps")).status_code == 200
    assert client.post(here(project), {"name": "x", "kind": "predict"}).status_code == 422


def test_an_empty_program_leads_to_its_first_module(
    client_of: Browser, erin: User, project: Project
) -> None:
    page = text_of(client_of(erin).post(here(project, "blank"), {"name": "New"}, follow=True))

    assert "No module yet" in page
    assert "The program has no call yet: add a module." in page


@pytest.mark.parametrize("way", ["file", "text"])
def test_a_program_is_read_from_a_file_or_from_pasted_text(
    client_of: Browser, erin: User, project: Project, way: str
) -> None:
    text = program_file.write(TWO_STEPS)
    data: dict[str, Any] = {"name": ""}
    data[way] = SimpleUploadedFile("P.json", text.encode()) if way == "file" else text
    response = client_of(erin).post(here(project, "file"), data)

    assert response.status_code == 302
    assert Program.objects.get().core == TWO_STEPS
    assert Program.objects.get().name == "two steps"


def test_every_fault_of_a_file_is_told_with_its_place_and_the_text_stays(
    client_of: Browser, erin: User, project: Project
) -> None:
    broken = json.loads(program_file.write(ONE_STEP))
    broken["modules"][0]["kind"] = "agent"
    broken["calls"][0]["name"] = 5
    response = client_of(erin).post(here(project, "file"), {"text": json.dumps(broken)})
    page = text_of(response)

    assert response.status_code == 422
    assert "2 places in the file are not right" in page
    assert "<code>modules[0].kind</code>" in page
    assert "<code>calls[0].name</code>" in page
    assert '"agent"' in page


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "Choose a file, or paste the program below."),
        ({"text": "{"}, "line 1, column 2"),
        ({"file": b"\xff\xfe{\x00"}, "The file is not UTF-8 text"),
        ({"file": b""}, "The submitted file is empty."),
        ({"file": b" " * 2_000_001}, "The file is larger than 2 MB"),
        ({"text": json.dumps({**json.loads(program_file.write(ONE_STEP)), "name": " "})},
         "The file gives no name: type one."),
    ],
)  # fmt: skip
def test_what_is_no_program_file_is_told(
    client_of: Browser, erin: User, project: Project, data: dict[str, Any], message: str
) -> None:
    if "file" in data:
        data = {"file": SimpleUploadedFile("P.json", data["file"])}
    response = client_of(erin).post(here(project, "file"), data)

    assert response.status_code == 422
    assert message in text_of(response)


def test_a_name_that_is_taken_is_told_beside_the_field(
    client_of: Browser, erin: User, project: Project, one_step: Program
) -> None:
    response = client_of(erin).post(here(project, "blank"), {"name": "Intents"})

    assert response.status_code == 422
    assert "There is already a program called “Intents”" in text_of(response)


def test_a_viewer_cannot_make_a_program(client_of: Browser, carol: User, project: Project) -> None:
    client = client_of(carol)

    assert client.get(here(project)).status_code == 403
    assert client.post(here(project, "blank"), {"name": "x"}).status_code == 403


def test_an_outsider_finds_nothing(client_of: Browser, dave: User, project: Project) -> None:
    assert client_of(dave).get(here(project)).status_code == 404
