"""Which of its own caps ended a run, in words."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from optimizer.core.conversation.events import StopReason
from optimizer.core.conversation.requests import Cap
from optimizer.models import Run, RunEvent
from promptlab.ui.numbers import duration, money


def cap_that_ended(run: Run, events: Sequence[RunEvent], seconds: int | None) -> str:
    """ "cap of 200 calls"; both caps where a run of long ago does not say which. "" when none did.

    `seconds` is the time limit.
    """
    if run.stop_reason == StopReason.TIME:
        return _("time limit of %(time)s") % {"time": duration(seconds)}
    if run.stop_reason != StopReason.BUDGET:
        return ""
    told = {Cap.CALLS: _calls(run), Cap.COST: money(run.max_cost) if run.max_cost else ""}
    known = told.get(_named(events)) or _(" or ").join(filter(None, told.values()))
    return _("cap of %(cap)s") % {"cap": known or "–"}


def _calls(run: Run) -> str:
    return _("%(n)s calls") % {"n": f"{run.max_calls:,}"} if run.max_calls is not None else ""


def _named(events: Sequence[RunEvent]) -> Cap:
    """As the run's last note says."""
    for event in reversed(events):
        if event.kind == "noted":
            message = event.data["message"]
            values = message.get("values", {}) if isinstance(message, dict) else {}
            return Cap(values.get("cap", Cap.UNNAMED))
    return Cap.UNNAMED
