"""Cases: examples with what a candidate made of them, to learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from optimizer.core.evaluation.outcome import CallTrace, Outcome
from optimizer.core.programs.example import Example
from optimizer.core.programs.signature import Value


@dataclass(frozen=True)
class Remark:
    """Feedback on a case, for one module; "" for every one."""

    text: str
    module: str = ""


@dataclass(frozen=True)
class Case:
    """What a candidate made of one example, with the example beside it.

    `score` is in 0–1, `reason` is the metric's own words about it; `trace` has every module call.
    `remarks` are what people and rules said of it.
    """

    example_id: str
    inputs: dict[str, Value]
    expected: dict[str, Value]
    outputs: dict[str, Value]
    score: float
    reason: str
    trace: tuple[CallTrace, ...]
    remarks: tuple[Remark, ...] = ()

    def remarks_for(self, module: str) -> list[str]:
        return [remark.text for remark in self.remarks if remark.module in ("", module)]


def cases_of(examples: Sequence[Example], outcomes: Sequence[Outcome]) -> tuple[Case, ...]:
    """Examples with what became of them; calls that failed for good teach nothing and are left out.

    `outcomes` are in the order of `examples`, one each.
    """
    return tuple(
        Case(
            e.id,
            e.inputs,
            e.expected,
            o.outputs,
            o.score.value,
            o.score.reason,
            o.made,
            (Remark(e.feedback),) if e.feedback.strip() else (),
        )
        for e, o in zip(examples, outcomes, strict=True)
        if o.score is not None
    )


def failures_of(cases: Sequence[Case]) -> tuple[Case, ...]:
    """The cases that are not fully right, the worst first."""
    return tuple(sorted((c for c in cases if c.score < 1.0), key=lambda case: case.score))


def contrasts_of(right: Sequence[Case], wrong: Sequence[Case]) -> tuple[tuple[Case, Case], ...]:
    """Pairs of the same example, (right, wrong), where one candidate's case is fully right and the
    other's is not. In the order of `wrong`.
    """
    solved = {case.example_id: case for case in right if case.score >= 1.0}
    return tuple(
        (solved[case.example_id], case)
        for case in wrong
        if case.example_id in solved and case.score < 1.0
    )
