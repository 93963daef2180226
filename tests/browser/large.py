"""A program as large as people draw them: 60 steps, 150 wires."""

from __future__ import annotations

from itertools import cycle

from optimizer.core.modules.predict import Predict
from optimizer.core.programs.calls import Call, When
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Field, FieldType, Signature

STEPS, WIRES = 60, 150
WIDTH = 6
"""Steps that stand side by side."""

KIND = Field("kind", FieldType.CHOICE, choices=("refund", "delivery"))


def large() -> Program:
    """Each step takes from one to three of those before it, near and far, one in seven only of
    a kind.
    """
    takes = cycle((3, 3, 2, 3, 2))
    modules, calls = [], []
    for n in range(STEPS):
        before = [f"input.{('message', 'letter')[n % 2]}"] if n < WIDTH else []
        near = [n - WIDTH, n - WIDTH - 1 - n % 3, n - 2 * WIDTH - n % 5]
        before += [source(m) for m in near if m >= 0]
        sources = dict(zip("abc", list(dict.fromkeys(before))[: next(takes)], strict=False))
        gives = KIND if n % 9 == 0 else Field("found")
        inputs = tuple(Field(name) for name in sources)
        modules.append(Predict(f"step_{n}", Signature(inputs, (gives,), f"Find out {n}.")))
        when = When(f"step_{n - 7}.kind", ("refund",)) if n > WIDTH and n % 9 == 7 else None
        calls.append(Call(f"step_{n}", f"step_{n}", sources, when=when))
    last = {f"found_{n}": source(n) for n in range(STEPS - WIDTH, STEPS)}
    given = (Field("message"), Field("letter"))
    return Program("Large", given, tuple(modules), tuple(calls), last)


def source(step: int) -> str:
    return f"step_{step}.{'found' if step % 9 else KIND.name}"


def wires(core: Program) -> int:
    into = sum(source != "" for call in core.calls for source in call.sources)
    return into + len(core.outputs)
