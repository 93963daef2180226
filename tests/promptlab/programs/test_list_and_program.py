"""The list of programs and the page of one: who sees what, and what is wrong where."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from optimizer.files import program_file
from promptlab.accounts.models import Project, User
from promptlab.programs.models import Program
from tests.core.programs import CLASSIFY, MULTI_HOP, ONE_STEP

Browser = Callable[[User], Client]


def address(name: str, program: Program, *more: object) -> str:
    return reverse(f"programs:{name}", args=[program.project.slug, program.pk, *more])


def test_an_empty_project_says_how_to_begin(
    client_of: Browser, project: Project, erin: User
) -> None:
    page = client_of(erin).get(reverse("programs:list", args=[project.slug])).content.decode()

    assert "No program yet" in page
    assert reverse("programs:new", args=[project.slug]) in page


def test_a_viewer_is_not_offered_what_viewers_cannot_do(
    client_of: Browser, project: Project, carol: User, one_step: Program
) -> None:
    client = client_of(carol)
    listed = client.get(reverse("programs:list", args=[project.slug])).content.decode()
    page = client.get(address("program", one_step)).content.decode()

    assert "Intents" in listed
    assert reverse("programs:new", args=[project.slug]) not in listed
    assert "Classify the {message}." in page
    assert "<select" not in page
    assert address("module", one_step, "classify") not in page
    assert "Delete" not in page


def test_the_list_says_what_a_program_takes_and_gives_and_whether_it_can_run(
    client_of: Browser, project: Project, erin: User, one_step: Program,
    make_program: Callable[..., Program],
) -> None:  # fmt: skip
    make_program(replace(ONE_STEP, calls=(), outputs={}), "Broken")
    page = client_of(erin).get(reverse("programs:list", args=[project.slug])).content.decode()

    assert "Can run" in page
    assert "Draft, 2 problems" in page


def test_the_graph_and_the_list_show_the_same_program(
    client_of: Browser, erin: User, two_steps: Program
) -> None:
    client = client_of(erin)
    both = client.get(address("program", two_steps)).content.decode()
    graph = client.get(address("program", two_steps) + "?view=graph").content.decode()
    list_ = client.get(address("program", two_steps) + "?view=list").content.decode()

    assert 'id="call-judge"' in both
    assert "<svg" in both
    assert 'id="call-judge"' not in graph
    assert 'class="graph"' not in list_
    assert list_.index('id="call-summarize"') < list_.index('id="call-judge"')


def test_each_problem_leads_to_its_part(
    client_of: Browser, erin: User, make_program: Callable[..., Program]
) -> None:
    module = replace(CLASSIFY, locked=("Never guess.",))
    call = replace(ONE_STEP.calls[0], inputs={})
    program = make_program(replace(ONE_STEP, modules=(module,), calls=(call,), outputs={}))
    page = client_of(erin).get(address("program", program)).content.decode()

    assert "3 things keep this program from running" in page
    assert "The locked phrase “Never guess.” is not in the instruction" in page
    for part in (
        address("module", program, "classify"),
        address("call", program, "classify"),
        address("outputs", program),
    ):
        assert f'href="{part}"' in page


def test_a_program_with_problems_can_be_neither_tried_nor_optimized(
    client_of: Browser, erin: User, make_program: Callable[..., Program]
) -> None:
    program = make_program(replace(ONE_STEP, outputs={}))
    page = client_of(erin).get(address("program", program)).content.decode()

    assert address("try", program) not in page
    assert 'aria-describedby="why-not"' in page


def test_a_module_called_twice_is_shown_as_shared(
    client_of: Browser, erin: User, make_program: Callable[..., Program]
) -> None:
    program = make_program(MULTI_HOP)
    page = client_of(erin).get(address("program", program) + "?view=list").content.decode()

    assert "module hop" in page
    assert "2 calls" in page


def test_a_program_is_downloaded_as_the_file_it_can_be_made_of_again(
    client_of: Browser, carol: User, two_steps: Program
) -> None:
    response = client_of(carol).get(address("download", two_steps))

    assert response["Content-Disposition"] == 'attachment; filename="gist-first.json"'
    assert program_file.read(response.content.decode()) == two_steps.core


def test_a_program_is_renamed_in_its_file_too(
    client_of: Browser, erin: User, one_step: Program
) -> None:
    client = client_of(erin)
    data = {"revision": 1, "name": "Intents, better", "description": "Sorts tickets."}
    response = client.post(address("about", one_step), data)
    one_step = Program.objects.get(pk=one_step.pk)

    assert response.status_code == 302
    assert (one_step.name, one_step.core.name, one_step.revision) == (
        "Intents, better",
        "Intents, better",
        2,
    )
    assert one_step.core.description == "Sorts tickets."


def test_a_name_that_is_taken_is_told_beside_the_field(
    client_of: Browser, erin: User, one_step: Program, two_steps: Program
) -> None:
    data = {"revision": 1, "name": "Gist first", "description": ""}
    response = client_of(erin).post(address("about", one_step), data)

    assert response.status_code == 422
    assert "already a program called “Gist first”" in response.content.decode()


def test_copies_get_names_of_their_own(client_of: Browser, erin: User, one_step: Program) -> None:
    client = client_of(erin)
    for _ in range(3):
        client.post(address("duplicate", one_step))

    assert sorted(Program.objects.values_list("name", flat=True)) == [
        "Intents",
        "Intents (copy)",
        "Intents (copy) 2",
        "Intents (copy) 3",
    ]


def test_a_program_can_be_deleted(client_of: Browser, erin: User, one_step: Program) -> None:
    response = client_of(erin).post(address("delete", one_step), follow=True)

    assert "“Intents” was deleted." in response.content.decode()
    assert not Program.objects.exists()


PAGES: list[tuple[str, tuple[Any, ...]]] = [
    ("about", ()),
    ("inputs", ()),
    ("outputs", ()),
    ("new_module", ()),
    ("module", ("classify",)),
    ("demos", ("classify",)),
    ("call", ("classify",)),
]
ACTIONS: list[tuple[str, tuple[Any, ...]]] = [
    ("duplicate", ()),
    ("delete", ()),
    ("remove_module", ("classify",)),
    ("new_call", ()),
    ("connect", ("classify",)),
    ("remove_call", ("classify",)),
    ("try", ()),
]


@pytest.mark.parametrize(("name", "more"), [*PAGES, *ACTIONS], ids=lambda v: str(v))
def test_a_viewer_cannot_edit(
    client_of: Browser, carol: User, one_step: Program, name: str, more: tuple[Any, ...]
) -> None:
    response = client_of(carol).post(address(name, one_step, *more), {"revision": 1})

    assert response.status_code == 403
    assert Program.objects.get().definition == one_step.definition


@pytest.mark.parametrize(("name", "more"), PAGES, ids=lambda v: str(v))
def test_a_viewer_is_told_why_there_is_no_form(
    client_of: Browser, carol: User, one_step: Program, name: str, more: tuple[Any, ...]
) -> None:
    response = client_of(carol).get(address(name, one_step, *more))

    assert response.status_code == 403
    assert "You are a viewer of this project" in response.content.decode()


@pytest.mark.parametrize(
    ("name", "more"), [*PAGES, ("program", ()), ("download", ()), ("try", ())], ids=lambda v: str(v)
)
def test_to_an_outsider_there_is_no_such_program(
    client_of: Browser, dave: User, one_step: Program, name: str, more: tuple[Any, ...]
) -> None:
    assert client_of(dave).get(address(name, one_step, *more)).status_code == 404


def test_a_program_is_not_found_through_another_project(
    client_of: Browser, dave: User, one_step: Program
) -> None:
    stolen = reverse("programs:program", args=["daves-own", one_step.pk])

    assert client_of(dave).get(stolen).status_code == 404


def test_who_is_not_signed_in_is_asked_to(client: Client, one_step: Program) -> None:
    response = client.get(address("program", one_step))

    assert response.status_code == 302
    assert "/login/" in response["Location"]


def test_the_definition_is_the_file_s_json(one_step: Program) -> None:
    assert one_step.definition == json.loads(program_file.write(one_step.core))
