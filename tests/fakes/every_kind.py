"""A program with a step of every kind that the palette offers."""

from __future__ import annotations

from dataclasses import replace

from optimizer.core.programs.calls import Call
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Field, FieldType, Signature
from promptlab.programs.canvas import palette
from promptlab.programs.kinds import KINDS


def of_every_kind() -> Program:
    """A step of each kind beside one that takes every type of field, and two in a row."""
    kinds = [KINDS[module.kind].begin(module) for module in palette()]
    typed = (
        Field("words"),
        Field("label", FieldType.CHOICE, choices=("a", "b")),
        Field("sure", FieldType.BOOLEAN),
        Field("count", FieldType.INTEGER),
        Field("share", FieldType.NUMBER),
        Field("day", FieldType.DATE),
        Field("parts", FieldType.LIST),
        Field("counts", FieldType.LIST, items=FieldType.INTEGER),
    )
    given = tuple(replace(f, name=f"{f.name}_given") for f in typed)
    every = replace(kinds[0], name="every", signature=Signature(typed, given, "Give them."))
    calls = [Call(module.name, module.name, {}) for module in (*kinds, every)]
    calls.append(Call("after", "every", {"words": "every.words_given"}))
    end = {"end": "after.label_given"}
    return Program("Every kind", typed, (*kinds, every), tuple(calls), end)
