"""What an optimizer asks of a world, from first to last, as one digest.

`python -m tests.fakes.recording` writes what tests/core/test_recorded_conversations.py compares
with. Do that only where a conversation is meant to change, and say so in the commit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from optimizer.core.conversation.events import Event, Result
from optimizer.core.conversation.requests import Ask, Conversation, Evaluate
from optimizer.core.conversation.spec import ModelRef, RunSpec, Settings
from optimizer.core.evaluation.execute import judged, predict
from optimizer.core.evaluation.outcome import Outcome
from optimizer.core.optimizers import OPTIMIZERS
from optimizer.core.programs.candidate import Candidate, baseline_of
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Message, Prompt, Reply, Role
from optimizer.core.programs.program import Program
from optimizer.core.programs.render import render
from optimizer.lm.call import call_of
from tests.fakes.random_search import RandomSearch
from tests.fakes.scripted_lm import by_skill
from tests.fakes.steps import held
from tests.fakes.world import LABEL, World, messages, one_module_program, two_module_program

RECORDED = Path(__file__).parents[1] / "data" / "recorded"
CONVERSATIONS = RECORDED / "conversations.json"
PROMPTS = RECORDED / "prompts.json"
PROMPTS_KEPT = 10
SETTINGS = Settings(
    trials=12, minibatch_size=5, full_every=4, instructions=3, demo_sets=4, rounds=2
)
MODEL = ModelRef(1, "scripted", max_tokens=50)


@dataclass
class ScriptedProgram(World):
    """A world in which the program is really run: prompts are rendered, a script replies, replies
    are read and judged.
    """

    rendered: list[tuple[Message, ...]] = field(default_factory=list)

    def outcome(self, candidate: Candidate, example: Example) -> Outcome:
        prediction = held(predict(self.program, candidate, example.inputs), self._reply)
        return held(judged(LABEL, example, prediction), self._reply)

    def _reply(self, prompt: Prompt) -> Reply:
        self.rendered.append(prompt.messages)
        return Reply(by_skill(call_of(prompt, MODEL, Role.TASK)))


WORLDS: dict[str, Callable[[], World]] = {
    "one module, by luck": lambda: World(one_module_program()),
    "two modules, by luck": lambda: World(two_module_program()),
    "two modules, run by a script": lambda: ScriptedProgram(two_module_program()),
}


def conversation(optimizer: str, program: Program) -> Conversation[Result]:
    spec = RunSpec(
        program, LABEL, optimizer, SETTINGS, {Role.TASK: MODEL, Role.OPTIMIZER: MODEL},
        train=messages(30, "t"), validation=messages(40, "v"), test=messages(10, "x"), seed=5,
    )  # fmt: skip
    return OPTIMIZERS[optimizer].converse(spec, RandomSearch)


def recorded(optimizer: str, world: World) -> str:
    """The digest of every turn of a conversation in this world, and of how it ended.

    A turn is a request's own digest, several in one turn together, or an announcement's kind.
    """
    turns: list[Any] = []
    result = world.hold(_noted(conversation(optimizer, world.program), turns))
    turns += [result.best.digest, str(result.stop), result.best_score.mean]
    return hashlib.sha256(json.dumps(turns).encode()).hexdigest()


def rendered_prompts() -> list[list[list[str]]]:
    """Ten prompts, spread over a race that runs its program: role and content of each message."""
    world = ScriptedProgram(two_module_program())
    world.hold(conversation("racing", world.program))
    every = len(world.rendered) // PROMPTS_KEPT
    chosen = world.rendered[::every][: PROMPTS_KEPT - 2] + _odd_prompts()
    return [[[m.role, m.content] for m in prompt] for prompt in chosen]


def _odd_prompts() -> list[tuple[Message, ...]]:
    """Values that are written in a way of their own: none, many lines, other scripts."""
    program = two_module_program()
    module = program.modules[0]
    prompt = baseline_of(program).modules[module.name]
    values = ({"message": 'one\ntwo: {three} "four"'}, {"message": "東京。 ٣"})
    return [render(module, replace(prompt, instruction=""), value).messages for value in values]


def _noted(inner: Conversation[Result], turns: list[Any]) -> Conversation[Result]:
    """The same conversation, each of its turns written down."""
    turn = next(inner)
    while True:
        turns.append(_of_turn(turn))
        try:
            answer = yield turn
        except Exception as refusal:  # noqa: BLE001 - handed on to the conversation itself
            turn = inner.throw(refusal)
        else:
            try:
                turn = inner.send(answer)
            except StopIteration as end:
                return end.value


def _of_turn(turn: Evaluate | Ask | tuple[Evaluate | Ask, ...] | Event) -> Any:
    if isinstance(turn, tuple):
        return [request.digest for request in turn]
    return turn.digest if isinstance(turn, Evaluate | Ask) else turn.kind


def all_recorded() -> Iterator[tuple[str, str, str]]:
    """Optimizer, world, digest."""
    for optimizer in OPTIMIZERS:
        for name, world in WORLDS.items():
            yield optimizer, name, recorded(optimizer, world())


def main() -> None:
    RECORDED.mkdir(parents=True, exist_ok=True)
    found: dict[str, dict[str, str]] = {}
    for optimizer, world, digest in all_recorded():
        found.setdefault(optimizer, {})[world] = digest
    CONVERSATIONS.write_text(json.dumps(found, indent=2) + "\n")
    prompts = rendered_prompts()
    PROMPTS.write_text(json.dumps(prompts, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
