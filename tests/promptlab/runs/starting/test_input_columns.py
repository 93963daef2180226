"""Programs and datasets need not call their columns alike."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client

from optimizer.core.metrics.custom_code import CustomCode
from optimizer.core.metrics.exact_match import ExactMatch
from optimizer.core.programs.example import Example
from optimizer.core.programs.signature import Field
from promptlab.accounts.models import User
from promptlab.datasets.models import Dataset
from promptlab.metrics.services import create_metric
from promptlab.programs.services import create_program
from promptlab.programs.starters import one_module
from promptlab.runs.models import ProjectRun
from promptlab.runs.queries import spec_of
from promptlab.runs.starting.input_columns import guessed, read_as
from promptlab.runs.starting.preflight import preflight
from tests.promptlab.runs.new_run_form import NEW, values_in
from tests.promptlab.runs.scene import Scene

ClientOf = Callable[[User], Client]


@pytest.mark.parametrize(
    ("inputs", "columns", "guess"),
    [
        (["question"], ["question"], {}),
        (["question"], ["Question"], {"question": "Question"}),
        (["user_query"], ["User Query", "date"], {"user_query": "User Query"}),
        (["question"], ["query", "date"], {"question": "query"}),
        (["message"], ["notes", "sms"], {"message": "sms"}),
        (["message"], ["notes"], {"message": "notes"}),
        (["message"], ["notes", "place"], {}),
        (["message"], ["text", "body"], {}),
        (["message", "place"], ["place", "notes"], {"message": "notes"}),
        (["a", "b"], ["c", "d"], {}),
        (
            ["question", "context"],
            ["passage", "query"],
            {"question": "query", "context": "passage"},
        ),
    ],
)  # fmt: skip
def test_a_column_is_guessed_where_only_one_can_be_meant(
    inputs: list[str], columns: list[str], guess: dict[str, str]
) -> None:
    assert guessed(inputs, columns) == guess


def test_an_example_is_read_by_the_programs_names() -> None:
    row = Example("1", {"text": "Hi"}, {"label": "a"})
    assert read_as(row, {"message": "text", "hint": "label"}).inputs == {
        "text": "Hi", "message": "Hi", "hint": "a",
    }  # fmt: skip
    assert read_as(row, {}) is row


@pytest.fixture
def renamed(scene: Scene) -> Any:
    """A program that calls the dataset's `message` otherwise."""
    drawn = one_module("Reply", (Field("text"),), (Field("intent"),))
    return create_program(scene.project, scene.by, "Renamed", drawn)


def test_a_run_reads_its_inputs_from_the_guessed_column(
    scene: Scene, renamed: Any, erin: User, client_of: ClientOf
) -> None:
    client = client_of(erin)
    page = client.get(f"{NEW}?program={renamed.pk}").content.decode()
    assert re.search(r'name="column_text".*?value="message" selected', page, re.DOTALL)
    assert "These inputs have no column of their name" in page

    answer = client.post(NEW, values_in(page))
    assert answer.status_code == 302, unescape(answer.content.decode())[:3000]
    run = ProjectRun.objects.get()
    assert run.input_columns == {"text": "message"}
    spec = spec_of(run.run)
    assert all(e.inputs["text"] == e.inputs["message"] for e in spec.train)

    again = client.get(f"{NEW}?again={run.number}").content.decode()
    assert 'name="column_text"' in again


def test_a_program_whose_names_fit_is_asked_nothing(
    scene: Scene, erin: User, client_of: ClientOf
) -> None:
    page = client_of(erin).get(NEW).content.decode()
    assert "These inputs have no column of their name" not in page
    assert "validation examples show a gain of about" in page
    assert "own answers score 100 by the metric" in unescape(page)


def test_an_input_that_is_read_from_nowhere_keeps_the_run_from_starting(
    scene: Scene, renamed: Any, erin: User, client_of: ClientOf
) -> None:
    client = client_of(erin)
    values = values_in(client.get(f"{NEW}?program={renamed.pk}").content.decode())
    Dataset.objects.filter(pk=scene.dataset.pk).update()
    drawn = one_module("Two", (Field("text"), Field("place")), (Field("intent"),))
    two = create_program(scene.project, scene.by, "Two", drawn)
    answer = client.post(NEW, values | {"program": str(two.pk), "column_place": ""})
    assert answer.status_code == 422
    assert not ProjectRun.objects.exists()


def test_a_metric_that_cannot_tell_right_from_wrong_is_told_before_the_run(scene: Scene) -> None:
    always = CustomCode("", "", source="def metric(example, prediction, trace):\n    return True")
    assert [p.code for p in preflight(scene.dataset, always, 40)] == ["data.smallest_difference"]
    blind = CustomCode("intent", "intent", source=always.source)
    assert "metric.blind" in [p.code for p in preflight(scene.dataset, blind, 40)]
    half = CustomCode(
        "intent", "intent",
        source="def metric(example, prediction, trace):\n"
        "    return 0.5 if example['intent'] == prediction['intent'] else 0",
    )  # fmt: skip
    assert "metric.gold_broken" in [p.code for p in preflight(scene.dataset, half, 40)]
    good = ExactMatch("intent", "intent")
    assert "metric.gold_right" in [p.code for p in preflight(scene.dataset, good, 40)]
    assert create_metric(scene.project, scene.by, "m", good).core == good
