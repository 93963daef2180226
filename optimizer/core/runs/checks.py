"""What speaks for or against a run before it starts, as far as it can be said without rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from optimizer.core.conversation.spec import RunSpec
from optimizer.core.problems import Level, Problem, fine, problem, warning
from optimizer.core.programs.lm import Role
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import FieldType, Value, written
from optimizer.core.runs.validation import (
    frozen_fault,
    label_doubts,
    label_fault,
    minibatch_doubt,
    setting_faults,
)

if TYPE_CHECKING:
    from optimizer.core.optimizers.optimizer import Optimizer

FEW_VALIDATION = 30
"""With fewer examples the interval is wider than most gains."""


@dataclass(frozen=True)
class DataShape:
    """What is to be known of a run's examples, without the examples.

    `inputs` are the columns that every example has, `expected` those that any has. `labels` is what
    the validation examples hold in the metric's column, `every_label` what all examples do.
    """

    train: int
    validation: int
    test: int
    inputs: tuple[str, ...]
    expected: tuple[str, ...]
    labels: tuple[Value, ...]
    every_label: tuple[Value, ...]


def shape_of(spec: RunSpec) -> DataShape:
    examples = (*spec.train, *spec.validation, *spec.test)
    inputs = dict.fromkeys(name for example in examples for name in example.inputs)
    column = spec.metric.expected
    return DataShape(
        train=len(spec.train),
        validation=len(spec.validation),
        test=len(spec.test),
        inputs=tuple(name for name in inputs if all(name in e.inputs for e in examples)),
        expected=tuple(dict.fromkeys(name for e in examples for name in e.expected)),
        labels=tuple(e.expected.get(column) for e in spec.validation),
        every_label=tuple(e.expected.get(column) for e in examples),
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
    per_example = max(len(spec.program.calls), 1)
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
    return found + (short or [fine("data.splits", "dataset", **counts)])


def _metric(spec: RunSpec, data: DataShape) -> list[Problem]:
    problems = spec.metric.problems(spec.program, set(data.expected))
    if problems:
        return [wrong.at("metric") for wrong in problems[:2]]
    fault = label_fault(data.labels, spec.metric.expected)
    if fault:
        return [fault]
    doubts = [*label_doubts(data.labels, spec.metric.expected), *_choices(spec, data)]
    return doubts or [fine("metric.fits", "metric")]


def _choices(spec: RunSpec, data: DataShape) -> list[Problem]:
    """Choices and the data's labels must be the same words: others can never be right."""
    field = spec.program.output_fields().get(spec.metric.output)
    if field is None or field.type is not FieldType.CHOICE:
        return []
    labels = _counted(data.every_label)
    folded = {choice.strip().casefold() for choice in field.choices}
    unknown = {label: n for label, n in labels.items() if label.strip().casefold() not in folded}
    known = {label.strip().casefold() for label in labels}
    unused = [choice for choice in field.choices if choice.strip().casefold() not in known]
    found = []
    if unknown:
        told = {"label": next(iter(unknown)), "field": field.name}
        wrong = problem("metric.no_such_choice", "metric", n=sum(unknown.values()), **told)
        none_fits = len(unknown) == len(labels)
        found.append(wrong if none_fits else replace(wrong, level=Level.WARNING))
    if unused and labels:
        found.append(warning("metric.unused_choice", "program", choice=unused[0]))
    return found


def _counted(labels: Iterable[Value]) -> Counter[str]:
    """How often each is expected; a list expects each of its texts."""
    lists = [label if isinstance(label, list) else [label] for label in labels]
    return Counter(written(value) for found in lists for value in found if value is not None)


def _settings(spec: RunSpec, optimizer: Optimizer, data: DataShape) -> list[Problem]:
    """Settings with which nothing could be found, or little."""
    found = setting_faults(spec.settings, optimizer, spec.program)
    doubt = minibatch_doubt(spec.settings, min(data.validation, spec.settings.max_validation))
    return [*found, doubt] if doubt and "minibatch_size" in optimizer.uses else found


def _roles(spec: RunSpec, optimizer: Optimizer) -> list[Problem]:
    if Role.TASK not in spec.models:
        return [problem("models.no_task", "models.task")]
    found = []
    if optimizer.uses_instructions and Role.OPTIMIZER not in spec.models:
        found.append(problem("models.no_optimizer", "models.optimizer"))
    return found
