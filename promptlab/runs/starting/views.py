"""A new run: the form with its estimate, and the start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from promptlab.accounts.access import project_for
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.models import Project
from promptlab.accounts.roles import Role
from promptlab.runs.models import ProjectRun
from promptlab.runs.starting import measuring, prefill, services
from promptlab.runs.starting.checks import Check, checks_of
from promptlab.runs.starting.forms import RunForm
from promptlab.runs.starting.planning import Forecast, RunRequest, forecast
from promptlab.ui.parameters import Parameters

# Where CannotStart says a part, the form has a field.
_FIELDS = {
    "program": "program", "metric": "metric", "dataset": "dataset", "models": "model_task",
    "limits": "max_calls", "optimizer": "optimizer",
    "settings": "effort",
}  # fmt: skip


@dataclass(frozen=True)
class Look:
    """What can be said of a form as it stands; nothing while the main choices are missing."""

    wishes: RunRequest | None = None
    forecast: Forecast | None = None
    checks: tuple[Check, ...] = ()


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SignedInRequest, project: str) -> HttpResponse:
    found = project_for(request.user, project, Role.EDITOR)
    if request.method != "POST":
        form = prefill.filled(found, Parameters(request.GET))
        return render(request, "runs/new.html", _context(found, form, _look(found, form)))
    form = RunForm(found, request.POST)
    look = _look(found, form)
    project_run = _start(found, request, form, look)
    if project_run is not None:
        messages.success(request, _("Run %(n)s is on its way.") % {"n": project_run.number})
        return redirect("runs:run", found.slug, project_run.number)
    return render(request, "runs/new.html", _context(found, form, look), status=422)


@login_required
@require_POST
def estimate(request: SignedInRequest, project: str) -> HttpResponse:
    """What the form would take as it stands: the parts that depend on it."""
    found = project_for(request.user, project, Role.EDITOR)
    form = prefill.followed(found, request.POST)
    look = _look(found, form)
    return render(request, "runs/estimate.html", _context(found, form, look))


@login_required
@require_POST
def measure(request: SignedInRequest, project: str) -> HttpResponse:
    """Have the program run on a few examples; the estimate then follows what that took."""
    found = project_for(request.user, project, Role.EDITOR)
    form = prefill.followed(found, request.POST)
    context = _context(found, form, _look(found, form))
    if form.is_complete:
        try:
            measuring.measure(found, form.wishes())
        except measuring.CannotMeasure as refusal:
            context["cannot_measure"] = str(refusal)
        else:
            form = prefill.followed(found, request.POST)
            context = _context(found, form, _look(found, form))
    return render(request, "runs/estimate.html", context)


def _look(project: Project, form: RunForm) -> Look:
    form.is_valid()
    if not form.is_complete:
        return Look()
    wishes = form.wishes()
    expected = form.expected or forecast(project, wishes)
    return Look(wishes, expected, tuple(checks_of(project, wishes, expected)))


def _start(
    project: Project, request: SignedInRequest, form: RunForm, look: Look
) -> ProjectRun | None:
    """The started run, or None with the reasons beside their fields."""
    for check in look.checks:
        if check.level == "problem":
            form.add_error(check.field, check.message)
    if form.errors or look.wishes is None:
        return None
    try:
        return services.start_run(project, request.user, look.wishes)
    except services.CannotStart as refusal:
        form.add_error(_FIELDS[refusal.part], str(refusal))
        return None


def _context(project: Project, form: RunForm, look: Look) -> dict[str, Any]:
    return {
        "project": project,
        "form": form,
        "forecast": look.forecast,
        "checks": look.checks,
        "has_programs": bool(form.offers.programs),
        "has_datasets": bool(form.offers.datasets),
        "has_models": form.has_models,
    }
