"""What differs between two states of a program, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from optimizer.core.programs.calls import Call
from optimizer.core.programs.program import Module, Program
from optimizer.core.programs.signature import Field
from promptlab.programs.kinds import KINDS

MOST = 12
"""Sentences of one difference; what else there is, is counted."""

_WORDED = {"name", "signature", "demos", "kind"}


@dataclass(frozen=True)
class Rewritten:
    """An instruction before and after."""

    module: str
    before: str
    after: str


def in_words(before: Program, after: Program) -> list[str]:
    """What was changed, a sentence each; [] when nothing was."""
    found = list(_told(before, after))
    more = len(found) - MOST
    if more <= 0:
        return found
    return [*found[:MOST], ngettext("%d more change", "%d more changes", more) % more]


def rewritten(before: Program, after: Program) -> list[Rewritten]:
    """Instructions that differ."""
    names = _renamed(before, after)
    old = {names.get(m.name, m.name): m.signature.instruction for m in before.modules}
    return [
        Rewritten(m.name, old.get(m.name, ""), m.signature.instruction)
        for m in after.modules
        if m.signature.instruction != old.get(m.name, "")
    ]


def _told(before: Program, after: Program) -> Iterator[str]:
    if before.name != after.name:
        yield _("named it “%s”") % after.name
    if before.description != after.description:
        yield _("changed the description")
    renamed = _renamed(before, after)
    for old, new in renamed.items():
        yield _("renamed module %(old)s to %(new)s") % {"old": old, "new": new}
    former = {renamed.get(m.name, m.name): m for m in before.modules}
    now = {m.name: m for m in after.modules}
    yield from (_("added module %s") % name for name in now if name not in former)
    yield from (_("removed module %s") % name for name in former if name not in now)
    for name, module in now.items():
        if name in former:
            yield from _of_module(former[name], module)
    yield from _of_fields(_("the program"), before.inputs, after.inputs, _("input"))
    yield from _of_calls(before, after)


def _renamed(before: Program, after: Program) -> dict[str, str]:
    """A module that is gone and one that came and is the same but for its name."""
    old, new = {m.name: m for m in before.modules}, {m.name: m for m in after.modules}
    gone, come = [n for n in old if n not in new], [n for n in new if n not in old]
    if len(gone) == len(come) == 1 and replace(old[gone[0]], name=come[0]) == new[come[0]]:
        return {gone[0]: come[0]}
    return {}


def _of_module(before: Module, after: Module) -> Iterator[str]:
    name = {"name": after.name}
    if before.kind != after.kind:
        yield _("made %(name)s a module of kind %(kind)s") % {
            **name,
            "kind": KINDS[after.kind].label,
        }
    if before.signature.instruction != after.signature.instruction:
        yield _("changed the instruction of %(name)s") % name
    yield from _of_fields(after.name, before.signature.inputs, after.signature.inputs, _("input"))
    yield from _of_fields(
        after.name, before.signature.outputs, after.signature.outputs, _("output")
    )
    if before.demos != after.demos:
        yield _("changed the demos of %(name)s") % name
    if before.kind == after.kind and any(
        getattr(before, f.name) != getattr(after, f.name)
        for f in fields(after)
        if f.name not in _WORDED
    ):
        yield _("changed settings of %(name)s") % name


def _of_fields(
    owner: str, before: tuple[Field, ...], after: tuple[Field, ...], noun: str
) -> Iterator[str]:
    old, new = {f.name: f for f in before}, {f.name: f for f in after}
    told = {"owner": owner, "noun": noun}
    for name in new:
        if name not in old:
            yield _("added %(noun)s %(name)s to %(owner)s") % {**told, "name": name}
        elif old[name] != new[name]:
            yield _("changed %(noun)s %(name)s of %(owner)s") % {**told, "name": name}
    for name in old:
        if name not in new:
            yield _("removed %(noun)s %(name)s from %(owner)s") % {**told, "name": name}
    if set(old) == set(new) and list(old) != list(new):
        yield _("put the fields of %(owner)s in another order") % told


def _of_calls(before: Program, after: Program) -> Iterator[str]:
    """Calls that came and went; wires of those that stayed, and of the program's outputs."""
    old, new = {c.name: c for c in before.calls}, {c.name: c for c in after.calls}
    yield from (_("added call %s") % name for name in new if name not in old and _own(new[name]))
    yield from (_("removed call %s") % name for name in old if name not in new and _own(old[name]))
    for name, call in new.items():
        if name in old:
            if old[name].module != call.module:
                yield _("let %(call)s use module %(module)s") % {
                    "call": name,
                    "module": call.module,
                }
            yield from _of_wires(name, old[name].inputs, call.inputs)
            yield from _of_flow(old[name], call)
    yield from _of_groups(old, new)
    yield from _of_wires("output", before.outputs, after.outputs)


def _of_groups(before: Mapping[str, Call], after: Mapping[str, Call]) -> Iterator[str]:
    """Steps that stayed, and stand together in another way."""
    moved = [n for n in after if n in before and before[n].group != after[n].group]
    for group in dict.fromkeys(after[name].group for name in moved):
        steps = {"steps": ", ".join(n for n in moved if after[n].group == group), "group": group}
        if group:
            yield _("grouped %(steps)s as “%(group)s”") % steps
        else:
            yield _("took %(steps)s out of their group") % steps


def _of_flow(before: Call, after: Call) -> Iterator[str]:
    name = {"call": after.name}
    for key in {**before.constants, **after.constants}:
        if before.constants.get(key) != after.constants.get(key):
            yield _("changed the constant %(input)s of %(call)s") % {**name, "input": key}
    if before.when != after.when:
        yield _("changed when %(call)s is made") % name
    if before.repeat != after.repeat:
        yield _("changed how often %(call)s is made") % name


def _own(call: Call) -> bool:
    """Whether a call has a name of its own: otherwise its module's coming and going tells it."""
    return call.name != call.module


def _of_wires(end: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for name in {**before, **after}:
        source, former = after.get(name, ""), before.get(name, "")
        wire = {"end": f"{end}.{name}", "source": source, "former": former}
        if source and source != former:
            yield _("connected %(end)s to %(source)s") % wire
        elif former and not source:
            yield _("disconnected %(end)s from %(former)s") % wire
