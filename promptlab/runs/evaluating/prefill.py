"""An evaluation's form, filled in so that pressing Evaluate is a sensible thing to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict

from optimizer.core.programs.lm import Role
from promptlab.accounts.models import Project
from promptlab.runs import queries
from promptlab.runs.evaluating.forms import EvaluationForm
from promptlab.runs.models import ProjectRun
from promptlab.runs.starting import prefill
from promptlab.runs.starting.material import COLUMN
from promptlab.runs.starting.planning import estimate
from promptlab.runs.starting.run_choices import RunChoices
from promptlab.ui.parameters import Parameters

SEVERAL = ("given", "model_further")
"""Fields that have several values."""


def filled(project: Project, asked: Parameters) -> EvaluationForm:
    """The form at first: `?run=12` is about that run, `?given=12.4` scores its candidate 4, too;
    `?program=`, `?dataset=` and `?rows=` choose.
    """
    run_choices = RunChoices(project)
    number = asked.number("run")
    about = None if number is None else project.runs.filter(number=number).first()
    values = _of_run(about) if about else prefill.fresh(run_choices, asked)
    values |= {"rows": asked.text("rows", "validation"), "draws": 1}
    given = asked.text("given").split(",") if asked.has("given") else []
    values["given"] = given or (_winner(about) if about else [])
    if not values.get("metric"):
        values["metric"] = prefill.suggested(run_choices, values)
    return followed(project, prefill.posted(values), run_choices)


def wanted_form(project: Project, said: Mapping[str, Any]) -> EvaluationForm:
    """A form of what was `said`, the rest as it would be suggested; caps that were not said follow
    the estimate.
    """
    run_choices = RunChoices(project)
    asked = {name: str(said[name]) for name in ("program", "dataset")}
    values = prefill.fresh(run_choices, Parameters(asked)) | asked
    values |= {
        "metric": prefill.suggested(
            run_choices, values | {name: int(value) for name, value in asked.items()}
        )
    }
    return followed(project, prefill.posted({**values, **said}), run_choices)


def followed(
    project: Project, data: Mapping[str, Any], run_choices: RunChoices | None = None
) -> EvaluationForm:
    """A form whose caps follow the estimate, as long as nobody wrote others into them."""
    run_choices = run_choices or RunChoices(project)
    form = EvaluationForm(project, data, run_choices)
    if not form.is_valid() and not form.is_complete:
        return form
    estimated = estimate(project, form.run_request())
    if estimated.forecast is not None:
        values = {name: _said(data, name) for name in data if name != "csrfmiddlewaretoken"}
        prefill.follow_caps(values, estimated.forecast)
        form = EvaluationForm(project, prefill.posted(values), run_choices)
        form.is_valid()
    form.estimated = estimated
    return form


def _of_run(about: ProjectRun) -> dict[str, Any]:
    """The run's own program, data, metric and model."""
    task = queries.spec_of(about.run).models[Role.TASK]
    return {
        "program": about.program_id,
        "dataset": about.dataset_id or "",
        "metric": about.metric_id or "",
        "model_task": f"{task.provider}:{task.model}",
        **{f"{COLUMN}{name}": column for name, column in about.input_columns.items()},
    }


def _winner(about: ProjectRun) -> list[str]:
    best = about.run.best_candidate
    return [f"{about.number}.{best.number}"] if best and best.number else []


def _said(data: Mapping[str, Any], name: str) -> Any:
    if name in SEVERAL and isinstance(data, QueryDict):
        return data.getlist(name)
    return data.get(name, "")
