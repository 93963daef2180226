"""New programs, four ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from optimizer.core.problems import Conflict
from optimizer.core.programs.program import Program
from optimizer.sentences import sentence
from promptlab.accounts.access import project_for
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.models import Project
from promptlab.accounts.roles import Role
from promptlab.datasets.models import Dataset
from promptlab.programs import services
from promptlab.programs.forms.new import (
    BlankForm,
    ColumnsForm,
    FileForm,
    NewForm,
    StepsForm,
)
from promptlab.programs.outline import draw
from promptlab.ui.forms import show
from promptlab.ui.parameters import Parameters, number_in


@dataclass(frozen=True)
class Way:
    """One way to begin."""

    name: str
    label: str | Promise
    form: type[NewForm]


WAYS = (
    Way("columns", _("From a dataset"), ColumnsForm),
    Way("steps", _("In a few steps"), StepsForm),
    Way("blank", _("Empty"), BlankForm),
    Way("file", _("From a file"), FileForm),
)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_program(request: SignedInRequest, project: str) -> HttpResponse:
    found = project_for(request.user, project, Role.EDITOR)
    way = _way(request)
    dataset = _dataset(request, found) if way.name in ("columns", "steps") else None
    form = (
        way.form(found, request.POST, request.FILES)
        if request.method == "POST"
        else way.form(found, initial=_initial(found, way, dataset, request))
    )
    if form.is_valid():
        try:
            made = services.create_program(
                found, request.user, form.cleaned_data["name"], form.core
            )
            for told in form.told:
                messages.info(request, sentence(told))
            return redirect("programs:program", found.slug, made.pk)
        except Conflict as refusal:
            show(refusal, form)
    context = {
        "form": form,
        "way": way.name,
        "tabs": _tabs(found, way, dataset),
        "suggested": _suggested(found, way, dataset),
        "sketch": _drawn(form.sketch(dataset)),
    }
    part = "#start" if request.htmx else ""
    status = 422 if form.is_bound else 200
    return render(request, f"programs/new.html{part}", context, status=status)


def _way(request: SignedInRequest) -> Way:
    wished = Parameters(request.GET).text("from")
    return next((way for way in WAYS if way.name == wished), WAYS[0])


def _dataset(request: SignedInRequest, project: Project) -> Dataset | None:
    """The chosen dataset; at first the newest."""
    asked = Parameters(request.GET)
    wished = number_in(request.POST.get("dataset", "")) or asked.number("dataset")
    if wished is not None:
        return project.datasets.filter(pk=wished).first()
    untouched = not asked.has("dataset") and request.method != "POST"
    return project.datasets.first() if untouched else None


def _initial(
    project: Project, way: Way, dataset: Dataset | None, request: SignedInRequest
) -> dict[str, Any]:
    """What was chosen so far, and a name that is free."""
    asked = Parameters(request.GET)
    chosen = {key: asked.text(key) for key in ("kind", "first") if asked.has(key)}
    typed = asked.text("name")
    if typed and typed != asked.text("suggested"):
        chosen["name"] = typed  # a name of one's own stays
    return {"name": _suggested(project, way, dataset), "dataset": dataset or "", **chosen}


def _suggested(project: Project, way: Way, dataset: Dataset | None) -> str:
    if dataset is None:
        return ""
    suffix = f", {_('two steps')}" if way.name == "steps" else ""
    return services.free_name(project, dataset.name, suffix)


def _drawn(core: Program | None) -> dict[str, Any] | None:
    return {"drawing": draw(core), "modules": core.modules} if core else None


def _tabs(project: Project, current: Way, dataset: Dataset | None) -> list[dict[str, Any]]:
    here = reverse("programs:new", args=[project.slug])
    kept = f"&dataset={dataset.pk}" if dataset else ""
    return [
        {"label": way.label, "url": f"{here}?from={way.name}{kept}", "current": way is current}
        for way in WAYS
    ]
