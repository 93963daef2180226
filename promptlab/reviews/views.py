"""The review of one candidate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from optimizer.core.problems import Problem, Refused
from optimizer.models import Candidate
from optimizer.sentences import reasons, sentence
from promptlab.accounts.access import project_for
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.roles import Role
from promptlab.reviews import packets, queries, rules, services
from promptlab.reviews.forms import DecisionForm, SendForm
from promptlab.reviews.models import Review
from promptlab.reviews.packet_page import PacketPage
from promptlab.runs import queries as runs
from promptlab.runs.comparing import comparison
from promptlab.runs.models import ProjectRun
from promptlab.runs.results import final
from promptlab.runs.results.about import about_of
from promptlab.runs.results.final_word import FinalWord
from promptlab.runs.results.state import result_of
from promptlab.ui.parameters import Parameters

PAGE = 100


@login_required
@require_safe
def review(request: SignedInRequest, project: str, number: int, candidate: int) -> HttpResponse:
    found = project_for(request.user, project)
    project_run, row = queries.candidate_of(found, number, candidate)
    return review_page(request, project_run, row)


@login_required
@require_POST
def decide(request: SignedInRequest, project: str, number: int, candidate: int) -> HttpResponse:
    found = project_for(request.user, project, Role.REVIEWER)
    project_run, row = queries.candidate_of(found, number, candidate)
    against = rules.why_against(project_run, row)
    form = DecisionForm(request.POST, always=against is not None)
    if not form.is_valid():
        return review_page(request, project_run, row, form, status=422)
    try:
        return _decided(request, project_run, row, form.cleaned_data)
    except Refused as refusal:
        if any(told.code == "review.decided_meanwhile" for told in refusal.problems):
            messages.warning(request, reasons(refusal))
            return redirect("reviews:review", found.slug, number, candidate)
        form.add_error("note", reasons(refusal))
        return review_page(request, project_run, row, form, status=422)


def _decided(
    request: SignedInRequest, project_run: ProjectRun, row: Candidate, data: Mapping[str, Any]
) -> HttpResponse:
    slug, note, seen = project_run.project.slug, data["note"], data["seen"]
    if data["decision"] == Review.Decision.APPROVE:
        version = services.approve(project_run, row, request.user, note, seen, data["packet"])
        told = _("Approved as version %(n)s of %(program)s.")
        messages.success(request, told % {"n": version.number, "program": project_run.program_name})
        return redirect("releases:version", slug, version.program_id, version.number)
    if data["decision"] == Review.Decision.REJECT:
        services.reject(project_run, row, request.user, note, seen)
        messages.success(request, _("Rejected. The note is on the run's page."))
    else:
        services.request_changes(project_run, row, request.user, note, seen)
        messages.success(request, _("Changes requested. The note is on the run's page."))
    return redirect("runs:run", slug, project_run.number)


def send_form(project_run: ProjectRun, data: Any = None) -> SendForm:
    """Who may be asked, and whether it is an answer."""
    people, answers = packets.may_be_asked(project_run), packets.open_request(project_run)
    return SendForm(data, people=people, answers=answers)


def review_page(
    request: SignedInRequest,
    project_run: ProjectRun,
    row: Candidate,
    form: DecisionForm | None = None,
    sending: SendForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The packet that was sent last; before any was, the evidence as it stands."""
    packet = packets.newest(project_run, row)
    context = _common(request, project_run, row, form) | {
        "open_request": packets.open_request(project_run),
        "sending": sending or send_form(project_run),
    }
    if packet is not None:
        page = PacketPage(packet, request.user, Parameters(request.GET))
        handles = packets.short_handles(project_run.project)
        context |= {"page": page, "packet": packet, "handles": handles}
        return render(request, "reviews/packet.html", context, status=status)
    context |= _evidence(request, project_run, row)
    return render(request, "reviews/review.html", context, status=status)


def _common(
    request: SignedInRequest, project_run: ProjectRun, row: Candidate, form: DecisionForm | None
) -> dict[str, Any]:
    """What was decided, and what can be."""
    history = list(queries.reviews_of(project_run, row))
    seen = history[0].pk if history else 0
    against = rules.why_against(project_run, row)
    initial = {"seen": seen}
    return {
        "project": project_run.project,
        "project_run": project_run,
        "run": project_run.run,
        "number": row.number,
        "against": against,
        "history": history,
        "version": row.versions.filter(project_run=project_run).first(),
        "next_number": queries.next_number(project_run),
        "why_not": _told(rules.why_not(project_run, row)),
        "why_not_you": _told(rules.why_not_you(project_run, request.user)),
        "form": form or DecisionForm(initial=initial, always=against is not None),
        "seen": seen,
        "section": "runs",
    }


def _evidence(request: SignedInRequest, project_run: ProjectRun, row: Candidate) -> dict[str, Any]:
    run, spec = project_run.run, runs.spec_of(project_run.run)
    result = result_of(run)
    numbers = [0, row.number] if row.number else [0]
    asked = Parameters(request.GET)
    view = comparison.view_of(project_run, spec, numbers, asked)
    rows = Paginator(view.rows, PAGE).get_page(asked.page)
    is_best = row.number > 0 and row.number == result.best_number
    return {
        "about": about_of(project_run, spec),
        "result": result,
        "final": FinalWord(run, result),
        "view": view,
        "candidate": view.candidates[-1],
        "expected": final.expected_of_candidate(run, row),
        "recommendation": result.recommendation if is_best else None,
        "rows": rows,
        "examples": view.shown_rows(list(rows.object_list)),
    }


def _told(reason: Problem | None) -> str:
    return sentence(reason) if reason else ""
