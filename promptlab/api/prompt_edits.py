"""Edits of prompts in JSON, as the fields of the form that a page sends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optimizer.core.problems import problem, refuse
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.demo import Demo, FixedDemos, fixed_of
from optimizer.core.programs.program import Module, Program
from optimizer.core.programs.signature import Field, written
from promptlab.api.schemas.evaluations import ModuleEdit


def fields_of(
    program: Program, given: Candidate, wished: Mapping[str, ModuleEdit]
) -> dict[str, Any]:
    """The prompts that are `given` with what is wished of modules, as the fields of the page that
    edits them.

    Raises:
        Refused: it names a module, a demo or a field that is not there.
    """
    before = given.modules
    refuse(
        problem("edit.no_module", f"modules.{name}", module=name, modules=tuple(before))
        for name in wished
        if name not in before
    )
    values: dict[str, Any] = {}
    for module in program.modules:
        name, prompt = module.name, before[module.name]
        edit = wished.get(name, ModuleEdit())
        values[f"instruction:{name}"] = (
            prompt.instruction if edit.instruction is None else edit.instruction
        )
        rows = _rows(module, fixed_of(prompt.demos), edit)
        values[f"demos-{name}-count"] = len(rows)
        for at, cells in enumerate(rows):
            values |= {f"demos-{name}-{at}-{field}": told for field, told in cells.items()}
    return values


def _rows(module: Module, before: FixedDemos, edit: ModuleEdit) -> list[dict[str, str]]:
    """The demos as rows of the form: those of before by their places, others by their values."""
    place, names = f"modules.{module.name}.demos", {f.name for f in _shown(module)}
    wished = range(1, len(before) + 1) if edit.demos is None else edit.demos
    refuse(
        problem("edit.no_demo", place, n=one, count=len(before))
        for one in wished
        if isinstance(one, int) and not 1 <= one <= len(before)
    )
    fresh = [one for one in wished if not isinstance(one, int)]
    refuse(
        problem("demo.no_such_field", place, name=name)
        for one in fresh
        for name in one
        if name not in names
    )
    refuse(problem("demo.no_output", place) for one in fresh if not any(map(written, one.values())))
    demos = [before[one - 1] if isinstance(one, int) else Demo(one) for one in wished]
    return [
        {n: written(v) for n, v in demo.values.items() if n in names}
        | {"augmented": "on" if demo.augmented else ""}
        for demo in demos
    ]


def _shown(module: Module) -> tuple[Field, ...]:
    return (*module.signature.inputs, *module.shown_fields)
