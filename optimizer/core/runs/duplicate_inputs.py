"""Twins: examples that give a program the same input."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from optimizer.core.conversation.spec import RunSpec
from optimizer.core.conversation.splits import validation_of
from optimizer.core.programs.example import Example
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import written

Input = tuple[str, ...]


def duplicate_warnings(spec: RunSpec) -> list[str]:
    """What twins do to the scores of this run, in sentences."""
    validation = validation_of(spec)
    lost = _contradicted(spec, validation)
    found = []
    if lost:
        found.append(
            f"On {_of(lost, len(validation))} every prompt must fail: the same input expects "
            "another answer elsewhere in that split. Look at their labels."
        )
    known = {input_of(spec.program, example) for example in spec.train}
    for name, examples in (("validation", validation), ("test", spec.test)):
        count = sum(input_of(spec.program, example) in known for example in examples)
        if count:
            found.append(
                f"{_of(count, len(examples), name)} {'has' if count == 1 else 'have'} the same "
                "input as a training example: a demo made of that one hands over the answer, and "
                "scores come out too high. Leave one of each pair out."
            )
    return found


def input_of(program: Program, example: Example) -> Input:
    """What the program is given of an example."""
    return tuple(written(example.inputs.get(f.name)) for f in program.inputs)


def _contradicted(spec: RunSpec, examples: Iterable[Example]) -> int:
    """Examples that cannot all be right, as the same input always gets the same answer."""
    expected: dict[Input, Counter[str]] = defaultdict(Counter)
    for example in examples:
        label = written(example.expected.get(spec.metric.expected)).strip().casefold()
        if label:
            expected[input_of(spec.program, example)][label] += 1
    return sum(labels.total() - max(labels.values()) for labels in expected.values())


def _of(count: int, total: int, name: str = "validation") -> str:
    return f"{count} of {total} {name} example{'s' * (total > 1)}"
