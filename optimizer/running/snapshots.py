"""A run's specification as rows: the spec as JSON, its examples stored once by content."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from optimizer import codec
from optimizer.core.conversation.evaluation import EvaluationSpec, ModelCheckSpec
from optimizer.core.conversation.spec import Limits, RunSpec
from optimizer.core.instructions.improving import ImproveSpec
from optimizer.core.programs.demo import digest_of
from optimizer.core.programs.example import Example
from optimizer.models import ExampleSet, Run
from optimizer.running import prompts

Spec = RunSpec | EvaluationSpec | ModelCheckSpec | ImproveSpec
S = TypeVar("S", RunSpec, EvaluationSpec, ModelCheckSpec, ImproveSpec)

TASKS: dict[type[Spec], Run.Task] = {
    RunSpec: Run.Task.OPTIMIZE,
    EvaluationSpec: Run.Task.EVALUATE,
    ModelCheckSpec: Run.Task.CHECK,
    ImproveSpec: Run.Task.IMPROVE,
}
KINDS = {task: kind for kind, task in TASKS.items()}


def freeze(spec: Spec) -> Run:
    """An unsaved Run that holds all of this spec; its example sets are saved."""
    train, validation, test = _examples_of(spec)
    return Run(
        task=TASKS[type(spec)],
        spec=prompts.to_row(_bare(spec)),
        digest=digest(spec),
        namespace=spec.namespace,
        optimizer=spec.optimizer if isinstance(spec, RunSpec) else "",
        train=_stored(train),
        validation=_stored(validation),
        test=_stored(test) if test else None,
        max_calls=spec.limits.max_calls,
        max_cost=spec.limits.max_cost,
    )


def digest(spec: Spec) -> str:
    """Equal for equal specs: what a run is found by for who asks the same again."""
    return digest_of(prompts.to_row(spec))


def thaw(run: Run) -> Spec:
    """The spec as it was frozen, with the caps as they are now (they may have been raised)."""
    spec: Spec = prompts.from_row(KINDS[Run.Task(run.task)], run.spec)
    spec = replace(spec, limits=Limits(run.max_calls, run.max_cost, spec.limits.max_seconds))
    if isinstance(spec, RunSpec):
        test = _examples(run.test) if run.test else ()
        return replace(
            spec, train=_examples(run.train), validation=_examples(run.validation), test=test
        )
    if isinstance(spec, EvaluationSpec):
        return replace(spec, examples=_examples(run.validation))
    return spec


def thawed(run: Run, kind: type[S]) -> S:
    """The spec of a run whose task is known.

    Raises:
        TypeError: it is for something else.
    """
    spec = thaw(run)
    if not isinstance(spec, kind):
        raise TypeError(f"{run} has a {type(spec).__name__}, no {kind.__name__}")
    return spec


def _bare(spec: Spec) -> Spec:
    """The spec without its examples."""
    if isinstance(spec, RunSpec):
        return replace(spec, train=(), validation=(), test=())
    return replace(spec, examples=()) if isinstance(spec, EvaluationSpec) else spec


def _examples_of(
    spec: Spec,
) -> tuple[tuple[Example, ...], tuple[Example, ...], tuple[Example, ...]]:
    """For training, to be scored on, and for the test."""
    if isinstance(spec, RunSpec):
        return spec.train, spec.validation, spec.test
    return (), spec.examples if isinstance(spec, EvaluationSpec) else (), ()


def _stored(examples: tuple[Example, ...]) -> ExampleSet:
    content = codec.to_json(list(examples), list[Example])
    found, _ = ExampleSet.objects.get_or_create(
        digest=digest_of(content), defaults={"examples": content, "count": len(examples)}
    )
    return found


def _examples(stored: ExampleSet) -> tuple[Example, ...]:
    return codec.from_json(tuple[Example, ...], stored.examples)
