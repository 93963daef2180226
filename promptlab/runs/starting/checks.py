"""What stands in the way of a run, each thing beside its cause, before anything is spent."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from optimizer.core.optimizers import OPTIMIZERS
from optimizer.core.programs.lm import Role
from optimizer.core.programs.signature import FieldType, written
from optimizer.core.runs.validation import (
    frozen_fault,
    label_doubts,
    label_fault,
    minibatch_doubt,
    setting_faults,
)
from optimizer.datasets.splitting import Split
from optimizer.jobs import model_checks
from optimizer.jobs.model_checks import CheckState
from optimizer.lm.egress import AllowList, objection
from optimizer.models import Provider
from optimizer.sentences import sentence
from promptlab.accounts.models import Project
from promptlab.datasets import queries as datasets
from promptlab.runs.starting.months import shortages
from promptlab.runs.starting.planning import Forecast, RunRequest
from promptlab.ui.numbers import money

Level = Literal["ok", "warning", "problem"]

FEW_VALIDATION = 30
"""With fewer examples the interval is wider than most gains."""


@dataclass(frozen=True)
class Check:
    """One finding. `field` names the form's field that it is about; a problem refuses the run."""

    level: Level
    field: str
    message: str
    url: str = ""
    link: str = ""


def checks_of(project: Project, wishes: RunRequest, forecast: Forecast | None) -> list[Check]:
    """Problems first, then warnings, then what is fine."""
    found = [
        *_program(project, wishes),
        *_columns(project, wishes),
        *_splits(project, wishes),
        *_metric(project, wishes),
        *_settings(wishes, datasets.split_counts(wishes.dataset)[Split.VALIDATION]),
        *_models(project, wishes),
        *_limits(wishes, forecast),
        *_months(project, wishes, forecast),
    ]
    order = ("problem", "warning", "ok")
    return sorted(found, key=lambda check: order.index(check.level))


def _program(project: Project, wishes: RunRequest) -> list[Check]:
    problems = wishes.program.core.problems()
    url = reverse("programs:program", args=[project.slug, wishes.program.pk])
    fault = frozen_fault(OPTIMIZERS[wishes.optimizer], wishes.program.core)
    if not problems and fault:
        return [Check("problem", "program", sentence(fault), url, _("Open the program"))]
    if not problems:
        return [Check("ok", "program", _("The program is complete."))]
    where, told = problems[0].place.partition(".")[2], sentence(problems[0])
    told = f"{where}: {told}" if where else told
    if len(problems) > 1:
        more = len(problems) - 1
        told += " " + ngettext("(and %(n)s more)", "(and %(n)s more)", more) % {"n": more}
    return [Check("problem", "program", told, url, _("Open the program"))]


def _columns(project: Project, wishes: RunRequest) -> list[Check]:
    given, _expected = datasets.columns(wishes.dataset)
    missing = [f.name for f in wishes.program.core.inputs if f.name not in given]
    if not missing:
        return []
    told = _("The program takes “%(input)s”, but the dataset's inputs are %(given)s.") % {
        "input": missing[0], "given": ", ".join(given) or _("none"),
    }  # fmt: skip
    return [Check("problem", "dataset", told)]


def _splits(project: Project, wishes: RunRequest) -> list[Check]:
    counts = datasets.split_counts(wishes.dataset)
    found = []
    if counts[Split.VALIDATION] == 0:
        told = _("The dataset has no validation examples to score with: give that split a share.")
        found.append(Check("problem", "dataset", told))
    elif counts[Split.VALIDATION] < FEW_VALIDATION:
        told = _("Only %(n)s validation examples: the interval will be wider than most gains.") % {
            "n": counts[Split.VALIDATION]
        }
        found.append(Check("warning", "dataset", told))
    if counts[Split.TRAIN] == 0 and OPTIMIZERS[wishes.optimizer].needs_train:
        told = _("The dataset has no training examples to learn from: give that split a share.")
        found.append(Check("problem", "dataset", told))
    if found:
        return found
    told = _("%(train)s examples to learn from, %(validation)s to score with, %(test)s sealed.") % {
        "train": counts[Split.TRAIN], "validation": counts[Split.VALIDATION],
        "test": counts[Split.TEST],
    }  # fmt: skip
    return [Check("ok", "dataset", told)]


def _metric(project: Project, wishes: RunRequest) -> list[Check]:
    _inputs, expected = datasets.columns(wishes.dataset)
    problems = wishes.metric.core.problems(wishes.program.core, set(expected))
    if problems:
        return [Check("problem", "metric", sentence(problem)) for problem in problems[:2]]
    column = wishes.metric.core.expected
    validation = wishes.dataset.examples.filter(split=Split.VALIDATION.value).order_by()
    labels = list(validation.values_list(f"expected__{column}", flat=True))
    if fault := label_fault(labels, column):
        return [Check("problem", "metric", sentence(fault))]
    doubts = [Check("warning", "dataset", sentence(p)) for p in label_doubts(labels, column)]
    return doubts + _labels(wishes) or [
        Check("ok", "metric", _("The metric fits program and dataset."))
    ]


def _settings(wishes: RunRequest, validation: int) -> list[Check]:
    """Settings with which nothing could be found, or little, each beside its field."""
    optimizer, settings = OPTIMIZERS[wishes.optimizer], wishes.settings
    faults = setting_faults(settings, optimizer, wishes.program.core)
    found = [Check("problem", fault.place.partition(".")[2], sentence(fault)) for fault in faults]
    doubt = minibatch_doubt(settings, min(validation, settings.max_validation))
    if doubt and "minibatch_size" not in optimizer.ignores:
        found.append(Check("warning", "minibatch_size", sentence(doubt)))
    return found


def _labels(wishes: RunRequest) -> list[Check]:
    """Choices and the data's labels must be the same words: others can never be right."""
    metric = wishes.metric.core
    field = wishes.program.core.output_fields().get(metric.output)
    if field is None or field.type is not FieldType.CHOICE:
        return []
    labels = _labels_in(wishes, metric.expected)
    folded = {choice.strip().casefold() for choice in field.choices}
    unknown = {label: n for label, n in labels.items() if label.strip().casefold() not in folded}
    known = {label.strip().casefold() for label in labels}
    unused = [choice for choice in field.choices if choice.strip().casefold() not in known]
    found = []
    if unknown:
        n = sum(unknown.values())
        told = ngettext(
            "%(n)s example expects “%(label)s”, which is no choice of “%(field)s”: it can never be "
            "right. Add the choice to the program, or change the data.",
            "%(n)s examples expect a label such as “%(label)s”, which is no choice of “%(field)s”: "
            "they can never be right. Add the choice to the program, or change the data.",
            n,
        ) % {"n": n, "label": next(iter(unknown)), "field": field.name}
        level: Level = "problem" if len(unknown) == len(labels) else "warning"
        found.append(Check(level, "metric", told))
    if unused and labels:
        told = _("No example expects the choice “%(choice)s”: is it spelled as in the data?") % {
            "choice": unused[0]
        }
        found.append(Check("warning", "program", told))
    return found


def _labels_in(wishes: RunRequest, column: str) -> Counter[str]:
    rows = wishes.dataset.examples.order_by().values_list(f"expected__{column}", flat=True)
    values = [value for row in rows for value in (row if isinstance(row, list) else [row])]
    return Counter(written(value) for value in values if value is not None)


def _models(project: Project, wishes: RunRequest) -> list[Check]:
    url = reverse("providers:list", args=[project.slug])
    if Role.TASK not in wishes.models:
        told = _("There is no model to run the program with: connect one first.")
        return [Check("problem", "model_task", told, url, _("Models & keys"))]
    fields = {ref.provider: "model_further" for ref in wishes.further_optimizers}
    fields |= {ref.provider: f"model_{role}" for role, ref in reversed(wishes.models.items())}
    providers = {p.pk: p for p in Provider.objects.filter(pk__in=fields)}
    found = _objections(wishes, providers, fields, url)
    for provider_id, field in sorted(fields.items()):
        found += _provider(providers.get(provider_id), field, url)
    return found


def _objections(
    wishes: RunRequest, providers: dict[int, Provider], fields: dict[int, str], url: str
) -> list[Check]:
    """What would be refused before anything is sent, each thing once."""
    allowed = AllowList.now()
    told: dict[str, str] = {}
    for ref in (*wishes.models.values(), *wishes.further_optimizers):
        provider = providers.get(ref.provider)
        why = objection(provider, ref.model, allowed) if provider else ""
        if provider and why:
            what = _("“%(name)s”: %(why)s") % {"name": provider.name, "why": why}
            told.setdefault(what, fields[ref.provider])
    return [Check("problem", told[what], what, url, _("Models & keys")) for what in told]


def _provider(provider: Provider | None, field: str, url: str) -> list[Check]:
    if provider is None:
        return [Check("problem", field, _("This model's provider is gone: choose another."), url)]
    link = _("Test it")
    check = model_checks.latest(provider)
    if check.state is CheckState.FAILED:
        told = _("“%(name)s” failed its last test: %(why)s") % {
            "name": provider.name, "why": check.message,
        }  # fmt: skip
        return [Check("problem", field, told, url, link)]
    if check.state is CheckState.WORKS:
        return [Check("ok", field, _("“%(name)s” answers.") % {"name": provider.name})]
    if provider.kind == Provider.Kind.EMBEDDED:
        return []
    told = _("“%(name)s” was never tested; a wrong key would end the run at its first call.") % {
        "name": provider.name
    }
    return [Check("warning", field, told, url, link)]


def _limits(wishes: RunRequest, forecast: Forecast | None) -> list[Check]:
    if forecast is None:
        return []
    found = []
    cap, needed = wishes.limits.max_calls, one_trial(wishes, forecast)
    if cap is not None and cap < needed:
        told = _(
            "The baseline and one trial need %(needed)s calls, more than the cap of %(cap)s: "
            "nothing could be found."
        ) % {"needed": f"{needed:,}", "cap": f"{cap:,}"}
        found.append(Check("problem", "max_calls", told))
    elif cap is not None:
        found += _early("max_calls", cap, forecast.calls, _("%(n)s calls") % {"n": f"{cap:,}"})
    dollars, seconds = wishes.limits.max_cost, wishes.limits.max_seconds
    if dollars is not None and forecast.cost is not None:
        found += _early("max_cost", dollars, forecast.cost, money(dollars))
    if seconds is not None and forecast.seconds is not None:
        told = _("%(n)s min") % {"n": seconds // 60}
        found += _early("max_minutes", seconds, forecast.seconds, told)
    if forecast.cost is None:
        told = _(
            "The model's price is not known, so only calls can be capped. Enter its prices at its "
            "provider to cap dollars."
        )
        level: Level = "problem" if dollars is not None else "warning"
        found.append(Check(level, "max_cost", told))
    return found


def _months(project: Project, wishes: RunRequest, forecast: Forecast | None) -> list[Check]:
    return [
        Check(
            "problem" if short.refuses else "warning", short.field, short.message,
            reverse("accounts:spending", args=[project.slug]), _("Spending"),
        )
        for short in shortages(project, wishes.limits, forecast)
    ]  # fmt: skip


def _early(field: str, limit: int, ends: tuple[float, float], told: str) -> list[Check]:
    """A warning where a limit is below the estimate's upper end."""
    if limit >= ends[1]:
        return []
    early = _("The limit of %(limit)s may end the run early; the best so far is kept.")
    if limit < ends[0]:
        early = _("The limit of %(limit)s will end the run early; the best so far is kept.")
    return [Check("warning", field, early % {"limit": told})]


def one_trial(wishes: RunRequest, forecast: Forecast) -> int:
    """Calls of the baseline and of one trial: a minibatch, or all that is scored."""
    per_example = max(len(wishes.program.core.calls), 1)
    validation = forecast.counts.baseline_calls // per_example
    whole = "minibatch_size" in OPTIMIZERS[wishes.optimizer].ignores
    size = validation if whole else min(wishes.settings.minibatch_size, validation)
    return per_example * (validation + size)
