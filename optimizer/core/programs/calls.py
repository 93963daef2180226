"""Calls: each one use of a module, where its values come from, and when it is made at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from optimizer.core.programs.flow import holds
from optimizer.core.programs.signature import Field, FieldType, Value

INPUT = "input"
"""The source name that stands for the program's own inputs."""

LONGEST_GROUP = 80


@dataclass(frozen=True)
class When:
    """A condition: the value of `source`, as it is written, is one of `values`: choices, texts, or
    "true" and "false".
    """

    source: str
    values: tuple[str, ...] = ()

    def holds(self, value: Value) -> bool:
        return holds(value, self.values)


@dataclass(frozen=True)
class Repeat:
    """Up to `times` passes, until the module's boolean output `until` is true. `feeds` names, for
    inputs, the output of the pass before that they are given from the second pass on.
    """

    times: int
    until: str
    feeds: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """One use of a module: where each of its inputs comes from (`input.x` or `othercall.y`), or the
    constant that it is.

    `group` is what people call several steps that belong together, "" where there is none: it
    changes nothing but how they are drawn.

    A call whose condition `when` does not hold is not made, and neither is one that needs a value
    of a call that was not made: it costs nothing, and its outputs are null.
    """

    name: str
    module: str
    inputs: dict[str, str]
    constants: dict[str, Value] = field(default_factory=dict)
    when: When | None = None
    repeat: Repeat | None = None
    group: str = ""

    @property
    def sources(self) -> Iterator[str]:
        """Whatever it waits for."""
        yield from self.inputs.values()
        if self.when:
            yield self.when.source

    @property
    def needs(self) -> set[str]:
        """The calls that come before it, and INPUT."""
        return {owner_of(source) for source in self.sources}

    def moved(self, new: Callable[[str], str]) -> Call:
        """The same call, each of its sources as `new` says; "" is none any more."""
        when = replace(self.when, source=new(self.when.source)) if self.when else None
        inputs = {name: new(source) for name, source in self.inputs.items()}
        return replace(self, inputs=inputs, when=when if when and when.source else None)

    @property
    def passes(self) -> int:
        """How often its module is used at most."""
        return self.repeat.times if self.repeat else 1


def owner_of(source: str) -> str:
    """The call that a source belongs to, or INPUT."""
    return source.partition(".")[0]


def of_module(name: str) -> str:
    """The place of a module's problems."""
    return f"modules.{name}"


def of_call(name: str) -> str:
    """The place of a call's problems."""
    return f"calls.{name}"


def fits(given: Field, wanted: Field) -> bool:
    """Whether a value of `given` may go into `wanted`: anything can be written as text."""
    if wanted.type is FieldType.TEXT:
        return True
    if FieldType.LIST in (given.type, wanted.type):
        return given.type is wanted.type and fits(given.item, wanted.item)
    if given.type is FieldType.OBJECT and wanted.type is FieldType.OBJECT:
        parts = {part.name: part for part in given.fields}
        return all(
            part.nullable if part.name not in parts else fits(parts[part.name], part)
            for part in wanted.fields
        )
    either = (FieldType.INTEGER, FieldType.NUMBER)
    return given.type is wanted.type or (given.type, wanted.type) == either
