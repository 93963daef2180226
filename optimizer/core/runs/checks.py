"""What speaks for or against a run before it starts, as far as it can be said without rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from optimizer.core.conversation.spec import RunSpec
from optimizer.core.evaluation.metric import Metric
from optimizer.core.problems import Level, Problem, distinct, fine, problem, warning
from optimizer.core.programs.lm import Role
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import FieldType, Value, written
from optimizer.core.runs.validation import (
    frozen_fault,
    label_fault,
    label_warnings,
    minibatch_warning,
    setting_faults,
    unattainable,
)

if TYPE_CHECKING:
    from optimizer.core.optimizers.optimizer import Optimizer

FEW_VALIDATION = 30
"""With fewer examples the interval is wider than most gains."""


@dataclass(frozen=True)
class DataShape:
    """What is to be known of a run's examples, without the examples.

    `inputs` are the columns that every example has, `expected` those that any has. `labels` is what
    the validation examples hold in each of the metric's columns, `every_label` what all examples
    do.
    """

    train: int
    validation: int
    test: int
    inputs: tuple[str, ...]
    expected: tuple[str, ...]
    labels: Mapping[str, tuple[Value, ...]]
    every_label: Mapping[str, tuple[Value, ...]]


def shape_of(spec: RunSpec) -> DataShape:
    examples = (*spec.train, *spec.validation, *spec.test)
    inputs = dict.fromkeys(name for example in examples for name in example.inputs)
    columns = spec.metric.expects
    return DataShape(
        train=len(spec.train),
        validation=len(spec.validation),
        test=len(spec.test),
        inputs=tuple(name for name in inputs if all(name in e.inputs for e in examples)),
        expected=tuple(dict.fromkeys(name for e in examples for name in e.expected)),
        labels={c: tuple(e.expected.get(c) for e in spec.validation) for c in columns},
        every_label={c: tuple(e.expected.get(c) for e in examples) for c in columns},
    )


def checks_of(spec: RunSpec, optimizer: Optimizer, data: DataShape) -> list[Problem]:
    """Everything about program, data, metric, settings and roles. Of the spec's examples nothing is
    read: they may be left out.
    """
    return [
        *_program(spec.program, optimizer),
        *_data(spec.program, optimizer, data),
        *_metric(spec, data),
        *_settings(spec, optimizer, data),
        *_roles(spec, optimizer),
    ]


def one_trial(spec: RunSpec, optimizer: Optimizer, baseline_calls: int) -> int:
    """Calls of the baseline and of one trial: a minibatch, or all that is scored."""
    judges = spec.metric.judge_calls
    per_example = max(spec.program.lm_calls + spec.metric.lm_calls - judges, 1) + judges
    validation = baseline_calls // per_example
    whole = "minibatch_size" not in optimizer.uses
    size = validation if whole else min(spec.settings.minibatch_size, validation)
    return per_example * (validation + size)


def _program(program: Program, optimizer: Optimizer) -> list[Problem]:
    found = program.problems()
    if found:
        part = found[0].place.partition(".")[2]
        first = problem("program.part", part=part, why=found[0]) if part else found[0]
        more = len(found) - 1
        told = problem("program.more", why=first, n=more) if more else first
        return [told.at("program")]
    frozen = frozen_fault(optimizer, program)
    return [frozen] if frozen else [fine("program.complete", "program")]


def _data(program: Program, optimizer: Optimizer, data: DataShape) -> list[Problem]:
    missing = [f.name for f in program.inputs if f.name not in data.inputs]
    found = []
    if missing and data.inputs:
        given = data.inputs
        found.append(problem("data.no_such_input", "dataset", input=missing[0], given=given))
    short = []
    if data.validation == 0:
        short.append(problem("data.no_validation", "dataset"))
    elif data.validation < FEW_VALIDATION:
        short.append(warning("data.wide_interval", "dataset", n=data.validation))
    if data.train == 0 and optimizer.needs_train:
        short.append(problem("data.no_train", "dataset"))
    counts = {"train": data.train, "validation": data.validation, "test": data.test}
    told = fine("data.splits", "dataset", **counts)
    if not optimizer.searches:
        told = fine("data.scored", "dataset", validation=data.validation)
    return found + (short or [told])


def _metric(spec: RunSpec, data: DataShape) -> list[Problem]:
    problems = spec.metric.problems(spec.program, set(data.expected))
    if problems:
        return [wrong.at("metric") for wrong in problems[:2]]
    compared = [metric for metric in spec.metric.singles if metric.expected]
    faults = {m.expected: label_fault(data.labels[m.expected], m.expected) for m in compared}
    silent = [fault for fault in faults.values() if fault]
    if faults and len(silent) == len(faults):
        return silent
    told = (_told_of(m, spec.program, data) for m in compared if not faults[m.expected])
    found = [replace(fault, level=Level.WARNING) for fault in silent]
    found += [each for several in told for each in several]
    return distinct(found) or [fine("metric.fits", "metric")]


def _told_of(metric: Metric, program: Program, data: DataShape) -> list[Problem]:
    labels, every = data.labels[metric.expected], data.every_label[metric.expected]
    never = unattainable(metric, program, every)
    told = label_warnings(metric, program, labels)
    return [*told, *([never] if never else []), *_unused(metric, program, every)]


def _unused(metric: Metric, program: Program, every: Sequence[Value]) -> list[Problem]:
    """A choice that no example expects may be spelled otherwise than in the data."""
    field = program.output_fields().get(metric.output)
    if field is None or field.type is not FieldType.CHOICE or not any(every):
        return []
    labels = {written(label): label for label in every}.values()
    for choice in field.choices:
        alone = replace(field, choices=(choice,))
        if not any(metric.attainable(alone, label) for label in labels):
            return [warning("metric.unused_choice", "program", choice=choice)]
    return []


def _settings(spec: RunSpec, optimizer: Optimizer, data: DataShape) -> list[Problem]:
    """Settings with which nothing could be found, or little."""
    found = setting_faults(spec.settings, optimizer, spec.program)
    small = minibatch_warning(spec.settings, min(data.validation, spec.settings.max_validation))
    return [*found, small] if small and "minibatch_size" in optimizer.uses else found


def _roles(spec: RunSpec, optimizer: Optimizer) -> list[Problem]:
    if Role.TASK not in spec.models:
        return [problem("models.no_task", "models.task")]
    found = []
    if optimizer.uses_instructions and Role.OPTIMIZER not in spec.models:
        found.append(problem("models.no_optimizer", "models.optimizer"))
    return found
