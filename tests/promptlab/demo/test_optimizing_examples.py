"""Each ready example's program goes through each optimizer to its end."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from optimizer.core.conversation.events import InstructionProposed, Result
from optimizer.core.conversation.spec import ModelRef, RunSpec, Settings
from optimizer.core.optimizers import OPTIMIZERS
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.demo import fixed_of
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Role
from optimizer.core.programs.passages import passage_text
from optimizer.core.programs.steps import Passages, Search
from optimizer.retrieval.lookup import PassageIndex
from promptlab.demo.examples import SPLIT, ReadyExample, ready_examples
from tests.fakes.gold import GoldWorld
from tests.fakes.random_search import RandomSearch

EXAMPLES = ready_examples()
SETTINGS = Settings(trials=5, minibatch_size=4, full_every=3, instructions=3, demo_sets=3, rounds=2)


class Tasks(GoldWorld):
    """Runs an example's program, with its corpus."""

    task: ReadyExample

    def look_up(self, request: Search) -> Passages:
        passages, index = corpus(self.task.name)
        return Passages(tuple(passages[p] for p in index.best(request.query, request.k)))


@cache
def corpus(name: str) -> tuple[list[dict[str, Any]], PassageIndex]:
    lines = (EXAMPLES[name].folder / "corpus.jsonl").read_text(encoding="utf-8").split("\n")
    passages = [json.loads(line) for line in lines if line]
    return passages, PassageIndex.of(map(passage_text, passages))


def rows(task: ReadyExample, split: str, most: int) -> tuple[Example, ...]:
    lines = (task.folder / "examples.jsonl").read_text(encoding="utf-8").split("\n")
    found = [row for line in lines if line and (row := json.loads(line))[SPLIT] == split]
    return tuple(
        Example(
            f"{split}{number}",
            {name: row.get(name) for name in task.inputs},
            {name: row.get(name) for name in task.expected},
        )
        for number, row in enumerate(found[:most])
    )


def run(name: str, optimizer: str) -> Tasks:
    """A light run from first to last."""
    task = EXAMPLES[name]
    world = Tasks(task.program, write=lambda text, n: f"Look closely, then answer. ({n})")
    world.task, world.metric = task, task.metric
    model = ModelRef(1, "scripted")
    spec = RunSpec(
        task.program, task.metric, optimizer, SETTINGS, {Role.TASK: model, Role.OPTIMIZER: model},
        train=rows(task, "train", 10), validation=rows(task, "validation", 8),
        seed=3,
    )  # fmt: skip
    result = world.hold(OPTIMIZERS[optimizer].converse(spec, RandomSearch))
    assert isinstance(result, Result)
    return world


@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
@pytest.mark.parametrize("name", EXAMPLES)
def test_its_light_run_ends_and_leaves_steps_without_words_alone(name: str, optimizer: str) -> None:
    task, world = EXAMPLES[name], run(name, optimizer)
    wordless = {m.name for m in task.program.modules if not m.has_instruction}
    own = baseline_of(task.program).modules
    for request in world.evaluated:
        assert all(request.candidate.modules[each] == own[each] for each in wordless)
    proposed = {event.module for event in world.events_of(InstructionProposed)}
    assert not proposed & wordless


def test_a_module_behind_a_step_that_looks_things_up_is_shown_what_it_found() -> None:
    task, world = EXAMPLES["hotpotqa"], run("hotpotqa", "mipro")
    asked = {m.name for m in task.program.modules if m.has_instruction}
    shown = [
        demo
        for request in world.evaluated
        for name in asked
        for demo in fixed_of(request.candidate.modules[name].demos)
    ]
    assert any(demo.augmented and demo.values.get("first_passages") for demo in shown)
