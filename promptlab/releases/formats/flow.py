"""A program's calls as Python statements: when each is made, and out of what."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import cached_property

from optimizer.core.programs.calls import INPUT, Call, Repeat
from optimizer.core.programs.layouts import as_input
from optimizer.core.programs.program import Module, Program, stops
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
        module = self.program.module(call.module)
        if wanted.name in call.constants:
            told = module.constants_of(call)[wanted.name]
            texts = wanted.type is FieldType.TEXT and not module.takes_missing
            return literal(as_input(told, wanted.nullable) if texts else told)
        source = call.inputs[wanted.name]
        return self._as_input(self.value(source), self.program.source_field(source), wanted, module)

    def next_pass(self, call: Call, named: Callable[[str], str] = str) -> Expression:
        """The inputs of one pass of a repeated call, out of `values`; `named` is what an input is
        called there.
        """
        fed = [f"{text(named(f.name))}: {value}" for f, value in self._fed(call, named)]
        return f"{{**values, {', '.join(fed)}}}" if fed else "values"

    def _fed(self, call: Call, named: Callable[[str], str]) -> list[tuple[Field, Expression]]:
        """Those that are not simply what the pass before gave."""
        module, feeds = self.program.module(call.module), call.repeat.feeds if call.repeat else {}
        given = {f.name: f for f in module.gives}
        asis = [
            (f, f"values[{text(named(f.name))}]")
            for f in module.signature.inputs
            if f.name in feeds
        ]
        made = [(f, v, self._as_input(v, given[feeds[f.name]], f, module)) for f, v in asis]
        return [(f, told) for f, value, told in made if told != value]

    def _as_input(
        self, value: Expression, given: Field | None, wanted: Field, module: Module
    ) -> Expression:
        """Written out where it may be something else than the text that is wanted."""
        if wanted.type is not FieldType.TEXT or module.takes_missing:
            return value
        null = given is not None and given.nullable and not wanted.nullable
        same = given is not None and given.type is FieldType.TEXT
        if same and (module.is_prompt or not null):
            return value  # of a null, the prompt makes what it makes in a run
        return f"as_input({value}, nullable=True)" if wanted.nullable else f"as_input({value})"


def by_name(pairs: Iterable[tuple[str, Expression]], indent: int = 4) -> Expression:
    """A dict of expressions."""
    return bracketed("{", [f"{text(name)}: {value}" for name, value in pairs], "}", indent)


def repeating(repeat: Repeat, use: Expression, values: Expression) -> Expression:
    """A step used pass by pass; `use` is a function of values by name."""
    told = [str(repeat.times), text(repeat.until), literal(repeat.feeds), use, values]
    return bracketed("repeated(", told, ")", 8)
