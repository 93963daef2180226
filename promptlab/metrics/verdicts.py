"""Judges asked outside runs: answers in, verdicts out, by a worker and through the books.

What was judged before is found by its content: the same judge on the same answers is asked once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from optimizer.core.conversation.evaluation import EvaluationSpec
from optimizer.core.conversation.requests import Purpose
from optimizer.core.evaluation.outcome import Outcome, Score
from optimizer.core.evaluation.program_metric import ProgramMetric
from optimizer.core.modules.prompted import Prompted
from optimizer.core.optimizers.estimate import VERDICT_TOKENS, tokens_of
from optimizer.core.problems import Refused
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Role
from optimizer.core.programs.program import Program
from optimizer.costs.prices import price_of
from optimizer.jobs import evaluations
from optimizer.lm.model_settings import ref_of
from optimizer.models import Provider, Run
from optimizer.sentences import sentence
from promptlab.accounts.models import Project

DRAWING = 0.7
"""The temperature of several draws."""


@dataclass(frozen=True)
class Verdict:
    """What a judge said of one answer: a level's name with its score, or why there is none."""

    level: str = ""
    score: Score | None = None
    fault: str = ""


@dataclass(frozen=True)
class Judging:
    """`state`: "" where nobody asked yet, waiting, lost, failed with `problem`, or done. `draws`
    are the verdicts by example, a mapping for each draw; as far as they are known.
    """

    state: str = ""
    problem: str = ""
    said: str = ""
    run: Run | None = None
    draws: tuple[dict[str, Verdict], ...] = field(default=({},))

    @property
    def verdicts(self) -> dict[str, Verdict]:
        return self.draws[0]


def ask(
    project: Project, judge: ProgramMetric, answers: Sequence[Example], samples: int = 1
) -> Run:
    """Have a worker ask the judge; who waits for the very same already waits on.

    `answers`: the inputs of the judge's program each, as of `ProgramMetric.asked`.

    Raises:
        Refused: it cannot judge as it stands, or its provider is gone.
    """
    wrong = judge.program.problems()
    if wrong:
        raise Refused(wrong[0])
    spec = _spec(project, judge, answers, samples)
    before = evaluations.latest(spec)
    if before is not None and evaluations.is_waiting(before):
        return before
    return evaluations.start(spec)


def judging_of(
    project: Project, judge: ProgramMetric, answers: Sequence[Example], samples: int = 1
) -> Judging:
    """The newest judging of these answers by this very judge."""
    try:
        run = evaluations.latest(_spec(project, judge, answers, samples))
    except Refused:
        return Judging()
    if run is None:
        return Judging()
    draws = _draws(judge, evaluations.outcomes_of(run), len(answers), samples)
    if run.active:
        return Judging("waiting" if evaluations.is_waiting(run) else "lost", run=run, draws=draws)
    if run.status != Run.Status.FINISHED:
        return Judging("failed", sentence(run.message), run.said, run, draws)
    return Judging("done", run=run, draws=draws)


def price_told(project: Project, judge: ProgramMetric, answers: Sequence[Example]) -> int | None:
    """About what judging these takes, in micro-USD; None where the price is not known."""
    provider = _provider(project, judge)
    price = price_of(provider, judge.model.model) if provider and judge.model else None
    if price is None:
        return None
    bare = baseline_of(judge.program).modules
    return sum(
        price.of(tokens_of(module, bare[module.name], answer.inputs), VERDICT_TOKENS[1])
        for module in judge.program.modules
        for answer in answers
    )


def _spec(
    project: Project, judge: ProgramMetric, answers: Sequence[Example], samples: int
) -> EvaluationSpec:
    provider = _provider(project, judge)
    if provider is None or judge.model is None:
        raise Refused.because("judge.no_model", "model")
    program = judge.program if samples == 1 else _heated(judge.program)
    return EvaluationSpec(
        program, (baseline_of(program),), (ref_of(provider, judge.model.model),), Purpose.TRYOUT,
        project.namespace, tuple(answers), role=Role.JUDGE, samples=samples,
    )  # fmt: skip


def _heated(program: Program) -> Program:
    """The same whose draws differ: at temperature 0 all are one and the same call."""
    modules = (
        replace(module, temperature=DRAWING) if isinstance(module, Prompted) else module
        for module in program.modules
    )
    return replace(program, modules=tuple(modules))


def _provider(project: Project, judge: ProgramMetric) -> Provider | None:
    if judge.model is None:
        return None
    own = Provider.objects.filter(namespace=project.namespace)
    return own.filter(pk=judge.model.provider).first()


def _draws(
    judge: ProgramMetric, outcomes: Sequence[Outcome], size: int, samples: int
) -> tuple[dict[str, Verdict], ...]:
    """Outcomes come draw by draw; while they are on their way, some are not known."""
    found: list[dict[str, Verdict]] = [{} for _ in range(samples)]
    seen: dict[str, int] = {}
    for outcome in outcomes:
        number = seen.get(outcome.example_id, 0)
        seen[outcome.example_id] = number + 1
        found[min(number, samples - 1)][outcome.example_id] = _verdict(judge, outcome)
    return tuple(found) if size else ({},)


def _verdict(judge: ProgramMetric, outcome: Outcome) -> Verdict:
    if not outcome.outputs:
        reason = outcome.score.reason if outcome.score else ""
        return Verdict(fault=outcome.error or reason)
    return Verdict(str(outcome.outputs[judge.verdict]), judge.read(outcome.outputs))
