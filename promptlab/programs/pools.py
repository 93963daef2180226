"""Pools of demos that a module of a program can choose from, and why a dataset makes none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from optimizer.core.demos.pools import pool_of_labels
from optimizer.core.programs.calls import INPUT, Call
from optimizer.core.programs.demo import DemoPool, NearestDemos
from optimizer.core.programs.program import Module
from optimizer.core.programs.program import Program as CoreProgram
from optimizer.datasets.splitting import Split
from optimizer.running.prompts import from_row
from promptlab.datasets import queries as datasets
from promptlab.datasets.models import Dataset
from promptlab.programs.models import Program

AS_IS, BEFORE = "as-is", "before"
"""The pool that the module has, and the one that it had before its demos were fixed."""


@dataclass(frozen=True)
class Source:
    """Where a pool may come from. `why_not` says what keeps a dataset from being one."""

    value: str
    label: str
    why_not: str = ""


class Pools:
    """The pools that are offered for one module."""

    def __init__(self, program: Program, module: Module) -> None:
        self.program, self.module = program, module
        self._datasets = {str(row.pk): row for row in datasets.datasets_of(program.project)}

    @property
    def before(self) -> NearestDemos | None:
        """How its demos were chosen before they became the same for all, where that fits yet."""
        told = self.program.set_aside.get(self.module.name)
        if told is None or isinstance(self.module.demos, NearestDemos):
            return None
        try:
            found = from_row(NearestDemos, told)
        except ValueError:
            return None
        return None if replace(self.module, demos=found).pool_problems() else found

    @property
    def sources(self) -> list[Source]:
        return [*self._own(), *(self._of(row) for row in self._datasets.values())]

    def _own(self) -> Iterator[Source]:
        if isinstance(self.module.demos, NearestDemos):
            told = _("The pool as it is: %(n)s demos")
            yield Source(AS_IS, told % {"n": len(self.module.demos.pool.demos)})
        elif self.before:
            told = _("The pool as it was before: %(n)s demos")
            yield Source(BEFORE, told % {"n": len(self.before.pool.demos)})

    def _of(self, row: Dataset) -> Source:
        n = row.splits.get(Split.TRAIN, 0)
        label = _("Training rows of “%(name)s” (%(n)s)") % {"name": row.name, "n": n}
        return Source(str(row.pk), label, why_no_pool(self.program.core, self.module, row))

    def pool(self, value: str) -> DemoPool | None:
        """The pool of a source; None where it is not offered any more."""
        if value == AS_IS:
            demos = self.module.demos
            return demos.pool if isinstance(demos, NearestDemos) else None
        if value == BEFORE:
            return self.before.pool if self.before else None
        row = self._datasets.get(value)
        if row is None:
            return None
        rows = datasets.examples(row, Split.TRAIN)
        return pool_of_labels(self.program.core, self.module, rows, {})


def why_no_pool(program: CoreProgram, module: Module, dataset: Dataset) -> str:
    """What keeps the rows of a dataset from being demos of a module; "" where nothing does."""
    if not module.labels_are_demos:
        return _("a row's answer does not show how it was thought of, so only a run makes demos.")
    calls = [call for call in program.calls if call.module == module.name]
    if not calls:
        return _("no call uses this module.")
    reasons = [_lacking(program, module, call, dataset) for call in calls]
    return "" if "" in reasons else reasons[0]


def _lacking(program: CoreProgram, module: Module, call: Call, dataset: Dataset) -> str:
    inputs, expected = datasets.columns(dataset)
    for name, source in call.inputs.items():
        owner, _dot, field = source.partition(".")
        if owner != INPUT:
            return _("“%(name)s” comes from “%(owner)s”, so only a run makes demos.") % {
                "name": name, "owner": owner,
            }  # fmt: skip
        if field not in inputs:
            return _("it has no input column “%(name)s”.") % {"name": field}
    columns = {source: name for name, source in program.outputs.items()}
    for output in module.signature.outputs:
        column = columns.get(f"{call.name}.{output.name}")
        if column is None:
            told = _("“%(name)s” is no output of the program, so no column says what it should be.")
            return told % {"name": output.name}
        if column not in expected:
            return _("it has no expected column “%(name)s”.") % {"name": column}
    return ""
