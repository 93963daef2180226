"""A run is scored by code of somebody's own: judged in the sandbox, and never a silent 0."""

from __future__ import annotations

import pytest

from optimizer.core.evaluation.execute import judged
from optimizer.core.evaluation.metric import NoScore
from optimizer.core.evaluation.outcome import CallTrace, PartScore, Prediction, Score
from optimizer.core.metrics.custom_code import CustomCode, score_in
from optimizer.core.problems import problem
from optimizer.core.programs.example import Example
from optimizer.core.programs.steps import CodeAnswer, RunCode
from optimizer.models import Outcome
from optimizer.running import code_runner
from optimizer.sandbox.answers import without_models
from optimizer.sentences import sentence
from tests.fakes.scripted_lm import ScriptedLM, by_skill
from tests.optimizer.conftest import Create, carry_on

SOURCE = """\
def metric(example, prediction, trace):
    assert trace[0]["module"] and prediction.keys() == {"label"}
    right = example["label"] == prediction["label"]
    return {"right": right, "short": len(prediction["label"]) < 5}
"""
BROKEN = """\
def metric(example, prediction, trace):
    if example["message"].endswith("3"):
        return example["no such column"]
    return example["label"] == prediction["label"]
"""
EXAMPLE = Example("1", {"message": "Hello"}, {"label": "ham"})
PREDICTION = Prediction(
    {"label": "spam"}, (CallTrace("a", "classify", {}, {"label": "spam"}, "{}"),)
)


def test_the_code_sees_example_prediction_and_trace_and_may_score_parts() -> None:
    outcome = without_models(
        judged(CustomCode("label", "label", source=SOURCE), EXAMPLE, PREDICTION)
    )
    assert outcome is not None
    parts = (PartScore("right", 0.0), PartScore("short", 1.0))
    assert outcome.score == Score(0.5, "right 0, short 100", parts)


def test_code_that_fails_is_an_error_on_its_example_and_no_score() -> None:
    asked = Example("3", {"message": "m3"}, {"label": "ham"})
    metric = CustomCode("label", "label", source=BROKEN)
    outcome = without_models(judged(metric, asked, PREDICTION))
    assert outcome is not None
    assert outcome.score is None
    assert outcome.error.startswith("Line 3: KeyError")
    assert outcome.outputs == {"label": "spam"}


@pytest.mark.parametrize(
    "told", [2, -0.1, None, "right", [], [0.5], [0.5, 1], {}, {"a": "b"}, {"a": 2}]
)
def test_what_is_no_judgement_is_said_to_be_none(told: object) -> None:
    with pytest.raises(NoScore, match="it must return"):
        score_in(told)


@pytest.mark.parametrize(
    ("told", "score"),
    [
        (True, Score(1.0)),
        (0.25, Score(0.25)),
        ([0.5, "half"], Score(0.5, "half")),
        (
            {"a": 1, "b": 0.5},
            Score(0.75, "a 100, b 50", (PartScore("a", 1.0), PartScore("b", 0.5))),
        ),
    ],
)
def test_every_form_of_judgement_is_read(told: object, score: Score) -> None:
    assert score_in(told) == score


@pytest.mark.django_db(transaction=True)
def test_a_run_optimizes_by_it_and_ends(create: Create) -> None:
    metric = CustomCode("label", "label", source=SOURCE, threshold=1.0)
    row = carry_on(create(metric=metric), ScriptedLM(script=by_skill))
    assert row.status == "finished"
    scores = set(Outcome.objects.values_list("score", flat=True))
    assert scores <= {0.0, 0.5, 1.0}
    assert len(scores) > 1


HANGING = """\
def metric(example, prediction, trace):
    if example["message"].endswith(("1", "2", "3", "4")):
        while True:
            pass
    return example["label"] == prediction["label"]
"""


@pytest.mark.django_db(transaction=True)
def test_code_that_hangs_three_times_leaves_the_run_waiting(
    create: Create, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = []

    def hangs(request: RunCode) -> CodeAnswer:
        runs.append(request)
        slow = problem("code.slow", seconds=1)
        return CodeAnswer(problem=slow, told="The code took more than 1 s.")

    monkeypatch.setattr(code_runner, "answered", hangs)
    metric = CustomCode("label", "label", source=HANGING)
    row = carry_on(create(metric=metric), ScriptedLM(script=by_skill))
    assert (row.status, row.stop_reason) == ("paused", "code hangs")
    assert "hung or broke down 3 times" in sentence(row.message)
    assert "The code took more than 1 s." in sentence(row.message)
    assert 3 <= len(runs) <= 3 + 16  # what was under way may end
    assert not Outcome.objects.exclude(score=None).exists()


def test_code_that_hangs_is_stopped_and_told() -> None:
    told = [
        without_models(judged(CustomCode("", "", source=HANGING), example, PREDICTION))
        for example in (EXAMPLE, Example("1", {"message": "m1"}, {"label": "spam"}))
    ]
    assert [outcome.error if outcome else None for outcome in told] == [
        "", "The code took more than 1.0 s.",
    ]  # fmt: skip
