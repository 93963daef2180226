"""The table of a run page: its trials, or, of a race, its candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.utils.translation import gettext as _

from promptlab.runs.results import board as boards
from promptlab.runs.results.board import TrialRow
from promptlab.runs.results.candidate_table import Contender, contenders
from promptlab.runs.results.state import RunState
from promptlab.ui.parameters import Parameters
from promptlab.ui.tabs import Tab

T = TypeVar("T")


@dataclass(frozen=True)
class Part(Generic[T]):
    """Some rows of a table: those from the `first` on, counted from 1, of `total`. `newer` and
    `older` are the queries of the parts before and after, None where there is none.
    """

    rows: Sequence[T]
    first: int
    total: int
    newer: str | None = None
    older: str | None = None

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1


class TrialsTable:
    """One page of the table. `asked` says which trials and which page, `path` is the run's."""

    def __init__(self, state: RunState, best: int | None, asked: Parameters, path: str) -> None:
        self._state, self._best, self._asked, self.path = state, best, asked, path

    @property
    def show(self) -> boards.Show:
        wanted = self._asked.text("trials")
        return next((show for show in boards.SHOWS if show == wanted), self._first_show)

    @property
    def _first_show(self) -> boards.Show:
        """In a race a single trial says little, and an evaluation has no other order: candidates
        come first.
        """
        style = self._state.style
        return "candidates" if style.shares_parts or not style.searches else "all"

    @property
    def tabs(self) -> list[Tab]:
        labels = {
            "candidates": _("Candidates"), "all": _("All"), "full": _("Full only"),
            "best": _("Best 10"),
        }  # fmt: skip
        first = self._first_show
        return [
            Tab(
                labels[show], self.path if show == first else f"{self.path}?trials={show}",
                show == self.show,
            )
            for show in boards.SHOWS
        ]  # fmt: skip

    @cached_property
    def all_contenders(self) -> list[Contender]:
        state = self._state
        return contenders(state.run, state.board, self._best, state.scorable)

    @property
    def expects(self) -> bool:
        """Whether it is known of candidates what they may score on new examples."""
        return any(one.expected is not None for one in self.all_contenders)

    @property
    def higher(self) -> Contender | None:
        """Who was scored higher on every example than the best; of several the highest."""
        full = [one for one in self.all_contenders if one.full]
        best = next((one for one in full if one.best), None)
        others = [one for one in full if best is not None and one.mean > best.mean]
        return max(others, key=lambda one: one.mean, default=None)

    @property
    def ahead(self) -> Contender | None:
        """Of those that were not scored on every example, who gained most on the baseline where
        both were; None where none gained more than the best did.
        """
        gained = [one for one in self.all_contenders if one.number and one.change is not None]
        best = max((one.change or 0.0 for one in gained if one.full), default=0.0)
        parts = [one for one in gained if not one.full and (one.change or 0.0) > max(best, 0.0)]
        return max(parts, key=lambda one: one.change or 0.0, default=None)

    @cached_property
    def contenders(self) -> Part[Contender]:
        """They stand by rank, so that places are all there is to name a part by."""
        page = Paginator(self.all_contenders, boards.PAGE).get_page(self._asked.page)
        return Part(
            list(page), page.start_index(), page.paginator.count,
            self._query(page=page.previous_page_number()) if page.has_previous() else None,
            self._query(page=page.next_page_number()) if page.has_next() else None,
        )  # fmt: skip

    @cached_property
    def trials(self) -> Part[TrialRow]:
        """A part is named by the trial that it stands before, so that none moves while others come.

        The newest trials have no such name: they are to be seen as they come.
        """
        board = self._state.board
        rows = boards.shown(board, self.show, self._best)
        before = self._asked.number("before")
        start = 0
        if before is not None and self.show != "best":
            start = sum(row.number >= before for row in rows)
            start = start if start < len(rows) else 0
        found = rows[start : start + boards.PAGE]
        end, newer = start + len(found), None
        if start > boards.PAGE:
            newer = self._query(before=rows[start - boards.PAGE - 1].number)
        elif start:
            newer = self._query()
        older = self._query(before=found[-1].number) if end < len(rows) else None
        changed = boards.with_changes(self._state.run, board, found)
        return Part(changed, start + 1, len(rows), newer, older)

    def _query(self, **place: int) -> str:
        return urlencode({"trials": self.show, **place})

    @cached_property
    def best_trial(self) -> int | None:
        """The last full evaluation of the best candidate: the run says which that is."""
        fulls = self._state.board.fulls
        return max((t.number for t in fulls if t.candidate == self._best), default=None)

    @property
    def fulls(self) -> int:
        """Full evaluations after the first trial; in a race, candidates that have one."""
        if self._state.style.shares_parts:
            return sum(one.full for one in self.all_contenders)
        return len(self._state.board.fulls)
