"""Feedback of rows and rules reaches who writes instructions, and nobody else."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from optimizer import codec
from optimizer.core.conversation.spec import Effort, ModelRef, RunSpec, Settings
from optimizer.core.evaluation.cases import Case, cases_of
from optimizer.core.evaluation.outcome import CallTrace, Outcome, Score
from optimizer.core.instructions.shown import shown_case
from optimizer.core.metrics.feedback import FeedbackRule, Sign, fired, repeats, told_cases
from optimizer.core.optimizers import OPTIMIZERS
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Role
from tests.fakes.random_search import RandomSearch
from tests.fakes.world import LABEL, World, messages, two_module_program

PROGRAM = two_module_program()
CALLS = (
    CallTrace("extract", "extract", {}, {"topic": "prizes\nprizes\nprizes"}, ""),
    CallTrace("decide", "decide", {}, {"label": "ham"}, ""),
)
CASE = Case("1", {"message": "You won"}, {"label": "spam"}, {"label": "ham"}, 0.0, "wrong", CALLS)


def rule(sign: Sign, output: str = "label", value: str = "", module: str = "") -> FeedbackRule:
    return FeedbackRule(sign, output, "Mind the prizes.", value, module)


@pytest.mark.parametrize(
    ("made", "fires"),
    [
        (rule(Sign.EQUALS, value="HAM"), True),
        (rule(Sign.EQUALS, value="spam"), False),
        (rule(Sign.MATCHES, value="^h"), True),
        (rule(Sign.LACKS, value="spam"), True),
        (rule(Sign.LACKS, value="h.m"), False),
        (rule(Sign.SHAPE), True),
        (rule(Sign.REPEATS, "topic"), True),
        (rule(Sign.REPEATS, "topic", module="decide"), False),
        (rule(Sign.REPEATS, "topic", module="extract"), True),
        (rule(Sign.COPIES), False),
        (rule(Sign.LONGER, "topic", "2"), True),
        (rule(Sign.LONGER, "topic", "3"), False),
    ],
)
def test_a_rule_fires_where_its_sign_is_seen(made: FeedbackRule, fires: bool) -> None:
    assert made.fires(CASE) is fires
    assert made.problems(PROGRAM) == []
    assert codec.from_json(FeedbackRule, codec.to_json(made)) == made
    assert fired([made], [CASE, CASE]) == [2 * fires]


def test_objects_have_their_keys_and_what_repeats_is_told_from_what_does_not() -> None:
    shape = rule(Sign.SHAPE, value="a, b")
    for given, fires in (('{"a": 1, "b": 2}', False), ('{"a": 1}', True), ("[]", True)):
        assert shape.fires(replace(CASE, outputs={"label": given})) is fires
    assert not rule(Sign.SHAPE).fires(replace(CASE, outputs={"label": "[1]"}))
    assert rule(Sign.COPIES).fires(replace(CASE, outputs={"label": "you won"}))
    assert repeats("I am not sure. I am not sure. I am not sure.")
    assert not repeats("the cat and the dog and the bird")


@pytest.mark.parametrize(
    ("made", "place"),
    [
        (rule(Sign.REPEATS, "nothing"), "output"),
        (rule(Sign.REPEATS, module="nobody"), "module"),
        (rule(Sign.EQUALS), "value"),
        (rule(Sign.MATCHES, value="("), "value"),
        (rule(Sign.LONGER, value="many"), "value"),
        (replace(rule(Sign.REPEATS), text=" "), "text"),
    ],
)
def test_what_keeps_a_rule_from_firing_is_told(made: FeedbackRule, place: str) -> None:
    assert [wrong.place for wrong in made.problems(PROGRAM)] == [place]


def test_feedback_is_shown_to_the_module_that_it_is_for() -> None:
    row = Example("1", {"message": "You won"}, {"label": "spam"}, "It is a lottery.")
    outcome = Outcome("1", Score(0.0, "wrong"), {"label": "ham"}, CALLS)
    (case,) = told_cases((row,), (outcome,), (rule(Sign.EQUALS, value="ham", module="decide"),))
    extract, decide = PROGRAM.modules
    assert "Feedback: It is a lottery." in shown_case(PROGRAM, extract, case)
    assert "Mind the prizes." not in shown_case(PROGRAM, extract, case)
    assert shown_case(PROGRAM, decide, case).endswith(
        "Feedback: It is a lottery.\nFeedback: Mind the prizes."
    )
    (plain,) = cases_of((replace(row, feedback=""),), (outcome,))
    assert "Feedback" not in shown_case(PROGRAM, decide, plain)
    assert "feedback" not in json.dumps(codec.to_json(replace(row, feedback="")))


@pytest.mark.parametrize("optimizer", ["reflective", "racing"])
def test_feedback_on_training_rows_reaches_proposals_and_that_on_others_does_not(
    optimizer: str,
) -> None:
    train = tuple(replace(e, feedback="Said of training.") for e in messages(40, "t"))
    validation = tuple(replace(e, feedback="Said of validation.") for e in messages(60, "v"))
    settings = Settings(
        Effort.CUSTOM, instructions=3, demo_sets=4, trials=40, minibatch_size=10,
        max_validation=60, rounds=1,
    )  # fmt: skip
    models = {Role.TASK: ModelRef(1, "scripted"), Role.OPTIMIZER: ModelRef(1, "writer")}
    always = FeedbackRule(Sign.LONGER, "label", "A rule speaks.", "0")
    spec = RunSpec(
        PROGRAM, LABEL, optimizer, settings, models, train, validation, seed=5,
        feedback_rules=(always,),
    )  # fmt: skip
    world = World(PROGRAM)
    world.hold(OPTIMIZERS[optimizer].converse(spec, RandomSearch))
    said = "\n".join(p.messages[-1].content for asked in world.asked for p in asked.prompts)
    assert "Feedback: Said of training." in said
    assert "Feedback: A rule speaks." in said
    assert "Said of validation." not in said
