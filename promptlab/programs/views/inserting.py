"""All steps of another program, put into this one."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from optimizer.core.problems import Refused
from optimizer.sentences import reasons
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.roles import Role
from promptlab.programs import services
from promptlab.programs.access import program_for
from promptlab.programs.history import Step, drawn_of, newest
from promptlab.programs.pasting import inserted
from promptlab.ui.parameters import Parameters

OFFERED = 100
"""Programs of the project that are offered, by name."""


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def insert(request: SignedInRequest, project: str, program: int) -> HttpResponse:
    """Choose one of the project's other programs; its steps are copied, and one step to undo."""
    found = program_for(request.user, project, program, Role.EDITOR)
    others = found.project.programs.exclude(pk=found.pk)
    context = {"project": found.project, "program": found, "others": list(others[:OFFERED])}
    if request.method != "POST":
        return render(request, "programs/insert.html", context)
    other = others.filter(pk=Parameters(request.POST).number("other") or 0).first()
    if other is None:
        context["refused"] = _("Choose one of these programs.")
        return render(request, "programs/insert.html", context, status=422)
    try:
        sketch = inserted(found.core, drawn_of(newest(found)), other.core)
        step = Step(drawn=sketch.drawn)
        services.save_definition(found, sketch.core, found.revision, request.user, step)
    except (Refused, services.SavedMeanwhile) as refusal:
        context["refused"] = reasons(refusal)
        return render(request, "programs/insert.html", context, status=422)
    told = _("The steps of “%(name)s” are there: wire what they still need.")
    messages.success(request, told % {"name": other.name})
    return redirect("programs:program", found.project.slug, found.pk)
