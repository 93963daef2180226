"""A program's calls as Python statements: when each is made, and out of what."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import cached_property

from optimizer.core.programs.calls import INPUT, Call, Repeat
from optimizer.core.programs.program import Program, stops
from optimizer.core.programs.signature import Field, FieldType
from promptlab.releases.formats.literals import bracketed, literal, text

Expression = str


@dataclass(frozen=True)
class Flow:
    """`variable` names what a call gave, `item` is the expression of one value of a call, and
    `given` that of an input of the program.
    """

    program: Program
    variable: Callable[[str], str]
    item: Callable[[str, str], Expression]
    given: Callable[[str], Expression]

    @cached_property
    def may_miss(self) -> frozenset[str]:
        """The calls that are not made for every input."""
        found: set[str] = set()
        for wave in self.program.waves():
            for call in wave:
                if call.when or self._stopped_by(call, found):
                    found.add(call.name)
        return frozenset(found)

    @property
    def has_conditions(self) -> bool:
        return bool(self.may_miss)

    @property
    def repeats(self) -> bool:
        return any(call.repeat for call in self.program.calls)

    def value(self, source: str) -> Expression:
        owner, _, name = source.partition(".")
        if owner == INPUT:
            return self.given(name)
        made = self.variable(owner)
        value = self.item(owner, name)
        return f"({value} if {made} is not None else None)" if owner in self.may_miss else value

    def values(self, call: Call) -> list[tuple[Field, Expression]]:
        """What a call is given, input by input."""
        fields = self.program.module(call.module).signature.inputs
        return [(f, self._fitted(call, f)) for f in fields]

    def condition(self, call: Call) -> Expression:
        """Whether it is made; "" where it always is."""
        parts = []
        if call.when:
            parts.append(f"holds({self.value(call.when.source)}, {literal(call.when.values)})")
        missing = self._stopped_by(call, self.may_miss)
        made = [f"{self.variable(owner)} is not None" for owner in missing]
        if self.program.module(call.module).takes_missing and len(made) > 1:
            parts.append(f"({' or '.join(made)})")
        else:
            parts += made
        return " and ".join(parts)

    def _stopped_by(self, call: Call, missing: Collection[str]) -> list[str]:
        return stops(call, self.program.module(call.module), missing)

    def _fitted(self, call: Call, wanted: Field) -> Expression:
        if wanted.name in call.constants:
            return literal(call.constants[wanted.name])
        source = call.inputs[wanted.name]
        value = self.value(source)
        module = self.program.module(call.module)
        if module.is_prompt or module.takes_missing:
            return value  # written where the prompt is
        given = self.program.source_field(source)
        as_text = wanted.type is FieldType.TEXT and (given is None or given.type != wanted.type)
        return f"as_text({value})" if as_text else value


def by_name(pairs: Iterable[tuple[str, Expression]], indent: int = 4) -> Expression:
    """A dict of expressions."""
    return bracketed("{", [f"{text(name)}: {value}" for name, value in pairs], "}", indent)


def repeating(repeat: Repeat, use: Expression, values: Expression) -> Expression:
    """A step used pass by pass; `use` is a function of values by name."""
    told = [str(repeat.times), text(repeat.until), literal(repeat.feeds), use, values]
    return bracketed("repeated(", told, ")", 8)
