"""Pick: a model says which of several values is the best, and that value is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, cast

from optimizer.core.modules.prompted import Prompted
from optimizer.core.problems import Problem, problem
from optimizer.core.programs.calls import fits
from optimizer.core.programs.layouts import laid_out
from optimizer.core.programs.lm import Message, Prompt, Reply
from optimizer.core.programs.picking import NUMBER, candidates_told, picked
from optimizer.core.programs.program import Module, ModulePrompt
from optimizer.core.programs.render import reminder, reply_schema, system_text
from optimizer.core.programs.signature import REASONING, Field, FieldType, Value
from optimizer.core.programs.steps import Ran, Steps
from optimizer.core.programs.voting import distinct


@dataclass(frozen=True)
class Pick(Prompted):
    """Gives its one output one of the values of the inputs that are named in `among`, each of which
    may be a list of values; the others are what the model is to go by. Of one value, and of none,
    no model is asked. No demos are shown: candidates of another input teach nothing.
    """

    kind: Literal["pick"] = "pick"
    among: tuple[str, ...] = ()

    takes_demos: ClassVar[bool] = False
    labels_are_demos: ClassVar[bool] = False
    thinks_in: ClassVar[str] = REASONING
    python_class: ClassVar[str] = "Picking"

    @property
    def reply_fields(self) -> tuple[Field, ...]:
        thinking = Field(REASONING, FieldType.TEXT, "compare the candidates before you choose")
        return thinking, Field(NUMBER, FieldType.INTEGER, "which of the candidates is the best")

    @property
    def gives(self) -> tuple[Field, ...]:
        return self._several((self.reply_fields[0], *self.signature.outputs))

    @property
    def takes_missing(self) -> bool:
        return True

    def renamed(self, names: Mapping[str, str]) -> Module:
        return replace(self, among=tuple(names.get(name, name) for name in self.among))

    def problems(self) -> list[Problem]:
        found, inputs = super().problems(), {f.name: f for f in self.signature.inputs}
        unknown = [name for name in self.among if name not in inputs]
        found += [problem("pick.no_such_input", name=name) for name in unknown]
        if not self.among:
            found.append(problem("pick.among_none"))
        if len(self.signature.outputs) != 1:
            return [*found, problem("pick.one_output", n=len(self.signature.outputs))]
        (output,) = self.signature.outputs
        for given in (inputs[name] for name in self.among if name in inputs):
            one = given.item if given.type is FieldType.LIST else given
            if not (fits(given, output) or fits(one, output)):
                types = {"takes": output.type.value, "gives": given.type.value}
                found.append(
                    problem("pick.other_type", name=given.name, output=output.name, **types)
                )
        return found

    def messages(self, prompt: ModulePrompt, values: dict[str, Value]) -> tuple[Message, ...]:
        return self._said(prompt, values, self._candidates(values))

    def run(self, prompt: ModulePrompt, values: dict[str, Value], sample: int = 0) -> Steps[Ran]:
        candidates = self._candidates(values)
        if len(candidates) < 2:
            yield from ()
            return Ran(self._outputs(candidates[0] if candidates else None))
        said = self._said(prompt, values, candidates)
        asked = Prompt(said, schema=reply_schema(self), sample=sample)
        return (yield from self._asked(asked, lambda reply: self._picked(reply, candidates)))

    def not_in_dspy(self) -> list[Problem]:
        return [problem("pick.not_in_dspy", module=self.name)]

    def python_constant(self) -> dict[str, Any]:
        (output,) = self.signature.outputs
        told = super().python_constant()
        return told | {
            "demos": [],
            "inputs": [f.name for f in self._context],
            "among": list(self.among),
            "output": output.name,
            "kind": output.kind,
        }

    def python_nearest(self) -> dict[str, Any] | None:
        return None

    @property
    def _context(self) -> tuple[Field, ...]:
        return tuple(f for f in self.signature.inputs if f.name not in self.among)

    def _candidates(self, values: Mapping[str, Value]) -> list[Any]:
        given = [values.get(name) for name in self.among]
        return distinct(self.signature.outputs[0].kind, given) if self.signature.outputs else []

    def _said(
        self, prompt: ModulePrompt, values: Mapping[str, Value], candidates: list[Any]
    ) -> tuple[Message, ...]:
        nullable = {f.name for f in self._context if f.nullable}
        told = laid_out(self.layout, {f.name: values.get(f.name) for f in self._context}, nullable)
        asked = "\n\n".join(filter(None, [told, candidates_told(candidates), reminder(self)]))
        return (
            Message("system", system_text(self, prompt.instruction)),
            Message("user", asked),
        )

    def _picked(self, reply: Reply, candidates: list[Any]) -> Ran:
        ran = self.read(reply)
        if ran.problem:
            return ran
        try:
            value = picked(candidates, cast(int, ran.outputs[NUMBER]))
        except LookupError as error:
            return Ran({}, reply, str(error.args[0]))
        thoughts = {n: v for n, v in ran.outputs.items() if n != NUMBER}
        return replace(ran, outputs={**thoughts, self.signature.outputs[0].name: value})

    def _outputs(self, value: Value) -> dict[str, Value]:
        (output,) = self.signature.outputs
        if self.samples > 1:
            return {output.name: [] if value is None else [value] * self.samples}
        return {output.name: value}
