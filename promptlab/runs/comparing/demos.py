"""All demos of a module: in a candidate, and in a demo set that a run found."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from optimizer.core.conversation.events import DemoSetFound
from optimizer.models import Candidate as CandidateRow
from optimizer.models import RunEvent
from optimizer.running.prompts import from_row, prompts_of
from promptlab.accounts.access import project_for
from promptlab.accounts.http import SignedInRequest
from promptlab.programs.demos_page import Crumbs, demos_page, module_of
from promptlab.runs import queries
from promptlab.runs.models import ProjectRun
from promptlab.runs.results.codes import letter


@login_required
@require_safe
def candidate_demos(
    request: SignedInRequest, project: str, number: int, candidate: int, module: str
) -> HttpResponse:
    project_run = queries.project_run_of(project_for(request.user, project), number)
    found = module_of(queries.spec_of(project_run.run).program, module)
    row = get_object_or_404(CandidateRow, run=project_run.run_id, number=candidate)
    url = reverse("runs:candidate", args=[project, number, candidate])
    name = _("Candidate %(n)s") % {"n": candidate} if candidate else _("Baseline")
    demos = prompts_of(row).modules[module].demos
    crumbs = [*_above(project_run), (name, url)]
    return demos_page(request, project_run.project, found, demos, crumbs)


@login_required
@require_safe
def demo_set(
    request: SignedInRequest, project: str, number: int, module: str, index: int
) -> HttpResponse:
    project_run = queries.project_run_of(project_for(request.user, project), number)
    found = module_of(queries.spec_of(project_run.run).program, module)
    told = RunEvent.objects.filter(
        run=project_run.run_id, kind="demo_set_found", data__module=module, data__index=index
    ).first()
    if told is None:
        raise Http404("The run has found no such demo set.")
    url = f"{reverse('runs:run', args=[project, number])}#run-found"
    name = _("Demo set %(letter)s") % {"letter": letter(index)} if index else _("Demo set –")
    demos = from_row(DemoSetFound, told.data).demos
    crumbs = [*_above(project_run), (name, url)]
    return demos_page(request, project_run.project, found, demos, crumbs)


def _above(project_run: ProjectRun) -> Crumbs:
    project = project_run.project.slug
    return [
        (_("Runs"), reverse("runs:list", args=[project])),
        (str(project_run), reverse("runs:run", args=[project, project_run.number])),
    ]
