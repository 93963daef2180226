"""What a project spends in a calendar month, and the most that it may."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Path, Router

from optimizer.costs import spending
from promptlab.accounts import services
from promptlab.accounts.forms import MonthlyCapForm
from promptlab.accounts.models import Project
from promptlab.accounts.roles import Role
from promptlab.api.form_adapter import check, posted
from promptlab.api.schemas.spending import CapIn, SpendingOut, merged
from promptlab.api.tokens import caller, project_of

router = Router(tags=["spending"])
FIELDS = {"max_calls": "calls", "max_cost": "dollars"}


@router.get("", response=SpendingOut, summary="Read what the project spent, and its cap")
def get_spending(request: HttpRequest, project: Path[str]) -> SpendingOut:
    return _shown(project_of(request, project))


@router.patch("", response=SpendingOut, summary="Set the project's monthly cap")
def set_spending_cap(request: HttpRequest, project: Path[str], wish: CapIn) -> SpendingOut:
    """Runs that meet it pause. A cap below what is spent already is kept, too: nothing more is
    sent then.
    """
    found = project_of(request, project, Role.ADMIN)
    now = spending.caps_of(found.namespace)
    form = MonthlyCapForm(now, posted(merged(wish, now)))
    check(form, FIELDS)
    services.cap_months(found, caller(request), form.caps)
    return _shown(found)


def _shown(project: Project) -> SpendingOut:
    return SpendingOut.of(
        spending.standing(project.namespace),
        spending.standing(spending.INSTALLATION),
        spending.months_of(project.namespace),
    )
