"""The parts of the run page that change while it is open."""

from __future__ import annotations

from time import monotonic
from typing import Any

from django.utils import timezone

from optimizer.models import Run
from promptlab.accounts.models import Project
from promptlab.accounts.roles import Role
from promptlab.live.page import LivePage, Ring
from promptlab.runs import queries
from promptlab.runs.results.about import Spent, spent_of
from promptlab.runs.results.state import RunState, read_state, with_row
from promptlab.runs.watching.page import RunPage
from promptlab.ui.parameters import Parameters

QUICK = ("run-actions", "run-state")
"""Parts that change without an event: remaining time, silence, calls."""
SLOW = (
    "run-phases", "run-kpis", "run-unread", "run-verdict", "run-notes", "run-score", "run-trials",
    "run-found", "run-matrix", "run-test", "run-choices", "run-importances", "run-costs",
    "run-settings", "run-log",
)  # fmt: skip
"""Parts that change only with an event, a status or a decision."""
PARTS: tuple[str, ...] = (*QUICK, *SLOW)


COUNT_EVERY = 10.0
"""Seconds between countings of what each model took, while the run goes on."""


class LiveRun(LivePage):
    """The page of one run."""

    def __init__(self, project: Project, number: int, asked: Parameters) -> None:
        super().__init__()
        self._project, self._number, self._asked = project, number, asked
        self._marker: tuple[object, ...] = ()
        self._state: RunState | None = None
        self._parts = PARTS
        self._over = False
        self._spent: Spent | None = None
        self._spent_at = 0.0

    def rings(self) -> list[Ring]:
        return [("run", queries.project_run_of(self._project, self._number).run_id)]

    @property
    def goes_on(self) -> bool:
        """Of a run that has ended nothing changes by itself."""
        return self._state is None or not self._state.run.ended

    @property
    def over(self) -> bool:
        """The run has ended, and nobody scores candidates that would join its own."""
        return self._over

    def forget(self) -> None:
        super().forget()
        self._marker, self._state = (), None

    def read(self, role: Role) -> dict[str, Any]:
        project_run = queries.project_run_of(self._project, self._number)
        run = project_run.run
        # Trials that land change no event that is older, so the last number tells.
        decided = (project_run.decision, project_run.decided_by_id, project_run.decision_note)
        marker = (run.last_seq, run.status, run.wish, *decided, project_run.version_number, role)
        if marker == self._marker and self._state is not None:
            self._parts, state = QUICK, with_row(self._state, project_run)
        else:
            self._parts, state = PARTS, read_state(project_run, self._state)
        self._marker, self._state = marker, state
        self._over = run.ended and not queries.is_scored_beside(run)
        return page_context(role, RunPage(state, self._asked, spent=self._spent_in(run)))

    def _spent_in(self, run: Run) -> Spent:
        """By models, as it was lately: a run has many calls to count."""
        now = monotonic()
        if self._spent is None or run.ended or now - self._spent_at > COUNT_EVERY:
            self._spent, self._spent_at = spent_of(run), now
        return self._spent

    def parts(self) -> dict[str, str]:
        """`run-state` is drawn by `runs/run/state.html`."""
        return {part: f"runs/run/{part.removeprefix('run-')}.html" for part in self._parts}


def page_context(role: Role, page: RunPage) -> dict[str, Any]:
    """What the page's parts are given, over HTTP and over the socket."""
    return {
        "project": page.state.project_run.project,
        "project_run": page.state.project_run,
        "run": page.state.run,
        "page": page,
        "about": page.about,
        "result": page.result,
        "final": page.final,
        "can_edit": role.at_least(Role.EDITOR),
        "can_review": role.at_least(Role.REVIEWER),
        "can_administer": role.at_least(Role.ADMIN),
        "now": timezone.now(),
    }
