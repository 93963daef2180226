"""Candidates: one by itself, several side by side, one example in full."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from optimizer.core.programs.candidate import with_prompts
from optimizer.models import Candidate as CandidateRow
from optimizer.running.prompts import prompts_of
from promptlab.accounts.access import project_for
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.roles import Role
from promptlab.programs.services import open_copy
from promptlab.runs import queries
from promptlab.runs.comparing import comparison
from promptlab.runs.comparing.across import AcrossView, offered, refs_in, sides_of
from promptlab.runs.comparing.example_view import example_view
from promptlab.runs.models import ProjectRun
from promptlab.runs.results import board as boards
from promptlab.runs.results import evidence
from promptlab.runs.results.about import about_of
from promptlab.runs.results.beside import BesideRun
from promptlab.runs.results.state import result_of
from promptlab.ui.parameters import Parameters

PAGE = 100


@login_required
@require_safe
def candidate(request: SignedInRequest, project: str, number: int, candidate: int) -> HttpResponse:
    project_run = queries.project_run_of(project_for(request.user, project), number)
    view = _view(request, project_run, [0, candidate] if candidate else [0])
    if all(e.number != candidate for e in view.candidates):
        raise Http404("There is no candidate of this number.")
    mine = [t for t in (view.board.first, *view.board.trials) if t and t.candidate == candidate]
    context = _context(request, view) | {
        "candidate": view.candidates[-1],
        "beside": BesideRun(project_run, view.candidates[-1].digest),
        "trials": boards.with_changes(project_run.run, view.board, mine),
    }
    return render(request, "runs/candidate.html", context)


@login_required
@require_POST
def open_as_program(
    request: SignedInRequest, project: str, number: int, candidate: int
) -> HttpResponse:
    """Begin a program of its own with a candidate's instructions and demos."""
    found = project_for(request.user, project, Role.EDITOR)
    project_run = queries.project_run_of(found, number)
    row = get_object_or_404(CandidateRow, run=project_run.run, number=candidate)
    core = with_prompts(queries.spec_of(project_run.run).program, prompts_of(row))
    stem = _("%(program)s, run %(run)s, %(candidate)s") % {
        "program": project_run.program_name[:40], "run": number, "candidate": candidate,
    }  # fmt: skip
    made = open_copy(found, request.user, core, stem)
    messages.success(request, _("“%s” begins with this candidate's prompts.") % made.name)
    return redirect("programs:program", found.slug, made.pk)


@login_required
@require_safe
def compare(request: SignedInRequest, project: str, number: int) -> HttpResponse:
    project_run = queries.project_run_of(project_for(request.user, project), number)
    view = _view(request, project_run, _wanted(request, project_run))
    return render(request, "runs/compare.html", _context(request, view))


@login_required
@require_safe
def example(request: SignedInRequest, project: str, number: int, example: str) -> HttpResponse:
    project_run = queries.project_run_of(project_for(request.user, project), number)
    view = _view(request, project_run, _wanted(request, project_run))
    context = {
        "project": project_run.project,
        "project_run": project_run,
        "shown": example_view(view, example),
        "row_url": _row_url(project_run, example),
    }
    return render(request, "runs/example.html", context)


@login_required
@require_safe
def across(request: SignedInRequest, project: str) -> HttpResponse:
    """Candidates of several runs side by side, or, with `?example=`, what they made of one example.

    Raises:
        Http404: nothing that the address names exists.
    """
    found, asked = project_for(request.user, project), Parameters(request.GET)
    refs = refs_in(asked)
    if not refs and not asked.text("c"):
        choice = {"project": found, "runs": offered(found)}
        return render(request, "runs/across_choice.html", choice)
    view = AcrossView(found, sides_of(found, refs), asked)
    if asked.has("example"):
        name = asked.text("example")
        context = {
            "project": found,
            "shown": example_view(view, name),
            "row_url": _row_url(view.project_run, name),
        }
        return render(request, "runs/example.html", context)
    rows = Paginator(view.rows, PAGE).get_page(asked.page)
    context = {
        "project": found,
        "view": view,
        "rows": rows,
        "examples": view.shown_rows(list(rows.object_list)),
    }
    return render(request, "runs/across.html", context)


def _row_url(project_run: ProjectRun, example: str) -> str:
    """Where an editor corrects the example in its dataset; "" where there is no such row now."""
    dataset = project_run.dataset
    if dataset is None or not dataset.examples.filter(key=example).exists():
        return ""
    return reverse("datasets:row", args=[project_run.project.slug, dataset.pk, example])


def _wanted(request: SignedInRequest, project_run: ProjectRun) -> list[int]:
    best = project_run.run.best_candidate
    return comparison.wanted(Parameters(request.GET), best.number if best else None)


def _view(
    request: SignedInRequest, project_run: ProjectRun, numbers: Sequence[int]
) -> comparison.CompareView:
    spec = queries.spec_of(project_run.run)
    return comparison.view_of(project_run, spec, numbers, Parameters(request.GET))


def _context(request: SignedInRequest, view: comparison.CompareView) -> dict[str, Any]:
    rows = Paginator(view.rows, PAGE).get_page(Parameters(request.GET).page)
    return {
        "project": view.project_run.project,
        "project_run": view.project_run,
        "run": view.project_run.run,
        "about": about_of(view.project_run, view.spec),
        "result": result_of(view.project_run.run),
        "view": view,
        "rows": rows,
        "examples": view.shown_rows(list(rows.object_list)),
        "most": evidence.MOST_CANDIDATES,
    }
