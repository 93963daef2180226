"""Modules and metrics of any kind run side by side; optimizers leave those without words alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from optimizer.core.conversation.events import InstructionProposed
from optimizer.core.evaluation.execute import judged, predict
from optimizer.core.evaluation.outcome import Outcome
from optimizer.core.optimizers import OPTIMIZERS
from optimizer.core.optimizers.estimate import calls_per_example
from optimizer.core.programs.calls import Call
from optimizer.core.programs.candidate import Candidate, baseline_of
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Message, Prompt, Reply
from optimizer.core.programs.program import ModulePrompt, Program
from optimizer.core.programs.signature import Field, Signature
from optimizer.core.programs.steps import Steps, alone, say, side_by_side
from tests.core.test_optimizer_laws import well
from tests.fakes.recording import conversation
from tests.fakes.steps import held
from tests.fakes.wordless import Shortened
from tests.fakes.world import LABEL, World, chance, one_module_program


def shortened_first() -> Program:
    """What is sorted is shortened before, without a model."""
    sorts = one_module_program()
    (module,) = sorts.modules
    short = Shortened("cut", Signature(sorts.inputs, (Field("short"),)))
    calls = (
        Call("cut", "cut", {"message": "input.message"}),
        Call("classify", "classify", {"message": "cut.short"}),
    )
    return replace(sorts, modules=(short, module), calls=calls)


def right(prompt: Prompt) -> Reply:
    """As often as its prompt is long."""
    said = prompt.messages[-1].content
    number = int(next(word for word in said.split() if word.isdigit()))
    wrong = chance(said, prompt.messages[0].content) > 0.6
    return Reply(f'{{"label": "{("ham", "spam")[(number + wrong) % 2]}"}}')


class Scripted(World):
    def outcome(self, candidate: Candidate, example: Example) -> Outcome:
        prediction = held(predict(self.program, candidate, example.inputs), right)
        return held(judged(LABEL, example, prediction), right)


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_no_optimizer_changes_a_module_without_words(name: str) -> None:
    program = shortened_first()
    world = Scripted(program, write=well)
    result = world.hold(conversation(name, program))
    tried = {request.candidate for request in world.evaluated}
    assert len(tried) > 1
    assert {candidate.modules["cut"] for candidate in tried} == {ModulePrompt("")}
    assert result.best.modules["cut"] == ModulePrompt("")
    written = [e for e in world.events_of(InstructionProposed) if e.index > 0]
    assert "cut" not in {event.module for event in written}


def test_a_module_that_asks_nobody_runs_and_leaves_a_trace() -> None:
    program = shortened_first()
    prediction = held(
        predict(program, baseline_of(program), {"message": "message 4 about nothing"}), right
    )
    assert next((t.call, t.reply, t.cost) for t in prediction.trace) == ("cut", "", 0)
    assert prediction.outputs["label"] in ("ham", "spam")
    assert calls_per_example(program) == 1


def words(*said: str) -> Steps[str]:
    heard = []
    for text in said:
        reply = yield from say(Prompt((Message("user", text),)))
        heard.append(reply.text)
    return " ".join(heard)


def test_steps_of_different_length_run_side_by_side() -> None:
    asked: list[str] = []

    def answer(prompt: Prompt) -> Reply:
        asked.append(prompt.messages[0].content)
        return Reply(asked[-1].upper())

    steps = side_by_side([words("a", "b", "c"), words(), words("d")])
    assert held(steps, answer) == ("A B C", "", "D")
    assert asked == ["a", "d", "b", "c"]


def test_steps_that_ask_nothing_end_at_once() -> None:
    assert alone(words()) == ""
    assert alone(words("a")) is None
    assert alone(side_by_side([words(), words()])) == ("", "")
    assert alone(side_by_side([])) == ()
