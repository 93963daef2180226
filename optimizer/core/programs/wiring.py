"""What is wrong with how a program's parts are named and connected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from optimizer.core.problems import Problem, problem, warning
from optimizer.core.programs.calls import (
    INPUT,
    LONGEST_GROUP,
    Call,
    fits,
    of_call,
    of_module,
    owner_of,
)
from optimizer.core.programs.signature import Field, FieldType, name_problems
from optimizer.core.programs.values import UnreadableValue

if TYPE_CHECKING:
    from optimizer.core.programs.program import Module, Program

MOST_PASSES = 20
"""Passes of one call, each of which is paid."""
DECIDING = (FieldType.CHOICE, FieldType.BOOLEAN, FieldType.TEXT)


def problems(program: Program) -> list[Problem]:
    """Everything but circles."""
    return [
        *_naming_problems(program),
        *(wrong for call in program.calls for wrong in _call_problems(program, call)),
        *_output_problems(program),
    ]


def warnings(program: Program) -> list[Problem]:
    """Parts that run or are optimized for nothing, and what an instruction may mean otherwise."""
    called = {call.module for call in program.calls}
    sources = [s for call in program.calls for s in call.sources] + [*program.outputs.values()]
    used = {owner_of(source) for source in sources}
    return [
        *(
            warning("module.unused", of_module(m.name), name=m.name)
            for m in program.modules
            if m.name not in called
        ),
        *(
            warning("call.unused", of_call(c.name), name=c.name)
            for c in program.calls
            if c.name not in used
        ),
        *(
            hint.at(of_module(m.name))
            for m in program.modules
            for hint in m.signature.hints(m.spoken_names)
        ),
    ]


def _naming_problems(program: Program) -> list[Problem]:
    found = [p.at("inputs") for f in program.inputs for p in f.problems()]
    if not program.inputs:
        found.append(problem("program.no_inputs", "inputs"))
    if not program.calls:
        found.append(problem("program.no_calls"))
    found += [problem("program.input_twice", "inputs", name=n) for n in _twice(program.inputs)]
    found += [
        problem("program.module_twice", of_module(n), name=n) for n in _twice(program.modules)
    ]
    found += [problem("program.call_twice", of_call(n), name=n) for n in _twice(program.calls)]
    for call in program.calls:
        if call.name == INPUT:
            found.append(problem("call.named_input", of_call(INPUT), name=INPUT))
    for call in program.calls:
        found += [p.at(of_call(call.name)) for p in name_problems(call.name, "name.call")]
        if len(call.group) > LONGEST_GROUP:
            found.append(problem("call.long_group", of_call(call.name), most=LONGEST_GROUP))
    for name in program.outputs:
        found += [p.at("outputs") for p in name_problems(name, "name.output")]
    return found + [p.at(of_module(m.name)) for m in program.modules for p in m.problems()]


def _call_problems(program: Program, call: Call) -> Iterator[Problem]:
    place = of_call(call.name)
    module = next((m for m in program.modules if m.name == call.module), None)
    if module is None:
        yield problem("call.no_such_module", place, module=call.module)
        return
    wanted = {f.name: f for f in module.signature.inputs}
    for name in wanted:
        if not call.inputs.get(name) and name not in call.constants:
            yield problem("call.not_connected", place, name=name)
    for name, source in call.inputs.items():
        wrong = _wire_problem(program, call, wanted.get(name), name, source)
        if wrong:
            yield wrong
    yield from (p.at(place) for p in _constant_problems(call, wanted))
    yield from (p.at(place) for p in _condition_problems(program, call))
    yield from (p.at(place) for p in _repeat_problems(call, module))


def _wire_problem(
    program: Program, call: Call, wanted: Field | None, name: str, source: str
) -> Problem | None:
    place = of_call(call.name)
    if wanted is None:
        return problem("call.no_such_input", place, module=call.module, name=name)
    if not source:
        return None
    given = program.source_field(source)
    if given is None:
        return problem("call.no_such_source", place, source=source, name=name)
    if not fits(given, wanted):
        types = {"takes": wanted.type.value, "gives": given.type.value}
        return problem("call.other_type", place, name=name, source=source, **types)
    return None


def _constant_problems(call: Call, wanted: dict[str, Field]) -> Iterator[Problem]:
    for name, value in call.constants.items():
        if name not in wanted:
            yield problem("call.no_such_input", module=call.module, name=name)
        elif call.inputs.get(name):
            yield problem("call.constant_and_wire", name=name)
        else:
            try:
                wanted[name].read(value)
            except UnreadableValue as error:
                yield problem("call.constant", why=str(error))


def _condition_problems(program: Program, call: Call) -> Iterator[Problem]:
    when = call.when
    if when is None:
        return
    given = program.source_field(when.source)
    if given is None:
        yield problem("when.no_such_source", source=when.source)
        return
    if given.type not in DECIDING:
        yield problem("when.other_type", source=when.source, gives=given.type.value)
    if not when.values:
        yield problem("when.no_values", source=when.source)
    known = _values_of(given)
    if known:
        strange = [value for value in when.values if value not in known]
        yield from (
            problem("when.no_such_value", source=when.source, value=v, values=known)
            for v in strange
        )


def _values_of(field: Field) -> tuple[str, ...]:
    """All that a field can say, () where that has no end."""
    return ("true", "false") if field.type is FieldType.BOOLEAN else field.choices


def _repeat_problems(call: Call, module: Module) -> Iterator[Problem]:
    if call.repeat is None:
        return
    if not 2 <= call.repeat.times <= MOST_PASSES:
        yield problem("repeat.times", most=MOST_PASSES)
    inputs = {f.name: f for f in module.signature.inputs}
    outputs = {f.name: f for f in module.gives}
    until = outputs.get(call.repeat.until)
    if until is None or until.type is not FieldType.BOOLEAN:
        yield problem("repeat.until", name=call.repeat.until, module=module.name)
    for taken, given in call.repeat.feeds.items():
        if taken not in inputs or given not in outputs or not fits(outputs[given], inputs[taken]):
            yield problem("repeat.feeds", name=taken, output=given, module=module.name)


def _output_problems(program: Program) -> list[Problem]:
    if not program.outputs:
        return [problem("program.no_outputs", "outputs")]
    if all(owner_of(source) == INPUT for source in program.outputs.values()):
        names = tuple(program.outputs)
        return [problem("output.passed_through", "outputs", name=name) for name in names]
    return [
        problem("output.no_such_source", "outputs", name=name, source=source)
        for name, source in program.outputs.items()
        if program.source_field(source) is None
    ]


def _twice(parts: Sequence[Field | Module | Call]) -> list[str]:
    """Names that more than one of these parts has."""
    names = [part.name for part in parts]
    return sorted({name for name in names if names.count(name) > 1})
