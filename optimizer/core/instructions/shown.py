"""How programs, fields, examples and cases are written out for the model that writes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from optimizer.core.evaluation.cases import Case
from optimizer.core.evaluation.outcome import CallTrace
from optimizer.core.programs.calls import INPUT, Call
from optimizer.core.programs.demo import Demo
from optimizer.core.programs.example import Example
from optimizer.core.programs.program import Module, ModulePrompt, Program
from optimizer.core.programs.render import default_instruction
from optimizer.core.programs.signature import Field, FieldType, Value, written

VALUE = 600
"""Characters of a value that an example or a demo shows."""
CASE_BLOCK = 700
"""Characters that the values of one step of a case may take."""
CASE_CALLS = 2
"""Calls of one module that a case shows, the last ones."""


def pseudo_code(program: Program) -> str:
    """A program as a reader of code would want it: modules with their fields, then the calls."""
    lines = []
    for module in program.modules:
        takes = ", ".join(_typed(f) for f in module.signature.inputs)
        gives = ", ".join(_typed(f) for f in module.reply_fields)
        lines.append(f"module {module.name} ({module.kind}): {takes} -> {gives}")
    lines.append(f"program({', '.join(_typed(f) for f in program.inputs)}):")
    for wave in program.waves():
        for call in wave:
            lines.append(f"    {call.name} = {_code_of(call)}")
    lines.append("    return " + ", ".join(f"{n}={s}" for n, s in program.outputs.items()))
    return "\n".join(lines)


def _code_of(call: Call) -> str:
    given = [f"{name}={_short(source)}" for name, source in call.inputs.items()]
    given += [f"{n}={json.dumps(v, ensure_ascii=False)}" for n, v in call.constants.items()]
    told = f"{call.module}({', '.join(given)})"
    if call.repeat:
        fed = "".join(f", {name}={output}" for name, output in call.repeat.feeds.items())
        told += f" up to {call.repeat.times} times until {call.repeat.until}{fed}"
    if call.when:
        values = ", ".join(json.dumps(v, ensure_ascii=False) for v in call.when.values)
        told += f" if {_short(call.when.source)} in ({values})"
    return told


def _short(source: str) -> str:
    return source.removeprefix(f"{INPUT}.")


def current_text(module: Module, current: ModulePrompt) -> str:
    """A module's instruction, or what stands in for an empty one."""
    said = current.instruction.strip() or default_instruction(module.signature)
    return module.rewritable(said)


def fields_of(module: Module) -> str:
    """A module's fields, a line each: name, type or choices, description."""

    def line(kind: str, field: Field) -> str:
        told = f" ({field.meaning})" if field.meaning else ""
        return f"- {kind} {_typed(field)}{told}"

    inputs = [line("input", f) for f in module.signature.inputs]
    return "\n".join(inputs + [line("output", f) for f in module.reply_fields])


def shown_example(example: Example) -> str:
    """An example's inputs and answers, long values cut."""
    pairs = {**example.inputs, **example.expected}
    return "\n".join(f"{name}: {_cut(written(value))}" for name, value in pairs.items())


def shown_demo(module: Module, demo: Demo) -> str:
    """A demo's values in the order of the module's fields, long ones cut."""
    names = [f.name for f in (*module.signature.inputs, *module.shown_fields)]
    return "\n".join(f"{n}: {_cut(written(demo.values[n]))}" for n in names if n in demo.values)


def shown_case(program: Program, module: Module, case: Case) -> str:
    """What the module was given and answered, what the program gave, and what was wanted.

    Values stand in the order of the fields, never of the mapping that they came in: a run that goes
    on after a stop reads them from a record, which keeps no order.
    """
    own = (call for call in case.trace if call.module == module.name and not call.turn)
    calls = [*own][-CASE_CALLS:]
    told = {name: value for call in calls for name, value in call.inputs.items()}
    rest = {name: value for name, value in case.inputs.items() if told.get(name) != value}
    lines = [f"The program was given:\n{_block(rest)}"] if rest else []
    lines += [_shown_call(module, call) for call in calls]
    if case.outputs and not any(call.outputs == case.outputs for call in calls):
        lines.append(f"The program's answer:\n{_block(_in_order(case.outputs, program.outputs))}")
    if case.expected:
        lines.append(f"Expected:\n{_block(case.expected)}")
    why = f" ({_cut(case.reason, CASE_BLOCK)})" if case.reason else ""
    said = [_cut(text, CASE_BLOCK) for text in case.remarks_for(module.name)]
    spoken = [f"Feedback: {text}" for text in said]
    return "\n".join([*lines, f"Score: {case.score:.2f}{why}", *spoken])


def _shown_call(module: Module, call: CallTrace) -> str:
    inputs = _in_order(call.inputs, [f.name for f in module.signature.inputs])
    given = f"`{call.module}` was given:\n{_block(inputs)}\n"
    if call.problem:
        reply = _cut(call.reply, CASE_BLOCK)
        return f"{given}`{call.module}` gave a reply that cannot be read ({call.problem}):\n{reply}"
    outputs = _in_order(call.outputs, [f.name for f in module.reply_fields])
    return f"{given}`{call.module}` answered:\n{_block(outputs)}"


def _in_order(values: Mapping[str, Value], names: Iterable[str]) -> dict[str, Value]:
    """The values by these names; others, which a field of an older program may have, come last."""
    known = {name: values[name] for name in names if name in values}
    return known | {name: values[name] for name in sorted(values) if name not in known}


def _block(values: Mapping[str, Value]) -> str:
    share = CASE_BLOCK // max(len(values), 1)
    return "\n".join(f"{name}: {_cut(written(value), share)}" for name, value in values.items())


def _typed(field: Field) -> str:
    return f"{field.name}: {_type_of(field)}"


def _type_of(field: Field) -> str:
    several = field.type is FieldType.LIST
    kind = "" if several and field.single is FieldType.TEXT else str(field.single)
    if field.choices:
        kind = f"{'any' if several else 'one'} of {', '.join(field.choices)}"
    if field.fields:
        kind += f" with {'; '.join(map(_typed, field.fields))}"
    told = f"list of {kind}" if several and kind else kind or str(field.type)
    return f"{told} or null" if field.nullable else told


def _cut(text: str, limit: int = VALUE) -> str:
    return text if len(text) <= limit else text[:limit] + "…"
