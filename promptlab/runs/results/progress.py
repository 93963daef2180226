"""How far a run is, and how long the rest takes: counted in examples to score."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from optimizer.core.conversation.events import Phase
from optimizer.core.conversation.spec import RunSpec
from optimizer.core.conversation.splits import held_out_size
from optimizer.core.optimizers import optimizer_named
from optimizer.models import Run

RECENT = 6
"""Trials whose pace is taken for the rest."""


@dataclass(frozen=True)
class Timed:
    """A scored trial: how many examples, from when to when."""

    size: int
    started_at: datetime
    scored_at: datetime


@dataclass(frozen=True)
class Plan:
    """A run's phases in order, each with its size in examples (an instruction counts as one)."""

    weights: dict[Phase, int]
    trials: int

    @property
    def whole(self) -> int:
        return max(sum(self.weights.values()), 1)


def phases_in(spec: RunSpec, has_final: bool) -> list[Phase]:
    """The phases that a run of this spec goes through, in order; the last one where there are
    examples kept from all choices."""
    optimizer = optimizer_named(spec.optimizer)
    found = [Phase.BASELINE]
    if optimizer.bootstrapping(spec.settings) is not None:
        found.append(Phase.BOOTSTRAP)
    if optimizer.uses_instructions:
        found.append(Phase.PROPOSE)
    if optimizer.searches or spec.settings.trials:
        found.append(Phase.SEARCH)
    return [*found, *([Phase.FINAL] if has_final else [])]


def plan_of(spec: RunSpec, validation: int, test: int) -> Plan:
    """`validation` and `test` are the sizes of the frozen splits, which the spec is bare of."""
    settings = spec.settings
    scored = min(validation, settings.max_validation)
    optimizer = optimizer_named(spec.optimizer)
    steps = optimizer.steps(settings, scored)
    demos = optimizer.bootstrapping(settings) or settings
    weights = {
        Phase.BASELINE: scored,
        Phase.BOOTSTRAP: demos.max_bootstrapped_demos * max(demos.demo_sets - 1, 1),
        Phase.PROPOSE: max(settings.instructions - 1, 1) * len(spec.program.modules),
        Phase.SEARCH: steps.examples[1],
        Phase.FINAL: 2 * held_out_size(settings, validation, test),
    }
    phases = phases_in(spec, weights[Phase.FINAL] > 0)
    return Plan({phase: weights[phase] for phase in phases}, steps.trials)


def has_final_word(spec: RunSpec, run: Run) -> bool:
    """Whether there are examples kept from all choices."""
    test = run.test.count if run.test else 0
    return held_out_size(spec.settings, run.validation.count, test) > 0


def share_done(plan: Plan, run: Run) -> float:
    """0–1. A phase that ended early counts as whole: the bar never goes back."""
    if not run.phase:
        return 0.0
    now = Phase(run.phase)
    done = 0.0
    for phase, weight in plan.weights.items():
        if phase is now:
            inside = min(run.phase_done / run.phase_steps, 1.0) if run.phase_steps else 0.0
            return min((done + inside * weight) / plan.whole, 0.99)
        done += weight
    return 0.99


def examples_left(plan: Plan, run: Run) -> int:
    return round((1 - share_done(plan, run)) * plan.whole)


def seconds_per_example(latest: Iterable[Timed]) -> float | None:
    """Wall-clock seconds an example took in the latest trials, which come first; None before there
    is one.
    """
    recent = list(islice((t for t in latest if t.size), RECENT))
    if not recent:
        return None
    spent = sum((t.scored_at - t.started_at).total_seconds() for t in recent)
    return spent / sum(t.size for t in recent)
