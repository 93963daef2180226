"""How much a program file may hold: what nobody draws is refused before it is gone through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from optimizer.core.problems import Problem, problem
from optimizer.core.programs.program import Program

MOST_CALLS = 100
MOST_MODULES = 100
MOST_PORTS = 800  # of all boxes of the drawing: an input may be connected with any output
MOST_FIELDS = 200  # of a program, a module, a call or a demo; as many as a dataset has columns
MOST_CHOICES = 1000
MOST_DEMOS = 500
MOST_POOL = 20_000  # demos to choose from for each input
MOST_LOCKED = 100
LONGEST_PLACE = 300  # of a field in a field in a field

_PROGRAM = {
    "inputs": MOST_FIELDS,
    "modules": MOST_MODULES,
    "calls": MOST_CALLS,
    "outputs": MOST_FIELDS,
}
_MODULE = {"demos": MOST_DEMOS, "locked": MOST_LOCKED}
_POOL = {"inputs": MOST_FIELDS, "demos": MOST_POOL}
_SIGNATURE = {"inputs": MOST_FIELDS, "outputs": MOST_FIELDS}


def excesses(data: dict[str, Any]) -> Iterator[Problem]:
    """Places of a file that hold more than they may.

    The file may have any shape. What is in a list that is too long is not looked at.
    """
    yield from _over(data, _PROGRAM, "")
    yield from _fields(data, "inputs", "")
    for place, module in _items(data, "modules", "", MOST_MODULES):
        yield from _over(module, _MODULE, place)
        signature = module.get("signature")
        if isinstance(signature, dict):
            yield from _over(signature, _SIGNATURE, f"{place}.signature")
            yield from _fields(signature, "inputs", f"{place}.signature")
            yield from _fields(signature, "outputs", f"{place}.signature")
        yield from _demos(module, "demos", place, MOST_DEMOS)
        chosen = module.get("demos")
        if isinstance(chosen, dict):
            yield from _over(chosen, {"fixed": MOST_DEMOS}, f"{place}.demos")
            yield from _demos(chosen, "fixed", f"{place}.demos", MOST_DEMOS)
            if isinstance(pool := chosen.get("pool"), dict):
                yield from _over(pool, _POOL, f"{place}.demos.pool")
                yield from _demos(pool, "demos", f"{place}.demos.pool", MOST_POOL)
    for place, call in _items(data, "calls", "", MOST_CALLS):
        yield from _over(call, {"inputs": MOST_FIELDS}, place)


def ports(program: Program) -> int:
    """How many ends of wires the drawing of a program has."""
    own = {m.name: len(m.signature.inputs) + len(m.signature.outputs) for m in program.modules}
    ends = len(program.inputs) + len(program.outputs)
    return ends + sum(max(own.get(c.module, 0), len(c.inputs)) for c in program.calls)


def _demos(owner: dict[str, Any], key: str, place: str, most: int) -> Iterator[Problem]:
    for inner, demo in _items(owner, key, place, most):
        yield from _over(demo, {"values": MOST_FIELDS}, inner)


def _fields(owner: dict[str, Any], key: str, place: str) -> Iterator[Problem]:
    for inner, field in _items(owner, key, place, MOST_FIELDS):
        yield from _over(field, {"choices": MOST_CHOICES, "fields": MOST_FIELDS}, inner)
        if len(inner) < LONGEST_PLACE:
            yield from _fields(field, "fields", inner)


def _over(owner: dict[str, Any], most: dict[str, int], place: str) -> Iterator[Problem]:
    for key, limit in most.items():
        held = owner.get(key)
        if isinstance(held, list | dict) and len(held) > limit:
            where = f"{place}.{key}" if place else key
            yield problem("file.many_entries", where, n=len(held), most=limit)


def _items(
    owner: dict[str, Any], key: str, place: str, most: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    found = owner.get(key)
    if not isinstance(found, list) or len(found) > most:
        return
    start = f"{place}.{key}" if place else key
    for number, item in enumerate(found):
        if isinstance(item, dict):
            yield f"{start}[{number}]", item
