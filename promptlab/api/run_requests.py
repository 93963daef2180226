"""A new run from JSON: through the same form, checks and suggestions as on its page."""

from __future__ import annotations

from optimizer.core.problems import Refused, problem
from optimizer.core.runs.validation import OWN_SETTINGS, ignored_faults
from promptlab.accounts.models import Project
from promptlab.api.form_adapter import check
from promptlab.api.schemas.wishes import FIELDS, RunIn
from promptlab.runs.starting import prefill
from promptlab.runs.starting.checks import Check, checks_of
from promptlab.runs.starting.planning import Forecast, RunRequest, forecast
from promptlab.ui.parameters import Parameters


def wishes_of(project: Project, wish: RunIn) -> RunRequest:
    """What is to be run; what the caller left out is as the page suggests it.

    Raises:
        Refused: something of it does not exist or is out of bounds.
    """
    said = wish.said()
    chosen = {name: str(said[name]) for name in ("program", "dataset", "optimizer")}
    asked = Parameters(chosen | {"effort": wish.effort.value})
    suggested = prefill.filled(project, asked).data
    form = prefill.followed(project, dict(suggested.items()) | said)
    check(form, FIELDS)
    faults = ignored_faults((name for name in OWN_SETTINGS if name in said), form.chosen)
    if faults:
        raise Refused(*faults)
    return form.wishes()


def looked_at(project: Project, wishes: RunRequest) -> tuple[Forecast | None, list[Check]]:
    """What the run would take, and what speaks for or against it."""
    found = forecast(project, wishes)
    return found, checks_of(project, wishes, found)


def refuse_problems(checks: list[Check]) -> None:
    """Raises Refused when a check found a problem."""
    problems = [
        problem("form", FIELDS.get(c.field, c.field), told=c.message)
        for c in checks
        if c.level == "problem"
    ]
    if problems:
        raise Refused(*problems)
