"""A group of steps: what it is called, and which they are."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.roles import Role
from promptlab.programs import services
from promptlab.programs.access import program_for
from promptlab.programs.canvas_page import canvas_page
from promptlab.programs.forms.group import GroupForm
from promptlab.programs.groups import Group, groups_of
from promptlab.programs.models import Program
from promptlab.programs.views.saving import save, with_revision
from promptlab.ui.parameters import Parameters


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def group(request: SignedInRequest, project: str, program: int, call: str) -> HttpResponse:
    """The group in which `call` is."""
    found = program_for(request.user, project, program, Role.EDITOR)
    shown = _group(found, call)
    box = Parameters(request.GET).text("beside")
    form = GroupForm(found.core, shown.name, found.revision, request.POST or None)
    status, conflict = (422 if form.is_bound else 200), None
    if form.is_valid():
        try:
            save(found, form, request.user, f"groups.{call}" if box else "")
            if not box:
                return redirect("programs:program", found.project.slug, found.pk)
            status, shown = 200, _group(found, call)
            form = GroupForm(found.core, shown.name, found.revision)
        except services.SavedMeanwhile as refusal:
            status, conflict, found = 409, refusal, refusal.saved
            data = with_revision(request.POST, found.revision)
            form = GroupForm(found.core, shown.name, 0, data)
    context: dict[str, Any] = {
        "program": found, "form": form, "conflict": conflict, "group": shown, "call": call,
    }  # fmt: skip
    if not box:
        return render(request, "programs/group.html", context, status=status)
    context |= {"beside": shown.box}
    if form.is_bound or status != 200 or request.method == "POST":
        context |= {"canvas": (canvas := canvas_page(found)), "outline": canvas.outline}
    return render(request, "programs/_beside_group.html", context, status=status)


def _group(program: Program, call: str) -> Group:
    found = next((group for group in groups_of(program.core) if call in group.calls), None)
    if found is None:
        raise Http404("There is no such group in this program.")
    return found
