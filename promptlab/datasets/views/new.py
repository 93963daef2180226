"""A new dataset in three steps on one page: file, columns, split."""

from __future__ import annotations

import uuid
from itertools import islice
from pathlib import PurePath

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from optimizer.core.problems import Conflict, Refused
from optimizer.datasets.surveying import survey
from optimizer.sentences import reasons
from promptlab.accounts.access import project_for
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.models import Project
from promptlab.accounts.roles import Role
from promptlab.datasets import uploads
from promptlab.datasets.forms import FilesForm, MappingForm, ReadingForm
from promptlab.datasets.models import Upload
from promptlab.datasets.shown import Outlook, shown_file, shown_outlook
from promptlab.datasets.turns import READERS, Busy
from promptlab.outage import answer_to
from promptlab.ui.free_names import first_free

MOST_LOOKED_AT = 5000
"""Rows that the outlook is made of; more take their time when the dataset is made."""


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SignedInRequest, project: str) -> HttpResponse:
    """Step 1. With scripts the file is sent with its progress shown, and the answer leads on.

    While other files are being read, this one waits on the next page. One that could not be read
    can be read differently, here.
    """
    found = project_for(request.user, project, Role.EDITOR)
    form = FilesForm(request.POST, request.FILES) if request.method == "POST" else FilesForm()
    upload = None
    if form.is_valid():
        try:
            upload = uploads.receive(
                found, request.user, form.cleaned_data["file"], again=form.cleaned_data["again"]
            )
        except Busy as busy:
            form.add_error("file", str(busy))
        except Conflict as refusal:
            form.ask_again()
            form.add_error("file", reasons(refusal))
        except Refused as refusal:
            form.add_error("file", reasons(refusal))
        except OSError as error:
            return _no_room(request, found, form, error)
        else:
            if upload.refused is None:
                return _leading_to(
                    request, reverse("datasets:map", args=[found.slug, upload.token])
                )
            form.add_error("file", reasons(uploads.refusal_of(upload)))
    return _file_page(request, found, form, upload, status=422 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def map_columns(request: SignedInRequest, project: str, upload: uuid.UUID) -> HttpResponse:
    """Steps 2 and 3: what the columns are, and how the rows are split."""
    found = project_for(request.user, project, Role.EDITOR)
    kept = _upload_or_404(request, found, upload)
    if kept.found is None:
        return _unread_page(request, found, kept)
    form = _mapping_form(request, found, kept)
    if request.method == "POST" and form.is_valid():
        try:
            dataset = uploads.make_dataset(
                kept, request.user, form.cleaned_data["name"], form.mapping(),
                skip_unusable=form.skips,
            )  # fmt: skip
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            return redirect("datasets:detail", found.slug, dataset.pk)
    return _map_page(request, found, kept, form, ReadingForm.of(kept), bad=form.is_bound)


@login_required
@require_POST
def outlook(request: SignedInRequest, project: str, upload: uuid.UUID) -> HttpResponse:
    """What the import would make of the rows with the form as it stands; stores nothing."""
    found = project_for(request.user, project, Role.EDITOR)
    kept = _upload_or_404(request, found, upload)
    if kept.found is None:
        return redirect("datasets:map", found.slug, kept.token)
    form = _mapping_form(request, found, kept)
    return render(request, "datasets/map.html#outlook", {"outlook": _outlook(kept, form)})


@login_required
@require_POST
def read_again(request: SignedInRequest, project: str, upload: uuid.UUID) -> HttpResponse:
    """Another encoding, or a first row that is no header; or the turn of a file that waits, whose
    page asks so every few seconds.
    """
    found = project_for(request.user, project, Role.EDITOR)
    kept = _upload_or_404(request, found, upload)
    reading = ReadingForm.of(kept) if kept.waits else ReadingForm(request.POST)
    if reading.is_valid():
        try:
            uploads.read(kept, reading.options())
        except Busy as busy:
            if kept.waits:
                return _unread_page(request, found, kept)
            reading.add_error(None, str(busy))
        except Refused as refusal:
            reading.add_error(None, reasons(refusal))
        else:
            return _leading_to(request, reverse("datasets:map", args=[found.slug, kept.token]))
    if kept.found is None:
        return _file_page(request, found, FilesForm(), kept, reading, status=422)
    form = MappingForm(uploads.found_in(kept), _name_for(found, kept.name))
    return _map_page(request, found, kept, form, reading, bad=True)


@login_required
@require_POST
def discard(request: SignedInRequest, project: str, upload: uuid.UUID) -> HttpResponse:
    found = project_for(request.user, project, Role.EDITOR)
    uploads.discard(_upload_or_404(request, found, upload))
    return redirect("datasets:new", found.slug)


def _file_page(
    request: SignedInRequest,
    project: Project,
    form: FilesForm,
    upload: Upload | None = None,
    reading: ReadingForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """Step 1; below it, how an upload that could not be read may be read differently."""
    if upload is not None and reading is None:
        reading = ReadingForm.of(upload)
    context = {"project": project, "form": form, "upload": upload, "reading": reading}
    template = "datasets/new.html#file" if request.htmx else "datasets/new.html"
    return render(request, template, context, status=status)


def _no_room(
    request: SignedInRequest, project: Project, form: FilesForm, error: OSError
) -> HttpResponse:
    """The disk takes no file. A page with scripts keeps its form, with the file, and is told."""
    answer = answer_to(error)
    if answer is None or request.htmx:
        raise error
    form.add_error("file", str(answer.told))
    return _file_page(request, project, form, status=507)


def _unread_page(request: SignedInRequest, project: Project, kept: Upload) -> HttpResponse:
    """A file until it is read, or when that was in vain."""
    if kept.refused is not None:
        reading = ReadingForm.of(kept)
        reading.add_error(None, reasons(uploads.refusal_of(kept)))
        return _file_page(request, project, FilesForm(), kept, reading)
    template = "datasets/waiting.html#waiting" if request.htmx else "datasets/waiting.html"
    return render(request, template, {"project": project, "upload": kept, "readers": READERS})


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
    alike = project.datasets.filter(name__startswith=stem)
    return first_free(stem, alike.values_list("name", flat=True))


def _map_page(
    request: SignedInRequest,
    project: Project,
    kept: Upload,
    form: MappingForm,
    reading: ReadingForm,
    *,
    bad: bool,
) -> HttpResponse:
    context = {
        "project": project,
        "upload": kept,
        "file": shown_file(kept, form.found),
        "form": form,
        "reading": reading,
        "outlook": _outlook(kept, form),
    }
    return render(request, "datasets/map.html", context, status=422 if bad else 200)


def _outlook(kept: Upload, form: MappingForm) -> Outlook | None:
    """None while the form does not make examples."""
    bound = form if form.is_bound else MappingForm(form.found, "-", _as_data(form))
    if not bound.is_valid():
        return None
    source = uploads.source_of(kept)
    sample = MOST_LOOKED_AT if source.count > MOST_LOOKED_AT else None
    try:
        found = survey(lambda: islice(source.rows(), sample), source.names, bound.mapping())
    except Refused:
        return None
    return shown_outlook(found, source.unit, sample)


def _as_data(form: MappingForm) -> dict[str, object]:
    """An unbound form's guesses, as if they had been sent."""
    return {"unusable": "skip", **form.initial, "name": form.initial["name"] or "-"}
