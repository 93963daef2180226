from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import dspy
import numpy as np
import pytest
from dspy.utils.exceptions import AdapterParseError

from benchmarks.model_server import Counts
from benchmarks.peer_dspy import Counted, SameWords, signature_of
from benchmarks.peer_figures import resampled, summed_up, table
from benchmarks.peer_ours import Allowance, spec_within
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
from tests.fakes.random_search import RandomSearch

MODEL = ModelRef(0, "a model")


def row(arm: str, seed: int, test: list[float], **more: Any) -> dict[str, Any]:
    effort: Mapping[str, Any] = dict.fromkeys(
        ("evaluations", "calls", "prompt_tokens", "completion_tokens", "seconds"), 10
    )
    return {
        "task": "people", "seed": seed, "arm": arm, "test": test, "reported": 0.5,
        "baseline_test": [0.0] * len(test), **effort, **more,
    }  # fmt: skip


def test_arms_are_compared_on_the_seeds_that_have_all_of_them() -> None:
    rows = [
        row("miprov2", 1, [0, 1, 0, 1]),
        row("ours", 1, [1, 1, 0, 1]),
        row("ours_half", 1, [0, 1, 0, 1]),
        row("miprov2", 2, [1, 1, 1, 1]),  # its night was cut short
    ]
    (task,) = summed_up(rows, ["people"])["tasks"]
    assert task["seeds"] == [1]
    assert task["ours_to_miprov2"]["gain"] == 0.25
    assert task["ours_half_to_miprov2"] == {"gain": 0.0, "ci": [0.0, 0.0]}
    assert task["miprov2"]["gain_over_baseline"]["gain"] == 0.5


def test_the_page_tells_scores_gains_and_what_they_took() -> None:
    rows = [
        row("miprov2", 1, [0, 1, 0, 1]),
        row("ours", 1, [1, 1, 0, 1], reported=None),
        row("ours_half", 1, [0, 1, 0, 1]),
    ]
    lines = table(summed_up(rows, ["people"])).splitlines()
    assert lines[2].startswith("| people | 1 | 0.0 % (0.0 to 0.0)")
    assert "+25.0 (0.0 to 75.0)" in lines[2]
    assert lines[3] == "| mean of tasks | | | | | | +25.0 | +0.0 |"
    assert lines[-3] == "| people, MIPROv2 | 10 | 10 | 10 | 10 | 10 | +0.0 |"
    assert lines[-2].endswith("| 10 |  |")
    assert len({line.count("|") for line in lines[:4]}) == 1


def test_an_interval_is_wider_when_seeds_differ_than_when_only_rows_do() -> None:
    by_row = np.array([[0.0, 1.0] * 20] * 4)
    by_seed = np.array([[0.0] * 40, [1.0] * 40] * 2)
    assert resampled(by_seed).std() > 2 * resampled(by_row).std()


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
    spec = spec_within(TASKS[name], "mipro", 600, 1, MODEL, WHOLE)
    most = estimate(spec).task_calls[1] / len(TASKS[name].program.calls)
    assert 500 < most <= 600


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
    spec = spec_within(TASKS["people"], "mipro", 600, 1, MODEL, WHOLE)
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


def test_counts_are_told_as_differences() -> None:
    assert Counts(5, 50, 10) - Counts(2, 20, 4) == Counts(3, 30, 6)
    assert json.loads(json.dumps(Counts(1, 2, 3).__dict__)) == {
        "calls": 1, "prompt_tokens": 2, "completion_tokens": 3,
    }  # fmt: skip
