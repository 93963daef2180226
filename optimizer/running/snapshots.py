"""A run's specification as rows: the spec as JSON, its examples stored once by content."""

from __future__ import annotations

from dataclasses import replace

from optimizer import codec
from optimizer.core.conversation.spec import Limits, RunSpec
from optimizer.core.programs.example import Example
from optimizer.core.programs.program import digest_of
from optimizer.models import ExampleSet, Run


def freeze(spec: RunSpec) -> Run:
    """An unsaved Run that holds all of this spec; its example sets are saved."""
    bare = replace(spec, train=(), validation=(), test=())
    return Run(
        spec=codec.to_json(bare),
        namespace=spec.namespace,
        optimizer=spec.optimizer,
        train=_stored(spec.train),
        validation=_stored(spec.validation),
        test=_stored(spec.test) if spec.test else None,
        max_calls=spec.limits.max_calls,
        max_cost=spec.limits.max_cost,
    )


def thaw(run: Run) -> RunSpec:
    """The spec as it was frozen, with the caps as they are now (they may have been raised)."""
    spec = codec.from_json(RunSpec, run.spec)
    return replace(
        spec,
        train=_examples(run.train),
        validation=_examples(run.validation),
        test=_examples(run.test) if run.test else (),
        limits=Limits(run.max_calls, run.max_cost, spec.limits.max_seconds),
    )


def _stored(examples: tuple[Example, ...]) -> ExampleSet:
    content = codec.to_json(list(examples), list[Example])
    digest = digest_of(content)
    found, _ = ExampleSet.objects.get_or_create(
        digest=digest, defaults={"examples": content, "count": len(examples)}
    )
    return found


def _examples(stored: ExampleSet) -> tuple[Example, ...]:
    return codec.from_json(tuple[Example, ...], stored.examples)
