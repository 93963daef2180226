"""What modules that are one question to a model have in common."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

from optimizer.core.programs.demo import NearestDemos, fixed_of
from optimizer.core.programs.ending import no_answer
from optimizer.core.programs.lm import Message, Reply
from optimizer.core.programs.parse import parse
from optimizer.core.programs.program import Module, ModulePrompt
from optimizer.core.programs.render import (
    input_text,
    render,
    reply_schema,
    reply_text,
    system_text,
)
from optimizer.core.programs.reply import UnreadableReply, short
from optimizer.core.programs.signature import Field, Value, written
from optimizer.core.programs.steps import Ran, Steps, say


@dataclass(frozen=True)
class Prompted(Module):
    """Instruction and demos, then the input; one reply, read back into the reply's fields."""

    @property
    @abstractmethod
    def reply_fields(self) -> tuple[Field, ...]: ...

    def messages(self, prompt: ModulePrompt, values: dict[str, Value]) -> tuple[Message, ...]:
        return render(self, prompt, values).messages

    def run(self, prompt: ModulePrompt, values: dict[str, Value], sample: int = 0) -> Steps[Ran]:
        reply = yield from say(render(self, prompt, values, sample))
        return self.read(reply)

    def read(self, reply: Reply) -> Ran:
        """The reply's fields, or why they cannot be read."""
        fault = no_answer(reply.finish_reason)
        if fault:
            return Ran({}, reply, f"{fault}: “{short(reply.text)}”", answered=False)
        try:
            return Ran(parse(self, reply.text), reply)
        except UnreadableReply as error:
            return Ran({}, reply, str(error))

    def python_constant(self) -> dict[str, Any]:
        signature, fixed = self.signature, fixed_of(self.demos)
        nullable = tuple(f.name for f in signature.inputs if f.nullable)
        return {
            "system": system_text(self, signature.instruction),
            "demos": [(input_text(signature, d.values), reply_text(self, d)) for d in fixed],
            "inputs": [f.name for f in signature.inputs],
            "outputs": {f.name: f.kind for f in self.reply_fields},
            "schema": reply_schema(self),
            **({"nullable": nullable} if nullable else {}),
        }

    def python_nearest(self) -> dict[str, Any] | None:
        if not isinstance(self.demos, NearestDemos):
            return None
        pool, label = self.demos.pool, self.demos.label
        fields = (f for f in self.signature.inputs if f.name in pool.inputs)
        nullable = tuple(f.name for f in fields if f.nullable)
        return {
            **({"nullable": nullable} if nullable else {}),
            "k": self.demos.k,
            "choosing": str(self.demos.choosing),
            "inputs": list(pool.inputs),
            "rows": [
                (
                    [demo.values.get(name) for name in pool.inputs],
                    reply_text(self, demo),
                    demo.key,
                    written(demo.values.get(label)) if label else "",
                )
                for demo in pool.demos
            ],
        }
