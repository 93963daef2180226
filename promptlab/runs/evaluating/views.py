"""An evaluation: the form with its estimate, and the start."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from optimizer.core.problems import Refused
from promptlab.accounts.access import project_for
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.models import Project
from promptlab.accounts.roles import Role
from promptlab.runs.evaluating import prefill
from promptlab.runs.evaluating.forms import EvaluationForm
from promptlab.runs.models import ProjectRun
from promptlab.runs.starting import services
from promptlab.runs.starting.checks import shown_checks
from promptlab.runs.starting.planning import Look, look_at
from promptlab.ui.parameters import Parameters


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def evaluate(request: SignedInRequest, project: str) -> HttpResponse:
    found = project_for(request.user, project, Role.EDITOR)
    if request.method != "POST":
        form = prefill.filled(found, Parameters(request.GET))
        return render(request, "runs/evaluate.html", _context(found, form, _look(found, form)))
    form = EvaluationForm(found, request.POST)
    look = _look(found, form)
    started = _start(found, request, form, look)
    if started is not None:
        messages.success(request, _("Evaluation %(n)s is on its way.") % {"n": started.number})
        return redirect("runs:run", found.slug, started.number)
    return render(request, "runs/evaluate.html", _context(found, form, look), status=422)


@login_required
@require_POST
def estimate(request: SignedInRequest, project: str) -> HttpResponse:
    """What the form would take as it stands: the parts that depend on it."""
    found = project_for(request.user, project, Role.EDITOR)
    form = prefill.followed(found, request.POST)
    context = _context(found, form, _look(found, form))
    return render(request, "runs/evaluate_estimate.html", context)


def _look(project: Project, form: EvaluationForm) -> Look | None:
    """None while the main choices are missing."""
    form.is_valid()
    return look_at(project, form.run_request(), form.estimated) if form.is_complete else None


def _start(
    project: Project, request: SignedInRequest, form: EvaluationForm, look: Look | None
) -> ProjectRun | None:
    """The started evaluation, or None with the reasons beside their fields."""
    if look is not None:
        form.add_problems(look.problems)
    if form.errors or look is None:
        return None
    try:
        return services.start_run(project, request.user, look)
    except Refused as refusal:
        form.add_problems(refusal.problems)
        return None


def _context(project: Project, form: EvaluationForm, look: Look | None) -> dict[str, Any]:
    return {
        "project": project,
        "form": form,
        "estimated": look.estimated if look else None,
        "forecast": look.estimated.forecast if look else None,
        "checks": shown_checks(project, look) if look else [],
        "has_programs": bool(form.run_choices.programs),
        "has_datasets": bool(form.run_choices.datasets),
        "has_models": form.has_models,
    }
