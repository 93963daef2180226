"""A run before it starts: what is wished, what it would take, and what stands in its way."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from optimizer.core.conversation.spec import Effort, Limits, ModelRef, RunSpec, Settings
from optimizer.core.evaluation.pilot import Pilot
from optimizer.core.optimizers.estimate import ASK_TOKENS, RunEstimate, estimate
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Role
from optimizer.costs.prices import Price, cost_of
from optimizer.datasets.splitting import Split
from optimizer.models import Provider
from promptlab.accounts.models import Project
from promptlab.datasets import queries as datasets
from promptlab.datasets.models import Dataset
from promptlab.metrics.models import Metric
from promptlab.programs.models import Program
from promptlab.runs.starting.measured import Measured, measured
from promptlab.runs.starting.measuring import Measuring, measuring_of

SEEN_ROWS = 8
DEFAULT_DOLLARS = 1_000_000
"""The cap that is suggested where nothing costs anything, in micro-USD."""


@dataclass(frozen=True)
class RunRequest:
    """What somebody wants to optimize, with what. `metric` may not be stored yet."""

    program: Program
    dataset: Dataset
    metric: Metric
    optimizer: str
    effort: Effort
    settings: Settings
    models: dict[Role, ModelRef]
    limits: Limits
    seed: int = 0
    further_optimizers: tuple[ModelRef, ...] = ()


@dataclass(frozen=True)
class Forecast:
    """Ranges for calls, tokens, micro-USD and seconds. None: not known before the first calls."""

    counts: RunEstimate
    cost: tuple[int, int] | None
    seconds: tuple[float, float] | None
    measured_calls: int
    free: bool
    measuring: Measuring = field(default_factory=Measuring)

    @property
    def calls(self) -> tuple[int, int]:
        return self.counts.calls

    @property
    def tokens(self) -> tuple[int, int]:
        low = self.counts.prompt_tokens[0] + self.counts.completion_tokens[0]
        return low, self.counts.prompt_tokens[1] + self.counts.completion_tokens[1]

    @property
    def suggested_calls(self) -> int:
        """A cap that the upper end fits in, rounded to two figures."""
        return _rounded_up(self.calls[1])

    @property
    def suggested_cost(self) -> int | None:
        """A cap in micro-USD, a fifth to spare, whole cents; None when prices are unknown."""
        if self.cost is None:
            return None
        if self.free:
            return DEFAULT_DOLLARS
        return max(10_000 * math.ceil(1.2 * self.cost[1] / 10_000), 10_000)


def spec_of(project: Project, wishes: RunRequest) -> RunSpec:
    """The whole specification, with every example."""
    train, validation, test = (datasets.examples(wishes.dataset, split) for split in Split)
    return _spec(project, wishes, train, validation, test)


def sketch_of(project: Project, wishes: RunRequest) -> RunSpec:
    """A specification of the same size made of a few rows: enough for an estimate."""
    counts = datasets.split_counts(wishes.dataset)
    rows = wishes.dataset.examples.filter(split=Split.TRAIN.value)[:SEEN_ROWS]
    seen = [datasets.as_example(row) for row in rows] or [
        datasets.as_example(row) for row in wishes.dataset.examples.all()[:SEEN_ROWS]
    ]
    train, validation, test = (_stand_ins(seen, counts[split]) for split in Split)
    return _spec(project, wishes, train, validation, test)


def _stand_ins(seen: list[Example], count: int) -> tuple[Example, ...]:
    if not seen:
        return ()
    return tuple(seen[i % len(seen)] for i in range(count))


def _spec(
    project: Project,
    wishes: RunRequest,
    train: tuple[Example, ...],
    validation: tuple[Example, ...],
    test: tuple[Example, ...],
) -> RunSpec:
    return RunSpec(
        program=wishes.program.core,
        metric=wishes.metric.core,
        optimizer=wishes.optimizer,
        settings=replace(wishes.settings, effort=wishes.effort),
        models=wishes.models,
        train=train,
        validation=validation,
        test=test,
        limits=wishes.limits,
        seed=wishes.seed,
        namespace=project.namespace,
        further_optimizers=wishes.further_optimizers,
    )


def forecast(project: Project, wishes: RunRequest) -> Forecast | None:
    """What the run would take; None while no task model is chosen or the program is empty."""
    if Role.TASK not in wishes.models or not wishes.program.core.modules:
        return None
    check = measuring_of(project, wishes)
    counts = estimate(sketch_of(project, wishes), check.pilot)
    known = _measured(project, wishes)
    task = known.get(Role.TASK)
    writer = known.get(Role.OPTIMIZER) or task
    writers = [writer, *_measured_further(project, wishes)] if writer else []
    if task is None or writer is None:
        return Forecast(counts, None, None, 0, free=False, measuring=check)
    return Forecast(
        counts,
        cost_of(counts, task.price, [writer.price for writer in writers]),
        _seconds(counts, task, writer, check.pilot),
        task.calls,
        free=all(_is_free(m.price) for m in (task, *writers)),
        measuring=check,
    )


def _measured(project: Project, wishes: RunRequest) -> dict[Role, Measured]:
    ids = {ref.provider for ref in wishes.models.values()}
    providers = _providers(project, ids)
    return {
        role: measured(providers[ref.provider], ref.model, role.value)
        for role, ref in wishes.models.items()
        if ref.provider in providers
    }


def _measured_further(project: Project, wishes: RunRequest) -> list[Measured]:
    refs = wishes.further_optimizers
    providers = _providers(project, {ref.provider for ref in refs})
    role = Role.OPTIMIZER.value
    known = [ref for ref in refs if ref.provider in providers]
    return [measured(providers[ref.provider], ref.model, role) for ref in known]


def _providers(project: Project, ids: set[int]) -> dict[int, Provider]:
    found = Provider.objects.filter(pk__in=ids, namespace=project.namespace)
    return {provider.pk: provider for provider in found}


def _seconds(
    counts: RunEstimate, task: Measured, writer: Measured, pilot: Pilot | None
) -> tuple[float, float] | None:
    apart = _apart(task, pilot)
    if apart is None:
        return None
    asking = _asking(apart, writer, pilot)
    if asking is None:
        return None
    return (
        counts.task_calls[0] * apart[0] + counts.optimizer_calls[0] * asking[0],
        counts.task_calls[1] * apart[1] + counts.optimizer_calls[1] * asking[1],
    )


def _apart(task: Measured, pilot: Pilot | None) -> tuple[float, float] | None:
    """Wall-clock seconds between two finished calls of the program.

    At the low end the provider is as quick with all calls at once that it takes as with the few
    that were measured together; at the high end, more at once make it no quicker.
    """
    if pilot is None:
        apart = task.seconds_apart
        return None if apart is None else (apart, apart)
    most = max(task.at_once, 1)
    return pilot.seconds[0] / most, pilot.seconds[1] / min(pilot.at_once, most)


def _asking(
    apart: tuple[float, float], writer: Measured, pilot: Pilot | None
) -> tuple[float, float] | None:
    """The same of the optimizer model; unmeasured, it takes longer as its replies are longer."""
    if writer.seconds_apart is not None:
        return writer.seconds_apart, writer.seconds_apart
    if pilot is None:
        return None
    return apart[0], apart[1] * max(ASK_TOKENS[1] / max(pilot.completion_tokens[0], 1.0), 1.0)


def _is_free(price: Price | None) -> bool:
    return price is not None and price.input == 0 and price.output == 0


def _rounded_up(calls: int) -> int:
    if calls < 100:
        return 10 * math.ceil(calls / 10)
    size: int = 10 ** (len(str(calls)) - 2)
    return size * math.ceil(calls / size)
