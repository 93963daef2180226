"""The list of runs, one run, and what is done to it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from optimizer.core.problems import Refused
from optimizer.sentences import reasons
from promptlab.accounts.access import project_for
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.models import Project
from promptlab.accounts.roles import Role, role_of
from promptlab.runs import queries
from promptlab.runs.models import ProjectRun
from promptlab.runs.results.state import read_state
from promptlab.runs.watching import listing, steering
from promptlab.runs.watching.forms import CapForm, first_error
from promptlab.runs.watching.live import LiveRun, page_context
from promptlab.runs.watching.page import RunPage
from promptlab.ui.parameters import Parameters

PAGE = 50


@login_required
@require_safe
def runs(request: SignedInRequest, project: str) -> HttpResponse:
    found = project_for(request.user, project)
    asked = Parameters(request.GET)
    narrow = queries.ListFilter(
        asked.one_of("status", queries.STATES), asked.number("program"), asked.number("by"),
        asked.one_of("optimizer", listing.used_optimizers(found)),
    )  # fmt: skip
    sort = asked.one_of("sort", queries.SORTS)
    rows = queries.ordered(queries.filtered(queries.project_runs(found), narrow), sort)
    page = Paginator(rows, PAGE).get_page(asked.page)
    context = {
        "project": found,
        "page": page,
        "rows": [listing.row_of(project_run) for project_run in page.object_list],
        "narrow": narrow,
        "sort": sort,
        "sorts": listing.sorts(),
        "tabs": listing.tabs(found, narrow, sort),
        "choices": listing.choices(found),
    }
    return render(request, "runs/list.html", context)


@login_required
@require_safe
def run(request: SignedInRequest, project: str, number: int) -> HttpResponse:
    found = project_for(request.user, project)
    project_run = queries.project_run_of(found, number)
    asked = Parameters(request.GET)
    context = page_context(_role(request, found), RunPage(read_state(project_run), asked))
    context["socket_query"] = asked.kept("trials", "before", "page")
    return render(request, "runs/run.html", context)


@login_required
@require_safe
def live(request: SignedInRequest, project: str, number: int) -> HttpResponse:
    """All changing parts at once, for pages whose socket does not open."""
    found = project_for(request.user, project)
    page = LiveRun(found, number, Parameters(request.GET))
    return HttpResponse(page.changes(_role(request, found)))


@login_required
@require_POST
def pause(request: SignedInRequest, project: str, number: int) -> HttpResponse:
    return _act(request, project, number, steering.pause, _("The run is being paused."))


@login_required
@require_POST
def resume(request: SignedInRequest, project: str, number: int) -> HttpResponse:
    return _act(request, project, number, steering.resume, _("The run goes on."))


@login_required
@require_POST
def cancel(request: SignedInRequest, project: str, number: int) -> HttpResponse:
    told = _("The run is being cancelled; the best so far is kept.")
    return _act(request, project, number, steering.cancel, told)


@login_required
@require_POST
def raise_cap(request: SignedInRequest, project: str, number: int) -> HttpResponse:
    form = CapForm(request.POST)

    def change(project_run: ProjectRun) -> None:
        if not form.is_valid():
            raise Refused.because("form", told=first_error(form))
        steering.raise_cap(project_run, form.cleaned_data["max_calls"], form.micro_dollars)

    return _act(request, project, number, change, _("The new cap holds from now on."))


def _role(request: SignedInRequest, project: Project) -> Role:
    return role_of(request.user, project) or Role.VIEWER


def _act(
    request: SignedInRequest,
    project: str,
    number: int,
    service: Callable[[ProjectRun], None],
    told: str,
) -> HttpResponse:
    found = project_for(request.user, project, Role.EDITOR)
    project_run = queries.project_run_of(found, number)
    try:
        service(project_run)
    except Refused as refusal:
        messages.error(request, reasons(refusal))
    else:
        messages.success(request, told)
    return redirect("runs:run", found.slug, number)
