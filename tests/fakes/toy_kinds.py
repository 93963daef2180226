"""A module kind and a metric kind that the product does not have, to see what names the others."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import pytest
from django import forms

from optimizer.core.evaluation.metric import Metric
from optimizer.core.evaluation.outcome import Prediction, Score
from optimizer.core.metrics import METRIC_KINDS
from optimizer.core.modules import MODULE_KINDS
from optimizer.core.modules.prompted import Prompted
from optimizer.core.problems import Problem, problem
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Message, Prompt
from optimizer.core.programs.program import ModulePrompt
from optimizer.core.programs.render import render
from optimizer.core.programs.signature import Field, Value, written
from optimizer.core.programs.steps import Ran, Steps, say
from optimizer.sentences import catalogue
from promptlab.metrics import kinds as metric_kinds
from promptlab.metrics.kinds.kind import MetricKind
from promptlab.programs import kinds as module_kinds
from promptlab.programs.kinds.kind import ModuleKind
from tests.fakes.wordless import Shortened


@dataclass(frozen=True)
class Again(Prompted):
    """A module that is asked several times, shown what it said before; its last word counts."""

    kind: Literal["again"] = "again"
    times: int = 2

    dspy_class: ClassVar[str] = "Predict"

    @property
    def reply_fields(self) -> tuple[Field, ...]:
        return self.signature.outputs

    @property
    def lm_calls(self) -> int:
        return self.times

    def problems(self) -> list[Problem]:
        few = [problem("again.times", times=self.times)] if self.times < 1 else []
        return [*super().problems(), *few]

    def messages(self, prompt: ModulePrompt, values: dict[str, Value]) -> tuple[Message, ...]:
        first, *rest = super().messages(prompt, values)
        return Message("system", f"{first.content}\n\n{self._told}"), *rest

    def run(self, prompt: ModulePrompt, values: dict[str, Value], sample: int = 0) -> Steps[Ran]:
        asked = replace(
            render(self, prompt, values, sample), messages=self.messages(prompt, values)
        )
        reply = yield from say(asked)
        for _ in range(self.times - 1):
            more = (Message("assistant", reply.text), asked.messages[-1])
            asked = replace(asked, messages=(*asked.messages, *more))
            reply = yield from say(asked)
        return self.read(reply)

    def python_constant(self) -> dict[str, Any]:
        parts = super().python_constant()
        return parts | {"system": f"{parts['system']}\n\n{self._told}"}

    @property
    def _told(self) -> str:
        return f"You are asked {self.times} times."


@dataclass(frozen=True)
class Verdict(Metric):
    """A metric that asks a model whether an answer will do."""

    kind: Literal["verdict"] = "verdict"
    question: str = "Is it right?"

    @property
    def lm_calls(self) -> int:
        return 1

    def score(self, example: Example, prediction: Prediction) -> Steps[Score]:
        given = written(prediction.outputs.get(self.output))
        wanted = written(example.expected.get(self.expected))
        reply = yield from say(self._asked(given, wanted))
        will_do = bool(json.loads(reply.text)["verdict"])
        return Score(float(will_do and given == wanted), f"{self.question} {reply.text}")

    def _asked(self, given: str, wanted: str) -> Prompt:
        text = f"{self.question}\nGiven: {given}\nWanted: {wanted}"
        schema = {"type": "object", "properties": {"verdict": {"type": "boolean"}}}
        return Prompt((Message("user", text),), schema=schema)


AGAIN = ModuleKind(
    Again,
    "Asked again",
    "Has second thoughts.",
    fields={"times": forms.IntegerField(label="Times asked", min_value=1, initial=2)},
)
SHORTENED = ModuleKind(
    Shortened,
    "Shortened",
    "Cuts its input short.",
    fields={"letters": forms.IntegerField(label="Letters", min_value=1, initial=40)},
)
VERDICT = MetricKind(
    Verdict,
    "Verdict of a model",
    "Right when a model says so.",
    fields={"question": forms.CharField(label="Question", initial="Is it right?")},
    detail="“{question}”",
)


@pytest.fixture
def toy_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that a kind takes: its core file and its web file, each a line in its registry."""
    monkeypatch.setitem(MODULE_KINDS, Again.kind, Again)
    monkeypatch.setitem(MODULE_KINDS, Shortened.kind, Shortened)
    monkeypatch.setitem(METRIC_KINDS, Verdict.kind, Verdict)
    monkeypatch.setitem(module_kinds.KINDS, Again.kind, AGAIN)
    monkeypatch.setitem(module_kinds.KINDS, Shortened.kind, SHORTENED)
    monkeypatch.setitem(metric_kinds.KINDS, Verdict.kind, VERDICT)
    monkeypatch.setitem(catalogue._SENTENCES, "again.times", "It cannot be asked {times} times.")
