"""Where an input may take its value from: the sources there are, and why one does not do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from optimizer.core.programs.calls import INPUT, Call, fits, owner_of
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Field


class Misfit(StrEnum):
    NONE = ""
    TYPE = "type"
    CIRCLE = "circle"


@dataclass(frozen=True)
class Source:
    """`input.message` or `classify.intent`, the field it gives, and why it cannot be taken."""

    name: str
    field: Field
    misfit: Misfit = Misfit.NONE


def sources_for(program: Program, call: str, wanted: Field) -> list[Source]:
    """All sources in the order of their use: the program's inputs, then calls as they are made."""
    later = followers(program, call)
    return [
        Source(name, field, _misfit(name, field, wanted, later))
        for name, field in _sources(program)
    ]


def output_sources(program: Program) -> list[Source]:
    """What the program could give as its own output: what calls give, and inputs passed on."""
    found = [Source(n, f) for n, f in _sources(program)]
    return sorted(found, key=lambda source: owner_of(source.name) == INPUT)


def suggested(program: Program, call: Call) -> dict[str, str]:
    """Wires for inputs that have none, where one source is the obvious one.

    A source of the same name first (a call's rather than the program's, the latest first); the only
    input of a module also takes what there is to take, the latest first.
    """
    module = program.module(call.module)
    found = dict(call.inputs)
    for wanted in module.signature.inputs:
        if not found.get(wanted.name) and wanted.name not in call.constants:
            alone = len(module.signature.inputs) == 1
            found[wanted.name] = _obvious(program, call.name, wanted, alone)
    return found


def followers(program: Program, call: str) -> set[str]:
    """The call and all calls that need it, directly or through others."""
    found = {call}
    while True:
        more = {other.name for other in program.calls if other.needs & found}
        if more <= found:
            return found
        found |= more


def in_order(program: Program) -> list[Call]:
    """Calls as they are made; those of a circle, which never are, come last."""
    waiting, done, found = list(program.calls), set[str](), []
    names = {call.name for call in program.calls}
    while waiting:
        # A source that does not exist is nothing to wait for.
        ready = [c for c in waiting if c.needs & names <= done]
        found += ready or waiting
        done |= {c.name for c in ready}
        waiting = [c for c in waiting if c not in ready] if ready else []
    return found


def outputs_in_order(program: Program) -> list[tuple[str, str]]:
    """The program's outputs as they are made. Postgres does not keep the order of keys."""
    place = {source.name: i for i, source in enumerate(output_sources(program))}
    return sorted(
        program.outputs.items(), key=lambda pair: (place.get(pair[1], len(place)), pair[0])
    )


def _sources(program: Program) -> Iterator[tuple[str, Field]]:
    for field in program.inputs:
        yield f"{INPUT}.{field.name}", field
    modules = {module.name: module for module in program.modules}
    for call in in_order(program):
        if call.module in modules:
            for field in modules[call.module].gives:
                yield f"{call.name}.{field.name}", field


def _misfit(name: str, field: Field, wanted: Field, later: set[str]) -> Misfit:
    if owner_of(name) in later:
        return Misfit.CIRCLE
    return Misfit.NONE if fits(field, wanted) else Misfit.TYPE


def _obvious(program: Program, call: str, wanted: Field, alone: bool) -> str:
    open_ = [s for s in sources_for(program, call, wanted) if s.misfit is Misfit.NONE]
    latest = open_[::-1]
    named = [s.name for s in latest if s.field.name == wanted.name]
    if named:
        return named[0]
    return latest[0].name if alone and latest else ""
