"""Demos out of the data's own labels."""

from __future__ import annotations

from collections.abc import Mapping

from optimizer.core.evaluation.metric import Metric
from optimizer.core.programs.calls import INPUT, Call
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.demo import Demo, fixed_of
from optimizer.core.programs.example import Example
from optimizer.core.programs.program import Module, Program
from optimizer.core.programs.signature import Value
from optimizer.core.programs.values import UnreadableValue


def labelled_demo(
    program: Program, metric: Metric, module: Module, example: Example
) -> Demo | None:
    """The dataset's own answer as a demo, where a call's inputs and outputs are all in the data.

    Modules that think aloud get none: a label has no reasoning to show.
    """
    return demo_of_row(program, module, example, metric.columns)


def demo_of_row(
    program: Program, module: Module, example: Example, columns: Mapping[str, str]
) -> Demo | None:
    """The same without a metric. `columns`: of the program's outputs, the dataset's column where it
    has another name.
    """
    if not module.labels_are_demos:
        return None
    for call in program.calls:
        if call.module == module.name:
            values = _labelled_values(program, columns, module, call, example)
            if values is not None:
                return Demo(values)
    return None


def known_of_row(
    program: Program, module: Module, example: Example, columns: Mapping[str, str]
) -> dict[str, Value]:
    """What a row tells of a demo of the module: inputs that a call takes straight from the
    program's, and outputs that are the program's. The rest is to be written by hand. `columns` as
    in `demo_of_row`.
    """
    found: dict[str, Value] = {}
    names = {source: name for name, source in program.outputs.items()}
    for call in (c for c in program.calls if c.module == module.name):
        for name, source in call.inputs.items():
            owner, _, field = source.partition(".")
            if owner == INPUT and field in example.inputs:
                found.setdefault(name, example.inputs[field])
        for output in module.signature.outputs:
            name = names.get(f"{call.name}.{output.name}", "")
            column = columns.get(name, name)
            if column in example.expected:
                found.setdefault(output.name, example.expected[column])
    return found


def shows(program: Program, candidate: Candidate, example: Example) -> bool:
    """Whether some demo of a candidate was made of this example: told by what its module takes
    straight from the program's input, so that a module inside tells nothing. Demos that are chosen
    for each input are never the example's own.
    """
    return any(
        _is_of(call, demo, example)
        for call in program.calls
        for demo in fixed_of(candidate.modules[call.module].demos)
    )


def _is_of(call: Call, demo: Demo, example: Example) -> bool:
    pairs = ((name, source.partition(".")) for name, source in call.inputs.items())
    taken = {name: field for name, (owner, _, field) in pairs if owner == INPUT}
    return bool(taken) and all(
        demo.values.get(name) == example.inputs.get(field) for name, field in taken.items()
    )


def _labelled_values(
    program: Program, columns: Mapping[str, str], module: Module, call: Call, example: Example
) -> dict[str, Value] | None:
    values: dict[str, Value] = {}
    for name, source in call.inputs.items():
        owner, _, field = source.partition(".")
        if owner != INPUT or field not in example.inputs:
            return None
        values[name] = example.inputs[field]
    output_names = {source: name for name, source in program.outputs.items()}
    for output in module.signature.outputs:
        name = output_names.get(f"{call.name}.{output.name}", "")
        column = columns.get(name, name)
        if column not in example.expected:
            return None
        label = example.expected[column]
        if isinstance(label, list) and output.type != "list":
            label = label[0] if label else None
        try:
            values[output.name] = output.read(label)
        except UnreadableValue:
            return None
    return values
