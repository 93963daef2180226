"""The small measured check of a new run: asked for by a button, found again, told as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.http import Http404, QueryDict
from django.test import Client
from django.utils import timezone

from optimizer.core.conversation.evaluation import EvaluationSpec
from optimizer.core.evaluation.outcome import CallTrace, Outcome, Score
from optimizer.jobs.evaluations import PATIENCE
from optimizer.models import Run
from optimizer.running import snapshots
from promptlab.accounts.models import User
from promptlab.accounts.roles import Role
from promptlab.programs.services import save_definition
from promptlab.runs.starting.measuring import LiveMeasurement
from promptlab.ui.parameters import Parameters
from tests.evaluations import answered, ended
from tests.promptlab.runs.new_run_form import NEW, Post, texts, values_in
from tests.promptlab.runs.scene import Scene, made_otherwise, triage

ClientOf = Callable[[User], Client]


@pytest.fixture
def filled(scene: Scene, erin: User, client_of: ClientOf) -> Post:
    return values_in(client_of(erin).get(NEW).content.decode())


def shown(client: Client, filled: Post, path: str = "estimate/") -> str:
    answer = client.post(f"{NEW}{path}", filled)
    assert answer.status_code == 200
    return texts(answer.content.decode())


def newest() -> Run:
    return Run.objects.filter(task=Run.Task.EVALUATE).latest("pk")


def count() -> int:
    return Run.objects.filter(task=Run.Task.EVALUATE).count()


def measured(tokens: int = 900, seconds: float = 2.0, problem: str = "") -> None:
    """The worker is done: every example of the newest measurement took two such calls."""
    calls = tuple(
        CallTrace(name, name, {}, {}, "{}", problem, tokens, 60, 100, seconds)
        for name in ("find_clues", "classify_intent")
    )
    examples = snapshots.thawed(newest(), EvaluationSpec).examples
    answered(newest(), *(Outcome(e.id, Score(1.0), {}, calls) for e in examples))


def test_the_button_has_a_worker_run_five_training_examples(
    scene: Scene, erin: User, client_of: ClientOf, filled: Post
) -> None:
    client = client_of(erin)
    assert "Tokens are a guess" in shown(client, filled)
    assert "The program runs on a few training examples." in shown(client, filled, "measure/")
    examples = snapshots.thawed(newest(), EvaluationSpec).examples
    training = set(scene.dataset.examples.filter(split="train").values_list("key", flat=True))
    assert len(examples) == 5
    assert {e.id for e in examples} <= training
    shown(client, filled, "measure/")
    assert count() == 1


def test_the_page_listens_and_asks_for_the_estimate_at_the_end(
    scene: Scene, erin: User, client_of: ClientOf, filled: Post
) -> None:
    html = client_of(erin).post(f"{NEW}measure/", filled).content.decode()
    slug, pk = scene.project.slug, newest().pk
    assert f'hx-ws:connect="/ws/p/{slug}/measurements/{pk}/"' in html
    live = LiveMeasurement(scene.project, pk, Parameters(QueryDict()))
    assert live.rings() == [("run", pk)]
    assert "<progress" in live.changes(Role.VIEWER)
    Run.objects.filter(pk=pk).update(answer_size=5, answer_done=2)
    assert 'value="2" max="5"' in live.changes(Role.VIEWER)
    measured()
    assert 'hx-trigger="load"' in live.changes(Role.VIEWER)
    assert not live.goes_on
    Run.objects.filter(pk=pk).update(namespace="project-999999")
    with pytest.raises(Http404):
        live.changes(Role.VIEWER)


def test_what_was_measured_replaces_the_guess_and_moves_the_caps(
    erin: User, client_of: ClientOf, filled: Post
) -> None:
    client = client_of(erin)
    client.post(f"{NEW}measure/", filled)
    measured(tokens=9000)
    html = client.post(f"{NEW}estimate/", filled).content.decode()
    told = texts(html)
    assert "Measured on 5 training examples with the program as it stands" in told
    assert "9.0k–9.0k tokens in, 60–60 out, 2.00 s – 2.00 s a call." in told
    assert "Measure again" not in told
    moved = values_in('id="new-run"' + html)
    assert float(moved["max_cost"]) > float(filled["max_cost"])
    assert moved["max_calls"] == filled["max_calls"]


def test_replies_that_could_not_be_read_are_told_before_anything_is_spent(
    erin: User, client_of: ClientOf, filled: Post
) -> None:
    client = client_of(erin)
    client.post(f"{NEW}measure/", filled)
    measured(problem="it is no JSON")
    assert "5 replies could not be read: such examples score 0." in shown(client, filled)


def test_a_failure_is_told_in_the_providers_words_and_can_be_tried_again(
    erin: User, client_of: ClientOf, filled: Post
) -> None:
    client = client_of(erin)
    client.post(f"{NEW}measure/", filled)
    ended(newest(), "failed", message="answered 401: wrong key")
    told = shown(client, filled)
    assert "It could not be measured. answered 401: wrong key" in told
    assert "Tokens are a guess" in told
    assert "Measure again" in told
    client.post(f"{NEW}measure/", filled)
    assert count() == 2


def test_one_that_nobody_answers_says_what_may_be_wrong(
    erin: User, client_of: ClientOf, filled: Post
) -> None:
    client = client_of(erin)
    client.post(f"{NEW}measure/", filled)
    long_ago = timezone.now() - PATIENCE - timedelta(seconds=1)
    Run.objects.filter(pk=newest().pk).update(created_at=long_ago)
    assert "If no worker runs, start one" in shown(client, filled)


def test_another_model_or_another_program_is_another_measurement(
    scene: Scene, erin: User, client_of: ClientOf, filled: Post
) -> None:
    client = client_of(erin)
    client.post(f"{NEW}measure/", filled)
    measured()
    other = filled | {"model_task": f"{scene.provider.pk}:scripted-2"}
    assert "Tokens are a guess" in shown(client, other)
    assert "Measured on" in shown(client, filled | {"effort": "heavy"})
    changed = replace(triage(), description="changed")
    save_definition(scene.program, changed, scene.program.revision, erin)
    assert "Tokens are a guess" in shown(client, filled)


def test_a_program_that_cannot_run_is_not_measured(
    scene: Scene, erin: User, client_of: ClientOf, filled: Post
) -> None:
    save_definition(scene.program, replace(triage(), outputs={}), scene.program.revision, erin)
    assert "no output" in shown(client_of(erin), filled, "measure/")
    assert count() == 0


def test_without_training_examples_others_are_measured(
    scene: Scene, erin: User, client_of: ClientOf, filled: Post
) -> None:
    made_otherwise(scene.dataset.examples.filter(split="train"), split="test")
    client_of(erin).post(f"{NEW}measure/", filled)
    assert len(snapshots.thawed(newest(), EvaluationSpec).examples) == 5
