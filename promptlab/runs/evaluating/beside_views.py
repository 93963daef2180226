"""A candidate scored once more, or edited by hand and scored, beside those of its run."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from optimizer.core.problems import Refused
from optimizer.core.programs.example import Example
from optimizer.models import Candidate as CandidateRow
from optimizer.running.prompts import prompts_of
from optimizer.sentences import reasons
from promptlab.accounts.access import project_for
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.models import Project
from promptlab.accounts.roles import Role
from promptlab.runs import queries
from promptlab.runs.comparing.examples import examples_in, first_examples, inputs_line
from promptlab.runs.evaluating import beside, drafts
from promptlab.runs.evaluating.editing import LOOK, EditForm, TrainingRows
from promptlab.runs.models import ProjectRun
from promptlab.ui.parameters import Parameters

OFFERED = 100
"""Training rows that are offered for demos; others are found by their ids."""


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
    """Change a candidate's prompts by hand; what comes of it is scored beside it. What is typed is
    kept as a draft.
    """
    found, project_run, row = _candidate(request, project, number, candidate)
    mine = (project_run, row.number, request.user)
    if request.method != "POST":
        kept = drafts.kept(*mine)
        form = _form(project_run, row, kept[0] if kept else None)
        return _drawn(request, project_run, row, form, kept[1] if kept else None)
    if "discard" in request.POST:
        drafts.forget(*mine)
        return redirect("runs:edit", found.slug, number, row.number)
    drafts.keep(*mine, request.POST)
    if Parameters(request.GET).has("draft"):
        return HttpResponse(status=204)
    form = _form(project_run, row, request.POST)
    if form.redrawn or not form.is_valid() or LOOK in request.POST:
        return _drawn(request, project_run, row, form)
    known = beside.known_as(project_run, form.candidate)
    if known is not None:
        drafts.forget(*mine)
        told = _("These are the prompts of candidate %(n)s.")
        messages.info(request, told % {"n": known.number})
        return redirect("runs:candidate", found.slug, number, known.number)
    try:
        asked = beside.look(project_run, form.candidate)
        made = beside.start(project_run, request.user, asked, row.number, edited=True)
    except Refused as refusal:
        form.add_error(None, reasons(refusal))
        return _drawn(request, project_run, row, form)
    drafts.forget(*mine)
    return _on_its_way(request, found, made)


def _form(project_run: ProjectRun, row: CandidateRow, data: QueryDict | None) -> EditForm:
    spec = queries.spec_of(project_run.run)
    train = project_run.run.train_id or ""

    def find(key: str) -> Example | None:
        return examples_in(train, [key]).get(key)

    training = TrainingRows(find, dict(spec.metric.columns)) if train else None
    return EditForm(spec.program, prompts_of(row), data, training)


def _drawn(
    request: SignedInRequest, project_run: ProjectRun, row: CandidateRow, form: EditForm,
    kept_at: datetime | None = None,
) -> HttpResponse:  # fmt: skip
    """The page, or the form alone where only that is asked for."""
    looked = request.method == "POST" and LOOK in request.POST and form.is_valid()
    train = project_run.run.train_id
    context = {
        "project": project_run.project, "project_run": project_run, "candidate": row, "form": form,
        "asked": _asked(project_run, row), "notes": _notes(project_run), "kept_at": kept_at,
        "changes": form.changes if looked else None, "looked": looked,
        "tokens": form.tokens if looked else None,
        "offered": [(e.id, inputs_line(e, 60)) for e in first_examples(train, OFFERED)]
        if train
        else [],
    }  # fmt: skip
    faulty = form.is_bound and not looked
    part = "#form" if request.htmx else ""
    return render(request, f"runs/edit.html{part}", context, status=422 if faulty else 200)


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
