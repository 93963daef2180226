"""The list of programs, and one program: looked at, renamed, copied, downloaded, deleted."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from optimizer.core.problems import Conflict
from optimizer.files import program_file
from optimizer.files.program_size import MOST_CALLS
from optimizer.sentences import reasons
from promptlab.accounts.access import project_for
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.roles import Role, role_of
from promptlab.programs import queries, services
from promptlab.programs.access import program_for
from promptlab.programs.canvas_page import canvas_page
from promptlab.programs.demos_page import demos_page, module_of
from promptlab.programs.forms.about import AboutForm
from promptlab.programs.outline import outline
from promptlab.programs.views.saving import with_revision
from promptlab.ui.forms import show
from promptlab.ui.parameters import Parameters


@login_required
@require_safe
def programs(request: SignedInRequest, project: str) -> HttpResponse:
    found = project_for(request.user, project)
    return render(request, "programs/list.html", {"listed": queries.listed(found)})


@login_required
@require_safe
def program(request: SignedInRequest, project: str, program: int) -> HttpResponse:
    found = program_for(request.user, project, program)
    role = role_of(request.user, found.project)
    editable = role is not None and role.at_least(Role.EDITOR)
    opened = Parameters(request.GET).each("open")[:MOST_CALLS]
    canvas = canvas_page(found, opened=opened) if editable else None
    context = {
        "program": found,
        "canvas": canvas,
        "outline": canvas.outline if canvas else outline(found, editable, opened),
        "view": Parameters(request.GET).one_of("view", ("graph", "list")),
    }
    return render(request, "programs/program.html", context)


@login_required
@require_safe
def demos(request: SignedInRequest, project: str, program: int, module: str) -> HttpResponse:
    """All demos of a module, for who may only look."""
    found = program_for(request.user, project, program)
    wanted = module_of(found.core, module)
    crumbs = [
        (_("Programs"), reverse("programs:list", args=[project])),
        (found.name, reverse("programs:program", args=[project, program])),
    ]
    return demos_page(request, found.project, wanted, wanted.demos, crumbs)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def about(request: SignedInRequest, project: str, program: int) -> HttpResponse:
    found = program_for(request.user, project, program, Role.EDITOR)
    form = AboutForm(found, request.POST or None)
    status, conflict = (422 if form.is_bound else 200), None
    if form.is_valid():
        try:
            form.save(request.user)
            return redirect("programs:program", found.project.slug, found.pk)
        except services.SavedMeanwhile as refusal:
            status, conflict = 409, refusal
            form = AboutForm(refusal.saved, with_revision(request.POST, refusal.saved.revision))
        except Conflict as refusal:
            show(refusal, form)
    context = {"program": found, "form": form, "conflict": conflict}
    return render(request, "programs/about.html", context, status=status)


@login_required
@require_POST
def duplicate(request: SignedInRequest, project: str, program: int) -> HttpResponse:
    found = program_for(request.user, project, program, Role.EDITOR)
    copy = services.duplicate(found, request.user)
    messages.success(request, _("This is the copy, “%s”.") % copy.name)
    return redirect("programs:program", found.project.slug, copy.pk)


@login_required
@require_POST
def delete(request: SignedInRequest, project: str, program: int) -> HttpResponse:
    found = program_for(request.user, project, program, Role.EDITOR)
    try:
        services.delete_program(found)
    except Conflict as refusal:
        messages.error(request, reasons(refusal))
        return redirect("programs:program", found.project.slug, program)
    messages.success(request, _("“%s” was deleted.") % found.name)
    return redirect("programs:list", found.project.slug)


@login_required
@require_safe
def download(request: SignedInRequest, project: str, program: int) -> HttpResponse:
    """The program as a file."""
    found = program_for(request.user, project, program)
    name = slugify(found.name) or "program"
    return HttpResponse(
        program_file.write(found.core),
        content_type="application/json; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.json"'},
    )
