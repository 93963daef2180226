"""Candidates of several runs side by side, on the examples that they share."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from optimizer.core.conversation.spec import ModelRef
from optimizer.core.evaluation.stats import compare_differences
from optimizer.core.metrics.exact_match import ExactMatch
from optimizer.core.optimizers import EVALUATION
from optimizer.datasets.splitting import Split
from optimizer.running.prompts import prompts_of
from promptlab.accounts.models import User
from promptlab.datasets.versions import NewRow, change_row
from promptlab.metrics.services import create_metric
from promptlab.runs.evaluating.request import EvaluationRequest
from promptlab.runs.models import ProjectRun
from promptlab.runs.starting import services
from promptlab.runs.starting.planning import look_at
from tests.promptlab.runs.new_run_form import texts
from tests.promptlab.runs.scene import Scene, play

ClientOf = Callable[[User], Client]
URL = "/p/support-triage/runs/compare/"


def evaluation(scene: Scene, finished: ProjectRun, **changes: object) -> ProjectRun:
    """The run's winner scored once more, and played to its end."""
    best = finished.run.best_candidate
    assert best is not None
    asked = scene.run_request(optimizer=EVALUATION)
    wanted = EvaluationRequest(**vars(asked) | {"given": (prompts_of(best),)} | changes)
    return play(services.start_run(scene.project, scene.by, look_at(scene.project, wanted)))


@pytest.fixture
def again(scene: Scene, finished: ProjectRun) -> ProjectRun:
    finished.refresh_from_db()
    return evaluation(scene, finished)


def shown(client: Client, query: str) -> str:
    answer = client.get(f"{URL}?{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def verdict(html: str) -> str:
    return texts(html[html.index('id="h-verdicts"') :].split("</section>")[0])


def test_winners_of_two_runs_are_compared_on_what_they_share(
    finished: ProjectRun, again: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    html = shown(client_of(carol), f"c={finished.number},{again.number}.1")
    told = verdict(html)
    best = finished.run.best_candidate.number
    assert f"Run {finished.number}, candidate {best}" in told
    assert f"Run {again.number}, candidate 1" in told
    assert "cannot tell" in told
    assert "0.0 points" in told
    assert "on the same 40 examples" in told or "These 40 examples" in told


def test_runs_that_were_ticked_in_a_list_are_compared(
    finished: ProjectRun, again: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    html = shown(client_of(carol), f"r={finished.number}&r={again.number}")
    assert "Compare runs" in html
    assert "Run 2" in verdict(html)


def test_each_may_be_what_the_others_are_compared_with(
    finished: ProjectRun, again: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    client = client_of(carol)
    html = shown(client, f"c={finished.number}.0,{again.number}.1")
    other = re.search(r'href="(\?c=[^"]*)"[^>]*>\s*Run 2', html)
    assert other is not None
    turned = shown(client, other.group(1).lstrip("?").replace("&amp;", "&"))
    assert "each against run 2, candidate 1" in texts(turned)


def test_what_several_are_found_to_be_is_corrected_for_how_many_they_are() -> None:
    gains = [1.0] * 9 + [-1.0] * 1 + [0.0] * 30
    one, five = compare_differences(gains), compare_differences(gains, 5)
    assert (one.gain, one.wins) == (five.gain, five.wins)
    assert five.p == pytest.approx(5 * one.p)
    assert five.low < one.low
    assert one.verdict == "better"
    assert five.verdict != "better"


def test_an_example_that_was_corrected_since_is_another_example(
    scene: Scene, finished: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    row = scene.dataset.examples.filter(split="validation").first()
    assert row is not None
    other = NewRow({"message": "quite another"}, row.expected, Split.VALIDATION)
    change_row(scene.dataset, row.key, other, scene.by)
    scene.dataset.refresh_from_db()
    again = evaluation(scene, finished)
    told = verdict(shown(client_of(carol), f"c={finished.number},{again.number}.1"))
    assert "39 examples" in told


def test_scores_of_another_metric_are_not_compared(
    scene: Scene, finished: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    other = create_metric(scene.project, scene.by, "Exact", ExactMatch("intent", "intent"))
    again = evaluation(scene, finished, metric=other)
    html = shown(client_of(carol), f"c={finished.number},{again.number}.1")
    assert "was scored by another metric" in texts(html)
    assert "share no scored example" in verdict(html)
    assert f"given={finished.number}." in html


def test_a_further_model_is_one_of_those_compared(
    scene: Scene, finished: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    further = ModelRef(scene.provider.pk, "scripted-2")
    again = evaluation(scene, finished, further_task_models=(further,))
    html = shown(client_of(carol), f"c={again.number}.1,{again.number}.1.1")
    assert "with scripted-2" in verdict(html)
    assert client_of(carol).get(f"{URL}?c={again.number}.1.2").status_code == 404


def test_scores_are_told_apart_by_what_is_expected(
    finished: ProjectRun, again: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    html = shown(client_of(carol), f"c={finished.number}.0,{again.number}.1&by=intent")
    table = texts(html[html.index('id="h-slices"') :].split("</section>")[0])
    counts = [int(n) for n in re.findall(r" (\d+) \d+\.\d", table)]
    assert "refund" in table.casefold() or len(counts) > 1
    assert sum(counts) == 40


def test_an_example_is_shown_with_every_run_s_own_transcript(
    finished: ProjectRun, again: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    client = client_of(carol)
    html = shown(client, f"c={finished.number}.0,{again.number}.1&show=all")
    link = re.search(r'href="(/p/support-triage/runs/compare/[^"]*example=[^"]+)"', html)
    assert link is not None
    page = client.get(link.group(1).replace("&amp;", "&")).content.decode()
    assert "Run 1, the baseline" in texts(page)
    assert "Run 2, candidate 1" in texts(page)


@pytest.mark.parametrize("query", ["c=,,x", "c=99.1", "c=x", "c=1.2.3.4", "c=1.999"])
def test_what_does_not_exist_is_not_found(
    finished: ProjectRun, carol: User, client_of: ClientOf, query: str
) -> None:
    assert client_of(carol).get(f"{URL}?{query}").status_code == 404


def test_without_anything_it_asks_for_runs(
    finished: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    html = shown(client_of(carol), "")
    assert f'value="{finished.number}"' in html


def test_nobody_outside_compares(finished: ProjectRun, dave: User, client_of: ClientOf) -> None:
    assert client_of(dave).get(f"{URL}?c={finished.number}").status_code == 404
