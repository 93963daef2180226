"""Rules that give feedback on a program's answers, and how often each spoke."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from optimizer import codec
from optimizer.core.evaluation.cases import Case, cases_of
from optimizer.core.evaluation.outcome import Outcome
from optimizer.core.metrics.feedback import FeedbackRule, fired
from optimizer.core.programs.example import Example
from optimizer.models import Outcome as OutcomeRow
from promptlab.accounts.access import project_for
from promptlab.accounts.http import SignedInRequest
from promptlab.accounts.roles import Role, role_of
from promptlab.grading.forms import SIGNS, RuleForm
from promptlab.metrics import feedback
from promptlab.programs.access import program_for
from promptlab.programs.models import Program
from promptlab.runs.models import ProjectRun
from promptlab.ui.parameters import Parameters

MOST_CASES = 300
"""The newest answers of a run that rules are counted on."""


@dataclass(frozen=True)
class ShownRule:
    """A rule with the number of answers that it spoke of, None where there were none yet."""

    rule: FeedbackRule
    sign: str
    fired: int | None


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def rules(request: SignedInRequest, project: str, program: int) -> HttpResponse:
    role = Role.EDITOR if request.method == "POST" else Role.VIEWER
    found = program_for(request.user, project, program, role)
    own, removed = feedback.rules_of(found), Parameters(request.POST).number("remove")
    form = RuleForm(found, request.POST if request.method == "POST" and removed is None else None)
    if removed is not None:
        feedback.set_rules(found, [r for n, r in enumerate(own) if n != removed])
        return redirect("grading:rules", found.project.slug, found.pk)
    if form.is_valid():
        feedback.set_rules(found, [*own, form.rule][-feedback.MOST_RULES :])
        return redirect("grading:rules", found.project.slug, found.pk)
    run = _newest(found)
    cases = _cases(run) if run and own else ()
    held = role_of(request.user, project_for(request.user, project))
    context = {
        "project": found.project,
        "program": found,
        "form": form,
        "rules": _shown(own, cases),
        "run": run,
        "answers": len(cases),
        "may_save": held is not None and held.at_least(Role.EDITOR),
    }
    status = 422 if form.is_bound else 200
    return render(request, "grading/rules.html", context, status=status)


def _shown(own: Sequence[FeedbackRule], cases: Sequence[Case]) -> list[ShownRule]:
    counts: Sequence[int | None] = fired(own, cases) if cases else [None] * len(own)
    return [ShownRule(r, str(SIGNS[r.sign.value]), n) for r, n in zip(own, counts, strict=True)]


def _newest(program: Program) -> ProjectRun | None:
    found = ProjectRun.objects.filter(program=program).select_related("run__train")
    return found.order_by("-number").first()


def _cases(project_run: ProjectRun) -> tuple[Case, ...]:
    """What the run made of training rows, where reflection reads it; the newest answers."""
    run = project_run.run
    rows = {e.id: e for e in codec.from_json(tuple[Example, ...], run.train.examples)}
    stored = OutcomeRow.objects.filter(exchange__run=run, example__in=rows, score__isnull=False)
    newest = stored.order_by("-pk").values_list("data", flat=True)[:MOST_CASES]
    outcomes = [codec.from_json(Outcome, data) for data in newest]
    return cases_of([rows[o.example_id] for o in outcomes], outcomes)
