"""A new run: the form with its estimate, and the start."""

from __future__ import annotations

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
from promptlab.runs import prefill, services
from promptlab.runs.checks import Check, checks_of
from promptlab.runs.forms import RunForm
from promptlab.runs.planning import Forecast, forecast

# Where CannotStart says a part, the form has a field.
_FIELDS = {
    "program": "program", "metric": "metric", "dataset": "dataset", "models": "model_task",
    "limits": "max_calls", "optimizer": "optimizer",
}  # fmt: skip


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SignedInRequest, project: str) -> HttpResponse:
    found = project_for(request.user, project, Role.EDITOR)
    if request.method != "POST":
        form = prefill.filled(found, request.GET)
        return render(request, "runs/new.html", _context(found, form))
    form = RunForm(found, request.POST)
    if form.is_valid() and (launch := _start(found, request, form)) is not None:
        messages.success(request, _("Run %(n)s is on its way.") % {"n": launch.number})
        return redirect("runs:run", found.slug, launch.number)
    return render(request, "runs/new.html", _context(found, form), status=422)


@login_required
@require_POST
def estimate(request: SignedInRequest, project: str) -> HttpResponse:
    """What the form would take as it stands: the parts that depend on it."""
    found = project_for(request.user, project, Role.EDITOR)
    form = prefill.followed(found, request.POST)
    return render(request, "runs/estimate.html", _context(found, form, quiet=True))


def _start(project: Project, request: SignedInRequest, form: RunForm) -> Any:
    wishes = form.wishes()
    for check in checks_of(project, wishes, forecast(project, wishes)):
        if check.level == "problem":
            form.add_error(check.field, check.message)
    if form.errors:
        return None
    try:
        return services.start_run(project, request.user, wishes)
    except services.CannotStart as refusal:
        form.add_error(_FIELDS[refusal.part], str(refusal))
        return None


def _context(project: Project, form: RunForm, quiet: bool = False) -> dict[str, Any]:
    found, checks = _looked_at(project, form)
    return {
        "project": project,
        "form": form,
        "forecast": found,
        "checks": checks,
        "problems": [c for c in checks if c.level == "problem"],
        "has_programs": form.fields["program"].queryset.exists(),
        "has_datasets": form.fields["dataset"].queryset.exists(),
        "has_models": bool(form.fields["model_task"].choices),
        "quiet": quiet,
    }


def _looked_at(project: Project, form: RunForm) -> tuple[Forecast | None, list[Check]]:
    """Estimate and checks of a form that is filled in well enough; nothing otherwise."""
    wishes = form.wishes() if form.is_bound and not _is_unusable(form) else None
    if wishes is None:
        return None, []
    found = forecast(project, wishes)
    return found, checks_of(project, wishes, found)


def _is_unusable(form: RunForm) -> bool:
    needed = {"program", "dataset", "metric", "model_task", "optimizer", "effort"}
    form.is_valid()
    return not needed <= set(form.cleaned_data) or "max_calls" in form.errors.keys() & {"max_cost"}
