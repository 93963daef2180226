"""What pages say of a module kind, and what its form asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.functional import Promise

from optimizer.core.problems import Problem
from optimizer.core.programs.program import Module, Program
from optimizer.core.programs.signature import Field, Signature
from promptlab.accounts.models import Project
from promptlab.programs.rows import RowForm
from promptlab.programs.starters import plain_instruction
from promptlab.ui.kinds import Kind


def in_plain_words(module: Module) -> Module:
    """With an instruction that says no more than its fields do, where it has none."""
    signature = module.signature
    if not module.has_instruction or signature.instruction or not signature.outputs:
        return module
    text = plain_instruction(signature.inputs, signature.outputs)
    return replace(module, signature=replace(signature, instruction=text))


@dataclass(frozen=True)
class RowsOf:
    """A list that a kind's modules have: its rows in forms, in words, and both ways between them.
    `form` may `offer` what a project has; `template` draws the rows.
    """

    form: type[RowForm]
    title: str | Promise
    about: str | Promise
    noun: str | Promise
    read: Callable[[Module], list[dict[str, Any]]]
    make: Callable[[Sequence[Any]], Any]
    template: str


Fields = tuple[Field, ...]


@dataclass(frozen=True)
class Beginning:
    """A program that begins with a step of this kind, made of what goes in, what is to come out,
    and the corpus that there is, "" where there is none.
    """

    label: str | Promise
    about: str | Promise
    make: Callable[[Fields, Fields, str], Program]


TEXT_TO_ANSWER = Signature((Field("text"),), (Field("answer"),))


@dataclass(frozen=True)
class ModuleKind(Kind[Module]):
    """`check` says what keeps a module from being kept, each at the field that it is about; `begin`
    makes a module that was just drawn, with the fields `drawn`, do the plainest thing that it can.
    `offer` has the choices of its form's fields that depend on the project; `rows` are its lists,
    by the name that `core` has for each. `needs` names what a module of it cannot do without;
    `beginning` is a program to begin with, where there is a usual one.
    """

    check: Callable[[Module], Sequence[Problem]] = lambda module: ()
    begin: Callable[[Module], Module] = in_plain_words
    drawn: Signature = TEXT_TO_ANSWER
    offer: Callable[[Project], Mapping[str, Sequence[tuple[str, str]]]] = lambda project: {}
    rows: Mapping[str, RowsOf] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    beginning: Beginning | None = None

    @property
    def meaningless(self) -> set[str]:
        """Fields of the form of every module that mean nothing to this kind."""
        words = {"instruction", "locked", "frozen_instruction"}
        found = set() if self.core.has_instruction else words
        return found if self.core.takes_demos else {*found, "frozen_demos"}

    def starter(self) -> Module:
        """A module as it is when it is drawn: where nothing else is known."""
        asked = {name: own.initial for name, own in self.fields.items()}
        own = {name: value for name, value in asked.items() if value is not None}
        return self.core(name=self.name, signature=self.drawn, **own)
