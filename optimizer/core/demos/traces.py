"""Demos out of traces that scored: the teacher's, or those that evaluations left behind (§3.1)."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from optimizer.core.conversation.requests import Conversation, Evaluate, Purpose, evaluate
from optimizer.core.conversation.spec import RunSpec
from optimizer.core.demos.labels import shows
from optimizer.core.evaluation.outcome import Outcome
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.demo import Demo
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Role
from optimizer.core.programs.program import Program

CHUNK = 16
"""Training examples that the teacher is run on at a time."""

TraceDemos = dict[str, tuple[Demo, ...]]
"""The demos that one accepted trace gives, by module: every call of it is blessed (§3.1)."""


@dataclass(frozen=True)
class Accepted:
    """A training example with the demos of a trace of it that scored."""

    example: Example
    demos: TraceDemos


def accepted_traces(spec: RunSpec, wanted: int, rng: random.Random) -> Conversation[list[Accepted]]:
    """Run the teacher over the training examples until `wanted` traces scored at least λ.

    Examples that the teacher has among its own demos are left out: it would copy their answers. A
    second round at temperature 1 follows for examples that failed, when the first gave too few.
    """
    teacher = baseline_of(spec.program)
    role = Role.TEACHER if Role.TEACHER in spec.models else Role.TASK
    waiting = [example for example in spec.train if not shows(spec.program, teacher, example)]
    rng.shuffle(waiting)
    found: list[Accepted] = []
    for sample, temperature in ((0, None), (1, 1.0)):
        failed: list[Example] = []
        while waiting and len(found) < wanted:
            chunk, waiting = waiting[:CHUNK], waiting[CHUNK:]
            outcomes = yield from evaluate(
                Evaluate(teacher, tuple(chunk), Purpose.BOOTSTRAP, role, sample, temperature)
            )
            for example, outcome in zip(chunk, outcomes, strict=True):
                if _accepted(outcome, spec.metric.threshold):
                    found.append(Accepted(example, _trace_demos(outcome)))
                else:
                    failed.append(example)
        if len(found) >= spec.settings.max_bootstrapped_demos:
            break
        waiting = failed
    return found


def harvest(
    program: Program,
    outcomes: Iterable[Outcome],
    threshold: float,
    train: Collection[Example],
) -> list[TraceDemos]:
    """Demos out of traces that evaluations left behind: scored at least λ, one an example, no call.

    Only traces of `train` are taken, whatever else was evaluated: a demo from the examples that
    score candidates would leak them. The first trace of an example wins; a trace in which some call
    of the program is missing or could not be read gives none.
    """
    known = {example.id for example in train}
    calls = {call.name for call in program.calls}
    found: dict[str, TraceDemos] = {}
    for outcome in outcomes:
        whole = {call.call for call in outcome.trace} >= calls
        usable = outcome.example_id in known and whole and _accepted(outcome, threshold)
        if usable and outcome.example_id not in found:
            found[outcome.example_id] = _trace_demos(outcome)
    return list(found.values())


def _accepted(outcome: Outcome, threshold: float) -> bool:
    read = bool(outcome.trace) and not any(call.problem for call in outcome.trace)
    return read and outcome.score is not None and outcome.score.value >= threshold


def _trace_demos(outcome: Outcome) -> TraceDemos:
    found: TraceDemos = {}
    for call in outcome.made:
        if call.turn:
            continue  # the answer that it leads to has all turns
        demo = Demo({**call.inputs, **call.outputs}, augmented=True)
        found[call.module] = (*found.get(call.module, ()), demo)
    return found
