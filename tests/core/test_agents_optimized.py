"""Optimizers write agents' instructions with what tools are described as, and show their turns."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from optimizer.core.conversation.events import InstructionProposed
from optimizer.core.evaluation.execute import judged, predict
from optimizer.core.evaluation.outcome import Outcome
from optimizer.core.modules.pick import Pick
from optimizer.core.modules.react import ReAct
from optimizer.core.modules.tools import CodeTool
from optimizer.core.optimizers import OPTIMIZERS
from optimizer.core.optimizers.estimate import calls_per_example
from optimizer.core.programs.calls import Call
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.demo import fixed_of
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Prompt, Reply
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Signature
from tests.core.test_optimizer_laws import well
from tests.fakes.agents import turn
from tests.fakes.recording import conversation
from tests.fakes.steps import held
from tests.fakes.world import LABEL, World, chance, one_module_program

TOOLS = (CodeTool("shout", "Shouts.", source="def shout(text: str):\n    return text.upper()\n"),)


def two_agents_and_a_pick() -> Program:
    """Two draws of an agent, of which a model picks one."""
    sorts = one_module_program()
    (module,) = sorts.modules
    agent = ReAct(module.name, module.signature, tools=TOOLS, max_turns=2)
    label = module.signature.outputs[0]
    fields = tuple(replace(label, name=name) for name in ("first", "second"))
    inputs = (*sorts.inputs, *fields)
    signature = Signature(inputs, (label,), "Pick the label of the {message}.")
    judge = Pick("judge", signature, among=("first", "second"))
    given = {"message": "input.message"}
    calls = (
        *(Call(f.name, agent.name, given) for f in fields),
        Call("judge", "judge", given | {f.name: f"{f.name}.{label.name}" for f in fields}),
    )
    return Program("Two and a pick", sorts.inputs, (agent, judge), calls, {"label": "judge.label"})


def right(prompt: Prompt) -> Reply:
    """As often as its prompt is long; an agent shouts once before."""
    properties = (prompt.schema or {})["properties"]
    given = next(m.content for m in reversed(prompt.messages) if "message:" in m.content)
    number = int(next(word for word in given.split() if word.isdigit()))
    if "tool" in properties:
        told = prompt.messages[-1].content.startswith("Observation")
        return Reply(turn("finish") if told else turn("shout", text=f"m {number}"))
    if "number" in properties:
        return Reply('{"reasoning": "so", "number": 1}')
    wrong = chance(given, prompt.messages[0].content, prompt.sample) > 0.6
    return Reply(f'{{"label": "{("ham", "spam")[(number + wrong) % 2]}"}}')


class Agents(World):
    def outcome(self, candidate: Candidate, example: Example) -> Outcome:
        prediction = held(predict(self.program, candidate, example.inputs), right)
        return held(judged(LABEL, example, prediction), right)


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_every_optimizer_knows_agents_and_picks(name: str) -> None:
    program = two_agents_and_a_pick()
    assert program.problems() == []
    assert calls_per_example(program) == 2 * 3 + 1
    agent, judge = program.modules
    world = Agents(program, write=well)
    result = world.hold(conversation(name, program))
    tried = {request.candidate for request in world.evaluated}
    assert len(tried) > 1
    assert result.best in tried
    written = {e.module for e in world.events_of(InstructionProposed) if e.index > 0}
    assert written <= {agent.name, judge.name}
    assert all(candidate.modules["judge"].demos == () for candidate in tried)
    shown = [demo for c in tried for demo in fixed_of(c.modules[agent.name].demos)]
    assert bool(shown) == OPTIMIZERS[name].uses_demos
    for demo in shown:
        turns = cast("list[dict[str, str]]", demo.values["turns"])
        assert [each["tool"] for each in turns] == ["shout", "finish"]
        assert demo.values["label"] in ("ham", "spam")
    for candidate in tried:  # each can be rendered, with its demos
        agent.messages(candidate.modules[agent.name], {"message": "message 1"})


def test_who_writes_is_shown_what_tools_are_described_as() -> None:
    program = two_agents_and_a_pick()
    world = Agents(program, write=well)
    world.hold(conversation("mipro", program))
    asked = [m.content for ask in world.asked for p in ask.prompts for m in p.messages]
    assert any("{shout}: Shouts." in text for text in asked)
