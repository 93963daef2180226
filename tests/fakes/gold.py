"""A model that knows the right answers, and gives them more often the more it was told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from optimizer.core.evaluation.execute import judged, predict
from optimizer.core.evaluation.metric import Metric
from optimizer.core.evaluation.outcome import Outcome
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Prompt, Reply
from optimizer.core.programs.signature import Value
from optimizer.core.programs.steps import Passages, Search
from tests.fakes.steps import held
from tests.fakes.world import World, chance


class GoldWorld(World):
    """Runs a program on rows whose answers it looks up; `metric` judges them."""

    metric: Metric
    row: Example

    def outcome(self, candidate: Candidate, example: Example) -> Outcome:
        self.row = example
        steps = predict(self.program, candidate, example.inputs)
        prediction = held(steps, self._reply, look_up=self.look_up)
        return held(judged(self.metric, example, prediction), self._reply)

    def gold(self) -> Mapping[str, Value]:
        """The right answers to the row, by what a prompt may ask for."""
        return self.row.expected

    def look_up(self, request: Search) -> Passages:
        return Passages()

    def _reply(self, prompt: Prompt) -> Reply:
        assert prompt.schema is not None
        said, gold = prompt.messages[0].content, self.gold()
        right = chance(self.row.id, said) < 0.3 + 0.5 * chance(said)
        parts: Mapping[str, Any] = prompt.schema["properties"]
        told = {
            name: gold[name] if right and _fits(gold, name, kind) else plain(kind)
            for name, kind in parts.items()
        }
        return Reply(json.dumps(told), prompt_tokens=5, cost=1)


def _fits(gold: Mapping[str, Value], name: str, kind: Mapping[str, Any]) -> bool:
    return name in gold and not ("enum" in kind and gold[name] is None)


def plain(kind: Mapping[str, Any]) -> Any:
    """An answer of this JSON schema that says nothing."""
    if "anyOf" in kind:
        return None
    if "enum" in kind:
        return kind["enum"][0]
    made = {"array": [], "boolean": True, "integer": 1, "number": 1.5, "object": {}}
    return made.get(kind["type"], "a word")
