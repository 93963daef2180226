"""Evaluating without a search: asked for on one page, shown on the run's own page."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from optimizer.core.optimizers import EVALUATION
from optimizer.core.programs.lm import Role
from optimizer.models import Run
from optimizer.running import snapshots
from optimizer.running.prompts import prompts_of
from promptlab.accounts.models import User
from promptlab.runs.models import ProjectRun
from tests.promptlab.runs.new_run_form import errors_at, texts
from tests.promptlab.runs.scene import Scene, play

ClientOf = Callable[[User], Client]
URL = "/p/support-triage/runs/evaluate/"
Post = dict[str, Any]


@pytest.fixture
def asked(scene: Scene) -> Post:
    return {
        "program": scene.program.pk, "dataset": scene.dataset.pk, "metric": scene.metric.pk,
        "model_task": f"{scene.provider.pk}:scripted-1", "rows": "validation", "draws": "1",
        "max_calls": "2000", "max_cost": "5",
    }  # fmt: skip


def started(client: Client, post: Post) -> ProjectRun:
    answer = client.post(URL, post)
    assert answer.status_code == 302, texts(answer.content.decode())
    return ProjectRun.objects.select_related("run").latest("number")


def page(client: Client, project_run: ProjectRun) -> str:
    return client.get(f"/p/support-triage/runs/{project_run.number}/").content.decode()


def section(html: str, name: str) -> str:
    return texts(html[html.index(f'id="run-{name}"') :].split("</section>")[0])


def given_of(finished: ProjectRun) -> str:
    best = Run.objects.select_related("best_candidate").get(pk=finished.run_id).best_candidate
    assert best is not None
    return f"{finished.number}.{best.number}"


def test_the_page_about_a_run_is_filled_in_with_it_and_its_winner(
    finished: ProjectRun, erin: User, client_of: ClientOf
) -> None:
    html = client_of(erin).get(f"{URL}?run={finished.number}").content.decode()
    assert f'value="{given_of(finished)}"' in html
    assert re.search(rf'value="{given_of(finished)}"[^>]*checked', html)
    assert re.search(r'name="max_calls" value="\d+"', html)
    assert "Evaluate" in texts(html)


def test_a_winner_is_scored_beside_the_program_with_two_models(
    finished: ProjectRun, asked: Post, scene: Scene, erin: User, client_of: ClientOf
) -> None:
    client, given = client_of(erin), given_of(finished)
    further = {"model_further": [f"{scene.provider.pk}:scripted-2"], "given": [given]}
    project_run = started(client, asked | further)
    spec = snapshots.thaw(project_run.run)
    assert project_run.run.optimizer == EVALUATION
    assert [ref.model for ref in spec.further_task_models] == ["scripted-2"]
    best = finished.run.candidates.get(number=int(given.split(".")[1]))
    assert spec.given == (prompts_of(best),)
    assert (len(spec.train), len(spec.validation), len(spec.test)) == (0, 40, 0)
    html = page(client, play(project_run))
    told = section(html, "matrix")
    assert "scripted-1" in told
    assert "scripted-2" in told
    assert "candidate 1" in section(html, "verdict").casefold()
    assert "Search" not in section(html, "phases")
    compared = client.get(f"/p/support-triage/runs/{project_run.number}/compare/?c=0,1")
    assert compared.status_code == 200
    review = client.get(f"/p/support-triage/runs/{project_run.number}/candidates/1/")
    assert review.status_code == 200


def test_only_the_chosen_rows_are_scored(
    asked: Post, scene: Scene, erin: User, client_of: ClientOf
) -> None:
    rows = scene.dataset.examples.exclude(split="test")
    intents = list(rows.values_list("expected__intent", flat=True))
    some = {"rows": "both", "column": "intent", "value": intents[0]}
    spec = snapshots.thaw(started(client_of(erin), asked | some).run)
    assert {e.expected["intent"] for e in spec.validation} == {intents[0]}
    assert len(spec.validation) == intents.count(intents[0])


def test_what_failed_in_a_run_is_scored_again(
    finished: ProjectRun, asked: Post, erin: User, client_of: ClientOf
) -> None:
    spec = snapshots.thaw(
        started(client_of(erin), asked | {"rows": f"failed.{finished.number}"}).run
    )
    failed = finished.run.best_score["n"] * (1 - finished.run.best_score["mean"])
    assert len(spec.validation) == round(failed) + finished.run.best_score["errors"]


def test_draws_need_a_temperature_above_nought_and_are_shown_together(
    asked: Post, erin: User, client_of: ClientOf
) -> None:
    client = client_of(erin)
    refused = client.post(URL, asked | {"draws": "3"})
    assert refused.status_code == 422
    assert "every draw is the same" in errors_at(refused.content.decode(), "temperature")
    project_run = started(client, asked | {"draws": "3", "temperature": "0.7"})
    spec = snapshots.thaw(project_run.run)
    assert (spec.draws, spec.models[Role.TASK].temperature) == (3, 0.7)
    assert "any draw right" in section(page(client, play(project_run)), "matrix")


@pytest.mark.parametrize(
    ("field", "said", "told"),
    [
        ("value", {"column": "intent", "value": "no such thing"}, "No row is left"),
        ("rows", {"rows": "failed.99"}, "Select a valid choice"),
        ("given", {"given": ["99.1"]}, "Select a valid choice"),
        ("column", {"column": "a__contains", "value": "x"}, "Select a valid choice"),
        ("draws", {"draws": "11"}, "less than or equal to 10"),
        ("temperature", {"temperature": "3"}, "less than or equal to 2"),
    ],
)
def test_what_cannot_be_meant_is_said_where_it_was_given(
    asked: Post, erin: User, client_of: ClientOf, field: str, said: Post, told: str
) -> None:
    answer = client_of(erin).post(URL, asked | said)
    assert answer.status_code == 422
    html = answer.content.decode()
    assert told in errors_at(html, "rows" if field == "value" else field)
    assert not ProjectRun.objects.exists()


def test_the_sealed_test_is_looked_at_where_that_is_wished(
    finished: ProjectRun, asked: Post, erin: User, client_of: ClientOf
) -> None:
    client = client_of(erin)
    project_run = started(client, asked | {"tested": "on", "given": [given_of(finished)]})
    html = page(client, play(project_run))
    assert len(snapshots.thaw(project_run.run).test) == 20
    assert "look" in section(html, "test").casefold()


def test_the_estimate_follows_the_form(
    asked: Post, scene: Scene, erin: User, client_of: ClientOf
) -> None:
    def calls(post: Post) -> int:
        html = client_of(erin).post(f"{URL}estimate/", post).content.decode()
        found = re.search(r'name="max_calls" value="(\d+)"', html)
        assert found is not None
        return int(found.group(1))

    one = asked | {"max_calls": ""}
    two = one | {"model_further": [f"{scene.provider.pk}:scripted-2"]}
    assert calls(two) == pytest.approx(2 * calls(one), rel=0.1)
