"""A new dataset in three steps on one page: file, columns, split."""

from __future__ import annotations

import uuid
from pathlib import PurePath

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from optimizer.datasets.mapping import Survey
from optimizer.datasets.splitting import Split
from optimizer.datasets.table import Options, Unreadable
from promptlab.accounts.access import project_for
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.models import Project
from promptlab.accounts.roles import Role
from promptlab.datasets import services, uploads
from promptlab.datasets.forms import FileForm, MappingForm, ReadingForm
from promptlab.datasets.models import Dataset, Upload
from promptlab.datasets.turns import READERS, Busy
from promptlab.outage import answer_to


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SignedInRequest, project: str) -> HttpResponse:
    """Step 1. With scripts the file is sent with its progress shown, and the answer leads on.

    While other files are being read, this one waits on the next page.
    """
    found = project_for(request.user, project, Role.EDITOR)
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    if form.is_valid():
        try:
            upload = uploads.receive(found, request.user, form.cleaned_data["file"])
        except (Unreadable, Busy) as refusal:
            form.add_error("file", str(refusal))
        except OSError as error:
            return _no_room(request, found, form, error)
        else:
            return _leading_to(request, reverse("datasets:map", args=[found.slug, upload.token]))
    context = {"project": found, "form": form}
    template = "datasets/new.html#file" if request.htmx else "datasets/new.html"
    return render(request, template, context, status=422 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def map_columns(request: SignedInRequest, project: str, upload: uuid.UUID) -> HttpResponse:
    """Steps 2 and 3: what the columns are, and how the rows are split."""
    found = project_for(request.user, project, Role.EDITOR)
    kept = _upload_or_404(request, found, upload)
    if kept.waits:
        return _waiting_page(request, found, kept)
    form = _mapping_form(request, found, kept)
    if request.method == "POST" and form.is_valid():
        try:
            dataset = _store(request, found, kept, form)
        except services.CannotImport as refusal:
            _explain(form, refusal)
        else:
            uploads.discard(kept)
            return redirect("datasets:detail", found.slug, dataset.pk)
    context = _map_context(found, kept, form)
    status = 422 if request.method == "POST" else 200
    return render(request, "datasets/map.html", context, status=status)


@login_required
@require_POST
def outlook(request: SignedInRequest, project: str, upload: uuid.UUID) -> HttpResponse:
    """What the import would make of the rows with the form as it stands; stores nothing."""
    found = project_for(request.user, project, Role.EDITOR)
    kept = _upload_or_404(request, found, upload)
    if kept.waits:
        return redirect("datasets:map", found.slug, kept.token)
    form = _mapping_form(request, found, kept)
    context = {"outlook": _survey(kept, form), "upload": kept, "found": form.found}
    return render(request, "datasets/map.html#outlook", context)


@login_required
@require_POST
def read_again(request: SignedInRequest, project: str, upload: uuid.UUID) -> HttpResponse:
    """Another encoding, or a first row that is no header."""
    found = project_for(request.user, project, Role.EDITOR)
    kept = _upload_or_404(request, found, upload)
    if kept.waits:
        return _read_first(request, found, kept)
    reading = ReadingForm(request.POST)
    if reading.is_valid():
        try:
            uploads.read(kept, reading.options())
        except (Unreadable, Busy) as refusal:
            reading.add_error(None, str(refusal))
        else:
            return redirect("datasets:map", found.slug, kept.token)
    form = MappingForm(uploads.found_in(kept), _name_for(found, kept.name))
    context = {**_map_context(found, kept, form), "reading": reading}
    return render(request, "datasets/map.html", context, status=422)


@login_required
@require_POST
def discard(request: SignedInRequest, project: str, upload: uuid.UUID) -> HttpResponse:
    found = project_for(request.user, project, Role.EDITOR)
    uploads.discard(_upload_or_404(request, found, upload))
    return redirect("datasets:new", found.slug)


def _no_room(
    request: SignedInRequest, project: Project, form: FileForm, error: OSError
) -> HttpResponse:
    """The disk takes no file. A page with scripts keeps its form, with the file, and is told."""
    answer = answer_to(error)
    if answer is None or request.htmx:
        raise error
    form.add_error("file", str(answer.told))
    context = {"project": project, "form": form}
    return render(request, "datasets/new.html", context, status=507)


def _read_first(request: SignedInRequest, project: Project, kept: Upload) -> HttpResponse:
    """Whether it is the turn of a file that waits; its page asks so every few seconds."""
    try:
        uploads.read(kept, Options())
    except Busy:
        return _waiting_page(request, project, kept)
    except Unreadable as refusal:
        uploads.discard(kept)
        return _waiting_page(request, project, kept, str(refusal))
    return _leading_to(request, reverse("datasets:map", args=[project.slug, kept.token]))


def _waiting_page(
    request: SignedInRequest, project: Project, kept: Upload, refusal: str = ""
) -> HttpResponse:
    """The file until it is read; with a refusal, the last that is said of it."""
    template = "datasets/waiting.html#waiting" if request.htmx else "datasets/waiting.html"
    context = {"project": project, "upload": kept, "readers": READERS, "refusal": refusal}
    return render(request, template, context, status=422 if refusal else 200)


def _upload_or_404(request: SignedInRequest, project: Project, token: uuid.UUID) -> Upload:
    return get_object_or_404(Upload, token=token, project=project, owner=request.user)


def _leading_to(request: SignedInRequest, url: str) -> HttpResponse:
    if request.htmx:
        return HttpResponse(headers={"HX-Redirect": url})
    return redirect(url)


def _mapping_form(request: SignedInRequest, project: Project, kept: Upload) -> MappingForm:
    return MappingForm(uploads.found_in(kept), _name_for(project, kept.name), request.POST or None)


def _name_for(project: Project, file: str) -> str:
    """The file's name without its ending, made free by a number."""
    stem = PurePath(file).stem[:70] or "dataset"
    taken = set(project.datasets.filter(name__startswith=stem).values_list("name", flat=True))
    numbered = (stem if n == 1 else f"{stem} {n}" for n in range(1, len(taken) + 2))
    return next(name for name in numbered if name not in taken)


def _store(request: SignedInRequest, project: Project, kept: Upload, form: MappingForm) -> Dataset:
    return services.store(
        project,
        request.user,
        form.cleaned_data["name"],
        kept.name,
        lambda: uploads.rows_of(kept),
        form.found.names,
        form.uses(),
        form.plan(),
        skip_unusable=form.skips,
        left_out=form.found.problem_count,
        unit=form.found.unit,
    )


def _explain(form: MappingForm, refusal: services.CannotImport) -> None:
    if isinstance(refusal, services.MappingRefused):
        form.add_problems(refusal.problems)
    elif isinstance(refusal, services.NameTaken):
        form.add_error("name", str(refusal))
    elif isinstance(refusal, services.RowsRefused):
        form.add_error("unusable", str(refusal))
    else:
        form.add_error(None, str(refusal))


def _map_context(project: Project, kept: Upload, form: MappingForm) -> dict[str, object]:
    reading = ReadingForm({"encoding": kept.encoding, "has_header": kept.has_header})
    return {
        "project": project,
        "upload": kept,
        "found": form.found,
        "form": form,
        "reading": reading,
        "outlook": _survey(kept, form),
        "splits": list(Split),
    }


def _survey(kept: Upload, form: MappingForm) -> Survey | None:
    """None while the form does not make examples."""
    bound = form if form.is_bound else MappingForm(form.found, "-", _as_data(form))
    if not bound.is_valid():
        return None
    try:
        return services.checked_survey(
            lambda: uploads.rows_of(kept), form.found.names, bound.uses(), bound.plan()
        )
    except services.MappingRefused:
        return None


def _as_data(form: MappingForm) -> dict[str, object]:
    """An unbound form's guesses, as if they had been sent."""
    return {"unusable": "skip", **form.initial, "name": form.initial["name"] or "-"}
