"""A program's own ends: what it takes and what it gives."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.roles import Role
from promptlab.programs import services
from promptlab.programs.access import program_for
from promptlab.programs.forms.wiring import InputsForm, OutputsForm
from promptlab.programs.models import Program
from promptlab.programs.views.saving import save, with_revision


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
    if not form.redrawn and form.is_valid():
        try:
            save(found, form, request.user)
            return redirect("programs:program", found.project.slug, found.pk)
        except services.SavedMeanwhile as refusal:
            status, conflict, found = 409, refusal, refusal.saved
            form = kind(found.core, 0, with_revision(request.POST, found.revision))
    context = {"program": found, "form": form, "conflict": conflict}
    part = "#form" if request.htmx else ""
    return render(request, f"{template}{part}", context, status=status)
