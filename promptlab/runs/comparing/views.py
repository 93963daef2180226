"""Candidates: one by itself, several side by side, one example in full."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from promptlab.accounts.access import project_for
from promptlab.accounts.http import SignedInRequest
from promptlab.runs import queries
from promptlab.runs.comparing import comparison
from promptlab.runs.results import board as boards
from promptlab.runs.results import evidence
from promptlab.runs.watching.page import RunPage
from promptlab.ui.parameters import Parameters

PAGE = 100


@login_required
@require_safe
def candidate(request: SignedInRequest, project: str, number: int, candidate: int) -> HttpResponse:
    found = project_for(request.user, project)
    page = RunPage(queries.project_run_of(found, number))
    view = comparison.view_of(page, [0, candidate] if candidate else [0], Parameters(request.GET))
    if all(e.number != candidate for e in view.candidates):
        raise Http404("There is no candidate of this number.")
    mine = [t for t in (page.board.first, *page.board.trials) if t and t.candidate == candidate]
    context = _context(request, page, view) | {
        "candidate": view.candidates[-1],
        "trials": boards.with_changes(page.run, page.board, mine),
    }
    return render(request, "runs/candidate.html", context)


@login_required
@require_safe
def compare(request: SignedInRequest, project: str, number: int) -> HttpResponse:
    found = project_for(request.user, project)
    page = RunPage(queries.project_run_of(found, number))
    asked = Parameters(request.GET)
    view = comparison.view_of(page, comparison.wanted(asked, page.best_number), asked)
    return render(request, "runs/compare.html", _context(request, page, view))


@login_required
@require_safe
def example(request: SignedInRequest, project: str, number: int, example: str) -> HttpResponse:
    found = project_for(request.user, project)
    page = RunPage(queries.project_run_of(found, number))
    asked = Parameters(request.GET)
    wanted = comparison.wanted(asked, page.best_number)
    shown = comparison.example_view(page, wanted, example, asked)
    context = {"project": found, "project_run": page.project_run, "page": page, "shown": shown}
    return render(request, "runs/example.html", context)


def _context(
    request: SignedInRequest, page: RunPage, view: comparison.CompareView
) -> dict[str, Any]:
    rows = Paginator(view.rows, PAGE).get_page(Parameters(request.GET).page)
    return {
        "project": page.project_run.project,
        "project_run": page.project_run,
        "run": page.run,
        "page": page,
        "view": view,
        "rows": rows,
        "examples": view.shown_rows(list(rows.object_list)),
        "most": evidence.MOST_CANDIDATES,
    }
