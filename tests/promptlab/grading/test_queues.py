"""People grade answers of a run without being told whose they are; what they said is compared."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from optimizer.core.evaluation.program_metric import Level
from optimizer.core.metrics.llm_judge import LlmJudge
from optimizer.core.problems import Refused
from optimizer.core.programs.lm import OwnModel
from promptlab.accounts.models import User
from promptlab.grading import labels, queues, results
from promptlab.grading.models import Grade, JudgeLabels, Queue
from promptlab.metrics.services import create_metric
from promptlab.runs.models import ProjectRun
from tests.promptlab.metrics.test_metrics import text_of

Browser = Callable[[User], Client]
WISH = {"way": "grade", "rows": "validation", "output": "intent", "judge": "", "examples": "4"}


def here(run: ProjectRun, queue: Queue | None = None) -> str:
    place = [run.project.slug, run.number, *([queue.pk] if queue else [])]
    return reverse("grading:queue" if queue else "grading:queues", args=place)


def test_answers_are_graded_by_keys_blind_and_the_candidates_are_told_at_the_end(
    client_of: Browser, erin: User, finished: ProjectRun
) -> None:
    client = client_of(erin)
    assert "Let people grade" in text_of(client.get(f"/p/{finished.project.slug}/runs/1/"))
    answer = client.post(here(finished), WISH)
    queue = Queue.objects.get()
    assert answer["Location"] == here(finished, queue)
    best = finished.run.best_candidate
    assert best is not None
    items = list(queue.items.all())
    assert {item.candidate for item in items} == {0, best.number}
    assert len(items) == 8
    page = text_of(client.get(here(finished, queue)))
    assert 'data-digit="1"' in page
    assert "Baseline" not in page
    for item in items:
        data = {"item": item.position, "verdict": "good" if item.candidate else "poor"}
        if item is items[-1]:
            listed = text_of(client.get(here(finished)))
            assert "is told when you have graded all" in listed
            assert "points" not in listed
        client.post(here(finished, queue), data | {"note": "because"})
    assert Grade.objects.count() == 8
    assert client.get(here(finished, queue))["Location"] == here(finished)
    told = text_of(client.get(here(finished)))
    assert f"Candidate {best.number}" in told
    assert "+100.0 points" in told
    assert "8 notes" in told


def test_two_answers_are_compared_in_an_order_that_tells_nothing(
    erin: User, carol: User, finished: ProjectRun
) -> None:
    best = finished.run.best_candidate
    assert best is not None
    wish = queues.Wish(Queue.Way.COMPARE, "intent", candidates=(0, best.number), examples=20)
    queue = queues.begin(finished, wish, erin)
    items = list(queue.items.all())
    assert {item.candidate for item in items} == {0, best.number}  # by chance of 2⁻¹⁹ not
    for item in items:
        preferred = "first" if item.candidate else "second"
        queues.give(item, erin, preferred)
        queues.give(item, carol, "tie" if item.position == 1 else preferred)
    with pytest.raises(Refused):
        queues.give(items[0], erin, "good")
    found = results.result_of(queue, erin)
    assert found.comparison is not None
    assert found.comparison.wins == len(items)
    (two,) = found.pairs
    assert two.agreement.n == len(items)
    assert two.agreement.share == pytest.approx(1 - 1 / len(items))
    queues.give(items[0], carol, "first" if items[0].candidate else "second")
    assert results.result_of(queue, erin).pairs[0].agreement.share == 1.0


def test_grades_are_labels_of_a_judge_where_people_do_not_contradict_one_another(
    erin: User, carol: User, finished: ProjectRun
) -> None:
    own = OwnModel(1, "m")
    levels = (Level("good", 1.0), Level("fair", 0.5), Level("poor", 0.0))
    core = LlmJudge("intent", "intent", model=own, rubric="Right?", levels=levels)
    metric = create_metric(finished.project, erin, "Judge", core)
    queue = queues.begin(finished, queues.Wish(Queue.Way.GRADE, "intent", "intent"), erin)
    first, second, third, *_rest = queue.items.all()
    queues.give(first, erin, "good")
    queues.give(second, erin, "good")
    queues.give(second, carol, "poor")
    queues.give(third, erin, "poor")
    queues.give(third, carol, "poor")
    known = labels.labelled(JudgeLabels(metric=metric, queue=queue), core)
    assert known.verdicts == {str(first.pk): "good", str(third.pk): "poor"}
    assert known.answers[0].inputs["answer"] == first.answer
    assert known.answers[0].inputs["expected"] == first.expected


def test_a_run_without_such_answers_or_a_candidate_is_refused(
    client_of: Browser, erin: User, finished: ProjectRun
) -> None:
    finished.run.exchanges.all().delete()
    client = client_of(erin)
    assert "has no answers" in text_of(client.post(here(finished), WISH))
    finished.run.best_candidate = None
    finished.run.save()
    compared = client.post(here(finished), WISH | {"way": "compare"})
    assert "no candidate to compare with" in text_of(compared)
