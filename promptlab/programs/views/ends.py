"""A program's own ends: what it takes and what it gives."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.roles import Role
from promptlab.programs import services
from promptlab.programs.access import program_for
from promptlab.programs.canvas_page import canvas_page
from promptlab.programs.forms.wiring import InputsForm, OutputsForm
from promptlab.programs.models import Program
from promptlab.programs.views.saving import as_typed, save, with_revision
from promptlab.ui.parameters import Parameters


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def inputs(request: SignedInRequest, project: str, program: int) -> HttpResponse:
    found = program_for(request.user, project, program, Role.EDITOR)
    return _edit(request, found, InputsForm, "programs/inputs.html")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def outputs(request: SignedInRequest, project: str, program: int) -> HttpResponse:
    found = program_for(request.user, project, program, Role.EDITOR)
    return _edit(request, found, OutputsForm, "programs/outputs.html")


def _edit(
    request: SignedInRequest,
    found: Program,
    kind: type[InputsForm] | type[OutputsForm],
    template: str,
) -> HttpResponse:
    data: QueryDict | None = request.POST or None
    form = kind(found.core, found.revision, data)
    status, conflict = (422 if form.is_bound else 200), None
    box = Parameters(request.GET).text("beside")
    redrawn = form.redrawn
    if not redrawn and form.is_valid():
        try:
            save(found, form, request.user, template if box else "")
            if not box:
                return redirect("programs:program", found.project.slug, found.pk)
            status = 200
            form = kind(found.core, found.revision, as_typed(request.POST, found.revision))
        except services.SavedMeanwhile as refusal:
            status, conflict, found = 409, refusal, refusal.saved
            form = kind(found.core, 0, with_revision(request.POST, found.revision))
    context: dict[str, Any] = {"program": found, "form": form, "conflict": conflict}
    if box:
        context |= {"beside": box, "part": f"{template}#form"}
        if data and not redrawn:
            context |= {"canvas": (canvas := canvas_page(found)), "outline": canvas.outline}
        if not redrawn:
            return render(request, "programs/_beside_end.html", context, status=status)
    part = "#form" if request.htmx else ""
    return render(request, f"{template}{part}", context, status=status)
