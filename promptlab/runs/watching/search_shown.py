"""What the search of a run has found, drawn: scores, costs, proposals, what mattered."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from promptlab.runs.results import board as boards
from promptlab.runs.results.candidate_table import so_far
from promptlab.runs.results.state import RunResult, RunState
from promptlab.runs.watching import proposals_found
from promptlab.ui import charts

MOST_BARS = 10
"""Parameters whose importance is shown."""


@dataclass(frozen=True)
class SearchShown:
    """`planned` is how many trials are."""

    state: RunState
    result: RunResult
    planned: int

    @cached_property
    def chart(self) -> charts.ScoreChart:
        board, baseline = self.state.board, self.result.baseline
        return boards.score_chart(
            board,
            self.planned,
            self._address,
            proposals_found.bests_of(self.state.events),
            baseline.mean if baseline else None,
            so_far(board) if self.state.races else None,
        )

    @cached_property
    def costs(self) -> charts.CostChart | None:
        return boards.cost_chart(self.state.board, *self._address)

    @property
    def _address(self) -> tuple[str, int]:
        return self.state.project_run.project.slug, self.state.project_run.number

    @cached_property
    def found(self) -> tuple[proposals_found.ModuleFindings, ...]:
        state = self.state
        return proposals_found.findings_of(
            state.spec.program, state.events, state.board, self.result.best_choice
        )

    @property
    def anything_found(self) -> bool:
        return any(m.instructions or m.demo_sets for m in self.found)

    @cached_property
    def heats(self) -> list[charts.Heat]:
        return proposals_found.heats_of(self.found, self.state.board, self.result.best_choice)

    @property
    def heat_of_minibatches(self) -> bool:
        return bool(self.state.board.minibatches)

    @cached_property
    def importances(self) -> dict[str, float]:
        return proposals_found.importances_of(self.state.events)

    @property
    def importance_bars(self) -> tuple[charts.Bar, ...]:
        shares = list(self.importances.items())[:MOST_BARS]
        return charts.importance(
            [(proposals_found.parameter_name(n), share) for n, share in shares]
        )
