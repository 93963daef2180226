"""Prompts and weights by turns: chats by module, a tick, a run with the tuned model."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.test import Client

from optimizer.core.conversation.spec import ModelRef
from optimizer.core.programs.lm import Role
from optimizer.models import Provider
from promptlab.accounts.models import User
from promptlab.releases.chain import chain_of
from promptlab.releases.models import TunedModel
from promptlab.reviews.models import Version
from promptlab.runs.models import ProjectRun
from promptlab.runs.starting.start_of import start_of
from tests.promptlab.approving import approve
from tests.promptlab.runs.scene import Scene, play

ClientOf = Callable[[User], Client]


@pytest.fixture
def version(finished: ProjectRun, bob: User) -> Version:
    best = finished.run.best_candidate
    assert best is not None
    return approve(finished, best, bob, "Fine.")


def page_of(version: Version) -> str:
    return f"/p/support-triage/versions/{version.program_id}/{version.number}/chain/"


def test_the_chats_of_a_module_are_its_own_each_once_and_of_training_rows(
    version: Version, carol: User, client_of: ClientOf
) -> None:
    client, path = client_of(carol), page_of(version).replace("/chain/", "/data/training/")
    said = {}
    for module in ("", "find_clues", "classify_intent"):
        answer = client.get(path, {"module": module})
        lines = b"".join(answer.streaming_content).decode().splitlines()
        said[module] = [json.loads(line)["messages"] for line in lines]
    assert said["classify_intent"]
    assert sorted(map(str, said[""])) == sorted(
        map(str, [*said["find_clues"], *said["classify_intent"]])
    )
    asked = [json.dumps(chat[:-1]) for chat in said["classify_intent"]]
    assert len(asked) == len(set(asked))
    run = version.project_run.run
    kept_back = {row["inputs"]["message"] for row in (*run.validation.examples, *run.test.examples)}
    assert not any(message in chat for chat in asked for message in kept_back)
    roles = {tuple(each["role"] for each in chat) for chat in said["classify_intent"]}
    assert roles == {("system", "user", "assistant")}


def test_a_tuned_model_is_ticked_and_a_run_goes_on_with_it(
    scene: Scene, version: Version, erin: User, client_of: ClientOf
) -> None:
    client, page = client_of(erin), page_of(version)
    assert "When step 2 is ticked" in client.get(page).content.decode()
    tuned = f"{scene.provider.pk}:scripted-2"
    assert client.post(page, {"model": tuned, "note": " Two epochs. "}).status_code == 302
    row = TunedModel.objects.get()
    assert (row.model, row.note, row.by) == ("scripted-2", "Two epochs.", erin)
    (step,) = chain_of(version).tuned
    form = client.get(step.go_on).context["form"]
    assert form["model_task"].value() == tuned
    start = start_of(scene.project, form["start"].value())
    assert start is not None
    assert (start.origin, start.number) == (version.project_run, version.candidate.number)

    task = ModelRef(scene.provider.pk, "scripted-2")
    later = play(scene.start(start=start, models={Role.TASK: task, Role.OPTIMIZER: task}, seed=5))
    (step,) = chain_of(version).tuned
    (shown,) = step.runs
    assert shown.project_run == later
    assert shown.weights is not None
    assert shown.weights.mean == later.run.baseline_score["mean"]
    assert "Then weights" in client.get(page).content.decode()
    play(scene.start(start=start, seed=6))  # with another model
    assert len(chain_of(version).tuned[0].runs) == 1


@pytest.mark.parametrize("model", ["", "x", "999999:large", "1:nothing"])
def test_a_model_that_the_project_has_not_is_refused(
    version: Version, erin: User, client_of: ClientOf, model: str
) -> None:
    answer = client_of(erin).post(page_of(version), {"model": model, "note": "kept"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "The project has no such model" in page
    assert 'value="kept"' in page
    assert not TunedModel.objects.exists()


def test_a_tick_is_taken_back(
    scene: Scene, version: Version, erin: User, client_of: ClientOf
) -> None:
    provider = Provider.objects.get(pk=scene.provider.pk)
    row = TunedModel.objects.create(version=version, provider=provider, model="m", by=erin)
    client_of(erin).post(page_of(version), {"remove": str(row.pk)})
    assert not TunedModel.objects.exists()
    assert client_of(erin).post(page_of(version), {"remove": "9" * 40}).status_code == 302


def test_a_note_with_what_no_row_can_have_is_kept_without_it(
    scene: Scene, version: Version, erin: User, client_of: ClientOf
) -> None:
    sent = {"model": f"{scene.provider.pk}:scripted-2", "note": "two\x00 epochs"}
    assert client_of(erin).post(page_of(version), sent).status_code == 302
    assert TunedModel.objects.get().note == "two epochs"
