"""Minibatch and full scores never meet in one figure, and a failed call is never a zero."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from optimizer.models import Outcome, Run, Trial
from promptlab.accounts.models import User
from promptlab.runs.models import ProjectRun
from promptlab.runs.queries import project_run_of
from promptlab.runs.results import board as boards
from promptlab.runs.results.state import read_state
from promptlab.runs.watching.page import RunPage
from promptlab.runs.watching.proposals_found import comparable
from tests.promptlab.runs.new_run_form import texts

ClientOf = Callable[[User], Client]
RUN = "/p/support-triage/runs/1/"


@pytest.fixture
def lucky(finished: ProjectRun) -> int:
    """A minibatch trial that was right on everything, of a candidate never fully evaluated."""
    full = Trial.objects.filter(run=finished.run, full=True).values("candidate")
    trial = Trial.objects.filter(run=finished.run, full=False).exclude(candidate__in=full).first()
    assert trial is not None
    Trial.objects.filter(pk=trial.pk).update(mean=1.0, score=trial.score | {"mean": 1.0})
    return trial.number


def fresh(project_run: ProjectRun) -> RunPage:
    return RunPage(read_state(project_run_of(project_run.project, project_run.number)))


def test_a_lucky_minibatch_is_nowhere_the_best(finished: ProjectRun, lucky: int) -> None:
    page = fresh(finished)
    assert page.result.best is not None
    assert page.result.best.mean < 1.0
    assert page.table.best_trial != lucky
    assert lucky not in [t.number for t in boards.shown(page.state.board, "best")]
    assert lucky not in [t.number for t in boards.shown(page.state.board, "full")]
    assert page.search.costs is not None
    assert lucky not in [mark.trial.number for mark in page.search.chart.full]
    assert page.search.chart.best == max(t.score for t in page.state.board.fulls)


def test_means_of_options_are_of_one_kind_of_score(finished: ProjectRun) -> None:
    page = fresh(finished)
    kinds = {t.full for t in boards_of(page)}
    assert kinds == {False}
    Trial.objects.filter(run=finished.run, full=False).delete()
    page = fresh(finished)
    assert {t.full for t in boards_of(page)} == {True}


def boards_of(page: RunPage) -> tuple[boards.TrialRow, ...]:
    return comparable(page.state.board)


def test_comparing_several_says_which_were_never_fully_evaluated(
    finished: ProjectRun, lucky: int, carol: User, client_of: ClientOf
) -> None:
    unproved = Trial.objects.get(run=finished.run, number=lucky).candidate.number
    best = fresh(finished).result.best_number
    shown = client_of(carol).get(f"{RUN}compare/?c=0,{unproved},{best}").content.decode()
    assert f"Not scored on all examples: {unproved}." in texts(shown)
    turned = client_of(carol).get(f"{RUN}compare/?c={unproved},{best}").content.decode()
    assert "Not scored on all examples" in texts(turned)
    assert "not fully scored" in texts(turned)


def test_a_failed_example_leaves_both_sides_of_a_full_comparison(finished: ProjectRun) -> None:
    """The baseline loses an example that it had right: the change is that of the others."""
    base = Trial.objects.get(run=finished.run, number=0)
    right = Outcome.objects.filter(exchange=base.exchange_id, score=1.0).order_by("position")
    before = fresh(finished)
    number = before.table.best_trial
    assert number is not None
    lost = right.first()
    assert lost is not None
    Outcome.objects.filter(pk=lost.pk).update(score=None, error="gone")
    Trial.objects.filter(pk=base.pk).update(score=base.score | {"errors": 1})

    rows = {t.number: t for t in fresh(finished).table.trials.rows}

    a, b = scores_of(finished.run, 0), scores_of(finished.run, number)
    shared = a.keys() & b.keys()
    assert lost.example not in shared
    assert rows[number].change == pytest.approx(sum(b[e] - a[e] for e in shared) / len(shared))


def scores_of(run: Run, number: int) -> dict[str, float]:
    exchange = Trial.objects.get(run=run, number=number).exchange_id
    rows = Outcome.objects.filter(exchange=exchange, score__isnull=False)
    return dict(rows.values_list("example", "score"))


def test_options_that_only_the_baseline_has_are_not_called_untried(
    finished: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    module = fresh(finished).search.found[0]
    ours = Trial.objects.filter(run=finished.run, full=False)
    for trial in ours:
        if trial.choice.get(f"{module.name}:instruction", 0) == 0:
            trial.delete()
    current = fresh(finished).search.found[0].instructions[0]
    assert (current.index, current.trials) == (0, 0)
    shown = texts(client_of(carol).get(RUN).content.decode())
    assert "in the baseline only" in shown
