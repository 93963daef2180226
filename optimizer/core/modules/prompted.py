"""What modules that are one question to a model have in common."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

from optimizer.core.programs.lm import Message, Reply
from optimizer.core.programs.parse import UnreadableReply, parse
from optimizer.core.programs.program import Module, ModulePrompt
from optimizer.core.programs.render import (
    input_text,
    render,
    reply_schema,
    reply_text,
    system_text,
)
from optimizer.core.programs.signature import Field, FieldType, Value
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
        try:
            return Ran(parse(self, reply.text), reply)
        except UnreadableReply as error:
            cut = " (cut off at the reply's token limit)"
            return Ran({}, reply, f"{error}{cut if reply.finish_reason == 'length' else ''}")

    def python_constant(self) -> dict[str, Any]:
        signature = self.signature
        return {
            "system": system_text(self, signature.instruction),
            "demos": [(input_text(signature, d.values), reply_text(self, d)) for d in self.demos],
            "inputs": [f.name for f in signature.inputs],
            "outputs": {f.name: _type_of(f) for f in self.reply_fields},
            "schema": reply_schema(self),
        }


def _type_of(field: Field) -> str | tuple[str, ...]:
    return field.choices if field.type is FieldType.CHOICE else field.type.value
