"""A program as its page shows it: the drawing, the list of its parts, and what is wrong where."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from optimizer.core.problems import Problem
from optimizer.core.programs.calls import INPUT, Call, of_call, of_module
from optimizer.core.programs.demo import fixed_of
from optimizer.core.programs.program import Module, Program
from optimizer.core.programs.signature import Field, written
from optimizer.sentences import sentence
from promptlab.programs import models
from promptlab.programs.forms.wiring import ConnectForm
from promptlab.programs.groups import CONDITION, folded, groups_of
from promptlab.programs.kinds import KINDS
from promptlab.programs.kinds.kind import ModuleKind
from promptlab.programs.queries import last_runs
from promptlab.programs.shown_demos import (
    ShownDemo,
    ShownNearest,
    demos_in_short,
    saved_nearest,
    shown_rows,
)
from promptlab.programs.wires import in_order, outputs_in_order
from promptlab.ui.graph import Drawing, Edge, Node, layout


@dataclass(frozen=True)
class Trouble:
    """A problem or a warning, and where it can be mended ("" for readers)."""

    part: str
    message: str
    url: str


@dataclass(frozen=True)
class Wire:
    """An input of a call and where its value comes from ("" = nowhere), or the constant it is."""

    field: Field
    source: str
    constant: str = ""


@dataclass(frozen=True)
class Step:
    """One call in the list. `module` is None when the call names none; `form` is for editors."""

    call: Call
    module: Module | None
    wires: tuple[Wire, ...]
    shares: int
    kind: ModuleKind | None
    troubles: tuple[str, ...]
    form: ConnectForm | None
    demos: str
    """Its demos in a few words, "" without any."""
    fixed: tuple[ShownDemo, ...]
    nearest: ShownNearest | None

    @property
    def flow(self) -> list[str]:
        """When it is made and how often, in a few words each."""
        found = []
        if self.call.when:
            values = _(" or ").join(self.call.when.values)
            told = _("only if %(source)s is %(values)s")
            found.append(told % {"source": self.call.when.source, "values": values})
        if self.call.repeat:
            told = _("up to %(times)s passes, until %(until)s")
            times = {"times": self.call.repeat.times, "until": self.call.repeat.until}
            found.append(told % times)
        return found

    @property
    def anchor(self) -> str:
        return f"call-{self.call.name}"


@dataclass(frozen=True)
class Outline:
    """All of one program's page. `loose` are modules that no call uses."""

    program: models.Program
    core: Program
    drawing: Drawing
    steps: tuple[Step, ...]
    loose: tuple[Module, ...]
    outputs: tuple[tuple[str, str, Field | None], ...]
    problems: tuple[Trouble, ...]
    warnings: tuple[Trouble, ...]

    @property
    def counts(self) -> str:
        return counts(self.core)

    @cached_property
    def last_run(self) -> Any:
        """The latest run of the program, None before the first."""
        return last_runs([self.program]).get(self.program.pk)


def outline(program: models.Program, editable: bool, opened: Collection[str] = ()) -> Outline:
    """`opened`: groups whose steps are drawn each."""
    core = program.core
    found, warned = core.problems(), core.warnings()
    places = Places(program, editable)
    called = {call.module for call in core.calls}
    return Outline(
        program=program,
        core=core,
        drawing=draw(core, places, opened),
        steps=tuple(_step(program, call, found, editable) for call in in_order(core)),
        loose=tuple(m for m in core.modules if m.name not in called),
        outputs=tuple((n, s, core.source_field(s)) for n, s in outputs_in_order(core)),
        problems=tuple(places.trouble(problem) for problem in found),
        warnings=tuple(places.trouble(warning) for warning in warned),
    )


def counts(core: Program) -> str:
    """“2 modules”, and how often they are called where that differs."""
    modules, calls = len(core.modules), len(core.calls)
    text = ngettext("%d module", "%d modules", modules) % modules
    if calls != modules:
        text += ", " + ngettext("%d call", "%d calls", calls) % calls
    return text


def draw(core: Program, places: Places | None = None, opened: Collection[str] = ()) -> Drawing:
    """The drawing: the program's inputs, its calls, its outputs. With `places`, boxes are links.
    Each group is one box, but for those that are `opened`.
    """
    groups = [group for group in groups_of(core) if group.name not in opened]
    opening = places.opening(opened) if places else ""
    return layout(*folded(groups, nodes_of(core, places), edges_of(core), opening))


def nodes_of(core: Program, places: Places | None = None) -> list[Node]:
    """Its boxes: inputs, calls as they are made, outputs."""
    found = core.problems()
    start = Node(
        INPUT, _("input"), _("what the program takes"), (), ports_of(core.inputs), "input",
        places.of_inputs if places else "", _state(found, "inputs"), _labels(core.inputs),
    )  # fmt: skip
    end = Node(
        _end(core), _("output"), _("what it gives"), _gives(core), (), "output",
        places.of_outputs if places else "", _state(found, "outputs"),
        {name: f.label for name, f in core.output_fields().items() if f.label and f.name == name},
    )  # fmt: skip
    calls = [_node(core, call, found, places) for call in in_order(core)]
    return [start, *calls, end]


def _state(found: list[Problem], place: str) -> str:
    return "failed" if any(problem.place == place for problem in found) else ""


def _node(core: Program, call: Call, found: list[Problem], places: Places | None) -> Node:
    module = next((m for m in core.modules if m.name == call.module), None)
    state = "failed" if any(_concerns(problem, call) for problem in found) else ""
    url = places.of_call(call) if places else ""
    if module is None:
        return Node(call.name, call.name, _("no such module"), url=url, state=state)
    inputs = (*ports_of(module.signature.inputs), *_condition(core, call))
    return Node(
        call.name, call.name, subtitle(call, module), inputs, ports_of(_given(core, call, module)),
        url=url, state=state, labels=_labels((*module.signature.inputs, *module.signature.outputs)),
    )  # fmt: skip


def _given(core: Program, call: Call, module: Module) -> tuple[Field, ...]:
    """What it gives; of what stands beside its outputs, only what something takes."""
    taken = {s for c in core.calls for s in c.sources} | set(core.outputs.values())
    own = {f.name for f in module.signature.outputs}
    return tuple(f for f in module.gives if f.name in own or f"{call.name}.{f.name}" in taken)


def given_by(module: Module) -> tuple[Field, ...]:
    """What other calls can take of it: its outputs, then what stands beside them."""
    own = module.signature.outputs
    return (*own, *(field for field in module.gives if field not in own))


def _condition(core: Program, call: Call) -> tuple[tuple[str, str], ...]:
    """The port at which a call is told whether it is made."""
    if call.when is None:
        return ()
    given = core.source_field(call.when.source)
    return ((CONDITION, given.type.value if given else "?"),)


def subtitle(call: Call, module: Module) -> str:
    """What a box says below its name: its kind, whose module, its demos."""
    words = [str(KINDS[module.kind].label)]
    if call.name != module.name:
        words.insert(0, module.name)
    demos = demos_in_short(module.demos)
    if demos:
        words.append(demos)
    return " · ".join(words)


def edges_of(core: Program) -> list[Edge]:
    """Its wires, conditions among them."""
    wires = [
        Edge(*_parted(source), call.name, name)
        for call in core.calls
        for name, source in call.inputs.items()
        if source
    ]
    wires += [
        Edge(*_parted(call.when.source), call.name, CONDITION) for call in core.calls if call.when
    ]
    return wires + [
        Edge(*_parted(source), _end(core), name) for name, source in core.outputs.items()
    ]


def _end(core: Program) -> str:
    """The output box's id, which no call has."""
    return "output" if all(call.name != "output" for call in core.calls) else "program output"


def _parted(source: str) -> tuple[str, str]:
    owner, _dot, name = source.partition(".")
    return owner, name


def _labels(fields: tuple[Field, ...]) -> dict[str, str]:
    return {field.name: field.label for field in fields if field.label}


def ports_of(fields: tuple[Field, ...]) -> tuple[tuple[str, str], ...]:
    """Names and types, as they are drawn."""
    return tuple((field.name, field.type.value) for field in fields)


def _gives(core: Program) -> tuple[tuple[str, str], ...]:
    fields = core.output_fields()
    return tuple(
        (n, fields[n].type.value if n in fields else "?") for n, _source in outputs_in_order(core)
    )


def _step(program: models.Program, call: Call, found: list[Problem], editable: bool) -> Step:
    core = program.core
    module = next((m for m in core.modules if m.name == call.module), None)
    wanted = module.signature.inputs if module else ()
    form = ConnectForm(core, call, program.revision) if editable and module else None
    told_beside = form is not None and any(trouble for *_row, trouble in form.rows)
    demos = module.demos if module else ()
    return Step(
        call=call,
        module=module,
        wires=tuple(_wire(call, field) for field in wanted),
        kind=KINDS[module.kind] if module else None,
        shares=sum(other.module == call.module for other in core.calls),
        troubles=tuple(
            sentence(problem)
            for problem in found
            if _concerns(problem, call)
            and not (told_beside and problem.place == of_call(call.name))
        ),
        form=form,
        demos=demos_in_short(demos),
        fixed=tuple(shown_rows(module, fixed_of(demos))) if module else (),
        nearest=saved_nearest(program, module) if module else None,
    )


def _wire(call: Call, field: Field) -> Wire:
    fixed = call.constants.get(field.name)
    return Wire(field, call.inputs.get(field.name, ""), "" if fixed is None else written(fixed))


def _concerns(problem: Problem, call: Call) -> bool:
    return problem.place in (of_call(call.name), of_module(call.module))


class Places:
    """Where each part of a program is edited; for readers, where it is told."""

    def __init__(self, program: models.Program, editable: bool) -> None:
        self.keys = [program.project.slug, program.pk]
        self.editable = editable

    @property
    def of_inputs(self) -> str:
        return self._page("programs:inputs", "inputs")

    @property
    def of_outputs(self) -> str:
        return self._page("programs:outputs", "outputs")

    def of_call(self, call: Call) -> str:
        return self._page("programs:module", f"call-{call.name}", call.module)

    def opening(self, opened: Collection[str]) -> str:
        """Where a group is opened, besides others; its name goes behind it."""
        shown = "".join(f"&open={quote(name)}" for name in opened)
        return f"{reverse('programs:program', args=self.keys)}?view=graph{shown}&open="

    def _page(self, name: str, anchor: str, *part: str) -> str:
        if self.editable:
            return reverse(name, args=[*self.keys, *part])
        return f"{reverse('programs:program', args=self.keys)}?view=list#{anchor}"

    def trouble(self, problem: Problem) -> Trouble:
        kind, _dot, part = problem.place.partition(".")
        names = {"inputs": _("Inputs"), "outputs": _("Outputs")}
        name = part or names.get(kind, _("Program"))
        return Trouble(name, sentence(problem), self._url(kind, part))

    def _url(self, kind: str, part: str) -> str:
        pages: dict[str, tuple[str, str, list[str]]] = {
            "": ("programs:new_module", "", []),
            "inputs": ("programs:inputs", "inputs", []),
            "outputs": ("programs:outputs", "outputs", []),
            "modules": ("programs:module", f"module-{part}", [part]),
            "calls": ("programs:call", f"call-{part}", [part]),
        }
        name, anchor, keys = pages[kind]
        return self._page(name, anchor, *keys)
