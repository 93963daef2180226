from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from ninja import Schema

from optimizer.core.conversation.events import TestScored
from optimizer.core.conversation.spec import Settings
from optimizer.core.evaluation.stats import Comparison as CoreComparison
from optimizer.core.evaluation.stats import Estimate
from optimizer.models import Run
from optimizer.running.test_set_uses import look_of
from optimizer.running.unread import Unread
from promptlab.api.schemas.base import Comparison, Score, dollars
from promptlab.api.schemas.run_requests import LimitsOut
from promptlab.runs.models import ProjectRun
from promptlab.runs.results.final import Recommendation
from promptlab.runs.results.state import approved_in, read_state
from promptlab.runs.watching.page import RunPage
from promptlab.runs.watching.run_status import short_status
from promptlab.ui.words import told


class Named(Schema):
    """Something a run was made of; `id` is null when it is gone."""

    id: int | None
    name: str


class Spent(Schema):
    """`reused` calls were answered from what had been paid for before; `unpriced` ones were made
    before a price was known, and are missing in `dollars`.
    """

    calls: int
    tokens: int
    dollars: float
    reused: int
    unpriced: int


class RunOut(Schema):
    """A run in a list. `best` is a score on all validation examples, and so is `baseline`, but
    while a race with a tight budget has scored it on a part of them (see its `n`).

    `expected` is what the best is thought to score on new examples: its score without the luck of
    being chosen. A `version` need not be of the best: `version_candidate` and `version_score` are
    its own.
    """

    number: int
    status: str
    label: str
    program: Named
    dataset: Named
    metric: Named
    optimizer: str
    effort: str
    baseline: Score | None
    best: Score | None
    expected: Score | None
    best_candidate: int | None
    spent: Spent
    limits: LimitsOut
    started_by: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    decision: str
    version: int | None
    version_candidate: int | None
    version_score: Score | None

    @classmethod
    def of(cls, project_run: ProjectRun) -> RunOut:
        return cls(**_line(project_run))


class ModelOut(Schema):
    role: str
    provider: str
    model: str


class Sizes(Schema):
    train: int
    validation: int
    test: int


class TestOut(Schema):
    """The final word, on examples that nothing was chosen by.

    `split`: the sealed “test” split, or the “remainder” of the validation split. `look` counts the
    runs of the project that looked at this very test split, this one included: each look makes its
    score a little more optimistic.
    """

    split: str
    look: int | None
    baseline: Score
    best: Score
    comparison: Comparison
    verdict: str


class ConclusionOut(Schema):
    """What a run that has ended settles about its best candidate.

    `kind`: better, no_worse, tied, worse, unknown, or unchanged (the best is the baseline). `on`
    says where: test, remainder, or validation (the examples it was chosen by, which flatters it).
    `kept`: the original prompt is the recommended one.
    """

    kind: str
    on: str
    kept: bool
    sentence: str


class ProblemKind(Schema):
    problem: str
    examples: int


class UnreadSample(Schema):
    """What came for an example, and why it tells nothing; `failed`: no reply came at all."""

    example: str
    problem: str
    reply: str
    failed: bool


class UnreadOut(Schema):
    """The baseline's replies that could not be read: of how many examples, why, and samples."""

    examples: int
    readable: int
    failed: int
    problems: list[ProblemKind]
    samples: list[UnreadSample]

    @classmethod
    def of(cls, found: Unread) -> UnreadOut:
        kinds = [ProblemKind(problem=kind, examples=count) for kind, count in found.problems]
        samples = [UnreadSample(**asdict(sample)) for sample in found.samples]
        return cls(
            examples=found.examples, readable=found.readable, failed=found.failed, problems=kinds,
            samples=samples,
        )  # fmt: skip


class RunDetail(RunOut):
    """`progress` is 0–1; `left` and `verdict` are words, “” where nothing can be said yet.

    `stop_reason`: completed, perfect, no_gain, budget, time or cancelled; of a run that paused by
    itself why it did (overbilled, monthly cap, unreadable, …), with what to do in `message`;
    `unread` shows what could not be read, null in every other run. `last_event` is for `events`.
    `importances`: what each search parameter mattered so far, shares of 1; empty while unknown.
    """

    phase: str
    progress: float | None
    trials: int
    trials_planned: int
    left: str
    stop_reason: str
    message: str
    unread: UnreadOut | None
    comparison: Comparison | None
    verdict: str
    conclusion: ConclusionOut | None
    test: TestOut | None
    models: list[ModelOut]
    settings: Settings
    seed: int
    max_minutes: int | None
    examples: Sizes
    warnings: list[str]
    importances: dict[str, float]
    last_event: int

    @classmethod
    def of(cls, project_run: ProjectRun, words: bool = False) -> RunDetail:
        """`words`: whether the reader may know what providers said."""
        state = read_state(project_run)
        page, run = RunPage(state), project_run.run
        result = page.result
        status = page.status
        return cls(
            **_line(project_run),
            phase=run.phase,
            progress=status.share,
            trials=status.trials,
            trials_planned=status.planned,
            left=status.left,
            stop_reason=run.stop_reason,
            message=told(status.problem, status.said, words) or status.note,
            unread=UnreadOut.of(page.unread) if page.unread else None,
            comparison=_comparison(result.comparison) if result.comparison else None,
            verdict=page.final.verdict,
            conclusion=_conclusion(result.recommendation),
            test=_test(result.test, page.final.test_verdict, run) if result.test else None,
            models=[ModelOut(role=m.role, provider=m.provider, model=m.model) for m in page.models],
            settings=state.spec.settings,
            seed=state.spec.seed,
            max_minutes=_minutes(state.spec.limits.max_seconds),
            examples=_sizes(run),
            warnings=page.warnings,
            importances=page.search.importances,
            last_event=run.last_seq,
        )


def score_of(found: Estimate | dict[str, Any] | None) -> Score | None:
    """None, too, where nothing was scored."""
    score = Score.model_validate(found) if found else None
    return score if score is not None and score.n else None


def _line(project_run: ProjectRun) -> dict[str, Any]:
    run, approved = project_run.run, approved_in(project_run)
    return {
        "number": project_run.number,
        "status": run.status,
        "label": short_status(project_run, run)[1],
        "program": Named(id=project_run.program_id, name=project_run.program_name),
        "dataset": Named(id=project_run.dataset_id, name=project_run.dataset_name),
        "metric": Named(id=project_run.metric_id, name=project_run.metric_name),
        "optimizer": run.optimizer,
        "effort": project_run.effort,
        "baseline": score_of(run.baseline_score),
        "best": score_of(run.best_score),
        "expected": score_of(run.estimate),
        "best_candidate": run.best_candidate.number if run.best_candidate else None,
        "spent": Spent(
            calls=run.used_calls, tokens=run.used_tokens, dollars=dollars(run.spent),
            reused=run.reused_calls, unpriced=getattr(project_run, "unpriced", None) or 0,
        ),
        "limits": LimitsOut(
            calls=run.max_calls, dollars=None if run.max_cost is None else dollars(run.max_cost)
        ),
        "started_by": project_run.started_by.email,
        "created_at": project_run.created_at,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "decision": project_run.decision,
        "version": project_run.version_number,
        "version_candidate": approved.candidate if approved else None,
        "version_score": score_of(approved.score) if approved else None,
    }  # fmt: skip


def _minutes(seconds: int | None) -> int | None:
    return None if seconds is None else seconds // 60


def _comparison(found: CoreComparison) -> Comparison:
    return Comparison.model_validate(found)


def _conclusion(found: Recommendation | None) -> ConclusionOut | None:
    if found is None:
        return None
    said = found.conclusion
    return ConclusionOut(kind=said.kind, on=said.on, kept=said.kept, sentence=found.sentence)


def _test(found: TestScored, verdict: str, run: Run) -> TestOut:
    return TestOut(
        split=found.split,
        look=look_of(run),
        baseline=Score.model_validate(found.baseline),
        best=Score.model_validate(found.best),
        comparison=_comparison(found.comparison),
        verdict=verdict,
    )


def _sizes(run: Run) -> Sizes:
    test = run.test.count if run.test else 0
    return Sizes(train=run.train.count, validation=run.validation.count, test=test)
