"""A version as one Python file that runs with LiteLLM and says the very same messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from textwrap import fill
from typing import Any

from optimizer.core.programs.calls import Call
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.lm import Role
from optimizer.core.programs.program import Module, Program
from optimizer.lm.traits import ReplyForm
from promptlab.releases.formats import own_models
from promptlab.releases.formats.carried import (
    CHOOSING,
    LIKENESS,
    MEANING,
    beside,
    chooser,
    copied,
    imports,
    imports_of_steps,
    names_in,
    needs_of,
    reader,
    steps_of,
)
from promptlab.releases.formats.flow import Flow, by_name, repeating
from promptlab.releases.formats.literals import (
    comment_safe,
    identifiers,
    literal,
    made_by,
    text,
)
from promptlab.releases.formats.naming import PYTHON, file_name
from promptlab.releases.formats.reach import KEY, Reach
from promptlab.releases.formats.story import story
from promptlab.reviews.content import ModelSource, VersionContent

_TYPING, _OTHERS = "Any, NamedTuple", ("import os", "import sys")
ROUTING = ("import zlib", "from itertools import pairwise")
"""What routing imports beyond likeness."""


@dataclass(frozen=True)
class Routes:
    """Several prompts of one program by their candidates' numbers; `source` makes the router."""

    programs: Mapping[int, Program]
    source: str


_OWN = {
    "annotations", "litellm", "MODEL", "API_BASE", "API_KEY", "SETTINGS",
    "without_system", "complete", "run", "main", "inputs",
}  # fmt: skip


def python_file(content: VersionContent, sha256: str, reach: Reach | None = None) -> str:
    """Source of a module with `run(inputs) -> outputs`, which is a command too."""
    return python_source(content, story(content, sha256), reach)


def python_source(
    content: VersionContent,
    told: list[str],
    reach: Reach | None = None,
    routes: Routes | None = None,
) -> str:
    """The same with another story at its head; with `routes`, of several prompts of one program, of
    which every input is given one.
    """
    program = content.program
    reach = reach or Reach.of(content)
    programs = list(routes.programs.values()) if routes else [program]
    chooses = any(map(_chooses, programs))
    by_meaning = any(baseline_of(each).embedding_models for each in programs)
    compares = chooses or routes is not None
    needed = (*(CHOOSING if compares else ()), *(MEANING if by_meaning else ()))
    needed = (*needed, *(ROUTING if routes else ()))
    imported = imports(_TYPING, *_OTHERS, *needed, *imports_of_steps(program))
    choosing = [chooser(by_meaning)] if chooses else []
    choosing += [] if chooses or not compares else [copied(*LIKENESS)]
    own = [reader(), *choosing, copied(__package__, "standalone.py")]
    own += steps_of(program, [LIKENESS] if compares else [])
    own += [copied("optimizer.core.programs", "routing.py")] if routes else []
    shared = "\n\n".join(own)
    taken = {*_OWN, *names_in(imported), *names_in(shared), *(["ROUTER", "route"] * bool(routes))}
    constants = identifiers((m.name for m in program.modules), taken, "upper")
    models = {
        name: partial(own_models.settings, source, constants[name])
        for name, source in content.provenance.module_models.items()
    }
    made = [
        (constants[m.name], _variants(m.name, routes, reach, models.get(m.name)))
        if routes
        else (constants[m.name], _module(m, reach, models.get(m.name)))
        for m in program.modules
    ]
    used = {n: f"{constant}[route]" if routes else constant for n, constant in constants.items()}
    parts = [
        _head(content, told, reach, imported, own_models.told(content, constants)),
        shared,
        *([f"ROUTER = {routes.source}\n"] if routes else []),
        *(f"{name} = {source}\n" for name, source in made),
        _run(program, used, {*taken, *constants.values()}, chooses, routes is not None),
        _COMMAND,
    ]
    return "\n\n".join(parts)


def _variants(
    name: str, routes: Routes, reach: Reach, own: Callable[[Mapping[str, Any]], str] | None
) -> str:
    """A module as each candidate has it, by the candidate's number."""
    lines = [
        f"    {number}: {_module(program.module(name), reach, own)},"
        for number, program in routes.programs.items()
    ]
    return "\n".join(["{", *lines, "}"])


def _head(
    content: VersionContent, history: list[str], reach: Reach, imported: str, told: list[str]
) -> str:
    task = content.provenance.models[Role.TASK]
    sample = ", ".join(f'"{f.name}": …' for f in content.program.inputs)
    return _HEAD.format(
        imports=imported,
        story="\n".join(comment_safe(line) for line in history),
        name=file_name(content, PYTHON),
        sample=comment_safe(sample),
        where=fill(comment_safe(_needed(content, reach)), 98),
        model=text(task.litellm_model),
        shown=comment_safe(task.litellm_model),
        address=text(reach.api_base) if reach.api_base else "None",
        key=_key(task, reach),
        settings=literal(reach.sent(task)),
        needs=" ".join(["litellm", "json-repair", *needs_of(content.program)]),
        beside="".join(fill(comment_safe(t), 98) + "\n" for t in [*beside(content.program), *told]),
        system="" if reach.traits.system else f"\n{copied(__package__, 'system_less.py')}\n",
        messages="messages" if reach.traits.system else "without_system(messages)",
        form=_FORMS[reach.traits.replies],
    )


def _needed(content: VersionContent, reach: Reach) -> str:
    told = reach.told(content.provenance.models[Role.TASK])
    return f"{told} {reach.told_of_vectors(content.program)}".strip()


def _key(task: ModelSource, reach: Reach) -> str:
    """Of an endpoint of its own; a vendor's is found by LiteLLM, which sends it to nobody else."""
    if task.kind == "litellm":
        return f'os.environ.get("{KEY}")'
    return f'os.environ.get("{KEY}", "none")'


_HEAD = '''"""{story}

    pip install {needs}
    python {name} '{{{sample}}}'

{beside}It calls {shown} as the run did.
{where}
LITELLM_MODEL names another model, LITELLM_API_BASE another address, LITELLM_API_KEY its key; models
of LiteLLM's other providers find theirs in the usual variables. Replies are read as the run read
them; without json-repair those that are almost JSON raise UnreadableReply.
"""

from __future__ import annotations

{imports}

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # else prices are fetched on import
import litellm  # noqa: E402

MODEL = {model}
API_BASE = {address}
API_KEY = {key}
if "LITELLM_MODEL" in os.environ:
    # Another model is neither at this address nor has this key.
    MODEL, API_BASE = os.environ["LITELLM_MODEL"], None
    API_KEY = os.environ.get("LITELLM_API_KEY")
API_BASE = os.environ.get("LITELLM_API_BASE", API_BASE)
SETTINGS = {settings}

{system}
def complete(messages: list[dict[str, str]], schema: dict[str, Any], **settings: Any) -> str:
    """Ask the model. A schema holds the reply to its form, where the provider can do that."""
    reached = {{"model": MODEL, "api_base": API_BASE, "api_key": API_KEY}}
    answer = litellm.completion(
        messages={messages},
{form}        drop_params=True,
        num_retries=2,
        **(reached | SETTINGS | settings),
    )
    choice = answer.choices[0]
    said, ended = spoken(choice.message, getattr(choice, "finish_reason", None))
    if no_answer(ended):
        raise NoAnswer(f"{{no_answer(ended)}}: {{(said or '')[:500]}}")
    return said or ""
'''

_FORMS = {
    ReplyForm.SCHEMA: """        response_format={
            "type": "json_schema",
            "json_schema": {"name": "reply", "schema": schema, "strict": True},
        },
""",
    ReplyForm.JSON: """        response_format={"type": "json_object"},
""",
    ReplyForm.FREE: "",
}


def _module(module: Module, reach: Reach, own: Callable[[Mapping[str, Any]], str] | None) -> str:
    """`own` writes the settings of a module that asks a model of its own."""
    told, sources = module.python_constant(), reach.nearest_of(module)
    if own is not None:
        sources["settings"] = own(told.pop("settings", {}))
    tools = module.python_tools().items()
    if tools:
        sources["tools"] = by_name(((n, made_by(*each, {}, 8)) for n, each in tools), 4)
    return made_by(module.python_class, told, sources)


def _run(
    program: Program, constants: Mapping[str, str], taken: set[str], chooses: bool, routes: bool
) -> str:
    calls = [call for wave in program.waves() for call in wave]
    names = identifiers((c.name for c in calls), {*taken, "given", "values"})
    wanted = literal([f.name for f in program.inputs], 4)
    lines = [
        "def run(inputs: dict[str, Any]) -> dict[str, Any]:",
        f'    """{_summary(program)}"""',
        f"    missing = [name for name in {wanted} if name not in inputs]",
        "    if missing:",
        "        raise KeyError(f\"these inputs are missing: {', '.join(missing)}\")",
    ]
    if routes:
        lines.append("    route = routed(ROUTER, inputs)")
    if chooses:
        lines.append(f"    given = input_key({{name: inputs[name] for name in {wanted}}})")
    flow = Flow(
        program,
        variable=lambda call: names[call],
        item=lambda call, name: f"{names[call]}[{text(name)}]",
        given=lambda name: f"inputs[{text(name)}]",
    )
    lines += [
        f"    {names[c.name]} = {_call(c, flow, constants, 'given' if chooses else '')}"
        for c in calls
    ]
    outputs = by_name((name, flow.value(source)) for name, source in program.outputs.items())
    return "\n".join([*lines, f"    return {outputs}\n"])


def _chooses(program: Program) -> bool:
    """Whether some module's demos are chosen for each input."""
    return any(module.python_nearest() for module in program.modules)


def _summary(program: Program) -> str:
    taken = ", ".join(f.name for f in program.inputs)
    return comment_safe(f"{program.name}: {taken} → {', '.join(program.outputs)}.")


def _call(call: Call, flow: Flow, constants: Mapping[str, str], given: str) -> str:
    values = by_name(((f.name, value) for f, value in flow.values(call)), 8)
    used = _used(flow.program.module(call.module), constants[call.module], given)
    again = f"lambda values: {used(flow.next_pass(call))}"
    made = repeating(call.repeat, again, values) if call.repeat else used(values)
    condition = flow.condition(call)
    if not condition:
        return made
    line = f"{made} if {condition} else None"
    if len(line) < 80 and "\n" not in line:
        return line
    return f"(\n        {made}\n        if {condition}\n        else None\n    )"


def _used(module: Module, constant: str, given: str) -> Callable[[str], str]:
    """One use of a module, by the expression of its values."""
    more = f", {given}" if given else ""
    if not module.is_prompt:
        own = more if module.python_nearest() else ""
        return lambda values: f"{constant}({values}{own})"
    return lambda values: f"ask({constant}, {values}{more})"


_COMMAND = '''def main() -> None:
    """Inputs: a JSON object, as the first argument or on standard input. Prints the outputs."""
    source = sys.argv[1] if len(sys.argv) > 1 else sys.stdin.read()
    print(json.dumps(run(json.loads(source)), ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
'''
