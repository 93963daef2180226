"""A new run from JSON: through the same form, checks and suggestions as on its page."""

from __future__ import annotations

from promptlab.accounts.models import Project
from promptlab.api.filling import check
from promptlab.api.schemas.base import Problem
from promptlab.api.schemas.wishes import FIELDS, RunIn
from promptlab.api.telling import Refused
from promptlab.runs import prefill
from promptlab.runs.checks import Check, checks_of
from promptlab.runs.forms import OWN_SETTINGS
from promptlab.runs.planning import Forecast, Wishes, forecast


def wishes_of(project: Project, wish: RunIn) -> Wishes:
    """What is to be run; what the caller left out is as the page suggests it.

    Raises:
        Refused: something of it does not exist or is out of bounds.
    """
    said = wish.said()
    chosen = {name: str(said[name]) for name in ("program", "dataset", "optimizer", "effort")}
    suggested = prefill.filled(project, chosen).data
    kept = {name: suggested[name] for name in suggested if name not in OWN_SETTINGS}
    form = prefill.followed(project, kept | said)
    check(form, FIELDS)
    return form.wishes()


def looked_at(project: Project, wishes: Wishes) -> tuple[Forecast | None, list[Check]]:
    """What the run would take, and what speaks for or against it."""
    found = forecast(project, wishes)
    return found, checks_of(project, wishes, found)


def refuse_problems(checks: list[Check]) -> None:
    """Raises Refused when a check found a problem."""
    problems = [
        Problem(field=FIELDS.get(c.field, c.field), message=c.message)
        for c in checks
        if c.level == "problem"
    ]
    if problems:
        raise Refused(problems)
