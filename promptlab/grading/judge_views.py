"""A judge's page: how far it agrees with labelled verdicts and with itself, and its improvement."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from optimizer.core.evaluation.program_metric import ProgramMetric
from optimizer.core.problems import Refused
from optimizer.sentences import reasons
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.roles import Role, role_of
from promptlab.grading import measured, teaching
from promptlab.grading.forms import LabelsForm
from promptlab.grading.labels import Labelled, guessed, labelled, labels_of
from promptlab.grading.models import JudgeLabels
from promptlab.metrics.access import metric_for
from promptlab.metrics.models import Metric
from promptlab.ui.parameters import Parameters


@login_required
@require_safe
def judge(request: SignedInRequest, project: str, metric: int) -> HttpResponse:
    found, core = _judge(request, project, metric)
    return _page(request, found, core)


@login_required
@require_POST
def set_labels(request: SignedInRequest, project: str, metric: int) -> HttpResponse:
    found, core = _judge(request, project, metric, Role.EDITOR)
    form = LabelsForm(found, labels_of(found), request.POST)
    if not form.is_valid():
        return _page(request, found, core, form)
    chosen, before = form.labels(), labels_of(found)
    if before is not None:
        chosen.pk, chosen.program = before.pk, before.program
    chosen.save()
    return redirect("grading:judge", found.project.slug, metric)


@login_required
@require_POST
def ask(request: SignedInRequest, project: str, metric: int) -> HttpResponse:
    found, core = _judge(request, project, metric, Role.EDITOR)
    try:
        measured.ask(found.project, core, _labelled(_labels(found, core), core))
    except Refused as refusal:
        messages.error(request, reasons(refusal))
    return redirect("grading:judge", found.project.slug, metric)


@login_required
@require_POST
def optimize(request: SignedInRequest, project: str, metric: int) -> HttpResponse:
    """One press: what a run needs is made, and its form is there."""
    found, core = _judge(request, project, metric, Role.EDITOR)
    labels = _labels(found, core)
    try:
        if labels is None:
            raise Refused.because("judge.few_labels", n=teaching.FEWEST)
        made = teaching.prepare(labels, core, _labelled(labels, core), request.user)
    except Refused as refusal:
        messages.error(request, reasons(refusal))
        return redirect("grading:judge", found.project.slug, metric)
    chosen = urlencode({"program": made.program.pk, "dataset": made.dataset.pk})
    return redirect(f"{reverse('runs:new', args=[found.project.slug])}?{chosen}")


@login_required
@require_POST
def take(request: SignedInRequest, project: str, metric: int) -> HttpResponse:
    found, core = _judge(request, project, metric, Role.EDITOR)
    number, labels = Parameters(request.POST).number("run"), labels_of(found)
    won = teaching.winners(labels) if labels else []
    run = next((each for each in won if each.number == number), None)
    try:
        teaching.take(found, core, run)
        messages.success(request, _("“%s” judges with what the run found now.") % found.name)
    except Refused as refusal:
        messages.error(request, reasons(refusal))
    return redirect("grading:judge", found.project.slug, metric)


def _judge(
    request: SignedInRequest, project: str, metric: int, role: Role = Role.VIEWER
) -> tuple[Metric, ProgramMetric]:
    found = metric_for(request.user, project, metric, role)
    judges = found.core.judges
    if not judges:
        raise Http404("No model judges in this metric.")
    return found, judges[0]


def _labels(metric: Metric, core: ProgramMetric) -> JudgeLabels | None:
    return labels_of(metric) or guessed(metric, core)


def _labelled(labels: JudgeLabels | None, core: ProgramMetric) -> Labelled:
    return labelled(labels, core) if labels else Labelled()


def _page(
    request: SignedInRequest, metric: Metric, core: ProgramMetric, form: LabelsForm | None = None
) -> HttpResponse:
    labels, role = _labels(metric, core), role_of(request.user, metric.project)
    known = _labelled(labels, core)
    used = teaching.versions_used(metric)
    context = {
        "project": metric.project,
        "metric": metric,
        "version": core.version[:8],
        "earlier": sum(version != core.version for version in used),
        "uses": len(used),
        "form": form or LabelsForm(metric, labels),
        "labels": labels,
        "found": measured.measured(metric.project, core, known) if known else None,
        "unread": list(known.unread.items())[:5],
        "winners": teaching.winners(labels) if labels else [],
        "may_save": role is not None and role.at_least(Role.EDITOR),
        "fewest": teaching.FEWEST,
    }
    status = 422 if form is not None else 200
    return render(request, "grading/judge.html", context, status=status)
