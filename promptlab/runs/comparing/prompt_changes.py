"""What differs between two prompts of a module: instructions, demos, and how demos are chosen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext as _

from optimizer.core.programs.demo import Demo, Demos, NearestDemos, fixed_of
from optimizer.core.programs.program import Module
from promptlab.programs.shown_demos import (
    FIRST_ROWS,
    ShownDemo,
    ShownNearest,
    how_chosen,
    shown_demo,
    shown_nearest,
)
from promptlab.runs.results.evidence import Evaluated


@dataclass(frozen=True)
class DemoChange:
    """`kind` is "added", "removed", or "" for one that stays."""

    demo: ShownDemo
    kind: str


@dataclass(frozen=True)
class PoolChange:
    """Rows that came into a pool and went from it: how many, and the first of them."""

    added: int
    removed: int
    first: tuple[DemoChange, ...]

    @property
    def more(self) -> int:
        return self.added + self.removed - len(self.first)


@dataclass(frozen=True)
class ModuleDiff:
    """One module's prompt in two candidates. `demos` are those that are always shown; `nearest`
    says how the later prompt chooses others for each input, None where it does not.
    """

    module: Module
    before: str
    after: str
    demos: tuple[DemoChange, ...]
    nearest: ShownNearest | None = None
    choice_changes: tuple[str, ...] = ()
    """How the choice of demos for each input changed, in sentences."""
    pool: PoolChange | None = None

    @property
    def name(self) -> str:
        return self.module.name

    @property
    def instruction_changed(self) -> bool:
        return self.before != self.after

    @property
    def demos_changed(self) -> bool:
        return bool(self.choice_changes) or any(change.kind for change in self.demos)

    @property
    def changed(self) -> bool:
        return self.instruction_changed or self.demos_changed

    @property
    def anchor(self) -> str:
        return f"module-{self.name}"

    @property
    def texts(self) -> Iterator[str]:
        """All that the later prompt says: its instruction and its demos."""
        yield self.after
        for change in self.demos:
            if change.kind != "removed":
                yield from change.demo.texts
        if self.nearest:
            yield from self.nearest.texts


def module_diff(module: Module, first: Evaluated, other: Evaluated, url: str = "") -> ModuleDiff:
    """Instructions to compare word by word; demos as a set. `url`: the page of the later pool."""
    before, after = first.candidate.modules[module.name], other.candidate.modules[module.name]
    return _diff(module, (before.instruction, before.demos), (after.instruction, after.demos), url)


def module_diff_of(module: Module, before: Module | None, url: str = "") -> ModuleDiff:
    """The same for a module of two versions; one that did not exist before had nothing."""
    told = (before.signature.instruction, before.demos) if before else ("", ())
    return _diff(module, told, (module.signature.instruction, module.demos), url)


def _diff(
    module: Module, before: tuple[str, Demos], after: tuple[str, Demos], url: str
) -> ModuleDiff:
    choice = _Choices(module, before[1], after[1])
    return ModuleDiff(
        module, before[0], after[0],
        tuple(_demo_changes(module, fixed_of(before[1]), fixed_of(after[1]))),
        shown_nearest(module, after[1], url), tuple(choice.changes), choice.pool,
    )  # fmt: skip


def _demo_changes(
    module: Module, before: Sequence[Demo], after: Sequence[Demo]
) -> list[DemoChange]:
    """What stays or comes, in the new order; then what went."""
    found = [
        DemoChange(shown_demo(module, demo), "" if demo in before else "added") for demo in after
    ]
    gone = [demo for demo in before if demo not in after]
    return [*found, *(DemoChange(shown_demo(module, demo), "removed") for demo in gone)]


@dataclass(frozen=True)
class _Choices:
    """Two ways to give a module its demos."""

    module: Module
    before: Demos
    after: Demos

    @property
    def changes(self) -> Iterator[str]:
        before, after = self.before, self.after
        if isinstance(before, NearestDemos) and isinstance(after, NearestDemos):
            yield from self._between(before, after)
        elif isinstance(after, NearestDemos):
            yield _("Demos are chosen for each input; before, they were the same for all.")
        elif isinstance(before, NearestDemos):
            told = _("Demos are the same for every input; before, the %(k)s most alike of %(n)s.")
            yield told % {"k": before.k, "n": len(before.pool.demos)}

    def _between(self, before: NearestDemos, after: NearestDemos) -> Iterator[str]:
        if before.k != after.k:
            yield _("Demos for each input: %(a)s → %(b)s.") % {"a": before.k, "b": after.k}
        told = [how_chosen(each) for each in (before, after)]
        if told[0] != told[1]:
            yield _("How they are chosen: “%(a)s” → “%(b)s”") % {"a": told[0], "b": told[1]}
        if before.pool.inputs != after.pool.inputs:
            inputs = [", ".join(each.pool.inputs) for each in (before, after)]
            yield _("Compared by: %(a)s → %(b)s.") % {"a": inputs[0], "b": inputs[1]}
        if self.pool:
            counts = {
                "a": len(before.pool.demos), "b": len(after.pool.demos),
                "more": self.pool.added, "less": self.pool.removed,
            }  # fmt: skip
            yield _(
                "Another pool: %(a)s → %(b)s demos to choose from, %(more)s added, %(less)s "
                "taken out."
            ) % counts  # fmt: skip

    @cached_property
    def pool(self) -> PoolChange | None:
        """None where there are not two pools, or they hold the same."""
        if not isinstance(self.before, NearestDemos) or not isinstance(self.after, NearestDemos):
            return None
        before, after = self.before.pool, self.after.pool
        if before.digest == after.digest:
            return None
        old = {str(demo) for demo in before.demos}
        new = {str(demo) for demo in after.demos}
        added = [demo for demo in after.demos if str(demo) not in old]
        gone = [demo for demo in before.demos if str(demo) not in new]
        changes = [(demo, "added") for demo in added] + [(demo, "removed") for demo in gone]
        first = (DemoChange(shown_demo(self.module, d), kind) for d, kind in changes[:FIRST_ROWS])
        return PoolChange(len(added), len(gone), tuple(first))
