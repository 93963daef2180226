"""Steps as text: those of one program are copied, and put beside those of another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace

from optimizer.core.programs.calls import INPUT
from optimizer.core.programs.program import Program
from optimizer.files import program_file
from promptlab.programs import edits
from promptlab.programs.canvas import OUTPUT, Sketch, sketched
from promptlab.programs.groups import groups_of
from promptlab.programs.history import Drawn, Places
from promptlab.programs.tidy import unfolded

BELOW, MARGIN = 320, 32
"""Pixels below the lowest box, and from the left, at which inserted steps stand."""


def part_of(core: Program, calls: Collection[str]) -> Program:
    """These calls, their modules, and the wires between them; all of it where none is named."""
    if not calls:
        return core
    chosen = tuple(call for call in core.calls if call.name in calls)
    called = {call.module for call in chosen}
    return edits.without_lost_sources(
        Program(
            core.name,
            (),
            tuple(module for module in core.modules if module.name in called),
            chosen,
            {},
        )
    )


def pasted(core: Program, drawn: Drawn, text: str, left: float, top: float) -> Sketch:
    """The program with the steps of a program file beside its own, under names that are free;
    their wires among each other come along. `left` and `top`: where the first stands, in pixels.

    Raises:
        Refused: the text is no program file, or there would be too much.
    """
    return _beside(core, drawn, program_file.read(text), left, top)


def inserted(core: Program, drawn: Drawn, other: Program) -> Sketch:
    """The program with all steps of another below its own, as a group of its name. What they take
    of the other's inputs they take of the inputs of the same name and type here; the rest is left
    to be wired.
    """
    below = max((place[1] for place in drawn.places.values()), default=0) + BELOW
    own = {f.name: f.kind for f in core.inputs}
    shared = {f.name for f in other.inputs if own.get(f.name) == f.kind}
    name = other.name if len(other.calls) > 1 else ""
    part = replace(other, calls=tuple(replace(call, group=name) for call in other.calls))
    return _beside(core, drawn, part, MARGIN, below, shared)


def _beside(
    core: Program, drawn: Drawn, other: Program, left: float, top: float,
    shared: Collection[str] = (),
) -> Sketch:  # fmt: skip
    part = _renamed(other, core, shared)
    made = replace(core, modules=(*core.modules, *part.modules), calls=(*core.calls, *part.calls))
    places = {**drawn.places, **_placed(part, left, top)}
    return sketched(core, made, Drawn(places, drawn.guessed))


def _renamed(part: Program, core: Program, shared: Collection[str]) -> Program:
    taken = {INPUT, *(m.name for m in core.modules), *(c.name for c in core.calls)}
    modules = _free((m.name for m in part.modules), taken)
    own = {c.name: modules[c.module] for c in part.calls if c.name == c.module in modules}
    others = (c.name for c in part.calls if c.name not in own)
    calls = own | _free(others, taken | set(modules.values()))
    sizes = Counter(call.group for call in part.calls)
    wished = [group for group, n in sizes.items() if group and n > 1]
    groups = _free(wished, {call.group for call in core.calls})

    def moved(source: str) -> str:
        owner, dot, name = source.partition(".")
        if owner == INPUT:
            return source if name in shared else ""
        return f"{calls[owner]}{dot}{name}" if owner in calls else ""

    return replace(
        part,
        modules=tuple(replace(m, name=modules[m.name]) for m in part.modules),
        calls=tuple(
            replace(
                c.moved(moved),
                name=calls[c.name],
                module=modules.get(c.module, c.module),
                group=groups.get(c.group, ""),
            )
            for c in part.calls
        ),
    )


def _free(names: Iterable[str], taken: Collection[str]) -> dict[str, str]:
    """By name, the first like it that nothing has yet."""
    found: dict[str, str] = {}
    for name in names:
        found[name] = edits.free_name({*taken, *found.values()}, name)
    return found


def _placed(part: Program, left: float, top: float) -> Places:
    stand = unfolded(part, groups_of(part))
    boxes = stand.keys() - {INPUT, OUTPUT}
    x, y = (min((stand[box][i] for box in boxes), default=0) for i in (0, 1))
    return {box: [stand[box][0] - x + left, stand[box][1] - y + top] for box in boxes}
