"""An instruction is improved without a dataset: two rewrites that keep what must stay."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from optimizer.core.conversation.spec import ModelRef
from optimizer.core.instructions.improving import (
    MOST_CALLS,
    ImproveSpec,
    improve,
    improve_instruction,
)
from optimizer.core.programs.program import Module
from optimizer.jobs import evaluations
from optimizer.lm.call import LMCall
from optimizer.models import Completion, Provider, Run
from tests.evaluations import held
from tests.fakes.scripted_lm import ScriptedLM
from tests.fakes.telling import told
from tests.fakes.world import World, one_module_program, two_module_program

PROGRAM = one_module_program()
START = "Decide whether the {message} is spam."


def spec_of(locked: tuple[str, ...] = (), **changes: object) -> ImproveSpec:
    module: Module = PROGRAM.modules[0]
    signature = replace(module.signature, instruction=START)
    program = replace(PROGRAM, modules=(replace(module, signature=signature, locked=locked),))
    spec = ImproveSpec(program, "classify", ModelRef(1, "writer"), "project-1")
    return replace(spec, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("inputs", "given", "right"), product(("", "win a car"), ("", "ham"), ("", "spam"))
)
def test_each_slot_is_shown_where_it_is_filled_and_only_there(inputs, given, right) -> None:
    spec = spec_of(inputs=inputs, given=given, right=right)
    said = improve_instruction(spec, spec.program.modules[0], 0).messages[0].content
    assert ("It was once followed for:\nwin a car" in said) == bool(inputs)
    assert ("What a model answered:\nham" in said) == bool(given)
    assert ("The right answer:\nspam" in said) == bool(right)
    assert START in said
    assert "{message}" in said.split("word for word")[1]
    assert "The program that it is a part of" not in said


def test_a_module_among_others_is_shown_with_its_program() -> None:
    spec = ImproveSpec(two_module_program(), "extract", ModelRef(1, "w"), "p")
    said = improve_instruction(spec, spec.program.module("extract"), 0).messages[0].content
    assert "The program that it is a part of:\nmodule extract" in said


def test_what_loses_a_placeholder_or_a_locked_phrase_is_drawn_again() -> None:
    texts = iter(
        [
            "Say whether it is spam, as we agreed.",
            "Say ham or spam of the {message}, as we agreed.",
            "Look at the {message} closely.",
            "Judge the {message} by its wish for money, as we agreed.",
        ]
    )
    world = World(PROGRAM, write=lambda text, n: next(texts))
    world.hold(improve(spec_of(locked=("as we agreed",))))
    events = [e for e in world.events if e.kind != "phase_started"]
    assert [e.kind for e in events] == [
        "proposal_refused", "proposal_refused", "instruction_proposed", "instruction_proposed",
    ]  # fmt: skip
    assert "{message}" in told(events[0].reason)
    assert "as we agreed" in told(events[1].reason)
    assert [e.instruction for e in events[2:]] == [
        "Judge the {message} by its wish for money, as we agreed.",
        "Say ham or spam of the {message}, as we agreed.",
    ]


def test_it_never_asks_more_often_than_it_says() -> None:
    world = World(PROGRAM, write=lambda text, n: "Nothing to keep here.")
    world.hold(improve(spec_of()))
    assert sum(len(ask.prompts) for ask in world.asked) == MOST_CALLS
    assert not [e for e in world.events if e.kind == "instruction_proposed"]


def test_a_worker_does_it_once_and_within_its_cap(provider: Provider) -> None:
    def writes(call: LMCall) -> str:
        return f"Decide of the {{message}} in way {call.sample}: is it spam or is it ham?"

    spec = spec_of(model=ModelRef(provider.pk, "large"), namespace=provider.namespace)
    lm = ScriptedLM(script=writes)
    run = held(evaluations.start(spec), lm)
    run = Run.objects.get(pk=run.pk)
    assert (run.status, run.task, run.max_calls) == ("finished", "improve", MOST_CALLS)
    assert run.events.filter(kind="instruction_proposed").count() == 2
    assert Completion.objects.filter(run=run).count() == len(lm.calls) == 2
