"""Training sets, preference pairs and tests: what is accepted, each once, no sealed row in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from optimizer.core.programs.render import system_text
from promptlab.accounts.models import User
from promptlab.grading import queues
from promptlab.grading.models import Queue
from promptlab.programs import services as programs
from promptlab.releases import services as releases
from promptlab.releases.scored import examples_of
from promptlab.reviews.models import Version
from promptlab.runs.models import ProjectRun
from tests.fakes.telling import refused
from tests.promptlab.approving import approve
from tests.promptlab.runs.scene import INTENTS, Scene, play, triage

ClientOf = Callable[[User], Client]
AT = "/p/support-triage/versions"


@pytest.fixture
def version(finished: ProjectRun, bob: User) -> Version:
    assert finished.run.best_candidate is not None
    return approve(finished, finished.run.best_candidate, bob, "Good enough.")


@pytest.fixture
def simple(scene: Scene, erin: User) -> ProjectRun:
    """A run of a program of one prompt."""
    program = triage()
    module = program.modules[1]
    inputs = tuple(f for f in module.signature.inputs if f.name == "message")
    alone = replace(module, signature=replace(module.signature, inputs=inputs))
    (call,) = (c for c in program.calls if c.module == alone.name)
    call = replace(call, inputs={"message": "input.message"})
    core = replace(program, modules=(alone,), calls=(call,))
    row = programs.create_program(scene.project, erin, "One prompt", core)
    return play(replace(scene, program=row).start())


def lines_of(version: Version, name: str) -> list[Any]:
    _wanted, lines = releases.data_of(version, name)
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("name", ["training", "validation"])
def test_accepted_answers_are_chats_under_the_approved_prompt(name: str, version: Version) -> None:
    run = version.project_run.run
    rows = examples_of(run.train if name == "training" else run.validation)
    sealed = {str(e.inputs["message"]) for e in examples_of(run.test)}
    chats = lines_of(version, name)
    assert chats
    modules = {system_text(m, m.signature.instruction): m for m in version.content.program.modules}
    expected = {f"message: {e.inputs['message']}": e.expected["intent"] for e in rows}
    for chat in chats:
        system, user, assistant = chat["messages"]
        module = modules[system["content"]]
        assert [m["role"] for m in chat["messages"]] == ["system", "user", "assistant"]
        reply = json.loads(assistant["content"])
        assert set(reply) == {f.name for f in module.reply_fields}
        asked = user["content"].splitlines()[0]
        assert asked.removeprefix("message: ") not in sealed
        if "intent" in reply:
            assert reply["intent"] == expected[asked]
    asked = [json.dumps(chat["messages"][:2]) for chat in chats]
    assert len(asked) == len(set(asked))


def test_people_prefer_what_they_chose_and_what_they_approved(
    simple: ProjectRun, erin: User, bob: User
) -> None:
    best = simple.run.best_candidate
    assert best is not None
    wish = queues.Wish(Queue.Way.COMPARE, "intent", candidates=(0, best.number), examples=20)
    queue = queues.begin(simple, wish, erin)
    chosen = {}
    for item in queue.items.all():
        mine, other = item.answer, item.other_answer
        if item.candidate == 0:  # somebody prefers the original everywhere
            queues.give(item, erin, "first")
        else:
            queues.give(item, erin, "second")
            mine, other = other, mine
        if mine != other:
            chosen[f"message: {item.inputs['message']}"] = (mine, other)
    version = approve(simple, best, bob, "Fine.")
    pairs = lines_of(version, "preferences")
    said = {
        pair["input"]["messages"][-1]["content"]: [
            json.loads(pair[name][0]["content"])["intent"]
            for name in ("preferred_output", "non_preferred_output")
        ]
        for pair in reversed(pairs)  # what people said comes first
    }
    assert pairs
    assert set(chosen) <= set(said)
    assert {asked: tuple(said[asked]) for asked in chosen} == chosen
    right = {
        f"message: {e.inputs['message']}": e.expected["intent"]
        for e in examples_of(simple.run.validation)
    }
    approved = [asked for asked in said if asked not in chosen]
    assert all(said[asked][0] == right[asked] != said[asked][1] for asked in approved)


def test_tests_for_promptfoo_are_the_validation_rows(simple: ProjectRun, bob: User) -> None:
    assert simple.run.best_candidate is not None
    version = approve(simple, simple.run.best_candidate, bob, "Fine.")
    rows = examples_of(version.project_run.run.validation)
    found = lines_of(version, "promptfoo_tests")
    assert found == [{"vars": {**e.expected, **e.inputs}} for e in rows]
    assert found[0]["vars"]["intent"] in INTENTS


def test_a_file_that_a_version_has_not_says_why(
    version: Version, carol: User, client_of: ClientOf
) -> None:
    with refused("It has 2 steps"):
        releases.data_of(version, "preferences")
    with refused("There is no format “rows”"):
        releases.data_of(version, "rows")
    client, at = client_of(carol), f"{AT}/{version.program_id}/1/data"
    answer = client.get(f"{at}/training/")
    assert (
        answer["Content-Disposition"] == 'attachment; filename="support-triage-v1.training.jsonl"'
    )
    assert b"".join(answer.streaming_content).count(b"\n") == len(lines_of(version, "training"))  # type: ignore[attr-defined]
    assert client.get(f"{at}/preferences/").status_code == 302
    assert client.get(f"{at}/rows/").status_code == 404
