from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ninja import Schema

from optimizer.core.evaluation.outcome import CallTrace
from optimizer.core.evaluation.stats import Estimate
from optimizer.core.programs.example import Example
from optimizer.core.programs.program import ModulePrompt
from optimizer.models import Candidate, Trial
from optimizer.running.prompts import prompts_of
from promptlab.api.schemas.base import Comparison, Score, dollars
from promptlab.api.schemas.runs import score_of
from promptlab.programs.tryouts import ShownCall
from promptlab.runs.results.codes import code_of
from promptlab.runs.results.evidence import Comparing, Row, Seen


@dataclass(frozen=True)
class Told:
    """What is known of a run's candidates beside their own rows: trials and scores by number."""

    modules: Sequence[str]
    trials: Mapping[int, Sequence[Trial]]
    so_far: Mapping[int, Estimate]

    def line(self, row: Candidate) -> dict[str, Any]:
        trials = self.trials.get(row.number, ())
        fulls = [score_of(t.score) for t in trials if t.full and t.score]
        return {
            "number": row.number,
            "code": code_of(row.choice if row.number else {}, self.modules),
            "choice": row.choice,
            "digest": row.digest,
            "full": fulls[-1] if fulls else None,
            "so_far": score_of(self.so_far.get(row.number)),
            "trials": [t.number for t in trials],
        }


class CandidateOut(Schema):
    """Number 0 is the baseline. `full` is its last score on all validation examples, `so_far` its
    score on those that it was tried on, each counted once: of other examples for every candidate,
    so that it is compared with no full score. `trials` are the numbers of all its trials.
    """

    number: int
    code: str
    choice: dict[str, int]
    digest: str
    full: Score | None
    so_far: Score | None
    trials: list[int]

    @classmethod
    def of(cls, row: Candidate, told: Told) -> CandidateOut:
        return cls(**told.line(row))


class CandidateDetail(CandidateOut):
    """`modules`: the instruction and the demos of each module. Demos are a list, the same for every
    input, or an object that says how they are chosen for each, with its pool.
    """

    modules: dict[str, ModulePrompt]

    @classmethod
    def of(cls, row: Candidate, told: Told) -> CandidateDetail:
        prompts = prompts_of(row)
        return cls(**told.line(row), modules=prompts.modules)


class SeenOut(Schema):
    """One candidate on one example: a score with its reason, or an error, which is no score."""

    score: float | None
    reason: str
    error: str
    outputs: dict[str, Any]

    @classmethod
    def of(cls, seen: Seen | None) -> SeenOut | None:
        return None if seen is None else cls.model_validate(seen)


class OutcomeOut(Schema):
    """One example. `result`: win, loss or tie against the other; pending without both scores."""

    example: str
    inputs: dict[str, Any]
    expected: dict[str, Any]
    candidate: SeenOut | None
    other: SeenOut | None
    result: str

    @classmethod
    def of(cls, row: Row, example: Example | None) -> OutcomeOut:
        cell = row.cells[0] if row.cells else None
        return cls(
            example=row.example,
            inputs=example.inputs if example else {},
            expected=example.expected if example else {},
            candidate=SeenOut.of(cell.seen if cell else row.first),
            other=SeenOut.of(row.first) if cell else None,
            result=cell.outcome if cell else "",
        )


class Outcomes(Schema):
    """A candidate against another, example by example; `counts` by what `show` can be."""

    against: int | None
    comparison: Comparison | None
    verdict: str
    counts: dict[str, int]
    items: list[OutcomeOut]
    count: int

    @classmethod
    def of(cls, found: Comparing, items: list[OutcomeOut], count: int) -> Outcomes:
        pair = found.others[0] if found.others else None
        return cls(
            against=found.first.number if pair else None,
            comparison=Comparison.model_validate(pair.comparison) if pair else None,
            verdict=pair.verdict if pair else "",
            counts={str(which): n for which, n in found.counts().items()},
            items=items,
            count=count,
        )


class MessageOut(Schema):
    role: str
    content: str


class CallOut(Schema):
    """One module call: everything that was said, and how the reply was read.

    `rows`: ids of the training rows that were shown as demos, where demos are chosen for each
    input, the best match last. `problem` says why the reply could not be read; `cached` calls had
    been paid for before. `made` is false where the call's condition did not hold.
    """

    call: str
    module: str
    messages: list[MessageOut]
    rows: list[str]
    reply: str
    outputs: dict[str, Any]
    problem: str
    prompt_tokens: int
    completion_tokens: int
    dollars: float
    seconds: float
    cached: bool
    made: bool = True

    @classmethod
    def of(cls, shown: ShownCall, trace: CallTrace) -> CallOut:
        return cls(
            call=trace.call, module=trace.module,
            messages=[MessageOut.model_validate(m) for m in shown.messages],
            rows=shown.rows, reply=trace.reply, outputs=trace.outputs, problem=trace.problem,
            prompt_tokens=trace.prompt_tokens, completion_tokens=trace.completion_tokens,
            dollars=dollars(trace.cost), seconds=trace.seconds, cached=trace.cached,
            made=trace.made,
        )  # fmt: skip


class Transcript(Schema):
    """One candidate on one example, in full."""

    example: str
    inputs: dict[str, Any]
    expected: dict[str, Any]
    score: float | None
    reason: str
    error: str
    outputs: dict[str, Any]
    calls: list[CallOut]
