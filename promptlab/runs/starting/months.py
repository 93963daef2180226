"""Whether a run fits in what monthly caps leave: the project's, and the installation's above it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from optimizer.core.conversation.spec import Limits
from optimizer.costs import spending
from optimizer.costs.spending import INSTALLATION, Standing
from promptlab.accounts.models import Project
from promptlab.runs.starting.planning import Forecast
from promptlab.ui.numbers import money, whole


@dataclass(frozen=True)
class Shortage:
    """What is short. `field` names the form's field; where it `refuses`, no run can start."""

    field: str
    message: str
    refuses: bool = False


def shortages(project: Project, limits: Limits, forecast: Forecast | None) -> list[Shortage]:
    """One for dollars and one for calls at most: of the cap that leaves less."""
    if forecast is None:
        return []
    months = [(scope, spending.standing(scope)) for scope in (project.namespace, INSTALLATION)]
    return [*_in_dollars(months, limits, forecast), *_in_calls(months, limits, forecast)]


def _in_dollars(
    months: list[tuple[str, Standing]], limits: Limits, forecast: Forecast
) -> list[Shortage]:
    left, scope, cap = _least([(m.cost_left, scope, m.caps.cost) for scope, m in months])
    if left is None:
        return []
    if forecast.cost is None:
        told = _(
            "The model's price is not known, so %(whose)s monthly cap in dollars cannot be kept: "
            "enter its prices at its provider (0 if it is free)."
        ) % {"whose": spending.whose(scope)}
        return [Shortage("max_cost", told, refuses=True)]
    if not _is_short(left, forecast.cost, limits.max_cost):
        return []
    return [Shortage("max_cost", _told(money(left), scope, money(cap)))]


def _in_calls(
    months: list[tuple[str, Standing]], limits: Limits, forecast: Forecast
) -> list[Shortage]:
    left, scope, cap = _least([(m.calls_left, scope, m.caps.calls) for scope, m in months])
    if left is None or not _is_short(left, forecast.calls, limits.max_calls):
        return []
    return [Shortage("max_calls", _told(_calls(left), scope, _calls(cap)))]


def _least(
    left: list[tuple[int | None, str, int | None]],
) -> tuple[int | None, str, int | None]:
    """Where the least is left, of the caps that there are."""
    capped = [entry for entry in left if entry[0] is not None]
    return min(capped, key=lambda entry: entry[0] or 0, default=(None, "", None))


def _is_short(left: int, ends: tuple[int, int], own: int | None) -> bool:
    """Whether the run may take more: never more than its own cap."""
    return left < (ends[1] if own is None else min(ends[1], own))


def _calls(number: int | None) -> str:
    return _("%(n)s calls") % {"n": whole(number)}


def _told(left: str, scope: str, cap: str) -> str:
    told = _(
        "%(whose)s cap of %(cap)s a month leaves %(left)s, less than the run may take: it would "
        "pause there, and can be resumed when the cap is raised or the month is over."
    ) % {"left": left, "whose": spending.whose(scope), "cap": cap}
    return told[:1].upper() + told[1:]
