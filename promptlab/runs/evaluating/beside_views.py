"""A candidate scored once more, or edited by hand and scored, beside those of its run."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from optimizer.core.problems import Refused
from optimizer.models import Candidate as CandidateRow
from optimizer.running.prompts import prompts_of
from optimizer.sentences import reasons
from promptlab.accounts.access import project_for
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.models import Project
from promptlab.accounts.roles import Role
from promptlab.runs import queries
from promptlab.runs.evaluating import beside
from promptlab.runs.evaluating.editing import EditForm
from promptlab.runs.models import ProjectRun
from promptlab.ui.parameters import Parameters


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def score(request: SignedInRequest, project: str, number: int, candidate: int) -> HttpResponse:
    """Score a candidate on every example; `?test=1`: and look at the sealed test split."""
    found, project_run, row = _candidate(request, project, number, candidate)
    tested = Parameters(request.GET).has("test")
    context = {
        "project": found, "project_run": project_run, "candidate": row, "tested": tested,
    }  # fmt: skip
    try:
        asked = beside.look(project_run, prompts_of(row), tested)
        if request.method == "POST":
            made = beside.start(project_run, request.user, asked, row.number)
            return _on_its_way(request, found, made)
    except Refused as refusal:
        told = {"refused": reasons(refusal)}
        return render(request, "runs/score.html", context | told, status=_status(request))
    return render(request, "runs/score.html", context | {"asked": asked})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: SignedInRequest, project: str, number: int, candidate: int) -> HttpResponse:
    """Change a candidate's prompts by hand; what comes of it is scored beside it."""
    found, project_run, row = _candidate(request, project, number, candidate)
    program, before = queries.spec_of(project_run.run).program, prompts_of(row)
    form = EditForm(program, before, request.POST if request.method == "POST" else None)
    if form.is_valid():
        known = beside.known_as(project_run, form.candidate)
        if known is not None:
            told = _("These are the prompts of candidate %(n)s.")
            messages.info(request, told % {"n": known.number})
            return redirect("runs:candidate", found.slug, number, known.number)
        try:
            asked = beside.look(project_run, form.candidate)
            made = beside.start(project_run, request.user, asked, row.number, edited=True)
        except Refused as refusal:
            form.add_error(None, reasons(refusal))
        else:
            return _on_its_way(request, found, made)
    context = {
        "project": found, "project_run": project_run, "candidate": row, "form": form,
        "asked": _asked(project_run, row), "notes": _notes(project_run),
    }  # fmt: skip
    return render(request, "runs/edit.html", context, status=422 if form.is_bound else 200)


def _asked(project_run: ProjectRun, row: CandidateRow) -> beside.Beside | None:
    """What scoring takes; None where nothing can be scored now."""
    try:
        return beside.look(project_run, prompts_of(row))
    except Refused:
        return None


def _notes(project_run: ProjectRun) -> str:
    """What a reviewer wants changed; "" where nobody asked."""
    asked = project_run.decision == ProjectRun.Decision.CHANGES
    return project_run.decision_note if asked else ""


def _candidate(
    request: SignedInRequest, project: str, number: int, candidate: int
) -> tuple[Project, ProjectRun, CandidateRow]:
    found = project_for(request.user, project, Role.EDITOR)
    project_run = queries.project_run_of(found, number)
    row = get_object_or_404(CandidateRow, run=project_run.run_id, number=candidate)
    return found, project_run, row


def _on_its_way(request: SignedInRequest, project: Project, made: ProjectRun) -> HttpResponse:
    messages.success(request, _("Run %(n)s scores it.") % {"n": made.number})
    return redirect("runs:run", project.slug, made.number)


def _status(request: SignedInRequest) -> int:
    return 422 if request.method == "POST" else 200
