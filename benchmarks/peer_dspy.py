"""A task as a program of DSPy's, for its optimizers (benchmarks.peer_dspy_run).

DSPy speaks through an adapter that renders and reads as our core does, so that a prompt's text, and
what holds choice fields to their choices, are the same on both sides and only the search differs.
"""

from __future__ import annotations

import threading
from typing import Any, ClassVar, Literal, get_args, get_origin

import dspy
from dspy.utils.exceptions import AdapterParseError

from benchmarks.tasks import TASKS, Task
from optimizer.core.modules.predict import Predict
from optimizer.core.programs.answers import UnreadableReply
from optimizer.core.programs.demo import Demo
from optimizer.core.programs.example import Example
from optimizer.core.programs.parse import parse
from optimizer.core.programs.program import Module, ModulePrompt
from optimizer.core.programs.render import render, reply_schema
from optimizer.core.programs.signature import Field, FieldType, Signature

LACKING = "Not supplied for this particular example."
TYPES = {int: FieldType.INTEGER, float: FieldType.NUMBER, bool: FieldType.BOOLEAN}


class SameWords(dspy.Adapter):
    """Our core's messages, reply schema and reading.

    What MIPROv2's proposer is answered is read as DSPy itself reads JSON, which mends a reply that
    was cut off: a small model seldom comes to an end, and one such reply would end the whole run.
    """

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.modules = {outputs_of(module.signature) for module in task.program.modules}

    def __call__(
        self,
        lm: Any,
        lm_kwargs: dict[str, Any],
        signature: Any,
        demos: list[dict[str, Any]],
        inputs: dict[str, Any],
    ) -> list[dict[str, Any]]:
        schema = {"name": "reply", "schema": reply_schema(module_of(signature)), "strict": True}
        wanted = {"type": "json_schema", "json_schema": schema}
        found: list[dict[str, Any]] = super().__call__(
            lm, {**lm_kwargs, "response_format": wanted}, signature, demos, inputs
        )
        return found

    def format(
        self, signature: Any, demos: list[dict[str, Any]], inputs: dict[str, Any]
    ) -> list[dict[str, Any]]:
        module = module_of(signature)
        prompt = ModulePrompt(signature.instructions, demos_of(module, demos))
        values = {f.name: as_value(inputs.get(f.name)) for f in module.signature.inputs}
        messages = render(module, prompt, values).messages
        return [{"role": m.role, "content": m.content} for m in messages]

    def parse(self, signature: Any, completion: str) -> dict[str, Any]:
        module = module_of(signature)
        if outputs_of(module.signature) not in self.modules:
            found: dict[str, Any] = dspy.JSONAdapter().parse(signature, completion)
            return found
        try:
            return dict(parse(module, completion))
        except UnreadableReply as error:
            raise AdapterParseError(
                adapter_name="SameWords", signature=signature, lm_response=completion,
                message=str(error),
            ) from error  # fmt: skip


def module_of(signature: Any) -> Module:
    """A signature of DSPy's as a module of ours; also its proposer's own signatures."""
    inputs = tuple(_field(n, f) for n, f in signature.input_fields.items())
    outputs = tuple(_field(n, f) for n, f in signature.output_fields.items())
    return Predict("module", Signature(inputs, outputs, signature.instructions))


def outputs_of(signature: Signature) -> tuple[str, ...]:
    return tuple(field.name for field in signature.outputs)


def _field(name: str, info: Any) -> Field:
    described = (info.json_schema_extra or {}).get("desc", "")
    described = "" if described == f"${{{name}}}" else described
    if get_origin(info.annotation) is Literal:
        return Field(name, FieldType.CHOICE, described, get_args(info.annotation))
    return Field(name, TYPES.get(info.annotation, FieldType.TEXT), described)


def demos_of(module: Module, demos: list[Any]) -> tuple[Demo, ...]:
    """DSPy's rule for demos that lack fields: at least one input and one output, these first."""
    names = [f.name for f in (*module.signature.inputs, *module.signature.outputs)]
    whole, partial = [], []
    for demo in demos:
        values = {n: as_value(demo[n]) for n in names if n in demo and demo[n] is not None}
        if len(values) == len(names):
            whole.append(Demo(values, bool(demo.get("augmented"))))
        elif all(
            any(f.name in values for f in fields)
            for fields in (module.signature.inputs, module.signature.outputs)
        ):
            lacking = {n: LACKING for n in names if n not in values}
            partial.append(Demo({**values, **lacking}))
    return (*partial, *whole)


def as_value(value: Any) -> Any:
    known = isinstance(value, str | int | float | bool | list) or value is None
    return value if known else str(value)


class Counted(dspy.Module):
    """A task's program, drawn with dspy.Predict; every copy counts its evaluations together.

    `made` are those that differ in prompts or inputs: only these ask the model anything.
    """

    asked = 0
    made: ClassVar[set[str]] = set()
    lock = threading.Lock()

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.task_name = task.name
        for module in task.program.modules:
            setattr(self, module.name, dspy.Predict(signature_of(module)))

    def forward(self, **inputs: Any) -> dspy.Prediction:
        with Counted.lock:
            Counted.asked += 1
            Counted.made.add(repr((sorted(inputs.items()), self.prompts())))
        program = TASKS[self.task_name].program
        known = {f"input.{name}": value for name, value in inputs.items()}
        for wave in program.waves():
            for call in wave:
                given = {name: known[source] for name, source in call.inputs.items()}
                answer = getattr(self, call.module)(**given)
                known |= {f"{call.name}.{name}": value for name, value in answer.items()}
        return dspy.Prediction(**{name: known[s] for name, s in program.outputs.items()})

    def prompts(self) -> dict[str, dict[str, Any]]:
        modules = TASKS[self.task_name].program.modules
        return {m.name: prompts_of(m, getattr(self, m.name)) for m in modules}


def signature_of(module: Module) -> Any:
    def annotated(field: Field) -> Any:
        return Literal[field.choices] if field.choices else str

    fields: dict[str, Any] = {}
    for field in module.signature.inputs:
        fields[field.name] = (annotated(field), dspy.InputField(desc=field.description or None))
    for field in module.signature.outputs:
        fields[field.name] = (annotated(field), dspy.OutputField(desc=field.description or None))
    return dspy.make_signature(fields, module.signature.instruction)


def rows(task: Task, examples: tuple[Example, ...]) -> list[dspy.Example]:
    label = task.metric.expected
    return [
        dspy.Example(**e.inputs, **{label: e.expected[label]}).with_inputs(*e.inputs)
        for e in examples
    ]


def prompts_of(module: Module, predictor: Any) -> dict[str, Any]:
    demos = demos_of(module, predictor.demos)
    return {
        "instruction": predictor.signature.instructions,
        "demos": [{"values": d.values, "augmented": d.augmented} for d in demos],
    }
