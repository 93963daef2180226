"""The playground: its form, kept as a draft, and what came of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from optimizer.core.problems import Conflict, Refused
from optimizer.sentences import reasons
from promptlab.accounts.access import membership_of, project_for
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.models import Project
from promptlab.accounts.roles import Role
from promptlab.programs.rows import wants_change
from promptlab.runs.evaluating.failures import runs_with_failures
from promptlab.runs.models import Play
from promptlab.runs.playing import begun, services, typed
from promptlab.runs.playing.forms import PlayForm, absorb_buttons
from promptlab.runs.playing.page import PlayPage, play_of
from promptlab.runs.playing.services import Plan
from promptlab.ui.parameters import Parameters, number_in

LATELY = 8
"""Plays that the page lists."""


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def playground(request: SignedInRequest, project: str) -> HttpResponse:
    """What is typed is kept as a draft; `?draft=1` asks for nothing but what it would take."""
    if request.method != "POST":
        return _shown(request, project_for(request.user, project))
    found = project_for(request.user, project, Role.EDITOR)
    if "discard" in request.POST:
        typed.forget(found, request.user)
        return redirect("runs:playground", found.slug)
    state = request.POST.copy()
    redrawn = _after_button(request, found, state)
    typed.keep(found, request.user, state)
    if Parameters(request.GET).has("draft"):
        return render(request, "runs/playing/price.html", {"plan": _plan(found, state)})
    if redrawn or "go" not in request.POST:
        return _drawn(request, found, PlayForm(found, _quiet(state), quiet=True))
    return _go(request, found, typed.plain(state))


def _go(request: SignedInRequest, project: Project, state: QueryDict) -> HttpResponse:
    form = PlayForm(project, state)
    if not form.is_valid():
        return _drawn(request, project, form, status=422)
    try:
        play = services.start(project, request.user, services.plan_of(form), state)
    except Refused as refusal:
        form.options.add_error(None, reasons(refusal))
        return _drawn(request, project, form, status=422)
    return redirect(f"{reverse('runs:playground', args=[project.slug])}?play={play.pk}#played")


def _after_button(request: SignedInRequest, project: Project, state: QueryDict) -> bool:
    """Whether a button changed the form, which is drawn anew then."""
    if wants_change(state):
        absorb_buttons(PlayForm(project, state))
        return True
    if typed.COLUMN in state:
        typed.after_column_button(state)
        return True
    if typed.LINE in state:
        _after_line_button(request, project, state, str(state.get(typed.LINE, "")))
        return True
    places = range(typed.count(state, "columns"))
    return any(state.get(f"c{n}-what") != state.get(f"c{n}-shown") for n in places)


def _after_line_button(
    request: SignedInRequest, project: Project, state: QueryDict, button: str
) -> None:
    if button == "typed":
        typed.add_row(state)
    elif button == "row" and not begun.add_named(project, state):
        messages.warning(request, _("There is no such row: take its id, or its place from 1."))
    elif button == "failures":
        begun.add_failures(project, state, Parameters(state).number("from_run") or 0)
    elif button.startswith("remove-"):
        typed.remove_row(state, number_in(button.removeprefix("remove-")))


def _shown(request: SignedInRequest, project: Project) -> HttpResponse:
    """As it was left, with what the address adds; readers see what others tried."""
    member = membership_of(request.user, project.slug)
    if member is None or not Role(member.role).at_least(Role.EDITOR):
        return render(request, "runs/playing/playground.html", _context(request, project))
    kept, asked = typed.kept(project, request.user), Parameters(request.GET)
    state = kept[0] if kept else QueryDict(mutable=True)
    if not begun.begun(project, state, asked):
        told = _("There are %(n)s columns already: remove one to add another.")
        messages.warning(request, told % {"n": typed.MOST_COLUMNS})
    return _drawn(request, project, PlayForm(project, _quiet(state), quiet=True))


def _drawn(
    request: SignedInRequest, project: Project, form: PlayForm, status: int = 200
) -> HttpResponse:
    """The page, or the form alone where only that is asked for."""
    dataset = project.datasets.filter(pk=Parameters(form.state).number("from_dataset") or 0).first()
    datasets = list(project.datasets.order_by("-pk"))
    context = {
        **_context(request, project),
        "form": form,
        "plan": _plan(project, form.state),
        "faults": [] if form.quiet else form.faults,
        "datasets": datasets,
        "from_dataset": dataset,
        "failed_runs": [n for each in datasets[:1] for n in runs_with_failures(project, each)],
    }
    part = "#form" if request.htmx and request.method == "POST" else ""
    return render(request, f"runs/playing/playground.html{part}", context, status=status)


def _context(request: SignedInRequest, project: Project) -> dict[str, Any]:
    asked = Parameters(request.GET).number("play")
    latest = project.plays.order_by("-pk").filter(by=request.user).first()
    latest = latest or project.plays.order_by("-pk").first()
    pk = asked if asked is not None else latest.pk if latest else None
    play = play_of(project, pk) if pk is not None else None
    if asked is not None and play is None:
        raise Http404("There is no such play in this project.")
    return {
        "project": project,
        "played": PlayPage(play) if play else None,
        "lately": list(project.plays.select_related("by").order_by("-pk")[:LATELY]),
        "section": "runs",
    }


def _quiet(state: QueryDict) -> QueryDict:
    """What is drawn and not checked, as the rows of its demos understand it."""
    found = typed.plain(state)
    found["up"] = ""
    return found


def _plan(project: Project, state: QueryDict) -> Plan | None:
    """What would be asked; None where that is not known yet."""
    form = PlayForm(project, typed.plain(state))
    if not form.is_valid():
        return None
    try:
        return services.plan_of(form)
    except Refused:
        return None


@login_required
@require_POST
def stop(request: SignedInRequest, project: str, play: int) -> HttpResponse:
    """Have workers send nothing more; the page hears of it by its socket."""
    row = _play(request, project, play)
    services.stop(row)
    return HttpResponse(status=204) if request.htmx else _to(row)


@login_required
@require_POST
def again(request: SignedInRequest, project: str, play: int) -> HttpResponse:
    """Begin the form anew with what was typed for this play."""
    row = _play(request, project, play)
    typed.keep(row.project, request.user, QueryDict(row.typed))
    return _to(row)


@login_required
@require_POST
def edit_on(request: SignedInRequest, project: str, play: int, column: int) -> HttpResponse:
    """Go on with a column where it can become a candidate."""
    row = _play(request, project, play)
    if not 0 < column <= len(row.columns):
        raise Http404("There is no such column.")
    try:
        run, number = services.edit_on(row, column - 1, request.user)
    except Conflict as refusal:
        messages.error(request, reasons(refusal))
        return _to(row)
    return redirect("runs:edit", row.project.slug, run.number, number)


def _play(request: SignedInRequest, project: str, play: int) -> Play:
    row = play_of(project_for(request.user, project, Role.EDITOR), play)
    if row is None:
        raise Http404("There is no such play in this project.")
    return row


def _to(play: Play) -> HttpResponse:
    return redirect(f"{reverse('runs:playground', args=[play.project.slug])}?play={play.pk}")
