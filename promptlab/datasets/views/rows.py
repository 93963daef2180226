"""A dataset's rows as people change them, its versions, and what is downloaded."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from optimizer.core.problems import Refused
from optimizer.core.programs.signature import Value, written
from optimizer.datasets.splitting import Split
from optimizer.sentences import reasons, sentence
from promptlab.accounts.access import project_for
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.models import Project
from promptlab.accounts.roles import Role
from promptlab.datasets import downloads, queries, versions
from promptlab.datasets.changes import Changes, RowChange
from promptlab.datasets.forms import SHOWN_PROBLEMS
from promptlab.datasets.further_rows import pasted, rows_in
from promptlab.datasets.models import Dataset, DatasetExample
from promptlab.datasets.row_forms import RowForm, RowsForm
from promptlab.datasets.turns import Busy
from promptlab.ui.parameters import Parameters

CHANGES_A_PAGE = 50


@dataclass(frozen=True)
class ShownCell:
    """A field's value before and after."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class ShownChange:
    """`kind`: that it was added, changed or removed; only cells that differ."""

    key: str
    kind: str
    split: str
    cells: tuple[ShownCell, ...]


def dataset_or_404(project: Project, pk: int) -> Dataset:
    return get_object_or_404(project.datasets.select_related("created_by"), pk=pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: SignedInRequest, project: str, dataset: int) -> HttpResponse:
    """Further rows: one by its fields, or several as a file or as pasted."""
    found = project_for(request.user, project, Role.EDITOR)
    row = dataset_or_404(found, dataset)
    posts = request.method == "POST"
    several = posts and "several" in request.POST
    one = RowForm(row, None, request.POST if posts and not several else None)
    many = RowsForm(request.POST, request.FILES) if several else RowsForm()
    form: RowForm | RowsForm = many if several else one
    if posts and form.is_valid():
        try:
            rows = _many_rows(row, many) if several else [one.new_row()]
            added = versions.add_rows(row, rows, request.user, form.cleaned_data["note"])
        except Refused as refusal:
            if several:
                for wrong in refusal.problems[:SHOWN_PROBLEMS]:
                    many.add_error(None, sentence(wrong))
            else:
                one.add_refusal(refusal)
        except Busy as busy:
            form.add_error(None, str(busy))
        else:
            messages.success(request, _told(added))
            return redirect("datasets:rows", found.slug, row.pk)
    context = {"project": found, "dataset": row, "one": one, "many": many}
    return render(request, "datasets/add.html", context, status=422 if posts else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: SignedInRequest, project: str, dataset: int, row: str) -> HttpResponse:
    """One row: its values corrected."""
    found = project_for(request.user, project, Role.EDITOR)
    of = dataset_or_404(found, dataset)
    old = versions.row_of(of, row)
    posts = request.method == "POST"
    form = RowForm(of, old, request.POST if posts else None)
    if posts and form.is_valid():
        told = form.cleaned_data
        try:
            versions.change_row(
                of, row, form.new_row(), request.user, told["note"], told["seen"] or 0
            )
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, _("Saved. This is version %(n)s.") % {"n": of.version})
            return redirect("datasets:rows", found.slug, of.pk)
    context = {"project": found, "dataset": of, "row": old, "form": form}
    return render(request, "datasets/row.html", context, status=422 if posts else 200)


@login_required
@require_POST
def remove_row(request: SignedInRequest, project: str, dataset: int, row: str) -> HttpResponse:
    found = project_for(request.user, project, Role.EDITOR)
    of = dataset_or_404(found, dataset)
    old = versions.row_of(of, row)
    try:
        versions.remove_rows(of, [old.key], request.user)
    except Refused as refusal:
        messages.error(request, reasons(refusal))
    else:
        told = _("Row %(key)s is not in version %(n)s any more.")
        messages.success(request, told % {"key": old.key, "n": of.version})
    return redirect("datasets:rows", found.slug, of.pk)


@login_required
@require_POST
def protect(request: SignedInRequest, project: str, dataset: int, row: str) -> HttpResponse:
    """Mark a row as one that must not get worse, or take the mark away; back to where one was."""
    found = project_for(request.user, project, Role.EDITOR)
    of = dataset_or_404(found, dataset)
    key = versions.row_of(of, row).key
    mark, made = of.protected.get_or_create(key=key, defaults={"by": request.user})
    if not made:
        mark.delete()
    told = _("Row %(key)s is protected.") if made else _("Row %(key)s is protected no more.")
    messages.success(request, told % {"key": key})
    back = request.POST.get("next", "")
    own = back.startswith("/") and url_has_allowed_host_and_scheme(back, None)
    row_page = reverse("datasets:row", args=[found.slug, of.pk, key])
    return HttpResponseRedirect(back if own else row_page)


@login_required
@require_safe
def list_versions(request: SignedInRequest, project: str, dataset: int) -> HttpResponse:
    found = project_for(request.user, project)
    of = dataset_or_404(found, dataset)
    rows = of.versions.select_related("created_by")
    page = Paginator(rows, CHANGES_A_PAGE).get_page(Parameters(request.GET).page)
    context = {"project": found, "dataset": of, "page": page}
    return render(request, "datasets/versions.html", context)


@login_required
@require_safe
def version(request: SignedInRequest, project: str, dataset: int, number: int) -> HttpResponse:
    """What is other in a version than in the one before, or in the one that the address names."""
    found = project_for(request.user, project)
    of = dataset_or_404(found, dataset)
    shown = get_object_or_404(of.versions.select_related("created_by"), number=number)
    asked = Parameters(request.GET).number("against")
    known = asked is not None and of.versions.filter(number__in=[asked]).exists()
    against = asked if known else number - 1
    changes = Changes(of, against, number) if against else []
    page = Paginator(changes, CHANGES_A_PAGE).get_page(Parameters(request.GET).page)
    context = {
        "project": found, "dataset": of, "version": shown, "page": page, "against": against,
        "changes": [_shown_change(of, one) for one in page],
    }  # fmt: skip
    return render(request, "datasets/version.html", context)


@login_required
@require_POST
def go_back(request: SignedInRequest, project: str, dataset: int, number: int) -> HttpResponse:
    """A new version that holds what this one does."""
    found = project_for(request.user, project, Role.EDITOR)
    of = dataset_or_404(found, dataset)
    newest = of.version
    versions.go_back(of, number, request.user, _("As version %(n)s was") % {"n": number})
    if of.version == newest:
        messages.info(request, _("The newest version holds the same already."))
    else:
        told = _("This is version %(n)s, as version %(old)s was. Those between are kept.")
        messages.success(request, told % {"n": of.version, "old": number})
    return redirect("datasets:version", found.slug, of.pk, of.version)


@login_required
@require_safe
def download(request: SignedInRequest, project: str, dataset: int, format: str) -> HttpResponse:
    """The rows of a version, of a split or with some words, as the address says."""
    found = project_for(request.user, project)
    of = dataset_or_404(found, dataset)
    kind = downloads.FORMATS.get(format)
    if kind is None:
        raise Http404(f"Rows are not written as {format}.")
    asked = Parameters(request.GET)
    number = asked.number("version") or of.version
    split, words = asked.one_of("split", set(Split)), asked.text("q")
    rows = queries.find_examples(of, split, words, number).iterator(chunk_size=2000)
    name = downloads.file_name(of, number, kind)
    return HttpResponse(
        downloads.content(of, rows, kind),
        content_type=kind.content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _many_rows(dataset: Dataset, form: RowsForm) -> list[versions.NewRow]:
    told = form.cleaned_data
    return rows_in(dataset, told["file"] or pasted(told["pasted"]))


def _told(added: versions.Added) -> str:
    n = len(added.keys)
    told = ngettext("%(n)s row was added.", "%(n)s rows were added.", n) % {"n": n}
    if not added.known:
        return told
    known = ngettext(
        "%(n)s was there already.", "%(n)s were there already.", added.known
    ) % {"n": added.known}  # fmt: skip
    return f"{told} {known}"


def _shown_change(dataset: Dataset, change: RowChange) -> ShownChange:
    before, after = change.before, change.after
    row = after or before
    assert row is not None  # one of the two there is
    kind = _("changed") if before and after else _("added") if after else _("removed")
    cells = [
        ShownCell(name, _cell(before, part, name), _cell(after, part, name))
        for part, names in _parts(dataset)
        for name in names
    ]
    if before and after and before.split != after.split:
        cells.append(ShownCell("split", before.split, after.split))
    return ShownChange(
        change.key, kind, row.split, tuple(cell for cell in cells if cell.before != cell.after)
    )


def _parts(dataset: Dataset) -> tuple[tuple[str, tuple[str, ...]], ...]:
    inputs, expected = queries.columns(dataset)
    metadata = queries.metadata_names(dataset)
    return (("inputs", inputs), ("expected", expected), ("metadata", metadata))


def _cell(row: DatasetExample | None, part: str, name: str) -> str:
    value: Value = getattr(row, part).get(name) if row else None
    return "" if value is None else written(value)
