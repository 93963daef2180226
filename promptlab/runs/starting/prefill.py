"""A new run's form, filled in so that pressing Optimize is a sensible thing to do."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from django.http import QueryDict

from optimizer.core.conversation.spec import Effort, Settings
from optimizer.core.optimizers import DEFAULT, OPTIMIZERS
from optimizer.core.programs.lm import Role
from optimizer.core.runs.validation import OWN_SETTINGS
from optimizer.jobs.forecast import Forecast
from promptlab.accounts.models import Project
from promptlab.datasets import queries as datasets
from promptlab.datasets.models import Dataset
from promptlab.programs.models import Program
from promptlab.providers import queries as providers
from promptlab.providers.fields import value_of
from promptlab.runs import queries
from promptlab.runs.models import ProjectRun
from promptlab.runs.starting.forms import IDLE, RunForm
from promptlab.runs.starting.material import COLUMN, MICRO, SUGGESTED
from promptlab.runs.starting.planning import RunRequest, estimate
from promptlab.runs.starting.run_choices import RunChoices
from promptlab.ui.parameters import Parameters, number_in

FURTHER = "model_further"
"""The one field that has several values."""
NUMBERS_OF = "numbers_of"
"""The field that says where the own settings were filled in from."""


def filled(project: Project, asked: Parameters) -> RunForm:
    """The form at first: `?from=12` repeats a run, `&start=12.4` goes on from its candidate 4;
    `?program=`, `?dataset=` and `?model_task=` choose.
    """
    run_choices = RunChoices(project)
    number = asked.number("from")
    again = None if number is None else project.runs.filter(number=number).first()
    values = _again(again) if again else fresh(run_choices, asked)
    said = ("effort", "optimizer", "start", "seed", "model_task")
    values |= {name: asked.text(name) for name in said if asked.text(name)}
    if not values.get("metric"):
        values["metric"] = suggested(run_choices, values)
    return followed(project, values, run_choices)


def wanted_form(project: Project, said: Mapping[str, Any], effort: Effort) -> RunForm:
    """A form of what was `said`, the rest as it would be suggested for that effort; no caps are."""
    run_choices = RunChoices(project)
    asked = {name: str(said[name]) for name in ("program", "dataset")}
    values = fresh(run_choices, Parameters(asked)) | {
        "optimizer": said["optimizer"],
        "effort": effort,
    }
    values["metric"] = suggested(run_choices, values)
    _renumber(run_choices, values)
    form = RunForm(project, posted({**values, **said}), run_choices)
    form.is_valid()
    return form


def capped(wanted: RunRequest, said: Collection[str], found: Forecast | None) -> RunRequest:
    """The request with the caps that are suggested, where none of its own was `said`."""
    if found is None:
        return wanted
    limits = wanted.limits
    if "max_calls" not in said:
        limits = replace(limits, max_calls=found.suggested_calls)
    if "max_cost" not in said:
        limits = replace(limits, max_cost=found.suggested_cost)
    return replace(wanted, limits=limits)


def followed(
    project: Project, data: Mapping[str, Any], run_choices: RunChoices | None = None
) -> RunForm:
    """A form whose caps follow the estimate, and whose own settings follow effort and optimizer, as
    long as nobody wrote others into them.

    What equals the suggestion of before was not touched. `estimated` of the form is what the run
    would take.
    """
    run_choices = run_choices or RunChoices(project)
    values = {name: _said(data, name) for name in data if name != "csrfmiddlewaretoken"}
    _renumber(run_choices, values)
    form = RunForm(project, posted(values), run_choices)
    form.is_valid()
    if not form.is_complete:
        return form
    estimated = estimate(project, form.run_request())
    if estimated.forecast is None:
        form.estimated = estimated
        return form
    follow_caps(values, estimated.forecast)
    form = RunForm(project, posted(values), run_choices)
    form.estimated = estimated
    form.is_valid()
    return form


def follow_caps(values: dict[str, Any], found: Forecast) -> None:
    """Let caps that nobody wrote follow what the run would take."""
    for name, suggestion in _suggestions(found).items():
        if values.get(f"max_{name}", "") == values.get(f"suggested_{name}", ""):
            values[f"max_{name}"] = suggestion
        values[f"suggested_{name}"] = suggestion


def _renumber(run_choices: RunChoices, values: dict[str, Any]) -> None:
    """Fill in the numbers of the chosen program, optimizer and effort; those that do not count with
    it get out of sight.
    """
    for name in OWN_SETTINGS:
        if f"{IDLE}{name}" in values:
            values.setdefault(name, values.pop(f"{IDLE}{name}"))
    _fill_in_numbers(run_choices, values)
    chosen = OPTIMIZERS.get(str(values.get("optimizer")), OPTIMIZERS[DEFAULT])
    for name in set(OWN_SETTINGS) - chosen.uses:
        if name in values:
            values[f"{IDLE}{name}"] = values.pop(name)


def _fill_in_numbers(run_choices: RunChoices, values: dict[str, Any]) -> None:
    """As the preset has them, where nobody wrote others; “own settings” begin with those that were
    there before.
    """
    before = str(values.get(NUMBERS_OF) or "::")
    effort = str(values.get("effort", ""))
    if effort == Effort.CUSTOM:
        effort = before.split(":")[-1] or Effort.LIGHT.value
    now = f"{values.get('program', '')}:{values.get('optimizer', '')}:{effort}"
    old, new = _numbers(run_choices, before), _numbers(run_choices, now)
    if now == before or not new:
        return
    for name in OWN_SETTINGS:
        if str(values.get(name, "")) in ("", str(old.get(name, ""))):
            values[name] = new[name]
    values[NUMBERS_OF] = now


def _numbers(run_choices: RunChoices, said: str) -> dict[str, Any]:
    """The own settings of "program:optimizer:effort"; {} where there is no such thing."""
    program, optimizer, effort = said.split(":") if said.count(":") == 2 else ("", "", "")
    found = run_choices.programs.get(number_in(program) or 0)
    if found is None or optimizer not in OPTIMIZERS or effort not in set(Effort):
        return {}
    settings = OPTIMIZERS[optimizer].settings(Effort(effort), found.core)
    return {name: getattr(settings, name) for name in OWN_SETTINGS}


def _suggestions(found: Forecast) -> dict[str, str]:
    cost = found.suggested_cost
    return {
        "calls": str(found.suggested_calls),
        "cost": "" if cost is None else f"{cost / MICRO:.2f}",
    }


def _said(data: Mapping[str, Any], name: str) -> Any:
    if name == FURTHER and isinstance(data, QueryDict):
        return data.getlist(name)
    return data.get(name, "")


def posted(values: Mapping[str, Any]) -> QueryDict:
    data = QueryDict(mutable=True)
    for name, value in values.items():
        if isinstance(value, list):
            data.setlist(name, value)
            continue
        data[name] = "" if value is None else str(value)
    return data


def suggested(run_choices: RunChoices, values: Mapping[str, Any]) -> str:
    program = run_choices.programs.get(values["program"] or 0)
    wished = run_choices.suggested_metric(program, run_choices.datasets.get(values["dataset"] or 0))
    return "" if wished is None else str(wished.pk or SUGGESTED)


def fresh(run_choices: RunChoices, asked: Parameters) -> dict[str, Any]:
    program = _program(run_choices, asked.number("program"))
    dataset = _dataset(run_choices, program, asked.number("dataset"))
    return {
        "program": program.pk if program else "",
        "dataset": dataset.pk if dataset else "",
        "optimizer": DEFAULT,
        "effort": Effort.LIGHT.value,
        "seed": 0,
        **_default_models(run_choices.project),
    }


def _again(project_run: ProjectRun) -> dict[str, Any]:
    """The same run once more, whatever it has become since."""
    spec = queries.spec_of(project_run.run)
    task = spec.models[Role.TASK]
    models = {
        f"model_{role.value}": f"{ref.provider}:{ref.model}"
        for role, ref in spec.models.items()
        if role is Role.TASK or ref != task
    }
    return {
        "program": project_run.program_id,
        "dataset": project_run.dataset_id or "",
        "metric": project_run.metric_id or "",
        "optimizer": spec.optimizer if spec.optimizer in OPTIMIZERS else DEFAULT,
        "effort": spec.settings.effort.value,
        "seed": spec.seed,
        **{f"{COLUMN}{name}": column for name, column in project_run.input_columns.items()},
        "max_minutes": spec.limits.max_seconds // 60 if spec.limits.max_seconds else "",
        **models,
        "model_embedding": value_of(spec.embedding) if spec.embedding else "",
        FURTHER: [f"{ref.provider}:{ref.model}" for ref in spec.further_optimizers],
        **{name: getattr(spec.settings, name) for name in OWN_SETTINGS},
        NUMBERS_OF: f"{project_run.program_id}:{spec.optimizer}:{_effort_before(spec.settings)}",
    }


def _effort_before(settings: Settings) -> str:
    """The effort that own settings depart from."""
    effort = settings.effort
    return Effort.LIGHT.value if effort is Effort.CUSTOM else effort.value


def _program(run_choices: RunChoices, wanted: int | None) -> Program | None:
    """The wanted one, or else the last that was worked on and can run."""
    if wanted in run_choices.programs:
        return run_choices.programs[wanted]
    latest = sorted(run_choices.programs.values(), key=lambda p: p.updated_at, reverse=True)
    return next((p for p in latest if not p.core.problems()), latest[0] if latest else None)


def _dataset(
    run_choices: RunChoices, program: Program | None, wanted: int | None
) -> Dataset | None:
    """The wanted one, or else the newest that has the program's inputs."""
    if wanted in run_choices.datasets:
        return run_choices.datasets[wanted]
    newest = sorted(run_choices.datasets.values(), key=lambda d: d.created_at, reverse=True)
    needed = {f.name for f in program.core.inputs} if program else set()
    fitting = (d for d in newest if needed <= set(datasets.columns(d)[0]))
    return next(fitting, newest[0] if newest else None)


def _default_models(project: Project) -> dict[str, str]:
    """Roles whose model is the task model's are left open: “same as the task model”."""
    chosen = providers.default_models(project)
    task = chosen.get(Role.TASK)
    return {
        f"model_{role.value}": choice.value
        for role, choice in chosen.items()
        if role is Role.TASK or choice != task
    }
