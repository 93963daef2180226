"""Modules of a program: added, edited, taken away; and their demos."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from optimizer.core.programs.program import Module
from optimizer.sentences import sentence
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.roles import Role
from promptlab.programs import edits, services
from promptlab.programs.access import program_for
from promptlab.programs.canvas import renamed_step
from promptlab.programs.forms.demos import DemosForm
from promptlab.programs.forms.module import ModuleForm
from promptlab.programs.history import Step
from promptlab.programs.models import Program
from promptlab.programs.rows import wants_change
from promptlab.programs.shown_demos import saved_nearest
from promptlab.programs.tryouts import as_sent, tokens_of_prompt
from promptlab.programs.views.beside import beside_context
from promptlab.programs.views.saving import as_typed, save, with_revision
from promptlab.ui.parameters import Parameters


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_module(request: SignedInRequest, project: str, program: int) -> HttpResponse:
    found = program_for(request.user, project, program, Role.EDITOR)
    return _edit(request, found, None)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def module(request: SignedInRequest, project: str, program: int, module: str) -> HttpResponse:
    found = program_for(request.user, project, program, Role.EDITOR)
    former = _module(found, module)
    if former is None and request.method != "POST":
        raise Http404("There is no such module in this program.")
    # Posted to a module that was taken away meanwhile: what was typed is offered as a new one.
    return _edit(request, found, former)


@login_required
@require_POST
def remove_module(
    request: SignedInRequest, project: str, program: int, module: str
) -> HttpResponse:
    found = program_for(request.user, project, program, Role.EDITOR)
    if _module(found, module) is None:
        raise Http404("There is no such module in this program.")
    services.edit(found, lambda core: edits.remove_module(core, module), request.user)
    messages.success(request, _("Module “%s” was removed.") % module)
    return redirect("programs:program", found.project.slug, found.pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def demos(request: SignedInRequest, project: str, program: int, module: str) -> HttpResponse:
    found = program_for(request.user, project, program, Role.EDITOR)
    former = _module(found, module)
    if former is None:
        raise Http404("There is no such module in this program.")
    form = DemosForm(found, former, found.revision, request.POST or None)
    status, conflict = (422 if form.is_bound else 200), None
    step, redrawn = Parameters(request.GET).text("beside"), form.redrawn
    if not form.redrawn and form.is_valid():
        with_demos = replace(former, demos=form.demos)
        core = edits.replace_module(found.core, module, with_demos, {}, {})
        try:
            part = Step(part=f"demos.{module}" if step else "")
            services.save_definition(found, core, form.cleaned_data["revision"], request.user, part)
            if not step:
                messages.success(request, _("The demos of “%s” are saved.") % module)
                return redirect("programs:module", found.project.slug, found.pk, module)
            status, former = 200, _module(found, module) or former
            form = DemosForm(found, former, 0, as_typed(request.POST, found.revision))
        except services.SavedMeanwhile as refusal:
            status, conflict = 409, refusal
            data = with_revision(request.POST, refusal.saved.revision)
            form = DemosForm(found, former, found.revision, data)
    context = {"program": found, "module": former, "form": form, "conflict": conflict}
    if not step:
        return _answer(request, "programs/demos.html", context, status)
    here = f"{reverse('programs:demos', args=[*_keys(found), module])}?beside={step}"
    context |= {"here": here, **beside_context(request, found, former, step)}
    if redrawn:
        return _answer(request, "programs/demos.html", context, status)
    return render(request, "programs/_beside_demos.html", context, status=status)


def _edit(request: SignedInRequest, found: Program, former: Module | None) -> HttpResponse:
    form = ModuleForm(found, former, found.revision, request.POST or None)
    status, conflict = (422 if form.is_bound else 200), None
    step = Parameters(request.GET).text("beside")
    if not form.redrawn and form.is_valid():
        try:
            before = found.core
            save(found, form, request.user, f"modules.{form.module.name}" if step else "")
            if not step:
                return _after_saving(found, form.module.name)
            status, former = 200, _module(found, form.module.name)
            step = renamed_step(before, found.core, step)
            form = ModuleForm(found, former, 0, as_typed(request.POST, found.revision))
        except services.SavedMeanwhile as refusal:
            status, conflict = 409, refusal
            found = refusal.saved
            data = with_revision(request.POST, found.revision)
            form = ModuleForm(found, former and _module(found, former.name), 0, data)
    context: dict[str, Any] = {
        "program": found,
        "module": former,
        "form": form,
        "conflict": conflict,
        "problems": [] if form.is_bound or form.redrawn else _problems(former),
        "sent": as_sent(former) if former else [],
        "nearest": saved_nearest(found, former) if former else None,
        "calls": [c for c in found.core.calls if former and c.module == former.name],
        "tokens": tokens_of_prompt(former) if former else 0,
    }
    if not step or former is None:
        return _answer(request, "programs/module.html", context, status)
    here = f"{reverse('programs:module', args=[*_keys(found), former.name])}?beside={step}"
    context |= {"here": here, **beside_context(request, found, former, step)}
    redrawn = request.method == "POST" and wants_change(request.POST)
    if redrawn:
        return _answer(request, "programs/module.html", context, status)
    return render(request, "programs/_beside_module.html", context, status=status)


def _after_saving(program: Program, module: str) -> HttpResponse:
    """To the program; back to the module while something in it keeps the program from running, or
    may be meant otherwise.
    """
    saved = _module(program, module)
    doubtful = saved and (saved.problems() or saved.signature.hints(saved.spoken_names))
    page = "programs:module" if doubtful else "programs:program"
    return redirect(page, *_keys(program), *([module] if page == "programs:module" else []))


def _keys(program: Program) -> list[str | int]:
    return [program.project.slug, program.pk]


def _answer(
    request: SignedInRequest, template: str, context: dict[str, Any], status: int
) -> HttpResponse:
    part = "#form" if request.htmx else ""
    return render(request, f"{template}{part}", context, status=status)


def _module(program: Program, name: str) -> Module | None:
    return next((m for m in program.core.modules if m.name == name), None)


def _problems(module: Module | None) -> list[str]:
    """Problems of a saved module, and braces of other tools; placeholders that name no field are
    told under the instruction.
    """
    found = [*module.problems(), *module.signature.hints(module.spoken_names)] if module else []
    return [sentence(p) for p in found if p.code != "instruction.no_such_field"]
