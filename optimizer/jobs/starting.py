"""Starting a run: everything is checked before anything is spent, then frozen with its job."""

from __future__ import annotations

from typing import Literal

from django.db import transaction

from optimizer import doorbell, hints
from optimizer.core.conversation.spec import RunSpec
from optimizer.core.optimizers import OPTIMIZERS
from optimizer.core.optimizers.estimate import estimate
from optimizer.core.programs.lm import Role
from optimizer.core.runs.validation import frozen_fault, label_fault, setting_faults
from optimizer.costs import prices, spending
from optimizer.lm.door import LONGEST_NAME
from optimizer.lm.egress import AllowList, objection
from optimizer.models import Provider, Run
from optimizer.running import snapshots
from optimizer.sentences import sentence

Part = Literal["program", "metric", "dataset", "models", "limits", "optimizer", "settings"]


class CannotStart(Exception):
    """A run that cannot work. `part` is what to change, the message says how."""

    def __init__(self, part: Part, message: str) -> None:
        self.part = part
        super().__init__(message)


def create_run(spec: RunSpec) -> Run:
    """Freeze the spec into a run and have a worker take it, in one transaction.

    Raises:
        CannotStart: the spec cannot work; nothing was stored or spent.
    """
    check(spec)
    with transaction.atomic():
        run = snapshots.freeze(spec)
        run.save()
        hints.enqueue(run.pk)
        doorbell.ring("run", run.pk)
    return run


def check(spec: RunSpec) -> None:
    """Look for everything that would make the run fail.

    Raises:
        CannotStart: with the first thing found.
    """
    _check_program(spec)
    _check_examples(spec)
    _check_metric(spec)
    _check_settings(spec)
    _check_models(spec)
    _check_limits(spec)


def _check_program(spec: RunSpec) -> None:
    if spec.optimizer not in OPTIMIZERS:
        known = ", ".join(OPTIMIZERS)
        raise CannotStart("optimizer", f"There is no optimizer “{spec.optimizer}”; use {known}.")
    problems = spec.program.problems()
    if problems:
        raise CannotStart("program", sentence(problems[0]))


def _check_examples(spec: RunSpec) -> None:
    if not spec.validation:
        raise CannotStart(
            "dataset", "There is no validation example to score with: give that split a share."
        )
    if OPTIMIZERS[spec.optimizer].needs_train and not spec.train:
        raise CannotStart(
            "dataset", "There is no training example to learn from: give that split a share."
        )
    wanted = {field.name for field in spec.program.inputs}
    for example in (*spec.train, *spec.validation, *spec.test):
        missing = sorted(wanted - example.inputs.keys())
        if missing:
            raise CannotStart(
                "dataset",
                f"Example {example.id} has no “{missing[0]}”, which the program takes as input.",
            )


def _check_metric(spec: RunSpec) -> None:
    columns = {name for example in spec.validation for name in example.expected}
    problems = spec.metric.problems(spec.program, columns)
    if problems:
        raise CannotStart("metric", sentence(problems[0]))
    column = spec.metric.expected
    fault = label_fault([e.expected.get(column) for e in spec.validation], column)
    if fault:
        raise CannotStart("metric", sentence(fault))


def _check_settings(spec: RunSpec) -> None:
    optimizer = OPTIMIZERS[spec.optimizer]
    frozen = frozen_fault(optimizer, spec.program)
    if frozen:
        raise CannotStart("program", sentence(frozen))
    for fault in setting_faults(spec.settings, optimizer, spec.program):
        raise CannotStart("settings", sentence(fault))


def _check_models(spec: RunSpec) -> None:
    if Role.TASK not in spec.models:
        raise CannotStart("models", "Choose the task model: the one that runs the program.")
    if OPTIMIZERS[spec.optimizer].uses_instructions and Role.OPTIMIZER not in spec.models:
        raise CannotStart("models", "Choose the optimizer model: the one that writes instructions.")
    if spec.further_optimizers and not OPTIMIZERS[spec.optimizer].compares_writers:
        raise CannotStart(
            "models",
            f"The optimizer “{spec.optimizer}” writes with one model: leave out the further ones, "
            f"or use {_comparing()}.",
        )
    for _role, ref in spec.model_refs:
        if len(ref.model) > LONGEST_NAME:
            told = f"“{ref.model[:40]}…” is no model's name: it is longer than {LONGEST_NAME}."
            raise CannotStart("models", told)
    wanted = {ref.provider for _role, ref in spec.model_refs}
    known = {p.pk: p for p in Provider.objects.filter(pk__in=wanted, namespace=spec.namespace)}
    capped, allowed = _money_cap(spec), AllowList.now()
    for role, ref in spec.model_refs:
        provider = known.get(ref.provider)
        if provider is None:
            raise CannotStart(
                "models", f"The provider of the {role} model is gone: choose another model."
            )
        if told := objection(provider, ref.model, allowed):
            raise CannotStart("models", f"Provider “{provider.name}”: {told}")
        if capped and prices.price_of(provider, ref.model) is None:
            raise CannotStart(
                "limits",
                f"The price of {ref.model} is not known, so {capped} in dollars cannot be kept: "
                f"enter its prices at provider “{provider.name}” (0 if it is free), or cap calls "
                "only.",
            )


def _money_cap(spec: RunSpec) -> str:
    """Which cap in dollars the run would have to keep to, "" for none."""
    if spec.limits.max_cost is not None:
        return "a cap"
    above = spending.money_cap_above(spec.namespace)
    return f"{above} monthly cap" if above else ""


def _comparing() -> str:
    return " or ".join(name for name, found in OPTIMIZERS.items() if found.compares_writers)


def _check_limits(spec: RunSpec) -> None:
    needed, cap = estimate(spec).baseline_calls, spec.limits.max_calls
    if cap is not None and cap < needed:
        raise CannotStart(
            "limits",
            f"The baseline alone needs {needed:,} calls, but the cap is {cap:,}: raise the cap, "
            "or score with fewer validation examples.",
        )
    if spec.limits.max_cost is not None and spec.limits.max_cost <= 0:
        raise CannotStart("limits", "A cap in dollars must be more than 0.")
    if spec.limits.max_seconds is not None and spec.limits.max_seconds <= 0:
        raise CannotStart("limits", "A time limit must be more than 0 seconds.")
