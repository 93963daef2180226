"""Trying a candidate on one example, with the pieces of a program's own try page."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from optimizer.core.problems import Refused
from optimizer.core.programs.lm import Role as ModelRole
from optimizer.models import Candidate as CandidateRow
from optimizer.running.prompts import prompts_of
from optimizer.sentences import reasons
from promptlab.accounts.access import project_for
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.models import Project
from promptlab.accounts.roles import Role
from promptlab.programs import tryouts
from promptlab.programs.forms.trying import chosen_before, example_and_form, kept
from promptlab.runs import queries
from promptlab.runs.models import ProjectRun
from promptlab.ui.parameters import Parameters


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def try_candidate(
    request: SignedInRequest, project: str, number: int, candidate: int
) -> HttpResponse:
    starts = request.method == "POST"
    found = project_for(request.user, project, Role.EDITOR if starts else Role.VIEWER)
    project_run, row = _candidate(found, number, candidate)
    spec = queries.spec_of(project_run.run)
    task = spec.models[ModelRole.TASK]
    asked = Parameters(request.GET)
    tryout = None if starts else tryouts.asked_for(found, asked)
    initial = {
        "model": f"{task.provider}:{task.model}",
        "metric": project_run.metric_id,
        **chosen_before(asked),
        **(tryout.typed if tryout else {}),
    }
    example, form = example_and_form(
        found, spec.program, asked, request.POST if starts else None, initial
    )
    if form.is_valid():
        prompts = prompts_of(row)
        try:
            started = tryouts.start_tryout(
                found, spec.program, form.chosen_model, form.example, form.chosen_metric, prompts
            )
        except Refused as refusal:
            form.add_error(None, reasons(refusal))
        else:
            return redirect(f"{request.path}?{kept(example, form, started.pk)}#result")
    context = {
        "project": found,
        "project_run": project_run,
        "candidate": row,
        "example": example,
        "form": form,
        "tryout": tryout,
    }
    template = (
        "programs/try.html#form" if request.htmx and not asked.has("answer") else "runs/try.html"
    )
    return render(request, template, context, status=422 if form.is_bound else 200)


def _candidate(project: Project, number: int, candidate: int) -> tuple[ProjectRun, CandidateRow]:
    project_run = queries.project_run_of(project, number)
    return project_run, get_object_or_404(CandidateRow, run=project_run.run_id, number=candidate)
