from __future__ import annotations

from dataclasses import replace

import dspy
import pytest
from dspy.utils.exceptions import AdapterParseError

from benchmarks.metering import Counts
from benchmarks.peer_arms import ARMS, Ours
from benchmarks.peer_dspy import Counted, SameWords, signature_of
from benchmarks.peer_ours import Allowance, Models, planned, spec_within
from benchmarks.tasks import TASKS, WHOLE, dealt
from optimizer.core.conversation.events import Noted, Result, StopReason
from optimizer.core.conversation.requests import (
    BudgetSpent,
    Conversation,
    Evaluate,
    Purpose,
    evaluate,
)
from optimizer.core.conversation.spec import ModelRef, RunSpec
from optimizer.core.optimizers import OPTIMIZERS
from optimizer.core.optimizers.estimate import estimate
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.lm import Role
from tests.fakes.random_search import RandomSearch

MODELS = Models(ModelRef(1, "a model"), ModelRef(2, "a writer"))
MIPRO = Ours("MIPRO", "mipro")


def test_rows_are_dealt_by_the_seed_without_overlap() -> None:
    first, again, other = (dealt(TASKS["dates"], seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    ids = [
        e.inputs["message"] for split in (first.train, first.validation, first.test) for e in split
    ]
    assert len(set(ids)) == len(ids) == sum(first.sizes)


@pytest.mark.parametrize("name", sorted(TASKS))
def test_settings_fit_into_the_evaluations_allowed(name: str) -> None:
    spec = spec_within(TASKS[name], MIPRO, 600, 1, MODELS, WHOLE)
    most = estimate(spec).task_calls[1] / len(TASKS[name].program.calls)
    assert 500 < most <= 600


OURS = sorted(name for name, arm in ARMS.items() if isinstance(arm, Ours))


@pytest.mark.parametrize("name", OURS)
def test_every_arm_of_ours_fills_its_share_and_no_more(name: str) -> None:
    arm = ARMS[name]
    assert isinstance(arm, Ours)
    share = arm.evaluations(1200)
    spec = spec_within(TASKS["two_steps"], arm, share, 1, MODELS, WHOLE)
    assert share == (600 if name.endswith("half") else 1200)
    assert 0.8 * share < planned(spec) <= share
    assert spec.models[Role.TASK].model == "a model"
    assert spec.models[Role.OPTIMIZER].model == "a writer"


def test_an_arm_with_fixed_demos_looks_for_no_others() -> None:
    racing, fixed = (
        spec_within(TASKS["people"], ARMS[name], 600, 1, MODELS, WHOLE)
        for name in ("racing", "racing_fixed")
    )
    assert racing.settings.nearest_demos > 0
    assert fixed.settings.nearest_demos == 0
    assert racing.namespace != fixed.namespace


def asks_four_times(spec: RunSpec, new_search: object) -> Conversation[Result]:
    """An optimizer that draws the baseline's answers four times, each draw read twice, and notes
    when it may not.
    """
    best = baseline_of(spec.program)
    stop = StopReason.COMPLETED
    try:
        for sample in (0, 0, 1, 1, 2, 2, 3, 3):
            yield from evaluate(Evaluate(best, spec.validation, Purpose.FULL, sample=sample))
    except BudgetSpent:
        stop = StopReason.BUDGET
        yield Noted("spent")
    return Result(best, 0, None, None, None, stop)


def test_an_optimizer_gets_no_evaluation_beyond_its_allowance_and_pays_none_twice() -> None:
    spec = spec_within(TASKS["people"], MIPRO, 600, 1, MODELS, WHOLE)
    allowance = Allowance(250)
    watched = allowance.within(replace(OPTIMIZERS["mipro"], converse=asks_four_times))
    turns, result = held(watched.converse(spec, RandomSearch))
    assert [type(t) for t in turns] == [Evaluate, Evaluate, Evaluate, Evaluate, Noted]
    assert result.stop is StopReason.BUDGET
    assert allowance.used == 200


def held(conversation: Conversation[Result]) -> tuple[list[object], Result]:
    """Everything it said, and how it ended."""
    turns: list[object] = []
    answer: tuple[()] | None = None
    try:
        while True:
            turn = conversation.send(answer)
            turns.append(turn)
            answer = () if isinstance(turn, Evaluate) else None
    except StopIteration as end:
        result: Result = end.value
        return turns, result


class Proposal(dspy.Signature):
    """Write a better instruction."""

    basic_instruction: str = dspy.InputField()
    proposed_instruction: str = dspy.OutputField()


def test_a_proposal_that_was_cut_off_keeps_its_words_and_ends_no_run() -> None:
    adapter = SameWords(TASKS["people"])
    found = adapter.parse(Proposal, '{"proposed_instruction":"Count the guests. Then count')
    assert found == {"proposed_instruction": "Count the guests. Then count"}


def test_a_programs_own_reply_that_was_cut_off_is_as_unreadable_as_ours() -> None:
    adapter, module = SameWords(TASKS["people"]), TASKS["people"].program.modules[0]
    with pytest.raises(AdapterParseError):
        adapter.parse(signature_of(module), '{"people":"me and my')


def test_a_program_of_dspys_counts_an_evaluation_once_until_its_prompts_change() -> None:
    task = TASKS["people"]
    program = Counted(task)
    model = dspy.utils.DummyLM([{"people": "2"}] * 3)
    with dspy.context(lm=model, adapter=dspy.ChatAdapter()):
        for _ in range(2):
            program(message="a table for two")
        again = program.deepcopy()
        again.find_people.signature = again.find_people.signature.with_instructions("How many?")
        again(message="a table for two")
    assert Counted.asked == 3
    assert len(Counted.made) == 2


def test_counts_are_told_as_differences_and_sums() -> None:
    assert Counts(5, 50, 10) - Counts(2, 20, 4) == Counts(3, 30, 6)
    assert Counts(5, 50, 10, 1) + Counts(2, 20, 4, 3) == Counts(7, 70, 14, 4)
