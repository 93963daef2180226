"""The pool of a reflective search: descent, mergers, and what is not asked twice."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.core.conversation.requests import Conversation
from optimizer.core.conversation.spec import ModelRef, RunSpec, Settings
from optimizer.core.evaluation.outcome import Outcome, Score
from optimizer.core.evaluation.stats import full_score
from optimizer.core.programs.candidate import Candidate, baseline_of
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Role
from optimizer.core.runs.board import Board
from optimizer.core.strategies.pool import Pool, batches, crossed
from tests.fakes.world import LABEL, World, messages, two_module_program

PROGRAM = two_module_program()
SPEC = RunSpec(
    PROGRAM,
    LABEL,
    "reflective",
    Settings(minibatch_size=4),
    {Role.TASK: ModelRef(1, "scripted")},
    train=messages(10, "t"),
    validation=messages(4, "v"),
)
BASE = baseline_of(PROGRAM)


def changed(candidate: Candidate, **texts: str) -> Candidate:
    for name, text in texts.items():
        prompt = replace(candidate.modules[name], instruction=text)
        candidate = candidate.with_module(name, prompt)
    return candidate


EXTRACTS = changed(BASE, extract="Extract with care.")
DECIDES = changed(BASE, decide="Decide with care.")
BOTH = changed(BASE, extract="Extract with care.", decide="Decide with care.")


def pool_of(
    members: dict[Candidate, tuple[Sequence[float], tuple[Candidate, ...]]], allowance: int = 100
) -> Pool:
    """A pool whose members have these scores on the validation examples, and these parents."""
    board = Board(SPEC, BASE)
    for member, (scores, _) in members.items():
        outcomes = tuple(Outcome(f"v{i}", Score(value), {}, ()) for i, value in enumerate(scores))
        board.full_outcomes[member], board.full[member] = outcomes, full_score(outcomes)
    parents = {member: ancestry for member, (_, ancestry) in members.items()}
    return Pool(board, allowance, {}, {}, parents, batches(SPEC.train, 4, random.Random(0)))


def test_improvements_of_different_modules_are_put_together() -> None:
    assert crossed(EXTRACTS, DECIDES, BASE) == BOTH
    assert crossed(DECIDES, EXTRACTS, BASE) == BOTH


def test_changes_of_the_same_module_or_of_none_make_no_merger() -> None:
    other = changed(BASE, extract="Extract otherwise.")
    assert crossed(EXTRACTS, other, BASE) is None
    assert crossed(EXTRACTS, BOTH, BASE) is None
    assert crossed(EXTRACTS, BASE, BASE) is None


def test_two_front_members_that_both_improved_are_merged_the_better_first() -> None:
    pool = pool_of(
        {
            BASE: ((0, 0, 0, 0), ()),
            EXTRACTS: ((1, 0, 0, 0), (BASE,)),
            DECIDES: ((0, 1, 1, 0), (BASE,)),
        }
    )
    assert pool.next_merge(random.Random(0)) == (BOTH, (DECIDES, EXTRACTS))
    pool.merged.add(BOTH)
    assert pool.next_merge(random.Random(0)) is None


def test_what_is_no_improvement_on_its_ancestor_is_not_merged() -> None:
    pool = pool_of(
        {
            BASE: ((0, 0, 0, 1), ()),
            EXTRACTS: ((1, 0, 0, 0), (BASE,)),
            DECIDES: ((0, 1, 1, 0), (BASE,)),
        }
    )
    assert pool.next_merge(random.Random(0)) is None


def test_ancestors_come_nearest_first_and_once() -> None:
    child = changed(BOTH, decide="Decide at last.")
    zeros = (0, 0, 0, 0)
    pool = pool_of(
        {
            BASE: (zeros, ()),
            EXTRACTS: (zeros, (BASE,)),
            DECIDES: (zeros, (BASE,)),
            BOTH: (zeros, (EXTRACTS, DECIDES)),
            child: (zeros, (BOTH,)),
        }
    )
    assert pool.ancestors(child) == [BOTH, EXTRACTS, DECIDES, BASE]


def test_an_outcome_that_is_known_is_not_asked_again_but_a_failed_call_is() -> None:
    failing = {"t1"}

    def judge(candidate: Candidate, example: Example) -> float | None:
        return None if example.id in failing else 1.0

    world = World(PROGRAM, judge=judge)
    pool = pool_of({BASE: ((0, 0, 0, 0), ())})

    def twice() -> Conversation[None]:
        first = yield from pool.run(BASE, SPEC.train[:3])
        assert [o.score is None for o in first] == [False, True, False]
        failing.clear()
        again = yield from pool.run(BASE, SPEC.train[:4])
        assert all(o.score is not None for o in again)

    world.hold(twice())
    assert [[e.id for e in r.examples] for r in world.evaluated] == [
        ["t0", "t1", "t2"],
        ["t1", "t3"],
    ]
    assert pool.spent == 5


def test_a_round_is_afforded_when_parent_child_and_full_evaluation_are() -> None:
    pool = pool_of({BASE: ((0, 0, 0, 0), ())}, allowance=2 * (4 + 4 + 4))
    assert pool.affords_rounds(2)
    pool.spent = 1
    assert not pool.affords_rounds(2)
    assert pool.affords_rounds()


@given(count=st.integers(1, 20), size=st.integers(1, 25), seed=st.integers())
def test_minibatches_have_no_example_twice_and_an_epoch_repeats_none(
    count: int, size: int, seed: int
) -> None:
    examples = messages(count)
    drawn = batches(examples, size, random.Random(seed))
    epoch = [next(drawn) for _ in range(count // min(size, count))]
    ids = [e.id for batch in epoch for e in batch]
    assert len(ids) == len(set(ids))
    assert all(len(batch) == min(size, count) for batch in epoch)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_seed_draws_the_same_minibatches(seed: int) -> None:
    first, second = (batches(SPEC.train, 3, random.Random(seed)) for _ in range(2))
    assert [next(first) for _ in range(7)] == [next(second) for _ in range(7)]
