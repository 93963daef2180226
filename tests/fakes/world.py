"""A world that answers an optimizer's requests by rule: no model, no clock, the same every time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from optimizer.core.conversation.events import Event
from optimizer.core.conversation.requests import (
    Ask,
    BudgetSpent,
    Conversation,
    Evaluate,
    Outcomes,
    Replies,
    Request,
    Unfinished,
)
from optimizer.core.evaluation.outcome import CallTrace, Outcome, Score
from optimizer.core.instructions.prompts import REWRITE
from optimizer.core.metrics.choice_accuracy import ChoiceAccuracy
from optimizer.core.modules.chain_of_thought import ChainOfThought
from optimizer.core.modules.predict import Predict
from optimizer.core.programs.calls import Call
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.demo import Demo
from optimizer.core.programs.example import Example
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Field, FieldType, Signature
from tests.fakes.rewriting import rewritten

T = TypeVar("T")
E = TypeVar("E")


def one_module_program(demos: tuple[Demo, ...] = ()) -> Program:
    signature = Signature(
        (Field("message"),),
        (Field("label", FieldType.CHOICE, choices=("ham", "spam")),),
        "Decide whether the message is spam.",
    )
    return Program(
        "spam filter",
        signature.inputs,
        (Predict("classify", signature, demos=demos),),
        (Call("classify", "classify", {"message": "input.message"}),),
        {"label": "classify.label"},
    )


def two_module_program() -> Program:
    """A chain-of-thought extraction, then a choice made from it."""
    extract = Signature((Field("message"),), (Field("topic"),), "Name the message's topic.")
    decide = Signature(
        (Field("message"), Field("topic")),
        (Field("label", FieldType.CHOICE, choices=("ham", "spam")),),
        "Decide whether the message is spam.",
    )
    return Program(
        "two steps",
        (Field("message"),),
        (
            ChainOfThought("extract", extract),
            Predict("decide", decide),
        ),
        (
            Call("extract", "extract", {"message": "input.message"}),
            Call("decide", "decide", {"message": "input.message", "topic": "extract.topic"}),
        ),
        {"label": "decide.label"},
    )


def messages(count: int, prefix: str = "m") -> tuple[Example, ...]:
    return tuple(
        Example(
            f"{prefix}{i}", {"message": f"{prefix} message {i}"}, {"label": ("ham", "spam")[i % 2]}
        )
        for i in range(count)
    )


LABEL = ChoiceAccuracy("label", "label")


def chance(*parts: object) -> float:
    """A number in 0–1 that depends on nothing but its arguments."""
    digest = hashlib.sha256(repr(parts).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def by_luck(candidate: Candidate, example: Example) -> float | None:
    """Each candidate is right with a probability of its own."""
    skill = 0.3 + 0.5 * chance(candidate.digest)
    return float(chance(candidate.digest, example.id) < skill)


def always(value: float | None) -> Callable[[Candidate, Example], float | None]:
    return lambda candidate, example: value


@dataclass
class World:
    """Answers by rule and keeps what was said.

    `judge` gives a candidate's score on an example, None for a failed call.
    `write` replies to the optimizer's prompts, `rewrite` to those that find out what it can do.
    `budget` is the number of examples that may be evaluated before the world refuses; requests that
    explore must leave `kept` of them. What was
    evaluated before costs nothing again, as in the ledger; `spent` counts what did cost.
    """

    program: Program
    judge: Callable[[Candidate, Example], float | None] = by_luck
    write: Callable[[str, int], str | Unfinished] = lambda text, n: (
        f"Proposed instruction number {n}."
    )
    rewrite: Callable[[str], str] = rewritten
    budget: int | None = None
    kept: int = 0
    evaluated: list[Evaluate] = field(default_factory=list)
    asked: list[Ask] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    paid: set[tuple[object, ...]] = field(default_factory=set)

    @property
    def spent(self) -> int:
        return len(self.paid)

    def hold(self, conversation: Conversation[T]) -> T:
        """Answer every request until the conversation ends; returns its result."""
        answer = None
        refusal: BudgetSpent | None = None
        while True:
            try:
                step = conversation.throw(refusal) if refusal else conversation.send(answer)
            except StopIteration as end:
                return end.value
            answer, refusal = None, None
            try:
                if isinstance(step, tuple):
                    answer = tuple(self.answer(request) for request in step)
                elif isinstance(step, Evaluate | Ask):
                    answer = self.answer(step)
                else:
                    self.events.append(step)
            except BudgetSpent as spent:
                refusal = spent

    def answer(self, request: Request) -> Outcomes | Replies:
        self.digests.append(request.digest)
        left = None if self.budget is None else self.budget - self.kept * request.explores
        if isinstance(request, Ask):
            if self.kept and left is not None and self.spent > left:
                raise BudgetSpent
            self.asked.append(request)
            said = [prompt.messages[-1].content for prompt in request.prompts]
            return tuple(self.say(text, len(self.asked) * 100 + i) for i, text in enumerate(said))
        how = (
            request.candidate.digest, request.role, request.model, request.sample,
            request.temperature,
        )  # fmt: skip
        asked = self.paid | {(*how, example.id) for example in request.examples}
        if left is not None and len(asked) > left:
            raise BudgetSpent
        self.paid = asked
        self.evaluated.append(request)
        return tuple(self.outcome(request.candidate, example) for example in request.examples)

    def say(self, text: str, n: int) -> str | Unfinished:
        return self.rewrite(text) if text.startswith(REWRITE) else self.write(text, n)

    def outcome(self, candidate: Candidate, example: Example) -> Outcome:
        value = self.judge(candidate, example)
        if value is None:
            return Outcome(example.id, None, {}, (), "the provider did not answer")
        outputs = {"label": example.expected.get("label")}
        return Outcome(example.id, Score(value), outputs, self.trace(example))

    def trace(self, example: Example) -> tuple[CallTrace, ...]:
        made = []
        for call in self.program.calls:
            module = self.program.module(call.module)
            inputs = {f.name: f"{f.name} of {example.id}" for f in module.signature.inputs}
            outputs = {f.name: "spam" for f in module.signature.outputs}
            made.append(CallTrace(call.name, call.module, inputs, outputs, "{}"))
        return tuple(made)

    def events_of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]
