"""What a run would take: calls and tokens as counted, money and time as measured before."""

from __future__ import annotations

import math
from dataclasses import dataclass

from optimizer.core.conversation.spec import ModelRef, RunSpec
from optimizer.core.evaluation.pilot import Pilot
from optimizer.core.optimizers.estimate import ASK_TOKENS, RunEstimate, estimate
from optimizer.core.programs.lm import Role
from optimizer.costs.prices import Price, cost_of, price_of
from optimizer.jobs.measured import Measured, measured
from optimizer.models import Provider

SPARE = 8
"""Calls that may be out when a worker is killed: as many as most providers take at a time."""
DEFAULT_DOLLARS = 1_000_000
"""The cap that is suggested where nothing costs anything, in micro-USD."""


@dataclass(frozen=True)
class Forecast:
    """Ranges for calls, tokens, micro-USD and seconds. None: not known before the first calls."""

    counts: RunEstimate
    cost: tuple[int, int] | None
    seconds: tuple[float, float] | None
    measured_calls: int
    free: bool

    @property
    def calls(self) -> tuple[int, int]:
        return self.counts.calls

    @property
    def tokens(self) -> tuple[int, int]:
        counts = self.counts
        kinds = (
            counts.prompt_tokens, counts.completion_tokens, counts.embedding_tokens,
            *counts.judge_tokens,
        )  # fmt: skip
        return sum(low for low, _high in kinds), sum(high for _low, high in kinds)

    @property
    def suggested_calls(self) -> int:
        """A cap that the upper end fits in, rounded to two figures. Where it is known to the call,
        there is some to spare: calls whose worker was killed count, and are made again.
        """
        low, high = self.calls
        return _rounded_up(high if low < high else high + high // 10 + SPARE)

    @property
    def suggested_cost(self) -> int | None:
        """A cap in micro-USD, a fifth to spare, whole cents; None when prices are unknown."""
        if self.cost is None:
            return None
        if self.free:
            return DEFAULT_DOLLARS
        return max(10_000 * math.ceil(1.2 * self.cost[1] / 10_000), 10_000)


def forecast(spec: RunSpec, pilot: Pilot | None = None) -> Forecast | None:
    """What the run would take; None while no task model is chosen or the program is empty.

    `pilot` is what a few calls of this very program took.
    """
    if Role.TASK not in spec.models or not spec.program.modules:
        return None
    counts = estimate(spec, pilot)
    providers = _providers(spec)
    known = {role: _measured(providers, role, ref) for role, ref in spec.models.items()}
    task = known[Role.TASK]
    writer = known.get(Role.OPTIMIZER) or task
    further = [_measured(providers, Role.OPTIMIZER, ref) for ref in spec.further_optimizers]
    if task is None or writer is None:
        return Forecast(counts, None, None, 0, free=False)
    writers = [writer, *(model for model in further if model is not None)]
    vectors, judges = (
        [
            None if provider is None else price_of(provider, model.model)
            for model in models
            for provider in (providers.get(model.provider),)
        ]
        for models in (spec.embedding_models, spec.judge_models)
    )
    return Forecast(
        counts,
        cost_of(
            counts,
            _mean_price(spec, task.price, providers),
            [model.price for model in writers],
            vectors,
            judges,
        ),
        _seconds(counts, task, writer, pilot, _judging(spec, providers)),
        task.calls,
        free=all(map(_is_free, (*(model.price for model in (task, *writers)), *vectors, *judges))),
    )


def _mean_price(spec: RunSpec, run_s: Price | None, providers: dict[int, Provider]) -> Price | None:
    """A task call's price, on average over the run's task models, which are all asked as often."""
    prices = [run_s]
    for ref in spec.further_task_models:
        provider = providers.get(ref.provider)
        prices.append(price_of(provider, ref.model) if provider else None)
    each = [_task_price(spec, price, providers) for price in prices]
    known = [price for price in each if price is not None]
    if len(known) < len(each):
        return None
    return Price(
        -(-sum(p.input for p in known) // len(known)),
        -(-sum(p.output for p in known) // len(known)),
    )


def _task_price(spec: RunSpec, run_s: Price | None, providers: dict[int, Provider]) -> Price | None:
    """A task call's price, on average over the program's calls, some of which may be asked of a
    model that their module names; None where one is not known.
    """
    if not spec.program.own_models:
        return run_s
    calls, inputs, outputs = max(spec.program.lm_calls, 1), 0, 0
    for call in spec.program.calls:
        module = spec.program.module(call.module)
        own, asked = module.own_model, module.lm_calls * call.passes
        provider = providers.get(own.provider) if own else None
        price = run_s if own is None else provider and price_of(provider, own.model)
        if asked and not price:
            return None
        inputs += asked * (price.input if price else 0)
        outputs += asked * (price.output if price else 0)
    return Price(-(-inputs // calls), -(-outputs // calls))


def _providers(spec: RunSpec) -> dict[int, Provider]:
    wanted = {ref.provider for _role, ref in spec.model_refs}
    found = Provider.objects.filter(pk__in=wanted, namespace=spec.namespace)
    return {provider.pk: provider for provider in found}


def _measured(providers: dict[int, Provider], role: Role, ref: ModelRef) -> Measured | None:
    provider = providers.get(ref.provider)
    return None if provider is None else measured(provider, ref.model, role.value)


def _judging(spec: RunSpec, providers: dict[int, Provider]) -> float | None:
    """Wall-clock seconds between two finished calls of the slowest judge; None where none was
    measured.
    """
    refs = (ModelRef(model.provider, model.model) for model in spec.judge_models)
    known = [_measured(providers, Role.JUDGE, ref) for ref in refs]
    return max((m.seconds_apart for m in known if m and m.seconds_apart is not None), default=None)


def _seconds(
    counts: RunEstimate,
    task: Measured,
    writer: Measured,
    pilot: Pilot | None,
    judging: float | None,
) -> tuple[float, float] | None:
    """A judge that was never measured is taken to be as quick as the task model."""
    apart = _apart(task, pilot)
    if apart is None:
        return None
    asking = _asking(apart, writer, pilot)
    if asking is None:
        return None
    judge = apart if judging is None else (judging, judging)
    kinds = (
        (counts.task_calls, apart),
        (counts.optimizer_calls, asking),
        (counts.judge_calls, judge),
    )
    return (
        sum(calls[0] * each[0] for calls, each in kinds),
        sum(calls[1] * each[1] for calls, each in kinds),
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
