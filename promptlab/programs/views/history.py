"""What a program was: looked at, compared, taken back, done again, gone back to."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from optimizer.core.problems import Conflict
from optimizer.sentences import reasons
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.roles import Role
from promptlab.programs import services
from promptlab.programs.access import program_for
from promptlab.programs.history_page import difference, told_changes
from promptlab.ui.parameters import Parameters, number_in


@login_required
@require_safe
def history(request: SignedInRequest, project: str, program: int) -> HttpResponse:
    """Who changed what and when, and what differs between any two changes."""
    found = program_for(request.user, project, program)
    asked = Parameters(request.GET)
    page, changes = told_changes(found, asked)
    context = {
        "program": found,
        "page": page,
        "changes": changes,
        "difference": difference(found, asked),
    }
    return render(request, "programs/history.html", context)


@login_required
@require_POST
def go_back(request: SignedInRequest, project: str, program: int) -> HttpResponse:
    """Make the program what it was after a change."""
    found = program_for(request.user, project, program, Role.EDITOR)
    wished = number_in(request.POST.get("change", "")) or 0
    change = found.changes.select_related("state").filter(pk=wished).first()
    revision = number_in(request.POST.get("revision", "")) or 0
    if change is None:
        messages.error(request, _("Choose a change of this program to go back to."))
        return redirect("programs:history", found.project.slug, found.pk)
    try:
        services.go_back(found, change, revision, request.user)
    except Conflict as refusal:
        messages.error(request, reasons(refusal))
        return redirect("programs:history", found.project.slug, found.pk)
    messages.success(request, _("The program is what it was. That can be undone, too."))
    return redirect("programs:program", found.project.slug, found.pk)
