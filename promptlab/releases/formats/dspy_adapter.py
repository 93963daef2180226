"""The adapter of a downloaded DSPy module: its text is copied, behind the reader's.

Everything below the line of dashes goes into the file. Nobody imports this one: DSPy is not among
what the product runs on.
"""

from __future__ import annotations

import copy
import inspect
import json
from typing import Any

import dspy
from dspy.utils.exceptions import AdapterParseError

from optimizer.core.programs.answers import UnreadableReply
from optimizer.core.programs.layouts import laid_out
from optimizer.core.programs.reply import read_reply
from optimizer.core.programs.values import Kind, Nullable
from promptlab.releases.formats.nearest import input_key

# ----------------------------------------------------------------------------------------------


class TaskModel(dspy.LM):
    """A model called as the run called it, with what is `sent` beside the messages.

    `replies` is what holds them to their form, whatever DSPy knows of the model: "schema", "json"
    or "free".
    """

    def __init__(self, model: str, replies: str, sent: dict[str, Any], **settings: Any) -> None:
        # DSPy's own engine gives the limit of a reply another name, which not every server knows.
        super().__init__(model, engine="litellm", **settings)
        self.replies = replies
        self.kwargs: dict[str, Any] = {k: v for k, v in self.kwargs.items() if v is not None} | sent


def several(samples: int, predictor: Any, settings: dict[str, Any]) -> Any:
    """A prompt of which several replies are drawn: lists of what those say that can be read."""

    def use(**values: Any) -> dict[str, list[Any]]:
        drawn: list[Any] = []
        for number in range(samples):
            try:
                drawn.append(predictor(**values, config={**settings, "rollout_id": number}))
            except AdapterParseError:
                if number == samples - 1 and not drawn:
                    raise
        return {name: [each[name] for each in drawn] for name in drawn[0].keys()}  # noqa: SIM118

    return use


class RunAdapter(dspy.Adapter):
    """Says the very messages that the run said, and reads replies as it did.

    `form` stands behind the instruction. `inputs` and `outputs` are the fields by the names that
    the model is told, `names` what DSPy calls them. `schema` holds replies to their form, where the
    model's provider can do that; None: the run had none. `system`: the instruction stands in a
    message of the system; in the first of the user otherwise. `nearest` chooses further demos for
    each input. `nullable`: inputs that may be null. `layout` is how inputs are laid out, `reminder`
    stands behind those that are asked about.
    """

    def __init__(
        self,
        instruction: str,
        form: str,
        inputs: list[str],
        outputs: dict[str, Kind],
        names: dict[str, str],
        schema: dict[str, Any] | None,
        system: bool = True,
        nearest: Any = None,
        nullable: tuple[str, ...] = (),
        layout: str = "lines",
        reminder: str = "",
    ) -> None:
        super().__init__()
        self.native_response_types: list[Any] = []
        self.instruction, self.form = instruction, form
        self.inputs, self.outputs, self.names = inputs, outputs, names
        self.schema, self.system = schema, system
        self.nearest, self.program_input, self.nullable = nearest, "", nullable
        self.layout, self.reminder = layout, reminder

    def given(self, inputs: dict[str, Any]) -> Any:
        """The adapter for one use of the program, whose own row is never among the demos."""
        found = copy.copy(self)
        found.program_input = input_key(inputs)
        return found

    def __call__(self, lm: Any, lm_kwargs: Any, signature: Any, demos: Any, inputs: Any) -> Any:
        return super().__call__(lm, self._constrained(lm, lm_kwargs), signature, demos, inputs)

    async def acall(self, lm: Any, lm_kwargs: Any, signature: Any, demos: Any, inputs: Any) -> Any:
        settings = self._constrained(lm, lm_kwargs)
        return await super().acall(lm, settings, signature, demos, inputs)

    def _constrained(self, lm: Any, settings: dict[str, Any]) -> dict[str, Any]:
        heat = settings.get("temperature", getattr(lm, "kwargs", {}).get("temperature"))
        if heat and isinstance(lm, dspy.LM):
            # DSPy would say again what it was told: each use is a draw of its own, as in a run.
            settings = {"cache": False, **settings}
        known = "schema" if getattr(lm, "supports_response_schema", False) else "free"
        replies = getattr(lm, "replies", known)
        if self.schema is None or replies == "free":
            return settings
        if replies == "json":
            return {**settings, "response_format": {"type": "json_object"}}
        schema = {"name": "reply", "schema": self.schema, "strict": True}
        return {**settings, "response_format": {"type": "json_schema", "json_schema": schema}}

    def format(self, signature: Any, demos: Any, inputs: Any) -> list[dict[str, Any]]:
        said = signature.instructions
        if said == inspect.cleandoc(self.instruction):
            said = self.instruction  # DSPy takes indentation off
        messages = [{"role": "system", "content": f"{said}\n\n{self.form}"}]
        for demo in demos:
            messages.append({"role": "user", "content": self._given(demo)})
            messages.append({"role": "assistant", "content": self._reply(demo)})
        for shown, reply in self._chosen(inputs):
            messages.append({"role": "user", "content": shown})
            messages.append({"role": "assistant", "content": reply})
        asked = "\n\n".join(filter(None, [self._given(inputs), self.reminder]))
        messages.append({"role": "user", "content": asked})
        if self.system:
            return messages
        instruction, first, *rest = messages
        content = f"{instruction['content']}\n\n{first['content']}"
        return [{"role": "user", "content": content}, *rest]

    def _chosen(self, values: Any) -> list[tuple[str, str]]:
        if self.nearest is None:
            return []
        told = {name: values.get(self.names[name]) for name in self.inputs}
        chosen: list[tuple[str, str]] = self.nearest.demos_for(told, self.program_input)
        return chosen

    def _given(self, values: Any) -> str:
        told = {n: values.get(self.names[n]) for n in self.inputs}
        return laid_out(self.layout, told, self.nullable)

    def _reply(self, values: Any) -> str:
        told = {n: values[self.names[n]] for n in self.outputs if self.names[n] in values}
        shown = {
            n: v for n, v in told.items() if v is not None or isinstance(self.outputs[n], Nullable)
        }
        return json.dumps(shown, ensure_ascii=False)

    def parse(self, signature: Any, completion: str) -> dict[str, Any]:
        try:
            found = read_reply(self.outputs, completion, self.inputs)
        except UnreadableReply as error:
            raise AdapterParseError(
                adapter_name="RunAdapter",
                signature=signature,
                lm_response=completion,
                message=str(error),
            ) from error
        return {self.names[name]: value for name, value in found.items()}
