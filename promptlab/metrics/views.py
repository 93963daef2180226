"""Pages of metrics: the list, and one metric with its test bench."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from optimizer.core.metrics import code_kind, standard_kind
from optimizer.core.problems import Conflict, Refused
from optimizer.sentences import reasons
from promptlab.accounts.access import project_for
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.models import Project
from promptlab.accounts.roles import Role, role_of
from promptlab.metrics import bench, queries, services, writing
from promptlab.metrics.access import metric_for
from promptlab.metrics.forms import MetricForm, initial_of, typed_so_far
from promptlab.metrics.gold import agreements_of, gold_of
from promptlab.metrics.models import Metric
from promptlab.metrics.snippets import snippets, with_names
from promptlab.metrics.writing import Writing
from promptlab.ui.forms import show
from promptlab.ui.parameters import Parameters


@login_required
@require_safe
def metrics(request: SignedInRequest, project: str) -> HttpResponse:
    found = project_for(request.user, project)
    return render(request, "metrics/list.html", {"metrics": queries.listed(found)})


@login_required
@require_safe
def ready_code(request: SignedInRequest, project: str) -> HttpResponse:
    """Functions to begin a metric with."""
    project_for(request.user, project)
    return render(request, "metrics/snippets.html", {"snippets": snippets().values()})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_metric(request: SignedInRequest, project: str) -> HttpResponse:
    found = project_for(request.user, project, Role.EDITOR)
    form = MetricForm(found, request.POST or None, initial=_suggested(request, found))
    if _only_looks(request):
        return _page(request, None, _unchecked(found, request))
    if form.is_valid():
        try:
            made = services.create_metric(found, request.user, form.cleaned_data["name"], form.core)
            messages.success(request, _("Metric “%s” was created.") % made.name)
            return redirect("metrics:list", found.slug)
        except Conflict as refusal:
            show(refusal, form)
    return _page(request, None, form)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def metric(request: SignedInRequest, project: str, metric: int) -> HttpResponse:
    """For viewers, too: they may read it and use the bench, but not save."""
    changes = request.method == "POST" and (_asks(request) or not _only_looks(request))
    found = metric_for(request.user, project, metric, Role.EDITOR if changes else Role.VIEWER)
    if _only_looks(request):
        return _page(request, found, _unchecked(found.project, request))
    form = MetricForm(found.project, request.POST or None, initial=_present(found))
    if form.is_valid():
        try:
            services.save_metric(found, form.cleaned_data["name"], form.core)
            messages.success(request, _("Metric “%s” is saved.") % found.name)
            return redirect("metrics:list", found.project.slug)
        except Conflict as refusal:
            show(refusal, form)
    return _page(request, found, form)


@login_required
@require_POST
def delete(request: SignedInRequest, project: str, metric: int) -> HttpResponse:
    found = metric_for(request.user, project, metric, Role.EDITOR)
    try:
        services.delete_metric(found)
    except Conflict as refusal:
        messages.error(request, reasons(refusal))
        return redirect("metrics:metric", found.project.slug, metric)
    messages.success(request, _("“%s” was deleted.") % found.name)
    return redirect("metrics:list", found.project.slug)


def _only_looks(request: SignedInRequest) -> bool:
    """The form is sent to see scores and names for what is chosen so far, not to be saved."""
    return "look" in request.POST or _asks(request)


def _asks(request: SignedInRequest) -> bool:
    """A model is to be asked, which costs something."""
    return not {"ask", "write"}.isdisjoint(request.POST)


def _unchecked(project: Project, request: SignedInRequest) -> MetricForm:
    """What is typed so far, without complaints about what is still missing; `look` may ask for a
    part more (`add`), or for one less (`remove-2`).
    """
    given = typed_so_far(request.POST, request.POST.get("look", ""))
    if "take" in request.POST:
        wrote = _writing(project, request)
        given |= {"rubric": wrote.rubric, "levels": wrote.levels} if wrote.state == "done" else {}
    return MetricForm(project, initial=given)


def _writing(project: Project, request: SignedInRequest) -> Writing:
    return writing.writing_of(project, _wish(request), request.POST.get("model", ""))


def _wish(request: SignedInRequest) -> str:
    return Parameters(request.POST).text("wish")


def _suggested(request: SignedInRequest, project: Project) -> dict[str, Any]:
    """What fits the program and dataset of the address, or the project's only ones."""
    program = _chosen(request, "program", project.programs.all())
    dataset = _chosen(request, "dataset", project.datasets.all())
    found = services.suggest_new(program, dataset) if program and dataset else None
    snippet = snippets().get(Parameters(request.GET).text("snippet"))
    if snippet is not None:
        output, expected = (found.output, found.expected) if found else ("", "")
        return {
            "kind": code_kind().kind,
            "name": snippet.title,
            "source": with_names(snippet.source, output, expected),
            "program": program.pk if program else "",
            "dataset": dataset.pk if dataset else "",
            "output": output,
            "expected": expected,
            "threshold": 1,
        }
    if found is not None:
        return initial_of(found, program, dataset)
    return {
        "kind": standard_kind().kind,
        "program": program.pk if program else "",
        "dataset": dataset.pk if dataset else "",
        "threshold": 1,
    }


def _chosen(request: SignedInRequest, name: str, rows: Any) -> Any:
    wished = Parameters(request.GET).number(name)
    return rows.first() if wished is None else rows.filter(pk=wished).first()


def _present(metric: Metric) -> dict[str, Any]:
    project, core = metric.project, metric.core
    outputs = dict.fromkeys(part.output for part in core.singles if part.output)
    return initial_of(
        metric, queries.giving(project, outputs), queries.expecting(project, core.expects)
    )


def _page(request: SignedInRequest, metric: Metric | None, form: MetricForm) -> HttpResponse:
    project = project_for(request.user, request.resolver_match.kwargs["project"])  # type: ignore[union-attr]
    role = role_of(request.user, project)
    refused = ""
    try:
        if "write" in request.POST:
            writing.write(project, _wish(request), request.POST.get("model", ""))
        found = _bench(request, project, form, asks="ask" in request.POST)
    except Refused as refusal:
        refused, found = reasons(refusal), _bench(request, project, form)
    context = {
        "metric": metric,
        "form": form,
        "may_save": role is not None and role.at_least(Role.EDITOR),
        "bench": found,
        "gold": gold_of(form.chosen_dataset, form.bench_metric),
        "agreements": agreements_of(
            form.chosen_dataset, form.bench_metric, _others(metric, project)
        ),
        "wish": _wish(request),
        "writing": _writing(project, request) if form.is_judge else None,
        "refused": refused,
    }
    part = "#form" if request.htmx else ""
    status = 422 if form.is_bound else 200
    return render(request, f"metrics/metric.html{part}", context, status=status)


def _bench(
    request: SignedInRequest, project: Project, form: MetricForm, asks: bool = False
) -> bench.Bench:
    return bench.bench_of(project, form.chosen_dataset, form.bench_metric, request.POST, asks)


def _others(metric: Metric | None, project: Project) -> list[Metric]:
    """The project's other metrics."""
    return [other for other in project.metrics.all() if metric is None or other.pk != metric.pk]
