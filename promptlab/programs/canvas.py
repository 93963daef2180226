"""A program as the canvas holds it: one JSON document, which it sends back after each gesture.

Of a module, the canvas has what its box shows; of one that the program does not have yet, it sends
all of it, as a program file would.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from django.urls import reverse
from django.utils.translation import gettext as _

from optimizer import codec
from optimizer.core.problems import Problem, Refused, problem
from optimizer.core.programs.calls import INPUT, Call, fits, owner_of
from optimizer.core.programs.program import Module, Program
from optimizer.core.programs.signature import Field, FieldType
from optimizer.core.programs.wiring import DECIDING
from optimizer.files import program_file
from optimizer.files.program_size import MOST_CALLS, MOST_MODULES, MOST_PORTS, ports
from optimizer.sentences import sentence
from promptlab.programs import edits, models
from promptlab.programs.forms.flow import TRUTHS
from promptlab.programs.groups import Group, groups_of
from promptlab.programs.history import Drawn
from promptlab.programs.kinds import KINDS
from promptlab.programs.outline import given_by, subtitle
from promptlab.programs.tidy import folds, tidy, unfolded
from promptlab.programs.wires import Misfit, in_order, outputs_in_order, sources_for
from promptlab.ui.graph import path_of, port_shape

OUTPUT = "@output"
"""The box of what the program gives: no call can have this name."""
TRYING = "@try"
"""What stands beside the canvas while an example is tried."""


DECIDED_BY = {kind: TRUTHS if kind is FieldType.BOOLEAN else () for kind in DECIDING}


class Types:
    """The types of fields, numbered: which goes into which is asked here, and of nobody else."""

    def __init__(self) -> None:
        self._fields: list[Field] = []

    def number(self, field: Field) -> int:
        plain = replace(field, name="x", description="", label="")
        if plain not in self._fields:
            self._fields.append(plain)
        return self._fields.index(plain)

    @property
    def told(self) -> list[dict[str, Any]]:
        """By number: what a type is called, the numbers of the types that it goes into, and the
        values that all of it have; null where it decides of no step whether it is made.
        """
        return [
            {
                "label": given.type.value,
                "d": path_of(port_shape(given.type.value)),
                "fits": [n for n, wanted in enumerate(self._fields) if fits(given, wanted)],
                "decides": DECIDED_BY.get(given.type),
            }
            for given in self._fields
        ]


def graph_of(program: models.Program, drawn: Drawn, refused: Iterable[Problem] = ()) -> str:
    """The document; `refused`: problems of a change that was not made."""
    core, types = program.core, Types()
    groups = groups_of(core)
    box_of = {call: group.box for group in groups for call in group.calls}
    found = [*core.problems(), *refused]
    for module in palette():
        _ported((*module.signature.inputs, *module.gives), types)
    return json.dumps(
        {
            "revision": program.revision,
            "inputs": _ported(core.inputs, types),
            "modules": [_module(program, module, types) for module in core.modules],
            "calls": [
                codec.to_json(call) | {"told": _told(core, call), "box": box_of.get(call.name)}
                for call in in_order(core)
            ],
            "outputs": [list(pair) for pair in outputs_in_order(core)],
            "places": dict(drawn.places),
            "tidied": (tidied := tidy(core, groups)),
            "unfolded": unfolded(core, groups) if groups else tidied,
            "folds": folds(core),
            "groups": {group.box: _group(group) for group in groups},
            "titles": {INPUT: _("input"), OUTPUT: _("output")} | {g.box: g.name for g in groups},
            "told": {INPUT: _("what the program takes"), OUTPUT: _("what it gives")}
            | {g.box: g.told for g in groups},
            "guessed": list(drawn.guessed),
            "problems": {
                port: sentence(p)
                for p in found
                for port in _with_groups(_ports_of(core, p), groups)
            },
            "urls": {
                INPUT: _beside(program, "inputs", INPUT),
                OUTPUT: _beside(program, "outputs", OUTPUT),
                **{g.box: _beside(program, "group", g.box, g.calls[0]) for g in groups},
                **({} if core.problems() else {TRYING: _beside(program, "try", "try")}),
            },
            "types": types.told,
        },
        ensure_ascii=False,
    )


def palette() -> list[Module]:
    """A module of each kind to begin with, in the order in which forms offer the kinds."""
    return [kind.starter() for kind in KINDS.values()]


def _ported(fields: Iterable[Field], types: Types) -> list[dict[str, Any]]:
    return [{**codec.to_json(field), "t": types.number(field)} for field in fields]


def _group(group: Group) -> dict[str, Any]:
    """`in` and `out`: its ports, each the ports of its steps for which it stands."""
    outs = [[port] for port in group.gives]
    return {"in": group.takes, "out": outs}


def _with_groups(ports: Iterable[str], groups: Iterable[Group]) -> list[str]:
    """With the boxes of groups in which they are, unless these show them."""
    own = list(ports)
    for group in groups:
        shown = {port for taken in group.takes for port in taken}
        if any(owner_of(port) in group.calls and port not in shown for port in own):
            own.append(group.box)
    return own


def _module(program: models.Program, module: Module, types: Types) -> dict[str, Any]:
    return {
        "name": module.name,
        "kind": module.kind,
        "inputs": _ported(module.signature.inputs, types),
        "outputs": _ported(given_by(module), types),
        "url": _beside(program, "module", "step", module.name),
    }


def _beside(program: models.Program, page: str, box: str, *part: str) -> str:
    keys = [program.project.slug, program.pk, *part]
    return f"{reverse(f'programs:{page}', args=keys)}?beside={quote(box)}"


def _told(core: Program, call: Call) -> str:
    module = next((m for m in core.modules if m.name == call.module), None)
    return subtitle(call, module) if module else ""


def _ports_of(core: Program, found: Problem) -> list[str]:
    """The boxes (`classify`) or ports (`classify.message`) that a problem is about."""
    kind, _dot, part = found.place.partition(".")
    name = str(found.values.get("name", ""))
    if kind == "inputs":
        return [f"{INPUT}.{name}" if name in {f.name for f in core.inputs} else INPUT]
    if kind == "outputs":
        return [f"{OUTPUT}.{name}" if name in core.outputs else OUTPUT]
    if kind == "modules":
        return [call.name for call in core.calls if call.module == part]
    call = next((c for c in core.calls if c.name == part), None)
    wanted = {f.name for f in _signature_inputs(core, call)} if call else set()
    return [f"{part}.{name}" if name in wanted else part] if part else []


def _signature_inputs(core: Program, call: Call) -> tuple[Field, ...]:
    module = next((m for m in core.modules if m.name == call.module), None)
    return module.signature.inputs if module else ()


@dataclass(frozen=True)
class Sketch:
    """What somebody drew: the program, and how it is drawn."""

    core: Program
    drawn: Drawn


def sketch_of(core: Program, text: str) -> Sketch:
    """What the document, as the canvas sent it, makes of the program.

    Raises:
        Refused: it cannot be read, is too large, or has a new wire that cannot be.
    """
    data = _parsed(text)
    read = program_file.read(json.dumps(_file_part(core, data)))
    begun = {m.name: KINDS[m.kind].begin(m) for m in read.modules}
    known = {m.name: m for m in core.modules} | begun
    names = list(dict.fromkeys(str(entry.get("name")) for entry in data["modules"]))
    made = replace(
        core,
        inputs=read.inputs,
        modules=tuple(known[name] for name in names if name in known),
        calls=_as_before(core, read.calls),
        outputs=read.outputs,
    )
    drawn = Drawn(_places(data.get("places")), tuple(_texts(data.get("guessed"))))
    return sketched(core, edits.without_lost_sources(made), drawn)


def sketched(core: Program, made: Program, drawn: Drawn) -> Sketch:
    """What is `made` of the program, with obvious wires for what is new.

    Raises:
        Refused: it is too large, or has a new wire that cannot be.
    """
    _refuse_excess(made)
    wired = _wired(core, made)
    _refuse_misfits(core, wired)
    guessed = {*drawn.guessed, *guessed_since(made, wired)}
    return Sketch(wired, replace(drawn, guessed=_still(guessed, wired)))


def _as_before(core: Program, calls: tuple[Call, ...]) -> tuple[Call, ...]:
    """In the order that the program has them, new ones at the end: drawing orders nothing."""
    order = {call.name: number for number, call in enumerate(core.calls)}
    return tuple(sorted(calls, key=lambda call: order.get(call.name, len(order))))


def renamed_step(before: Program, after: Program, call: str) -> str:
    """What a call is named after a form changed its module: it stays in its place."""
    names = [c.name for c in before.calls]
    at = names.index(call) if call in names else len(after.calls)
    return after.calls[at].name if at < len(after.calls) else call


def guessed_since(before: Program, after: Program) -> set[str]:
    """Inputs that were connected on the way from one program to another, as `classify.message`."""
    had = {c.name: c.inputs for c in before.calls}
    return {
        f"{call.name}.{name}"
        for call in after.calls
        for name, source in call.inputs.items()
        if source and not had.get(call.name, {}).get(name)
    }


def _still(guessed: Iterable[str], core: Program) -> tuple[str, ...]:
    wired = guessed_since(replace(core, calls=()), core)
    return tuple(sorted(set(guessed) & wired))


def _parsed(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise Refused.because("file.no_program_json") from None
    lists = ("inputs", "modules", "calls", "outputs")
    shaped = isinstance(data, dict) and all(isinstance(data.get(key), list) for key in lists)
    entries = [e for key in lists[:3] for e in data[key]] if shaped else [None]
    if not all(isinstance(entry, dict) for entry in entries):
        raise Refused.because("file.no_object")
    return dict(data)


def _file_part(core: Program, data: dict[str, Any]) -> dict[str, Any]:
    """What of it a program file would have: modules that are there already are not sent."""
    there = {m.name for m in core.modules}
    outputs = [pair for pair in data["outputs"] if isinstance(pair, list) and len(pair) == 2]
    return {
        "name": core.name,
        "description": core.description,
        "inputs": [_without(field, "t") for field in data["inputs"]],
        "modules": [
            entry["fresh"]
            for entry in data["modules"]
            if entry.get("name") not in there and "fresh" in entry
        ],
        "calls": [_without(call, "told", "box") for call in data["calls"]],
        "outputs": {str(name): source for name, source in outputs},
    }


def _without(entry: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in keys}


def _refuse_excess(core: Program) -> None:
    held = {"modules": (len(core.modules), MOST_MODULES), "calls": (len(core.calls), MOST_CALLS)}
    for place, (n, most) in held.items():
        if n > most:
            raise Refused.because("file.many_entries", place, n=n, most=most)
    if ports(core) > MOST_PORTS:
        raise Refused.because("file.many_ports", "calls", n=ports(core), most=MOST_PORTS)


def _wired(before: Program, made: Program) -> Program:
    """With obvious wires for what is new: calls, and inputs of the program."""
    old = {c.name for c in before.calls}
    new = [c.name for c in made.calls if c.name not in old]
    if new and not before.inputs and not before.calls and not made.inputs:
        first = next(c for c in made.calls if c.name == new[0])
        made = replace(made, inputs=_signature_inputs(made, first))
    made = edits.connect_obvious(made, new)
    fresh = {f.name for f in made.inputs} - {f.name for f in before.inputs}
    made = edits.connect_to_inputs(made, fresh)
    if new and not before.outputs and not made.outputs:
        made = edits.give_outputs_of(made, new[-1])
    return made


def _refuse_misfits(before: Program, made: Program) -> None:
    """New wires that cannot be; those that were there stay as they are, and are told."""
    had = {(c.name, name, s) for c in before.calls for name, s in c.inputs.items()}
    found = [
        wrong
        for call in made.calls
        for wanted in _signature_inputs(made, call)
        if (source := call.inputs.get(wanted.name)) and (call.name, wanted.name, source) not in had
        if (wrong := _misfit(made, call, wanted, source))
    ]
    found += [
        problem("output.no_such_source", "outputs", name=name, source=source)
        for name, source in made.outputs.items()
        if before.outputs.get(name) != source and made.source_field(source) is None
    ]
    decided = {c.name: c.when.source for c in before.calls if c.when}
    found += [
        wrong
        for call in made.calls
        if call.when and decided.get(call.name) != call.when.source
        and (wrong := _undecided(made, call, call.when.source))
    ]  # fmt: skip
    if found:
        raise Refused(*found)


def _undecided(core: Program, call: Call, source: str) -> Problem | None:
    """Why a call cannot wait for this source; that its values are to be chosen is told later."""
    place = f"calls.{call.name}"
    known = {s.name: s for s in sources_for(core, call.name, Field("any"))}[source]
    if known.misfit is Misfit.CIRCLE:
        return problem("call.circle", place, source=source)
    if known.field.type not in DECIDING:
        return problem("when.other_type", place, source=source, gives=known.field.type.value)
    return None


def _misfit(core: Program, call: Call, wanted: Field, source: str) -> Problem | None:
    place, told = f"calls.{call.name}", {"name": wanted.name, "source": source}
    known = {s.name: s for s in sources_for(core, call.name, wanted)}
    if source not in known:
        return problem("call.no_such_source", place, **told)
    if known[source].misfit is Misfit.CIRCLE:
        return problem("call.circle", place, **told)
    if known[source].misfit is Misfit.TYPE:
        types = {"takes": wanted.type.value, "gives": known[source].field.type.value}
        return problem("call.other_type", place, **told, **types)
    return None


def _places(found: Any) -> dict[str, list[float]]:
    """Places that are two numbers of a sensible size."""
    return {
        str(name)[:80]: [float(n) for n in place]
        for name, place in (found.items() if isinstance(found, dict) else ())
        if isinstance(place, list)
        and len(place) == 2
        and all(isinstance(n, int | float) and 0 <= n <= 100_000 for n in place)
    }


def _texts(found: Any) -> list[str]:
    return [text for text in found if isinstance(text, str)] if isinstance(found, list) else []
