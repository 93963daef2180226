"""Calls of a program: added, connected, renamed, taken away."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from optimizer.core.programs.calls import Call
from optimizer.core.programs.program import Program as CoreProgram
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.roles import Role
from promptlab.programs import edits, services
from promptlab.programs.access import program_for
from promptlab.programs.forms.wiring import CallForm, ConnectForm
from promptlab.programs.models import Program
from promptlab.programs.views.beside import beside_context
from promptlab.programs.views.saving import save, with_revision
from promptlab.ui.parameters import Parameters


@login_required
@require_POST
def new_call(request: SignedInRequest, project: str, program: int) -> HttpResponse:
    """One more use of a module."""
    found = program_for(request.user, project, program, Role.EDITOR)
    module = request.POST.get("module", "")

    def used_once_more(core: CoreProgram) -> CoreProgram:
        if module not in {m.name for m in core.modules}:
            raise Http404("There is no such module in this program.")
        return edits.add_call(core, module)

    saved = services.edit(found, used_once_more, request.user)
    made = saved.core.calls[-1].name
    return redirect("programs:call", saved.project.slug, saved.pk, made)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def call(request: SignedInRequest, project: str, program: int, call: str) -> HttpResponse:
    found = program_for(request.user, project, program, Role.EDITOR)
    edited = _call(found, call)
    form = CallForm(found.core, edited, found.revision, request.POST or None)
    return _edit(request, found, edited, form)


@login_required
@require_POST
def connect(request: SignedInRequest, project: str, program: int, call: str) -> HttpResponse:
    """The selects in the list of a program's page; what they refuse is told on the call's own."""
    found = program_for(request.user, project, program, Role.EDITOR)
    edited = _call(found, call)
    standing = CallForm(found.core, edited, found.revision)
    data = standing.as_it_stands(request.POST)
    return _edit(request, found, edited, CallForm(found.core, edited, found.revision, data))


@login_required
@require_POST
def remove_call(request: SignedInRequest, project: str, program: int, call: str) -> HttpResponse:
    found = program_for(request.user, project, program, Role.EDITOR)
    _call(found, call)
    services.edit(found, lambda core: edits.remove_call(core, call), request.user)
    messages.success(request, _("Call “%s” was removed.") % call)
    return redirect("programs:program", found.project.slug, found.pk)


def _edit(
    request: SignedInRequest, found: Program, edited: Call, form: ConnectForm
) -> HttpResponse:
    status, conflict = (422 if form.is_bound else 200), None
    step = Parameters(request.GET).text("beside")
    if form.is_valid():
        try:
            save(found, form, request.user, f"calls.{edited.name}" if step else "")
            if not step:
                return redirect("programs:program", found.project.slug, found.pk)
            status, before = 200, edited
            edited = _call(found, form.cleaned_data["name"])
            same = (before.name, before.module) == (edited.name, edited.module)
            data = with_revision(request.POST, found.revision) if same else None
            form = CallForm(found.core, edited, found.revision, data)
        except services.SavedMeanwhile as refusal:
            status, conflict, found = 409, refusal, refusal.saved
            data = with_revision(form.data, found.revision)  # type: ignore[arg-type]
            form = CallForm(found.core, edited, found.revision, data)
    others = [c.name for c in found.core.calls if c.module == edited.module and c != edited]
    context = {
        "program": found,
        "call": edited,
        "form": form,
        "others": others,
        "conflict": conflict,
    }
    module = next((m for m in found.core.modules if m.name == edited.module), None)
    if not step or module is None:
        return render(request, "programs/call.html", context, status=status)
    keys = [found.project.slug, found.pk, edited.name]
    here = f"{reverse('programs:call', args=keys)}?beside={edited.name}"
    context |= {"here": here, "module": module}
    context |= beside_context(request, found, module, edited.name)
    return render(request, "programs/_beside_call.html", context, status=status)


def _call(program: Program, name: str) -> Call:
    found = next((c for c in program.core.calls if c.name == name), None)
    if found is None:
        raise Http404("There is no such call in this program; it may have been removed.")
    return found
