"""What the search of a run has found, drawn: scores, costs, proposals, what mattered."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.urls import reverse
from django.utils.translation import gettext as _

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
            so_far(board) if self.state.style.shares_parts else None,
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
            state.spec.program, state.events, state.board, self.result.best_choice, self._set_url
        )

    def _set_url(self, module: str, index: int) -> str:
        return reverse("runs:demo_set", args=[*self._address, module, index])

    @property
    def anything_found(self) -> bool:
        return any(m.instructions or m.demo_sets for m in self.found)

    @cached_property
    def heats(self) -> list[charts.Heat]:
        return proposals_found.heats_of(self.found, self.state.board, self.result.best_choice)

    @property
    def mark(self) -> str:
        """What a mark of the chart is that is no full evaluation; "" where there is none."""
        state = self.state
        told = {"b": state.spec.settings.minibatch_size}
        return str(state.style.mark) % told if state.has_minibatches else ""

    @property
    def heats_note(self) -> str:
        """What stands in the cells of the tables of choices."""
        if not self.heats:
            return _("instruction × demo set")
        if self.state.board.minibatches:
            return str(self.state.style.heats)
        return _("mean full score, instruction × demo set")

    @cached_property
    def importances(self) -> dict[str, float]:
        return proposals_found.importances_of(self.state.events)

    @property
    def importance_bars(self) -> tuple[charts.Bar, ...]:
        shares = list(self.importances.items())[:MOST_BARS]
        return charts.importance(
            [(proposals_found.parameter_name(n), share) for n, share in shares]
        )
