"""All steps of another program are put into this one, wired where names agree; one step to undo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse

from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.signature import Field, FieldType
from promptlab.accounts.models import Project, User
from promptlab.programs import services
from promptlab.programs.models import Program
from promptlab.programs.starters import FirstStep, blank, one_module, two_steps

ClientOf = Callable[[User], Client]
MESSAGE, COUNT = Field("message"), Field("n", FieldType.INTEGER)
LABEL = Field("label", FieldType.CHOICE, choices=("a", "b"))


@pytest.fixture
def mine(project: Project, erin: User) -> Program:
    core = one_module("Mine", (MESSAGE, Field("n")), (LABEL,))
    return services.create_program(project, erin, "Mine", core)


@pytest.fixture
def other(project: Project, erin: User) -> Program:
    core = two_steps("Other", FirstStep.SUMMARIZE, (MESSAGE, COUNT), (LABEL,))
    return services.create_program(project, erin, "Other", core)


def insert(client: Client, mine: Program, other: Program) -> None:
    address = reverse("programs:insert", args=[mine.project.slug, mine.pk])
    answer = client.post(address, {"other": other.pk})
    assert answer.status_code == 302, answer.content
    mine.refresh_from_db()
    vars(mine).pop("core", None)


def test_its_steps_come_under_free_names_wired_among_each_other_and_to_like_inputs(
    mine: Program, other: Program, erin: User, client_of: ClientOf
) -> None:
    before = mine.core
    insert(client_of(erin), mine, other)
    core = mine.core
    assert core.calls[: len(before.calls)] == before.calls
    first, second = core.calls[len(before.calls) :]
    assert (first.name, second.name) == ("summarize", "classify_2")
    assert first.inputs["message"] == "input.message"
    assert first.inputs.get("n", "") == "", "no text is a number"
    assert second.inputs["summary"] == "summarize.summary"
    own = baseline_of(other.core).modules
    got = baseline_of(core).modules
    assert got["classify_2"].instruction == own["classify"].instruction
    assert core.outputs == before.outputs


def test_one_undo_takes_all_of_it_back(
    mine: Program, other: Program, erin: User, client_of: ClientOf
) -> None:
    before, client = mine.core, client_of(erin)
    insert(client, mine, other)
    undo = reverse("programs:undo", args=[mine.project.slug, mine.pk])
    client.post(undo, {"revision": mine.revision})
    mine.refresh_from_db()
    vars(mine).pop("core", None)
    assert mine.core == before


def test_a_program_that_was_inserted_is_a_copy(
    mine: Program, other: Program, erin: User, client_of: ClientOf
) -> None:
    """What is changed in the one is not in the other; inserted twice it is there twice."""
    client = client_of(erin)
    insert(client, mine, other)
    insert(client, mine, other)
    names = [call.name for call in mine.core.calls]
    assert len(names) == len(set(names)) == 5
    other.refresh_from_db()
    assert len(other.core.calls) == 2


def test_what_cannot_be_chosen_is_refused(
    mine: Program, other: Program, project: Project, erin: User, client_of: ClientOf
) -> None:
    address = reverse("programs:insert", args=[project.slug, mine.pk])
    client = client_of(erin)
    assert "Other" in client.get(address).content.decode()
    for chosen in (mine.pk, 10**9, "x", ""):
        answer = client.post(address, {"other": chosen})
        assert answer.status_code == 422
        assert "Choose one of these" in answer.content.decode()


def test_what_would_be_too_much_is_refused_and_nothing_is_lost(
    mine: Program, project: Project, erin: User, client_of: ClientOf
) -> None:
    core = one_module("Many", (MESSAGE,), (LABEL,))
    (call,) = core.calls
    many = replace(core, calls=tuple(replace(call, name=f"c{n}") for n in range(100)), outputs={})
    large = services.create_program(project, erin, "Many", many)
    address = reverse("programs:insert", args=[project.slug, mine.pk])
    answer = client_of(erin).post(address, {"other": large.pk})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()


def test_an_empty_program_adds_nothing(
    mine: Program, project: Project, erin: User, client_of: ClientOf
) -> None:
    empty = services.create_program(project, erin, "Empty", blank("Empty"))
    before = mine.core
    insert(client_of(erin), mine, empty)
    assert mine.core == before
