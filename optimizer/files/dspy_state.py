"""A state that DSPy saved, read onto a program: its predictors' instructions and demos."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from optimizer.core.modules.prompted import Prompted
from optimizer.core.problems import Problem, Refused, warning
from optimizer.core.programs.demo import Demo
from optimizer.core.programs.program import Module, Program
from optimizer.core.programs.storable import is_storable

REASONING = "reasoning"
"""What DSPy calls the thoughts of a chain of thought."""


def predictors_in(data: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What a state says of each predictor, by its name; of a single one, by ""."""
    if "demos" in data and "signature" in data:
        return {"": dict(data)}
    return {
        name: part
        for name, part in data.items()
        if isinstance(part, dict) and "demos" in part and "signature" in part
    }


def read_onto(program: Program, data: Mapping[str, Any]) -> tuple[Program, tuple[Problem, ...]]:
    """The program with the state's instructions and demos, and what was not taken.

    A predictor belongs to the module of its name (`classify`, `classify.predict`, `self.classify`);
    one alone belongs to the only module that has words.

    Raises:
        Refused: no predictor belongs to a module.
    """
    found = predictors_in(data)
    worded = [m for m in program.modules if isinstance(m, Prompted)]
    told: list[Problem] = []
    made: dict[str, Module] = {}
    for name, part in found.items():
        module = _module_of(name, worded, len(found))
        if module is None:
            told.append(warning("file.no_module_for", predictor=name or "the predictor"))
            continue
        made[module.name], left = _with(module, part)
        if left:
            told.append(warning("file.demos_left", module=module.name, n=left))
    if not made:
        names = tuple(m.name for m in worded)
        raise Refused.because("file.no_predictor_fits", predictors=tuple(found), modules=names)
    modules = tuple(made.get(module.name, module) for module in program.modules)
    return replace(program, modules=modules), tuple(told)


def _module_of(name: str, modules: list[Prompted], predictors: int) -> Prompted | None:
    parts = name.removesuffix(".predict").split(".")
    named = next((m for m in modules if m.name == parts[-1] or m.name == name), None)
    alone = modules[0] if len(modules) == predictors == 1 else None
    return named or alone


def _with(module: Prompted, part: Mapping[str, Any]) -> tuple[Module, int]:
    """The module with what is said of it, and how many demos do not fit its fields."""
    signature = part["signature"]
    told = signature.get("instructions") if isinstance(signature, dict) else None
    kept = isinstance(told, str) and bool(told.strip()) and is_storable(told)
    instruction = str(told) if kept else module.signature.instruction
    rows = part["demos"] if isinstance(part["demos"], list) else []
    demos = [demo for row in rows if (demo := _demo(module, row))]
    changed = replace(
        module,
        signature=replace(module.signature, instruction=instruction),
        demos=tuple(demos) if rows else module.demos,
    )
    return changed, len(rows) - len(demos)


def _demo(module: Prompted, row: Any) -> Demo | None:
    """A demo of the module's fields; None where one of them is missing."""
    if not isinstance(row, dict):
        return None
    names = [f.name for f in (*module.signature.inputs, *module.gives)]
    values = {name: row[name] for name in names if name in row}
    whole = all(n in values for n in names if n != REASONING)
    if not whole or not is_storable(json.dumps(values, ensure_ascii=False)):
        return None
    return Demo(values, augmented=bool(row.get("augmented")))
