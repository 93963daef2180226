"""Changes to a program, as pure functions. A changed name is changed wherever it is used."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from optimizer.core.programs.calls import INPUT, Call, Repeat, When, fits, owner_of
from optimizer.core.programs.demo import renamed as renamed_demos
from optimizer.core.programs.program import Module, Program
from optimizer.core.programs.signature import Field, Value, placeholders
from promptlab.programs.wires import suggested

Renamed = Mapping[str, str]
"""Former name → new name, for names that changed."""


def add_module(program: Program, module: Module) -> Program:
    """A new module with a call of its own, wired where that is obvious.

    The first module of a program brings the program's inputs and outputs with it.
    """
    if not program.inputs and not program.calls:
        program = replace(program, inputs=module.signature.inputs)
    program = replace(program, modules=(*program.modules, module))
    return add_call(program, module.name)


def add_call(program: Program, module: str) -> Program:
    """One more use of a module."""
    call = Call(_free_name(program, module), module, {})
    with_call = replace(program, calls=(*program.calls, call))
    wired = replace(call, inputs=suggested(with_call, call))
    program = _with_call(with_call, wired)
    if program.outputs:
        return program
    outputs = program.module(module).signature.outputs
    return replace(program, outputs={f.name: f"{call.name}.{f.name}" for f in outputs})


def replace_module(
    program: Program, name: str, module: Module, renamed_inputs: Renamed, renamed_outputs: Renamed
) -> Program:
    """Put `module` in the place of the one called `name`; wires and demos follow renamed fields."""
    renamed = {**renamed_inputs, **renamed_outputs}
    module = _with_renamed_placeholders(module.renamed(renamed), renamed)
    module = _with_fitting_demos(module, renamed)
    modules = tuple(module if m.name == name else m for m in program.modules)
    program = replace(program, modules=modules)
    wanted = [f.name for f in module.signature.inputs]
    for call in [c for c in program.calls if c.module == name]:
        inputs = {renamed_inputs.get(old, old): source for old, source in call.inputs.items()}
        kept = {key: source for key, source in inputs.items() if key in wanted}
        fixed = {renamed_inputs.get(old, old): value for old, value in call.constants.items()}
        constants = {key: value for key, value in fixed.items() if key in wanted}
        kept_call = replace(call, module=module.name, inputs=kept, constants=constants)
        program = _with_call(program, kept_call)
        sources = {f"{call.name}.{a}": f"{call.name}.{b}" for a, b in renamed_outputs.items()}
        program = _with_sources(program, sources)
        called = next(c for c in program.calls if c.name == call.name)
        program = _with_call(program, replace(called, inputs=suggested(program, called)))
    if name != module.name and name in {c.name for c in program.calls}:
        program = rename_call(program, name, _free_name(program, module.name))
    return program


def remove_module(program: Program, name: str) -> Program:
    """Take a module and its calls away; what they gave is connected to nothing."""
    for call in [c for c in program.calls if c.module == name]:
        program = remove_call(program, call.name)
    return replace(program, modules=tuple(m for m in program.modules if m.name != name))


def remove_call(program: Program, name: str) -> Program:
    program = replace(program, calls=tuple(c for c in program.calls if c.name != name))
    calls = tuple(
        c.moved(lambda source: "" if owner_of(source) == name else source) for c in program.calls
    )
    outputs = {k: s for k, s in program.outputs.items() if owner_of(s) != name}
    return replace(program, calls=calls, outputs=outputs)


def rename_call(program: Program, old: str, new: str) -> Program:
    calls = tuple(replace(c, name=new) if c.name == old else c for c in program.calls)
    program = replace(program, calls=calls)
    gives = {s for c in calls for s in c.sources} | set(program.outputs.values())
    moved = {s: f"{new}.{s.partition('.')[2]}" for s in gives if owner_of(s) == old}
    return _with_sources(program, moved)


def rename_group(program: Program, old: str, new: str) -> Program:
    """Let a group have another name; "": its steps stand by themselves."""
    calls = tuple(replace(c, group=new) if c.group == old else c for c in program.calls)
    return replace(program, calls=calls)


def connect(program: Program, call: str, inputs: Mapping[str, str]) -> Program:
    """Set where a call's inputs come from; what is connected is no constant any more."""
    found = next(c for c in program.calls if c.name == call)
    constants = {name: v for name, v in found.constants.items() if not inputs.get(name)}
    return _with_call(program, replace(found, inputs=dict(inputs), constants=constants))


def flow(
    program: Program,
    call: str,
    constants: Mapping[str, Value],
    when: When | None,
    repeat: Repeat | None,
) -> Program:
    """Set which inputs of a call are constants, when it is made and how often."""
    found = next(c for c in program.calls if c.name == call)
    inputs = {k: s for k, s in found.inputs.items() if s or k not in constants}
    changed = replace(found, inputs=inputs, constants=dict(constants), when=when, repeat=repeat)
    return _with_call(program, changed)


def call_other_module(program: Program, call: str, module: str) -> Program:
    """Let a call use another module; connections of equal inputs stay."""
    found = next(c for c in program.calls if c.name == call)
    wanted = {f.name for f in program.module(module).signature.inputs}
    kept = {k: s for k, s in found.inputs.items() if k in wanted}
    constants = {k: v for k, v in found.constants.items() if k in wanted}
    moved = replace(found, module=module, inputs=kept, constants=constants, repeat=None)
    program = _with_call(program, moved)
    return _with_call(program, replace(moved, inputs=suggested(program, moved)))


def change_inputs(program: Program, inputs: tuple[Field, ...], renamed: Renamed) -> Program:
    """Set what the program takes; wires follow renamed inputs, and lose those that are gone."""
    program = replace(program, inputs=inputs)
    moved = {f"{INPUT}.{old}": f"{INPUT}.{new}" for old, new in renamed.items()}
    program = _with_sources(program, moved)
    kept = {f"{INPUT}.{f.name}" for f in inputs}
    calls = tuple(
        c.moved(lambda source: source if owner_of(source) != INPUT or source in kept else "")
        for c in program.calls
    )
    return replace(program, calls=calls)


def change_outputs(program: Program, outputs: Mapping[str, str]) -> Program:
    return replace(program, outputs=dict(outputs))


def connect_obvious(program: Program, calls: Sequence[str]) -> Program:
    """Connect what these calls lack where one source is the obvious one."""
    for name in calls:
        call = next(c for c in program.calls if c.name == name)
        if call.module in {m.name for m in program.modules}:
            program = _with_call(program, replace(call, inputs=suggested(program, call)))
    return program


def connect_to_inputs(program: Program, names: Collection[str]) -> Program:
    """Connect open inputs of calls to inputs of the program that have their names."""
    modules = {m.name: m.signature for m in program.modules}
    for call in program.calls:
        open_ = {
            wanted.name: f"{INPUT}.{wanted.name}"
            for wanted in (modules[call.module].inputs if call.module in modules else ())
            for given in program.inputs
            if given.name == wanted.name and given.name in names and fits(given, wanted)
            if not call.inputs.get(wanted.name) and wanted.name not in call.constants
        }
        program = _with_call(program, replace(call, inputs={**call.inputs, **open_}))
    return program


def give_outputs_of(program: Program, call: str) -> Program:
    """Let the program give what a call gives."""
    found = next(c for c in program.calls if c.name == call)
    module = next((m for m in program.modules if m.name == found.module), None)
    outputs = module.signature.outputs if module else ()
    return replace(program, outputs={f.name: f"{call}.{f.name}" for f in outputs})


def without_lost_sources(program: Program) -> Program:
    """Without wires from calls, and from inputs of the program, that are not there."""
    calls = {c.name for c in program.calls}
    inputs = {f"{INPUT}.{f.name}" for f in program.inputs}

    def kept(source: str) -> str:
        return source if owner_of(source) in calls or source in inputs else ""

    return replace(
        program,
        calls=tuple(call.moved(kept) for call in program.calls),
        outputs={name: source for name, source in program.outputs.items() if kept(source)},
    )


def _with_call(program: Program, call: Call) -> Program:
    return replace(program, calls=tuple(call if c.name == call.name else c for c in program.calls))


def _with_sources(program: Program, moved: Mapping[str, str]) -> Program:
    calls = tuple(c.moved(lambda source: moved.get(source, source)) for c in program.calls)
    outputs = {k: moved.get(s, s) for k, s in program.outputs.items()}
    return replace(program, calls=calls, outputs=outputs)


def _with_renamed_placeholders(module: Module, renamed: Renamed) -> Module:
    """Follow a renamed field in the instruction, unless the text already speaks of new ones."""
    signature = module.signature
    names = {f.name for f in (*signature.inputs, *signature.outputs)}
    moved = {old: new for old, new in renamed.items() if old not in names}
    return replace(
        module,
        signature=replace(signature, instruction=_speaking_of(signature.instruction, moved)),
        locked=tuple(_speaking_of(phrase, moved) for phrase in module.locked),
    )


def _speaking_of(text: str, moved: Renamed) -> str:
    for old in placeholders(text):
        if old in moved:
            text = re.sub(rf"(?<!\{{)\{{{old}\}}(?!\}})", f"{{{moved[old]}}}", text)
    return text


def _with_fitting_demos(module: Module, renamed: Renamed) -> Module:
    """Demos with the values of renamed fields, and without those of fields that are gone."""
    return replace(module, demos=renamed_demos(module.demos, renamed, module.demo_names))


def _free_name(program: Program, wished: str) -> str:
    return free_name({INPUT, *(c.name for c in program.calls)}, wished)


def free_name(taken: Collection[str], wished: str) -> str:
    """The name itself, or the first with a number behind it that is not taken."""
    numbered = (f"{wished[:60]}_{n}" for n in range(2, len(taken) + 3))
    return wished if wished not in taken else next(n for n in numbered if n not in taken)
