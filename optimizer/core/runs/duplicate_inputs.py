"""Twins: examples that give a program the same input."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from optimizer.core.conversation.spec import RunSpec
from optimizer.core.conversation.splits import validation_of
from optimizer.core.problems import Problem, warning
from optimizer.core.programs.example import Example
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import written

Input = tuple[str, ...]


def duplicate_warnings(spec: RunSpec) -> list[Problem]:
    """What twins do to the scores of this run."""
    validation = validation_of(spec)
    lost = _contradicted(spec, validation)
    found = []
    if lost:
        counts = {"n": lost, "total": len(validation)}
        found.append(warning("data.contradicted", "dataset", **counts))
    known = {input_of(spec.program, example) for example in spec.train}
    scored, sealed = (_known(spec.program, known, split) for split in (validation, spec.test))
    if scored:
        counts = {"n": scored, "total": len(validation)}
        found.append(warning("data.validation_known", "dataset", **counts))
    if sealed:
        counts = {"n": sealed, "total": len(spec.test)}
        found.append(warning("data.test_known", "dataset", **counts))
    return found


def _known(program: Program, known: set[Input], examples: Iterable[Example]) -> int:
    """How many examples have an input that is known already."""
    return sum(input_of(program, example) in known for example in examples)


def input_of(program: Program, example: Example) -> Input:
    """What the program is given of an example."""
    return tuple(written(example.inputs.get(f.name)) for f in program.inputs)


def _contradicted(spec: RunSpec, examples: Iterable[Example]) -> int:
    """Examples that cannot all be right, as the same input always gets the same answer."""
    expected: dict[Input, Counter[str]] = defaultdict(Counter)
    columns = spec.metric.expects
    for example in examples:
        label = "\n".join(written(example.expected.get(c)) for c in columns).strip().casefold()
        if label:
            expected[input_of(spec.program, example)][label] += 1
    return sum(labels.total() - max(labels.values()) for labels in expected.values())
