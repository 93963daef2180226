"""The project's overview, its versions, their files and labels."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from optimizer.core.optimizers import optimizer_named
from optimizer.core.problems import Refused
from optimizer.sentences import reasons
from optimizer.sentences.optimizers import title_of
from promptlab.accounts.access import project_for
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.roles import Role, role_of
from promptlab.programs.demos_page import demos_page, module_of
from promptlab.programs.models import Program
from promptlab.programs.services import open_copy
from promptlab.releases import pages, public, services
from promptlab.releases.attached import attached
from promptlab.releases.data_files import DATA_FILES
from promptlab.releases.forms import LabelForm
from promptlab.releases.overview import overview_of
from promptlab.releases.palette import places_of
from promptlab.releases.parity import USUAL, parity_of
from promptlab.reviews import queries
from promptlab.reviews.models import Version
from promptlab.runs.comparing.comparison import MODES
from promptlab.ui.parameters import Parameters

PAGE = 50


@login_required
@require_safe
def overview(request: SignedInRequest, project: str) -> HttpResponse:
    found = project_for(request.user, project)
    context = {
        "project": found,
        "overview": overview_of(found, request.user),
        "section": "overview",
    }
    return render(request, "releases/overview.html", context)


@login_required
@require_safe
def palette(request: SignedInRequest, project: str) -> JsonResponse:
    """The index of “Search or jump to”."""
    found = project_for(request.user, project)
    held = role_of(request.user, found)
    may_edit = held is not None and held.at_least(Role.EDITOR)
    places = [asdict(place) for place in places_of(found, may_edit=may_edit)]
    return JsonResponse(places, safe=False)


@login_required
@require_safe
def versions(request: SignedInRequest, project: str) -> HttpResponse:
    found = project_for(request.user, project)
    rows = queries.versions_of(found)
    asked = Parameters(request.GET)
    program = asked.number("program")
    if program is not None:
        rows = rows.filter(program=program)
    page = Paginator(rows, PAGE).get_page(asked.page)
    context = {
        "project": found,
        "page": page,
        "lines": [pages.version_line(version) for version in page.object_list],
        "programs": found.programs.filter(versions__isnull=False).distinct(),
        "program": program,
    }
    return render(request, "releases/list.html", context)


@login_required
@require_safe
def version(request: SignedInRequest, project: str, program: int, number: int) -> HttpResponse:
    found = project_for(request.user, project)
    row = queries.version_of(found, program, number)
    before = pages.previous_version(row)
    mode = Parameters(request.GET).one_of("diff", MODES, "side")
    prompts = pages.prompts_of(row)
    context = {
        "project": found,
        "version": row,
        "content": row.content,
        "optimizer": title_of(optimizer_named(row.content.provenance.optimizer)),
        "labels": [label.name for label in row.labels.all()],
        "downloads": pages.downloads_of(row),
        "data_files": pages.data_files_of(row),
        "pointers": pages.pointers_of(row),
        "history": pages.history_of(row),
        "before": before,
        "prompts": prompts,
        "texts": [text for module in prompts for text in module.texts],
        "modules": pages.differences(row, before.content) if before else [],
        "mode": mode,
        "fetched": pages.fetched(row, request.build_absolute_uri("/")),
        "models": pages.models_of(row),
        **_public(request, row),
    }
    return render(request, "releases/version.html", context)


def _public(request: SignedInRequest, row: Version) -> dict[str, Any]:
    """The page for people outside that is open, and its address."""
    opened = public.page_of(row)
    path = reverse("releases:public", args=[opened.key]) if opened else ""
    return {"public": opened, "public_address": path and request.build_absolute_uri(path)}


@login_required
@require_POST
def open_as_program(
    request: SignedInRequest, project: str, program: int, number: int
) -> HttpResponse:
    """Begin a program of its own with what was approved."""
    found = project_for(request.user, project, Role.EDITOR)
    row = queries.version_of(found, program, number)
    content = row.content
    made = open_copy(found, request.user, content.program, f"{content.name} {row}")
    messages.success(request, _("“%s” begins with this version's prompts.") % made.name)
    return redirect("programs:program", found.slug, made.pk)


@login_required
@require_safe
def demos(
    request: SignedInRequest, project: str, program: int, number: int, module: str
) -> HttpResponse:
    found = project_for(request.user, project)
    row = queries.version_of(found, program, number)
    wanted = module_of(row.content.program, module)
    crumbs = [
        (_("Versions"), reverse("releases:list", args=[found.slug])),
        (f"{row.content.name} {row}", pages.url_of(row)),
    ]
    return demos_page(request, found, wanted, wanted.demos, crumbs)


@login_required
@require_safe
def parity(request: SignedInRequest, project: str, program: int, number: int) -> HttpResponse:
    """Its files, run on rows that were scored."""
    found = project_for(request.user, project)
    row = queries.version_of(found, program, number)
    rows = Parameters(request.GET).number("rows") or USUAL
    context = {"project": found, "version": row, "parity": parity_of(row, rows)}
    return render(request, "releases/parity.html", context)


@login_required
@require_safe
def download(
    request: SignedInRequest, project: str, program: int, number: int, format: str
) -> HttpResponseBase:
    found = project_for(request.user, project)
    row = queries.version_of(found, program, number)
    try:
        wanted = services.format_named(format)
    except Refused as unknown:
        raise Http404(reasons(unknown)) from None
    try:
        told = services.file_of(row, wanted)
    except Refused as refusal:
        messages.error(request, reasons(refusal))
        return redirect(pages.url_of(row))
    return attached(wanted.file_name(row.content), wanted.media_type, told)


@login_required
@require_safe
def data(
    request: SignedInRequest, project: str, program: int, number: int, format: str
) -> HttpResponseBase:
    found = project_for(request.user, project)
    row = queries.version_of(found, program, number)
    if format not in DATA_FILES:
        raise Http404("There is no such file.")
    try:
        wanted, lines = services.data_of(row, format, Parameters(request.GET).text("module"))
    except Refused as refusal:
        messages.error(request, reasons(refusal))
        return redirect(pages.url_of(row))
    return attached(wanted.file_name(row.content), "application/jsonl", lines)


@login_required
@require_safe
def label_moves(request: SignedInRequest, project: str, program: int) -> HttpResponseBase:
    """The whole history of a program's labels, as a table for spreadsheets."""
    found = project_for(request.user, project)
    row = get_object_or_404(Program, project=found, pk=program)
    return attached(f"{row.slug}-labels.csv", "text/csv", services.moves_as_csv(row))


@login_required
@require_POST
def promote(request: SignedInRequest, project: str, program: int, number: int) -> HttpResponse:
    found = project_for(request.user, project, Role.REVIEWER)
    row = queries.version_of(found, program, number)
    form = LabelForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say what the label is called."))
        return redirect(pages.url_of(row))
    label, replacing = form.name, form.cleaned_data["replacing"]
    try:
        services.promote(row, label, request.user, replacing)
    except Refused as refusal:
        messages.error(request, reasons(refusal))
    else:
        messages.success(
            request,
            _("“%(label)s” is now at %(version)s.") % {"label": label, "version": row},
        )
    return redirect(pages.url_of(row))


@login_required
@require_POST
def roll_back(request: SignedInRequest, project: str, program: int) -> HttpResponse:
    found = project_for(request.user, project, Role.REVIEWER)
    row = get_object_or_404(Program, project=found, pk=program)
    form = LabelForm(request.POST)
    if form.is_valid():
        label, replacing = form.cleaned_data["label"], form.cleaned_data["replacing"]
        try:
            moved = services.roll_back(row, label, request.user, replacing)
        except Refused as refusal:
            messages.error(request, reasons(refusal))
        else:
            told = _("“%(label)s” was rolled back to %(version)s.")
            messages.success(request, told % {"label": label, "version": moved.version})
            return redirect(pages.url_of(moved.version))
    return redirect("releases:list", found.slug)


@login_required
@require_POST
def remove_label(request: SignedInRequest, project: str, program: int) -> HttpResponse:
    """Take away a label that the program's people made; its history stays."""
    found = project_for(request.user, project, Role.REVIEWER)
    row = get_object_or_404(Program, project=found, pk=program)
    form = LabelForm(request.POST)
    if form.is_valid():
        label, replacing = form.cleaned_data["label"], form.cleaned_data["replacing"]
        try:
            was = services.remove(row, label, request.user, replacing)
        except Refused as refusal:
            messages.error(request, reasons(refusal))
        else:
            messages.success(request, _("“%(label)s” was removed.") % {"label": label})
            return redirect(pages.url_of(was))
    return redirect("releases:list", found.slug)
