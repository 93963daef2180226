"""Trying a program on one example."""

from __future__ import annotations

from contextlib import suppress

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from optimizer.core.problems import Conflict, Refused
from optimizer.jobs import controls
from optimizer.sentences import reasons, sentence
from promptlab.accounts.access import project_for
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.roles import Role
from promptlab.programs import tryouts
from promptlab.programs.access import program_for
from promptlab.programs.forms.trying import chosen_before, example_and_form, kept
from promptlab.programs.keeping import keep
from promptlab.programs.last_try import last_values, remember, run_from
from promptlab.ui.parameters import Parameters


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def try_program(request: SignedInRequest, project: str, program: int) -> HttpResponse:
    starts = request.method == "POST"
    found = program_for(request.user, project, program, Role.EDITOR if starts else Role.VIEWER)
    asked = Parameters(request.GET)
    beside = asked.one_of("beside", ("try", "form"))
    if beside == "try" and not starts and not asked.has("dataset"):
        asked = Parameters(last_values(request.session, found.pk))
    tryout = None if starts else tryouts.asked_for(found.project, asked)
    initial = {**chosen_before(asked), **(tryout.typed if tryout else {})}
    example, form = example_and_form(
        found.project, found.core, asked, request.POST if starts else None, initial
    )
    if form.is_valid():
        try:
            started = tryouts.start_tryout(
                found.project, found.core, form.chosen_model, form.example, form.chosen_metric
            )
        except Refused as refusal:
            form.add_error(None, reasons(refusal))
        else:
            state = kept(example, form, started.pk)
            remember(request.session, found.pk, state)
            if beside:
                return redirect(f"{request.path}?beside={beside}&{state}")
            return redirect(f"{request.path}?{state}#result")
    context = {
        "program": found,
        "example": example,
        "form": form,
        "problems": [sentence(problem) for problem in found.core.problems()],
        "tryout": tryout,
        "steps": [call.name for call in found.core.calls],
        "again": asked.kept("tryout", "dataset", "row", "model", "metric"),
        "beside": beside,
    }
    if beside == "try":
        status = 422 if form.is_bound else 200
        return render(request, "programs/_beside_try.html", context, status=status)
    part = "#form" if request.htmx and not asked.has("answer") else ""
    status = 422 if form.is_bound else 200
    return render(request, f"programs/try.html{part}", context, status=status)


@login_required
@require_POST
def try_from(request: SignedInRequest, project: str, program: int) -> HttpResponse:
    """Try again what an address says was tried, from one step on."""
    found = program_for(request.user, project, program, Role.EDITOR)
    asked = Parameters(request.GET)
    beside = "beside=try&" if asked.has("beside") else ""
    before = tryouts.tryout_of(found.project, asked.number("tryout") or 0)
    state = asked.kept("dataset", "row", "model", "metric")
    try:
        if before is None:
            raise Refused.because("try.no_such_try")
        started = run_from(found.project, found.core, before, request.POST.get("call", ""))
    except Refused as refusal:
        messages.error(request, reasons(refusal))
        return redirect(f"{reverse('programs:try', args=[project, program])}?{beside}{state}")
    state = f"tryout={started.pk}&{state}"
    remember(request.session, found.pk, state)
    end = "" if beside else "#result"
    return redirect(f"{reverse('programs:try', args=[project, program])}?{beside}{state}{end}")


@login_required
@require_POST
def stop_tryout(request: SignedInRequest, project: str, tryout: int) -> HttpResponse:
    """Have the worker send nothing more; the page hears of it by its socket."""
    found = project_for(request.user, project, Role.EDITOR)
    row = tryouts.tryout_of(found, tryout)
    if row is None:
        raise Http404("There is no such try in this project.")
    with suppress(Conflict):  # it is answered already
        controls.cancel(row.pk)
    if request.htmx:
        return HttpResponse(status=204)
    return redirect("programs:list", found.slug)


@login_required
@require_POST
def keep_tryout(request: SignedInRequest, project: str, tryout: int) -> HttpResponse:
    """Keep a try as an example; its row is opened, so that the answer can be corrected. `?at=2`:
    its third example.
    """
    found = project_for(request.user, project, Role.EDITOR)
    row = tryouts.tryout_of(found, tryout)
    if row is None:
        raise Http404("There is no such try in this project.")
    try:
        place = Parameters(request.GET).number("at") or 0
        kept_as = keep(found, row, request.user, _("kept from a try"), place)
    except (Conflict, Refused) as refusal:
        messages.error(request, reasons(refusal))
        return redirect("programs:list", found.slug)
    if not kept_as.row:
        messages.info(request, _("“%s” has this example already.") % kept_as.dataset.name)
        return redirect("datasets:rows", found.slug, kept_as.dataset.pk)
    told = _("Kept as an example of “%s”. Correct here what the answer should have been.")
    messages.success(request, told % kept_as.dataset.name)
    return redirect("datasets:row", found.slug, kept_as.dataset.pk, kept_as.row)
