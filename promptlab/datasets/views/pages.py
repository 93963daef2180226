"""The list of datasets, one dataset, its rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from optimizer.core.problems import Conflict
from optimizer.core.programs.signature import Value
from optimizer.datasets.splitting import Split
from optimizer.sentences import reasons
from promptlab.accounts.access import project_for
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.models import Project
from promptlab.accounts.roles import Role
from promptlab.datasets import queries, services
from promptlab.datasets.downloads import FORMATS
from promptlab.datasets.forms import NameForm
from promptlab.datasets.models import Dataset, DatasetExample
from promptlab.ui.parameters import Parameters
from promptlab.ui.tabs import Tab

DATASETS_A_PAGE = 50
ROWS_A_PAGE = 50


@dataclass(frozen=True)
class ShownRow:
    """An example as a row of a table, its cells in the columns' order, which JSON does not keep."""

    key: str
    split: str
    names: tuple[str, ...]
    cells: tuple[Value, ...]

    @property
    def named_cells(self) -> list[tuple[str, Value]]:
        return list(zip(self.names, self.cells, strict=True))


@dataclass(frozen=True)
class ShownUse:
    """What a column is used for; an ignored one has neither field nor type, metadata no type."""

    name: str
    role: str
    field: str = ""
    type: str = ""
    nullable: bool = False


@login_required
@require_safe
def list_datasets(request: SignedInRequest, project: str) -> HttpResponse:
    found = project_for(request.user, project)
    asked = Parameters(request.GET)
    words = asked.text("q")
    datasets = queries.datasets_of(found, words)
    page = Paginator(datasets, DATASETS_A_PAGE).get_page(asked.page)
    filled = bool(page.paginator.count or words)
    context = {"project": found, "page": page, "words": words, "filled": filled}
    return render(request, "datasets/list.html", context)


@login_required
@require_safe
def detail(request: SignedInRequest, project: str, dataset: int) -> HttpResponse:
    found = project_for(request.user, project)
    row = _dataset_or_404(found, dataset)
    return _detail_page(request, found, row, NameForm(initial={"name": row.name}))


@login_required
@require_safe
def rows(request: SignedInRequest, project: str, dataset: int) -> HttpResponse:
    found = project_for(request.user, project)
    row = _dataset_or_404(found, dataset)
    asked = Parameters(request.GET)
    split, words = asked.one_of("split", set(Split)), asked.text("q")
    version = asked.number("version")
    older = version if version and 0 < version < row.version else None
    examples = queries.find_examples(row, split, words, older)
    page = Paginator(examples, ROWS_A_PAGE).get_page(asked.page)
    inputs, expected = queries.fields(row)
    context = {
        "project": found,
        "dataset": row,
        "page": page,
        "rows": [_shown(example, row) for example in page],
        "inputs": inputs,
        "expected": expected,
        "metadata": queries.metadata_names(row),
        "split": split,
        "words": words,
        "tabs": _split_tabs(row, split, words, older),
        "older": older,
        "formats": FORMATS,
        "asked": _query(split, words, older),
    }
    return render(request, "datasets/rows.html", context)


@login_required
@require_http_methods(["POST"])
def rename(request: SignedInRequest, project: str, dataset: int) -> HttpResponse:
    found = project_for(request.user, project, Role.EDITOR)
    row = _dataset_or_404(found, dataset)
    form = NameForm(request.POST)
    if form.is_valid():
        try:
            services.rename(row, form.cleaned_data["name"], request.user)
        except Conflict as refusal:
            form.add_error("name", reasons(refusal))
        else:
            messages.success(request, _("Renamed."))
            return redirect("datasets:detail", found.slug, row.pk)
    return _detail_page(request, found, row, form, status=422)


@login_required
@require_POST
def remove(request: SignedInRequest, project: str, dataset: int) -> HttpResponse:
    found = project_for(request.user, project, Role.EDITOR)
    row = _dataset_or_404(found, dataset)
    try:
        services.remove(row, request.user)
    except Conflict as refusal:
        messages.error(request, reasons(refusal))
        return redirect("datasets:detail", found.slug, row.pk)
    messages.success(request, _("“%(name)s” was deleted.") % {"name": row.name})
    return redirect("datasets:list", found.slug)


def _dataset_or_404(project: Project, pk: int) -> Dataset:
    return get_object_or_404(project.datasets.select_related("created_by"), pk=pk)


def _detail_page(
    request: SignedInRequest, project: Project, dataset: Dataset, form: NameForm, status: int = 200
) -> HttpResponse:
    first = dataset.examples.first()
    newest = dataset.versions.select_related("created_by").first()
    context = {
        "project": project,
        "dataset": dataset,
        "form": form,
        "counts": queries.split_counts(dataset),
        "labels": queries.label_counts(dataset),
        "splits": list(Split),
        "first": _shown(first, dataset) if first else None,
        "users": ", ".join(map(str, services.users_of(dataset))),
        "columns": [_shown_column(column) for column in dataset.columns],
        "facts": _facts(dataset),
        "newest": newest,
        "formats": FORMATS,
    }
    return render(request, "datasets/detail.html", context, status=status)


def _shown_column(column: dict[str, Any]) -> ShownUse:
    names = {"input": _("input"), "expected": _("expected")}
    if column["role"] == "metadata":
        return ShownUse(column["name"], _("metadata"), column["field"])
    if column["role"] == "feedback":
        return ShownUse(column["name"], _("feedback"), column["field"])
    if column["role"] not in names:
        return ShownUse(column["name"], _("ignored"))
    use = names[column["role"]]
    nullable = column.get("nullable", False)
    return ShownUse(column["name"], use, column["field"], column["type"], nullable)


def _facts(dataset: Dataset) -> list[tuple[str, str]]:
    """Names and values of what is known about how it was made."""
    if "column" in dataset.shares:
        splits = _("as column “%(name)s” says") % {"name": dataset.shares["column"]}
    else:
        told = _("%(train)s / %(validation)s / %(test)s %% · seed %(seed)s")
        splits = told % {**dataset.shares, "seed": dataset.seed}
    facts = [(_("Splits"), splits)]
    if "group" in dataset.shares:
        facts.append((_("Stays together"), dataset.shares["group"]))
    if "only" in dataset.shares:
        told = _("rows where “%(column)s” is “%(value)s”") % dataset.shares["only"]
        facts.append((_("Only"), told))
    if dataset.left_out:
        told = ngettext("%(n)s row of the file", "%(n)s rows of the file", dataset.left_out)
        facts.append((_("Left out"), told % {"n": dataset.left_out}))
    return facts


def _shown(example: DatasetExample, dataset: Dataset) -> ShownRow:
    inputs, expected = queries.columns(dataset)
    cells = [example.inputs.get(name) for name in inputs]
    cells += [example.expected.get(name) for name in expected]
    metadata = queries.metadata_names(dataset)
    cells += [example.metadata.get(name) for name in metadata]
    return ShownRow(example.key, example.split, inputs + expected + metadata, tuple(cells))


def _split_tabs(dataset: Dataset, split: str, words: str, older: int | None) -> list[Tab]:
    counts = queries.split_counts(dataset, older)
    every = [Tab(_("All"), _query("", words, older), not split, sum(counts.values()))]
    return every + [
        Tab(_(own.value), _query(own.value, words, older), split == own.value, counts[own])
        for own in Split
    ]


def _query(split: str, words: str, older: int | None) -> str:
    asked = (("split", split), ("q", words), ("version", older))
    return "?" + urlencode({key: value for key, value in asked if value})
