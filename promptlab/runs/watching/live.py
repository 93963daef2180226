"""The parts of the run page that change, rendered for one reader and sent when they differ."""

from __future__ import annotations

import hashlib
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone

from promptlab.accounts.models import Project
from promptlab.accounts.roles import Role
from promptlab.runs import queries
from promptlab.runs.watching.page import RunPage
from promptlab.ui.parameters import Parameters

QUICK = ("run-actions", "run-state")
"""Parts that change without an event: remaining time, silence, calls."""
SLOW = (
    "run-phases", "run-kpis", "run-unread", "run-verdict", "run-notes", "run-score", "run-trials",
    "run-found", "run-test", "run-choices", "run-importances", "run-costs", "run-log",
)  # fmt: skip
"""Parts that change only with an event, a status or a decision."""
PARTS = (*QUICK, *SLOW)


def part_template(part: str) -> str:
    """`run-state` → `runs/run.html#state`."""
    return f"runs/run.html#{part.removeprefix('run-')}"


class LivePage:
    """One open page. Remembers what its reader was sent."""

    def __init__(self, project: Project, number: int, asked: Parameters) -> None:
        self._project, self._number, self._asked = project, number, asked
        self._sent: dict[str, str] = {}
        self._marker: tuple[object, ...] = ()
        self._page: RunPage | None = None

    @property
    def goes_on(self) -> bool:
        """Whether something may change without a ring; of a run that has ended nothing does."""
        return self._page is None or not self._page.run.ended

    def forget(self) -> None:
        """Nothing counts as sent: the next frame is the whole page."""
        self._sent, self._marker, self._page = {}, (), None

    def changes(self, role: Role) -> str:
        """The parts that differ from what was sent, for a reader in this role, as one frame; ""
        when nothing does.

        Raises:
            Http404: the run is gone.
        """
        launch = queries.launch_of(self._project, self._number)
        run = launch.run
        # Trials that land change no event that is older, so the last number tells.
        marker = (run.last_seq, run.status, run.wish, launch.decided_at, role)
        page = RunPage(launch, self._asked)
        wanted: tuple[str, ...] = PARTS
        if marker == self._marker and self._page is not None:
            wanted = QUICK
            page.borrow(self._page)
        self._marker, self._page = marker, page
        context = page_context(role, page)
        parts = [(part, self._rendered(part, context)) for part in wanted]
        changed = [(part, html) for part, html in parts if self._is_new(part, html)]
        return render_to_string("runs/frame.html", {"parts": changed}) if changed else ""

    def _rendered(self, part: str, context: dict[str, Any]) -> str:
        return render_to_string(part_template(part), context)

    def _is_new(self, part: str, html: str) -> bool:
        digest = hashlib.sha256(html.encode()).hexdigest()
        if self._sent.get(part) == digest:
            return False
        self._sent[part] = digest
        return True


def page_context(role: Role, page: RunPage) -> dict[str, Any]:
    """What the page's parts are given, over HTTP and over the socket."""
    return {
        "project": page.launch.project,
        "launch": page.launch,
        "run": page.run,
        "page": page,
        "can_edit": role.at_least(Role.EDITOR),
        "can_review": role.at_least(Role.REVIEWER),
        "can_administer": role.at_least(Role.ADMIN),
        "now": timezone.now(),
    }
