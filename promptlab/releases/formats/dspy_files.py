"""A version for DSPy: the saved state that `dspy.Module.load` accepts, and the module it fits.

The state's form is that of DSPy 3.4.1's state-only `.json`. It carries no structure, so the
module's source goes with it. Both name things alike: `Names` decides.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from textwrap import fill
from typing import Any

from optimizer.core.problems import Problem
from optimizer.core.programs.calls import Call, Repeat
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.demo import Demo, fixed_of
from optimizer.core.programs.layouts import Layout
from optimizer.core.programs.lm import Role
from optimizer.core.programs.program import Module, Program
from optimizer.core.programs.render import default_instruction, reminder, reply_schema, system_text
from optimizer.core.programs.signature import Field, FieldType, resolve_placeholders
from optimizer.lm.traits import ReplyForm
from promptlab.releases.formats import own_models
from promptlab.releases.formats.carried import (
    CALLING,
    CHOOSING,
    LIKENESS,
    LOOKING_UP,
    MEANING,
    beside,
    chooser,
    copied,
    every_step,
    imports,
    imports_of_steps,
    names_in,
    reader,
    steps_of,
)
from promptlab.releases.formats.flow import Flow, by_name, repeating
from promptlab.releases.formats.literals import (
    comment_safe,
    identifier,
    identifiers,
    literal,
    made_by,
    text,
)
from promptlab.releases.formats.naming import STATE, file_name
from promptlab.releases.formats.reach import ADDRESS, KEY, Reach
from promptlab.releases.formats.story import story
from promptlab.reviews.content import VersionContent

# What dspy.Module, dspy.Signature and dspy.Predict use these names for themselves.
_MODULE_WORDS = {
    "acall", "aforward", "batch", "callbacks", "deepcopy", "dump_state", "forward", "get_lm",
    "history", "inspect_history", "load", "load_state", "map_named_predictors", "metadata",
    "named_parameters", "named_predictors", "named_sub_modules", "parameters", "predictors",
    "reset_copy", "save", "self", "set_lm", "dspy", "as_input",
}  # fmt: skip
_FIELD_WORDS = {
    "append", "config", "construct", "copy", "delete", "demos", "dict", "dump_state", "equals",
    "fields", "from_orm", "input_fields", "insert", "instructions", "json", "lm", "load_state",
    "model_config", "model_fields", "new_signature", "output_fields", "parse_file", "parse_obj",
    "parse_raw", "prepend", "reasoning", "schema", "schema_json", "self", "signature", "validate",
    "with_instructions", "with_updated_fields", "update_forward_refs",
}  # fmt: skip


def _imported(by_meaning: bool) -> str:
    more = (*CHOOSING, *(MEANING if by_meaning else ()))
    return f"""\
{imports("Any, Literal, NamedTuple", "import copy", "import inspect", "import os", *more)}

import dspy
from dspy.utils.exceptions import AdapterParseError
"""


@cache
def _shared(by_meaning: bool) -> str:
    """What is the same in each module: the reader of replies, what chooses demos, and the adapter
    that uses both.
    """
    return f"{reader()}\n\n{chooser(by_meaning)}\n\n{copied(__package__, 'dspy_adapter.py')}"


@cache
def _taken() -> frozenset[str]:
    sources = [_imported(True), *CALLING, *LOOKING_UP, _shared(True), *every_step()]
    return names_in("\n".join(sources)) | {
        "task_model",
        "values",
    }


_TYPES = {
    FieldType.TEXT: "str",
    FieldType.INTEGER: "int",
    FieldType.NUMBER: "float",
    FieldType.BOOLEAN: "bool",
    FieldType.DATE: "str",
    FieldType.OBJECT: "dict[str, Any]",
}


@dataclass(frozen=True)
class Names:
    """Python names of a program's modules (attribute, class and adapter), calls and fields."""

    attributes: Mapping[str, str]
    classes: Mapping[str, str]
    adapters: Mapping[str, str]
    calls: Mapping[str, str]
    fields: Mapping[str, str]
    program: str

    @classmethod
    def of(cls, program: Program) -> Names:
        modules = [m.name for m in program.modules]
        classes = identifiers(modules, _taken(), "camel")
        adapters = identifiers(modules, {*_taken(), *classes.values()}, "upper")
        signatures = [m.signature for m in program.modules]
        fields = (*program.inputs, *(f for s in signatures for f in (*s.inputs, *s.outputs)))
        field_names = _fields(dict.fromkeys(f.name for f in fields))
        inputs = {field_names[f.name] for f in program.inputs}
        used = {*_taken(), *classes.values(), *adapters.values()}
        whole = identifiers([program.name], used, "camel")
        return cls(
            identifiers(modules, _MODULE_WORDS),
            classes,
            adapters,
            identifiers((c.name for c in program.calls), {*_MODULE_WORDS, *inputs, *used}),
            field_names,
            whole[program.name],
        )


def _fields(names: Iterable[str]) -> dict[str, str]:
    """Field names that DSPy can hold: its own words, and pydantic's, get a `_value`."""
    wanted = {n: f"{n}_value" if _is_reserved(n) else n for n in names}
    found: dict[str, str] = {}
    used = {n for n in wanted if not _is_reserved(n)}
    for name, asked in wanted.items():
        found[name] = name if asked == name == identifier(name) else identifier(asked, used)
        used.add(found[name])
    return found


def _is_reserved(name: str) -> bool:
    return name in _FIELD_WORDS or name.startswith("model_")


def not_in_dspy(content: VersionContent) -> list[Problem]:
    """Why DSPy would not say what the version says; empty where it does."""
    return [told for module in content.program.modules for told in module.not_in_dspy()]


def dspy_state(content: VersionContent, sha256: str, reach: Reach | None = None) -> str:
    """DSPy's saved state of this version's prompts, as JSON."""
    names = Names.of(content.program)
    state: dict[str, Any] = {
        _key(module, names): _predictor(module, names) for module in _prompts(content.program)
    }
    state["metadata"] = {
        "dependency_versions": {},
        "promptlab": {"name": content.name, "version": content.version, "sha256": sha256},
    }
    return json.dumps(state, indent=2, ensure_ascii=False) + "\n"


def _prompts(program: Program) -> list[Module]:
    return [module for module in program.modules if module.is_prompt]


def _step(module: Module, names: Names) -> str:
    """What takes the place of a prompt that is none."""
    made = made_by(module.python_class, module.python_constant(), {})
    return f"{names.adapters[module.name]} = {made}\n"


def _key(module: Module, names: Names) -> str:
    attribute = names.attributes[module.name]
    return f"{attribute}.{module.dspy_predictor}" if module.dspy_predictor else attribute


def _predictor(module: Module, names: Names) -> dict[str, Any]:
    fields = (*module.signature.inputs, *module.reply_fields)
    return {
        "traces": [],
        "train": [],
        "demos": [_demo(d, fields, names) for d in fixed_of(module.demos)],
        "signature": {
            "instructions": instruction_of(module),
            "fields": [_field_state(f, names) for f in fields],
        },
        "lm": None,
    }


def instruction_of(module: Module) -> str:
    """The instruction as the model reads it."""
    signature = module.signature
    said = resolve_placeholders(signature.instruction, signature.names).strip()
    return said or default_instruction(module.signature)


def _demo(demo: Demo, fields: Iterable[Field], names: Names) -> dict[str, Any]:
    nulls = {f.name for f in fields if f.nullable}
    told = {n: v for n, v in demo.values.items() if v is not None or n in nulls}
    told = {names.fields.get(n, n): v for n, v in told.items()}
    return {"augmented": True, **told} if demo.augmented else told


def _field_state(field: Field, names: Names) -> dict[str, str]:
    name = names.fields.get(field.name, field.name)
    words = [word for word in name.split("_") if word]
    return {
        "prefix": " ".join(word[:1].upper() + word[1:] for word in words) + ":",
        "description": field.description if field.name in names.fields and field.description
        else f"${{{name}}}",
    }  # fmt: skip


def dspy_module(content: VersionContent, sha256: str, reach: Reach | None = None) -> str:
    """Python source: the signature classes and the module that the state is loaded into."""
    program, names = content.program, Names.of(content.program)
    reach = reach or Reach.of(content)
    parts = [
        _head(content, sha256, names, reach),
        _shared(bool(baseline_of(program).embedding_models)),
        _task_model(content, reach),
        *steps_of(program, [LIKENESS]),
        *(_signature(module, names) for module in _prompts(program)),
        *(_adapter(module, names, reach) for module in _prompts(program)),
        *(_demos(module, names) for module in _prompts(program) if fixed_of(module.demos)),
        *_own_models(content, names),
        *(_step(module, names) for module in program.modules if not module.is_prompt),
        _module(program, names),
    ]
    return "\n\n".join(parts)


def _head(content: VersionContent, sha256: str, names: Names, reach: Reach) -> str:
    told = "\n".join(comment_safe(line) for line in story(content, sha256))
    state = file_name(content, STATE)
    use = f"    dspy.configure(lm=task_model())\n    program = {names.program}()"
    more = f"All of it is here; {state} is the same prompts as DSPy saves them."
    task = content.provenance.models[Role.TASK]
    where = f"task_model() is {task.litellm_model}, called as the run did. {reach.told(task)}"
    where = f"{where} {reach.told_of_vectors(content.program)}".strip()
    speaks = "It speaks through the adapter that it was scored with, whichever one is configured."
    told += f"\n\n{use}\n\n{fill(comment_safe(where), 98)}\n{speaks}\n{fill(more, 98)}"
    more_told = own_models.told(content, names.adapters)
    told += "".join(
        f"\n{fill(comment_safe(line), 98)}" for line in [*beside(content.program), *more_told]
    )
    needed = [line for line in imports_of_steps(content.program) if line not in CHOOSING]
    by_meaning = bool(baseline_of(content.program).embedding_models)
    imported = _imported(by_meaning) + "".join(f"{line}\n" for line in needed)
    return f'"""{told}\n"""\n\n{imported}'


def _task_model(content: VersionContent, reach: Reach) -> str:
    """A function that makes the model which the run called."""
    task = content.provenance.models[Role.TASK]
    address = f", {text(reach.api_base)}" if reach.api_base else ""
    key = "" if task.kind == "litellm" else ', "none"'
    return (
        f"def task_model() -> TaskModel:\n"
        f"    return TaskModel(\n"
        f"        {text(task.litellm_model, 8)},\n"
        f"        {text(reach.traits.replies.value)},\n"
        f"        {literal(reach.sent(task), 8)},\n"
        f'        api_base=os.environ.get("{ADDRESS}"{address}),\n'
        f'        api_key=os.environ.get("{KEY}"{key}),\n'
        f"    )\n"
    )


def _own_models(content: VersionContent, names: Names) -> list[str]:
    """What modules ask that name a model themselves."""
    return [
        f"{_own(name, names)} = {own_models.task_model(source, names.adapters[name])}"
        for name, source in content.provenance.module_models.items()
    ]


def _own(module: str, names: Names) -> str:
    """The name of a module's own model: no other name has capitals before small letters."""
    return f"{names.adapters[module]}_lm"


def _adapter(module: Module, names: Names, reach: Reach) -> str:
    """What the run said beside the instruction, and how it read replies."""
    said = instruction_of(module)
    fields = [*module.signature.inputs, *module.reply_fields]
    parts: dict[str, Any] = {
        "instruction": said,
        "form": system_text(module, module.signature.instruction).removeprefix(said).strip(),
        "inputs": [f.name for f in module.signature.inputs],
        "outputs": {f.name: f.kind for f in module.reply_fields},
        "names": {f.name: names.fields.get(f.name, f.name) for f in fields},
        "schema": None if reach.traits.replies is ReplyForm.FREE else reply_schema(module),
    }
    if not reach.traits.system:
        parts["system"] = False
    nullable = tuple(f.name for f in module.signature.inputs if f.nullable)
    if nullable:
        parts["nullable"] = nullable
    if module.layout is not Layout.LINES:
        parts |= {"layout": module.layout.value, "reminder": reminder(module)}
    made = made_by("RunAdapter", parts, reach.nearest_of(module))
    return f"{names.adapters[module.name]} = {made}\n"


def _demos(module: Module, names: Names) -> str:
    """The demos that the state has, too: the file is complete without it."""
    fields = (*module.signature.inputs, *module.reply_fields)
    told = [literal(_demo(d, fields, names), 4) for d in fixed_of(module.demos)]
    return f"{_shown(module, names)} = [\n{''.join(f'    {each},' + chr(10) for each in told)}]\n"


def _shown(module: Module, names: Names) -> str:
    """The name of a module's demos."""
    return f"{names.adapters[module.name]}_demos"


def _signature(module: Module, names: Names) -> str:
    lines = [f"class {names.classes[module.name]}(dspy.Signature):"]
    lines.append(f"    {text(instruction_of(module), 4)}\n")
    for kind, fields in (("Input", module.signature.inputs), ("Output", module.signature.outputs)):
        for f in fields:
            described = f"desc={text(f.description, 4)}" if f.description else ""
            lines.append(f"    {names.fields[f.name]}: {_type(f)} = dspy.{kind}Field({described})")
    return "\n".join(lines) + "\n"


def _type(field: Field) -> str:
    kind = _TYPES.get(field.single, "")
    if field.single is FieldType.CHOICE:
        kind = "Literal" + literal(list(field.choices), 4)
    if field.type is FieldType.LIST:
        kind = f"list[{kind}]"
    return f"{kind} | None" if field.nullable else kind


def _module(program: Program, names: Names) -> str:
    inputs = ", ".join(names.fields[f.name] for f in program.inputs)
    calls = [call for wave in program.waves() for call in wave]
    made = {
        names.attributes[m.name]: f"dspy.{m.dspy_class}({names.classes[m.name]})"
        for m in _prompts(program)
    }
    flow = Flow(
        program,
        variable=lambda call: names.calls[call],
        item=lambda call, name: f"{names.calls[call]}[{text(_given(program, call, name, names))}]",
        given=lambda name: names.fields[name],
    )
    lines = [
        f"class {names.program}(dspy.Module):",
        "    def __init__(self):",
        "        super().__init__()",
        *(f"        self.{attribute} = {source}" for attribute, source in made.items()),
        *(
            f"        self.{_key(m, names)}.demos = [dspy.Example(**d) for d in {_shown(m, names)}]"
            for m in _prompts(program)
            if fixed_of(m.demos)
        ),
        "",
        f"    def forward(self, {inputs}):",
        *(line for call in calls for line in _call(call, flow, names)),
        f"        return dspy.Prediction({_outputs(flow, names)})",
    ]
    return "\n".join(lines) + "\n"


def _call(call: Call, flow: Flow, names: Names) -> list[str]:
    """The lines of one call: a prompt speaks through its own adapter."""
    module, made = flow.program.module(call.module), names.calls[call.name]
    condition, pad = flow.condition(call), " " * 8
    lines = [f"{pad}{made} = None", f"{pad}if {condition}:"] if condition else []
    if condition:
        pad += " " * 4
    if module.is_prompt:
        spoken = f"adapter={_speaking(module, flow.program, names)}"
        lm = f", lm={_own(module.name, names)}" if module.own_model else ""
        lines.append(f"{pad}with dspy.context({spoken}{lm}):")
        pad += " " * 4
    return [*lines, f"{pad}{made} = {_use(call, flow, names)}"]


def _speaking(module: Module, program: Program, names: Names) -> str:
    adapter = names.adapters[module.name]
    if not module.python_nearest():
        return adapter
    given = ", ".join(f"{text(f.name)}: {names.fields[f.name]}" for f in program.inputs)
    return f"{adapter}.given({{{given}}})"


def _use(call: Call, flow: Flow, names: Names) -> str:
    module = flow.program.module(call.module)
    pairs = flow.values(call)
    if not module.is_prompt:
        made, own = names.adapters[module.name], by_name((f.name, value) for f, value in pairs)
        if not call.repeat:
            return f"{made}({own})"
        passed = flow.next_pass(call)
        again = made if passed == "values" else f"lambda values: {made}({passed})"
        return repeating(call.repeat, again, own)
    values = {names.fields[f.name]: value for f, value in pairs}
    if not call.repeat:
        return _asked(module, names, [f"{name}={value}" for name, value in values.items()])
    passed = flow.next_pass(call, lambda name: names.fields[name])
    told = f"**{passed}"
    again = f"lambda values: {_asked(module, names, [told])}"
    return repeating(_by_names(call.repeat, names), again, by_name(values.items()))


def _by_names(repeat: Repeat, names: Names) -> Repeat:
    feeds = {names.fields[name]: names.fields.get(o, o) for name, o in repeat.feeds.items()}
    return Repeat(repeat.times, names.fields.get(repeat.until, repeat.until), feeds)


def _given(program: Program, call: str, name: str, names: Names) -> str:
    """What a call's output is called: DSPy's name where it is a prompt's."""
    used = next(program.module(c.module) for c in program.calls if c.name == call)
    return names.fields.get(name, name) if used.is_prompt else name


def _asked(module: Module, names: Names, given: list[str]) -> str:
    """A prompt asked, with settings of its own where it has some."""
    predictor = f"self.{names.attributes[module.name]}"
    settings = literal(module.python_constant().get("settings", {}))
    if module.lm_calls > 1:
        return f"several({module.lm_calls}, {predictor}, {settings})({', '.join(given)})"
    config = [] if settings == "{}" else [f"config={settings}"]
    return f"{predictor}({', '.join([*given, *config])})"


def _outputs(flow: Flow, names: Names) -> str:
    """Outputs by their own names, which may be Python keywords."""
    pairs = [(name, flow.value(source)) for name, source in flow.program.outputs.items()]
    if all(identifier(name) == name for name, _ in pairs):
        return ", ".join(f"{name}={source}" for name, source in pairs)
    return "**{" + ", ".join(f"{text(name)}: {source}" for name, source in pairs) + "}"
