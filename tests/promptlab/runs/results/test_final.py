"""The last word of a run on every page that tells its winner's score."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from optimizer import codec
from optimizer.codec import from_json
from optimizer.core.conversation.events import TestScored as Final
from optimizer.core.evaluation.stats import Comparison, Estimate, FullScore, compare_differences
from optimizer.models import Candidate, Run, Trial
from promptlab.accounts.models import User
from promptlab.runs.models import ProjectRun
from promptlab.runs.queries import project_run_of
from promptlab.runs.results import board as boards
from promptlab.runs.results import final
from promptlab.runs.results.final_word import _next_steps
from promptlab.runs.results.state import read_state
from promptlab.runs.watching.page import RunPage
from promptlab.ui.parameters import Parameters
from tests.promptlab.approving import approve
from tests.promptlab.runs.new_run_form import texts
from tests.promptlab.runs.scene import Scene, play
from tests.promptlab.runs.watching.test_race_page import ROOMY

ClientOf = Callable[[User], Client]
RUN = "/p/support-triage/runs/1/"
BETTER = compare_differences([1.0] * 31 + [-1.0] * 15 + [0.0] * 50)
AHEAD = compare_differences([1.0] * 12 + [-1.0] * 5 + [0.0] * 83)
TIED = compare_differences([1.0] * 8 + [-1.0] * 7 + [0.0] * 20)
WORSE = compare_differences([1.0] * 15 + [-1.0] * 31 + [0.0] * 50)


def say(project_run: ProjectRun, found: Comparison, split: Any = "test") -> ProjectRun:
    """Let the final word of a finished run be this."""
    score = FullScore(0.6, found.n, 0.5, 0.7)
    stored = codec.to_json(Final(score, replace(score, mean=0.7), found, split))
    Run.objects.filter(pk=project_run.run_id).update(test_result=stored)
    return project_run_of(project_run.project, project_run.number)


def best_of(project_run: ProjectRun) -> Candidate:
    best = project_run.run.best_candidate
    assert best is not None
    assert best.number
    return best


def seen(client: Client, path: str = RUN) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return texts(answer.content.decode())


@pytest.mark.parametrize(
    ("found", "state", "said"),
    [
        (BETTER, "better", "Better: the best candidate gains +16.7 points"),
        (AHEAD, "better", "No worse: the best candidate is ahead by +7.0 points"),
        (TIED, "no_gain", "Tied: the original prompt is kept, no candidate could be told from it"),
        (WORSE, "no_gain", "Worse: the original prompt is kept."),
    ],
)
def test_the_verdict_is_what_examples_say_that_nothing_was_chosen_by(
    finished: ProjectRun, carol: User, client_of: ClientOf, found: Comparison, state: str, said: str
) -> None:
    say(finished, found)
    html = client_of(carol).get(RUN).content.decode()
    assert said in texts(html)
    assert f"on the {found.n} examples of the sealed test split" in texts(html)
    assert "On the validation examples that it was chosen by: Candidate" in texts(html)
    assert f'data-run="{state}"' in html


def test_the_winner_is_shown_with_n_interval_and_what_is_expected_on_new_examples(
    finished: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    client = client_of(carol)
    best_of(finished)
    expected = final.expected_of(finished.run)
    assert expected is not None
    assert expected.mean <= finished.run.best_score["mean"]
    span = f"({100 * expected.low:.1f}–{100 * expected.high:.1f})"
    n = finished.run.best_score["n"]
    page = seen(client)
    assert f"95% interval, n = {n}" in page
    assert f"expected on new examples {span}" in page
    for path in ("/p/support-triage/", "/p/support-triage/runs/"):
        line = seen(client, path)
        assert f"expected {100 * expected.mean:.1f} {span}" in line
        assert f"n = {n}" in line


def test_a_run_that_goes_on_expects_something_of_its_best_and_recommends_nothing_yet(
    halfway: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    page = seen(client_of(carol))
    assert "expected on new examples" in page
    assert "original prompt is kept" not in page


def test_lists_say_where_the_original_is_kept(
    finished: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    client = client_of(carol)
    say(finished, TIED)
    assert "original kept" in seen(client, "/p/support-triage/runs/")
    assert "original kept" in seen(client, "/p/support-triage/")
    say(finished, BETTER)
    assert "original kept" not in seen(client, "/p/support-triage/runs/")


def test_a_reviewer_sees_before_approving_that_the_original_is_recommended(
    finished: ProjectRun, bob: User, client_of: ClientOf
) -> None:
    number = best_of(finished).number
    say(finished, TIED)
    html = client_of(bob).get(f"{RUN}review/{number}/").content.decode()
    decision = html[html.index('id="decision"') :]
    assert "The run recommends to keep the original prompt." in texts(decision)
    assert "Approve only with another reason than its score" in texts(decision)
    say(finished, BETTER)
    html = client_of(bob).get(f"{RUN}review/{number}/").content.decode()
    assert "recommends to keep" not in texts(html)


def test_a_version_keeps_what_was_expected_and_recommended(
    finished: ProjectRun, bob: User, carol: User, client_of: ClientOf
) -> None:
    project_run = say(finished, TIED)
    version = approve(project_run, best_of(project_run), bob, "Shorter.")
    scores = version.content.provenance.scores
    assert scores.expected == final.expected_of(project_run.run)
    assert scores.look == 1
    assert scores.conclusion is not None
    assert (scores.conclusion.kind, scores.conclusion.kept) == ("tied", True)
    page = seen(client_of(carol), f"/p/support-triage/versions/{version.program_id}/1/")
    assert "although its run recommended to keep the original prompt" in page
    assert "expected on new examples" in page
    python = client_of(carol).get(
        f"/p/support-triage/versions/{version.program_id}/1/files/python/"
    )
    assert "Expected on new examples:" in python.content.decode()


def test_any_fully_evaluated_candidate_has_an_expected_score_and_no_other_has(
    finished: ProjectRun,
) -> None:
    state = read_state(finished)
    fulls = {t.candidate for t in state.board.fulls} | {0}
    for candidate in finished.run.candidates.all():
        found = final.expected_of_candidate(finished.run, candidate)
        assert (found is not None) == (candidate.number in fulls)


@pytest.mark.parametrize("optimizer", ["racing", "module_opro"])
def test_the_best_is_the_best_by_what_is_shown_beside_it(scene: Scene, optimizer: str) -> None:
    """One reckoning for all candidates of a run: the best is expected to do best, and comes first
    wherever they stand in an order.
    """
    run = play(scene.start(optimizer=optimizer, settings=ROOMY)).run
    best = ProjectRun.objects.get(run=run).run.best_candidate
    assert best is not None
    shown = final.expected_of(run)
    assert shown is not None
    own = from_json(Estimate, best.expected)
    assert (shown.mean, shown.low, shown.high) == pytest.approx((own.mean, own.low, own.high))
    others = [c.expected["mean"] for c in run.candidates.exclude(expected=None)]
    within = 0.001 if best.number == 0 else 1e-9  # a change needs a reason
    assert max(others) <= shown.mean + within
    for query in ("candidates", "best"):
        page = RunPage(read_state(ProjectRun.objects.get(run=run)), Parameters({"trials": query}))
        assert page.table.all_contenders[0].best
        trials = boards.shown(page.state.board, "best", page.result.best_number)
        assert not trials or best.number in (0, trials[0].candidate)
        order = [t.expected for t in trials if t.candidate != best.number]
        assert order == sorted(order, key=lambda mean: -(mean or 0))


def test_a_race_says_why_its_best_has_not_the_highest_score(
    scene: Scene, carol: User, client_of: ClientOf
) -> None:
    project_run = play(scene.start(optimizer="racing", settings=ROOMY))
    best = best_of(project_run)
    other = Trial.objects.filter(run=project_run.run, full=True).exclude(candidate=best)[0]
    assert other.exchange is not None
    for trial in Trial.objects.filter(candidate=other.candidate_id).select_related("exchange"):
        trial.exchange.outcomes.update(score=1.0)
    expected = Estimate(0.3, 40, 0.2, 0.5)
    Candidate.objects.filter(pk=other.candidate_id).update(expected=codec.to_json(expected))
    page = seen(client_of(carol))
    assert (
        "The best is who is expected to do best on new examples. The highest score (100.0" in page
    )
    assert "Expected: 30.0, against" in page


def test_looks_at_the_same_test_split_are_told(
    scene: Scene, finished: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    assert "First look at this test split." in seen(client_of(carol))
    play(scene.start(seed=8))
    page = seen(client_of(carol), "/p/support-triage/runs/2/")
    assert "Look 2 at this test split: each look makes its score a little more optimistic." in page


def test_a_final_word_on_held_out_validation_examples_is_called_so(
    finished: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    say(finished, BETTER, "remainder")
    page = seen(client_of(carol))
    assert "Held-out validation" in page
    assert "validation examples that nothing was chosen by" in page
    assert "look" not in re.sub(r"look(s|ed|ing)?\b(?! \d)", "", page)


def test_a_run_without_held_out_examples_says_that_its_verdict_flatters(
    finished: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    Run.objects.update(test_result=None)
    assert "which flatters it; a test split would tell." in seen(client_of(carol))


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("no_gain", "Stopped early: going on promised no gain."),
        ("perfect", "Every validation example is right"),
        ("budget", "trials, stopped by the cap of"),
        ("time", "trials, stopped by the time limit of"),
    ],
)
def test_every_reason_to_stop_has_its_words(
    finished: ProjectRun, carol: User, client_of: ClientOf, reason: str, said: str
) -> None:
    Run.objects.update(stop_reason=reason)
    assert said in seen(client_of(carol))


def test_rows_from_before_there_were_estimates_are_shown(
    finished: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    stored = finished.run.test_result
    del stored["split"]
    Run.objects.update(estimate=None, test_result=stored)
    page = seen(client_of(carol))
    assert "Sealed test" in page
    assert "expected on new examples" not in page


def test_who_optimized_demos_alone_is_not_told_to_find_a_better_writer(scene: Scene) -> None:
    for optimizer, advice in (
        ("bootstrap_search", "an optimizer that writes instructions"),
        ("mipro", "a stronger model for writing instructions"),
    ):
        run = scene.start(optimizer=optimizer).run
        assert advice in " ".join(_next_steps(None, run))
