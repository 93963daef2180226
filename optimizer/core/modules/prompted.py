"""What modules that are one question to a model have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

from optimizer.core.problems import Problem, problem
from optimizer.core.programs.answers import UnreadableReply, short
from optimizer.core.programs.demo import NearestDemos, fixed_of
from optimizer.core.programs.ending import is_cut_off, no_answer
from optimizer.core.programs.layouts import Layout
from optimizer.core.programs.lm import Message, OwnModel, Prompt, Reply
from optimizer.core.programs.parse import parse
from optimizer.core.programs.program import Module, ModulePrompt
from optimizer.core.programs.render import (
    input_text,
    reminder,
    render,
    reply_schema,
    reply_text,
    system_text,
)
from optimizer.core.programs.signature import Field, Value, written
from optimizer.core.programs.steps import Ran, Steps, blame, say, say_together

MOST_SAMPLES = 20
HOTTEST = 2.0
DRAW = 10_000_000
"""Between the draws of one use: beyond those of calls and passes."""


@dataclass(frozen=True)
class Prompted(Module):
    """Instruction and demos, then the input; one reply, read back into the reply's fields.

    `samples`: how many replies are drawn; with more than one, what it gives are lists of what each
    said that could be read. `temperature` and `max_tokens` are its own, None: the model's. `model`
    is whom it asks, None: the model of the run.
    """

    samples: int = 1
    temperature: float | None = None
    max_tokens: int | None = None
    layout: Layout = Layout.LINES
    model: OwnModel | None = None

    @property
    def own_model(self) -> OwnModel | None:
        return self.model

    @property
    def lm_calls(self) -> int:
        return self.samples

    @property
    def gives(self) -> tuple[Field, ...]:
        return self._several(self.signature.outputs)

    def _several(self, fields: tuple[Field, ...]) -> tuple[Field, ...]:
        if self.samples == 1:
            return fields
        return tuple(f.listed for f in fields)

    def problems(self) -> list[Problem]:
        found = []
        if not 1 <= self.samples <= MOST_SAMPLES:
            found.append(problem("module.samples", most=MOST_SAMPLES))
        if self.samples > 1 and self.temperature == 0:
            found.append(problem("module.samples_alike"))
        if self.temperature is not None and not 0 <= self.temperature <= HOTTEST:
            found.append(problem("module.temperature", most=HOTTEST))
        if self.max_tokens is not None and self.max_tokens < 1:
            found.append(problem("module.max_tokens"))
        return [*super().problems(), *found]

    @property
    @abstractmethod
    def reply_fields(self) -> tuple[Field, ...]: ...

    def messages(self, prompt: ModulePrompt, values: dict[str, Value]) -> tuple[Message, ...]:
        return render(self, prompt, values).messages

    def run(self, prompt: ModulePrompt, values: dict[str, Value], sample: int = 0) -> Steps[Ran]:
        return (yield from self._asked(render(self, prompt, values, sample), self.read))

    def _asked(self, prompt: Prompt, read: Callable[[Reply], Ran]) -> Steps[Ran]:
        """What comes of this prompt, as often as it is drawn, with settings of its own."""
        asked = replace(prompt, temperature=self.temperature, max_tokens=self.max_tokens)
        if self.samples == 1:
            return read((yield from say(asked, self.model)))
        draws = (asked.sample + DRAW * number for number in range(self.samples))
        drawn = tuple(replace(asked, sample=draw) for draw in draws)
        replies = yield from say_together(drawn, self.model)
        return self._drawn(tuple(map(read, replies)))

    def _drawn(self, drawn: tuple[Ran, ...]) -> Ran:
        """What several replies gave together; the worst of them where none can be read."""
        told = [each for each in drawn if not each.problem]
        if not told:
            return replace(min(drawn, key=blame), parts=drawn)
        names = told[0].outputs
        several = {name: [each.outputs[name] for each in told] for name in names}
        return Ran(cast("dict[str, Value]", several), parts=drawn)

    def read(self, reply: Reply) -> Ran:
        """The reply's fields, or why they cannot be read."""
        fault = no_answer(reply.finish_reason)
        if fault:
            told, cut_off = f"{fault}: “{short(reply.text)}”", is_cut_off(reply.finish_reason)
            return Ran({}, reply, told, answered=False, cut_off=cut_off)
        try:
            return Ran(parse(self, reply.text), reply)
        except UnreadableReply as error:
            return Ran({}, reply, str(error))

    def python_constant(self) -> dict[str, Any]:
        signature, fixed = self.signature, fixed_of(self.demos)
        nullable = tuple(f.name for f in signature.inputs if f.nullable)
        return {
            "system": system_text(self, signature.instruction),
            "demos": [(input_text(self, d.values), reply_text(self, d)) for d in fixed],
            "inputs": [f.name for f in signature.inputs],
            "outputs": {f.name: f.kind for f in self.reply_fields},
            "schema": reply_schema(self),
            **({"nullable": nullable} if nullable else {}),
            **self._own_settings(),
        }

    def _own_settings(self) -> dict[str, Any]:
        """What it does not have as every module has it."""
        sent = {"temperature": self.temperature, "max_tokens": self.max_tokens}
        settings = {name: value for name, value in sent.items() if value is not None}
        several = {"samples": self.samples} if self.samples > 1 else {}
        laid = {"layout": self.layout.value, "reminder": reminder(self)}
        other = laid if self.layout is not Layout.LINES else {}
        return several | ({"settings": settings} if settings else {}) | other

    def python_nearest(self) -> dict[str, Any] | None:
        if not isinstance(self.demos, NearestDemos):
            return None
        pool, label = self.demos.pool, self.demos.label
        names = [f.name for f in self.signature.inputs]
        nullable = tuple(f.name for f in self.signature.inputs if f.nullable)
        by = {"by": list(pool.inputs)} if list(pool.inputs) != names else {}
        other = {"layout": self.layout.value} if self.layout is not Layout.LINES else {}
        return {
            **({"nullable": nullable} if nullable else {}),
            **other,
            "k": self.demos.k,
            "choosing": str(self.demos.choosing),
            "inputs": names,
            **by,
            "rows": [
                (
                    [demo.values.get(name) for name in names],
                    reply_text(self, demo),
                    demo.key,
                    written(demo.values.get(label)) if label else "",
                )
                for demo in pool.demos
            ],
        }
