"""A run as it was read at one moment, and what its row says that it has come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from optimizer.codec import from_json
from optimizer.core.conversation.events import Phase, TestScored
from optimizer.core.conversation.spec import RunSpec
from optimizer.core.evaluation.stats import Comparison, Estimate, FullScore
from optimizer.core.optimizers import optimizer_named
from optimizer.core.runs.validation import OWN_SETTINGS
from optimizer.models import Provider, Run, RunEvent
from promptlab.runs import queries
from promptlab.runs.models import ProjectRun
from promptlab.runs.results.board import Board, board_of
from promptlab.runs.results.final import (
    Recommendation,
    expected_of,
    recommendation_of,
    score_in,
)
from promptlab.runs.results.style import ShownStyle, style_of


@dataclass(frozen=True)
class RunState:
    """What was read of a run. Nothing here asks the database again."""

    project_run: ProjectRun
    spec: RunSpec
    board: Board
    events: Sequence[RunEvent]
    providers: Mapping[int, Provider]

    @property
    def run(self) -> Run:
        return self.project_run.run

    @property
    def style(self) -> ShownStyle:
        return style_of(self.spec.optimizer)

    @property
    def uses(self) -> dict[str, bool]:
        """Whether each own setting counts with this run's optimizer."""
        used = optimizer_named(self.spec.optimizer).uses
        return {name: name in used for name in OWN_SETTINGS}

    @property
    def reads_history(self) -> bool:
        """Whether people may wish of the history that the writer reads."""
        return optimizer_named(self.spec.optimizer).consults

    @property
    def scorable(self) -> int:
        """Examples that a full evaluation scores."""
        return min(self.run.validation.count, self.spec.settings.max_validation)

    @property
    def has_minibatches(self) -> bool:
        return self.uses["minibatch_size"] and self.spec.settings.minibatch_size < self.scorable

    @property
    def steps(self) -> str:
        """How many trials the search has at most, and of what."""
        settings = self.spec.settings
        return self.style.settings(settings, self.trials_at_most, self.has_minibatches)

    @property
    def trials_at_most(self) -> int:
        """As the search announced them, before that as the settings have it."""
        for event in reversed(self.events):
            if event.kind == "phase_started" and event.data["phase"] == Phase.SEARCH:
                return cast(int, event.data["steps"])
        return optimizer_named(self.spec.optimizer).steps(self.spec.settings, self.scorable).trials


def read_state(project_run: ProjectRun, known: RunState | None = None) -> RunState:
    """Three queries, whatever the number of trials. Of a run that goes on only what came after what
    was `known` is read; when it has ended, candidates have figures that they had not.
    """
    run = project_run.run
    if known is None or run.ended or known.run.ended:
        spec = queries.spec_of(run)
        events, board = queries.events_of(run), board_of(run)
        return RunState(project_run, spec, board, events, queries.providers_of(spec))
    latest = known.events[-1].seq if known.events else 0
    return RunState(
        project_run,
        known.spec,
        board_of(run, known.board),
        [*known.events, *queries.events_of(run, latest)],
        queries.providers_of(known.spec),
    )


def with_row(state: RunState, project_run: ProjectRun) -> RunState:
    """The same trials and events with a row that was read later; while no event came since."""
    return replace(state, project_run=project_run)


@dataclass(frozen=True)
class VersionScores:
    """What is known of the candidate that became a version: its own figures, whoever was best."""

    candidate: int
    score: FullScore | None
    comparison: Comparison | None = None
    expected: Estimate | None = None


@dataclass(frozen=True)
class RunResult:
    """What a run has come to so far.

    `baseline` and `best` are of evaluations, `gain` between them on the same examples where that is
    known; `expected` is what the best may score on new examples.
    """

    baseline: FullScore | None
    best: FullScore | None
    best_number: int | None
    best_choice: dict[str, int] | None
    comparison: Comparison | None
    expected: Estimate | None
    test: TestScored | None
    recommendation: Recommendation | None
    priced: bool
    """Whether dollars are worth a column."""
    unpriced: int = 0
    """Calls whose price was not known, so that what the run cost is missing theirs."""

    @property
    def compared(self) -> Comparison | None:
        """Best against baseline; None where they share no example, or are the same."""
        return self.comparison if self.comparison and self.comparison.n else None

    @property
    def gain(self) -> float | None:
        if self.best is None or self.baseline is None:
            return None
        return self.compared.gain if self.compared else self.best.mean - self.baseline.mean

    @property
    def kept(self) -> bool:
        """Whether the run has ended with the original prompt as the recommended one."""
        return self.recommendation is not None and self.recommendation.kept


def approved_in(project_run: ProjectRun) -> VersionScores | None:
    """None where the run has become no version."""
    stored = project_run.version_scores
    return from_json(VersionScores, stored) if stored and project_run.version_number else None


def listed_result(project_run: ProjectRun) -> RunResult:
    """What stands in a line of a list: beside a version its own figures, else those of the best."""
    result, approved = result_with_costs(project_run), approved_in(project_run)
    if approved is None or approved.candidate == result.best_number:
        return result
    return replace(
        result, best=approved.score, best_number=approved.candidate, best_choice=None,
        comparison=approved.comparison, expected=approved.expected, recommendation=None,
    )  # fmt: skip


def result_with_costs(project_run: ProjectRun) -> RunResult:
    """The same with what is missing in its cost, as `queries` counted it."""
    unpriced = getattr(project_run, "unpriced", None) or 0
    return replace(result_of(project_run.run), unpriced=unpriced)


def result_of(run: Run) -> RunResult:
    """Of the row alone."""
    best = run.best_candidate
    return RunResult(
        baseline=score_in(run.baseline_score),
        best=score_in(run.best_score),
        best_number=best.number if best else None,
        best_choice=best.choice if best else None,
        comparison=from_json(Comparison, run.comparison) if run.comparison else None,
        expected=expected_of(run),
        test=from_json(TestScored, run.test_result) if run.test_result else None,
        recommendation=recommendation_of(run),
        priced=bool(run.spent or run.held_cost),
    )
