"""How far a run is, and how long the rest takes: counted in examples to score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from optimizer.core.events import Phase
from optimizer.core.optimizers import OPTIMIZERS
from optimizer.core.spec import RunSpec
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


def phases_in(spec: RunSpec, has_test: bool) -> list[Phase]:
    """The phases that a run of this spec goes through, in order."""
    optimizer = OPTIMIZERS[spec.optimizer]
    found = [Phase.BASELINE]
    # Demos may be looked for only to be shown to the model that writes instructions.
    grounded = optimizer.uses_instructions and spec.settings.grounding.demos
    if optimizer.uses_demos or grounded:
        found.append(Phase.BOOTSTRAP)
    if optimizer.uses_instructions:
        found.append(Phase.PROPOSE)
    return [*found, Phase.SEARCH, *([Phase.FINAL] if has_test else [])]


def plan_of(spec: RunSpec, validation: int, test: int) -> Plan:
    """`validation` and `test` are the sizes of the frozen splits, which the spec is bare of."""
    settings = spec.settings
    scored = min(validation, settings.max_validation)
    trials, examples = _search(spec, scored)
    weights = {
        Phase.BASELINE: scored,
        Phase.BOOTSTRAP: settings.max_bootstrapped_demos * max(settings.demo_sets - 1, 1),
        Phase.PROPOSE: max(settings.instructions - 1, 1) * len(spec.program.modules),
        Phase.SEARCH: examples,
        Phase.FINAL: 2 * test,
    }
    return Plan({phase: weights[phase] for phase in phases_in(spec, test > 0)}, trials)


def _search(spec: RunSpec, scored: int) -> tuple[int, int]:
    settings = spec.settings
    if spec.optimizer == "bootstrap_search":
        trials = min(settings.trials, settings.demo_sets)
        return trials, trials * scored
    if settings.minibatch_size >= scored:
        return settings.trials, settings.trials * scored
    fulls = -(-settings.trials // settings.full_every)
    examples = settings.trials * settings.minibatch_size + fulls * scored
    return settings.trials + fulls, examples


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


def seconds_per_example(trials: Sequence[Timed]) -> float | None:
    """Wall-clock seconds an example took in the latest trials, None before there is one."""
    recent = [t for t in trials if t.size][-RECENT:]
    if not recent:
        return None
    spent = sum((t.scored_at - t.started_at).total_seconds() for t in recent)
    return spent / sum(t.size for t in recent)
