"""A new run's form, filled in so that pressing Optimize is a sensible thing to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict

from optimizer.core.lm import Role
from optimizer.core.optimizers import OPTIMIZERS
from optimizer.core.spec import Effort
from promptlab.accounts.models import Project
from promptlab.datasets import queries as datasets
from promptlab.datasets.models import Dataset
from promptlab.programs.models import Program
from promptlab.providers import queries as providers
from promptlab.runs import queries
from promptlab.runs.forms import MICRO, OWN_SETTINGS, SUGGESTED, RunForm
from promptlab.runs.models import Launch
from promptlab.runs.planning import Forecast, forecast


def filled(project: Project, query: Mapping[str, str]) -> RunForm:
    """The form at first: `?from=12` repeats a run, `?program=` and `?dataset=` choose."""
    number = query.get("from", "")
    again = project.launches.filter(number=int(number)).first() if number.isdigit() else None
    values = _again(again) if again else _fresh(project, query)
    for name in ("effort", "optimizer"):
        if query.get(name):
            values[name] = query[name]
    return followed(project, _as_data(project, values))


def followed(project: Project, data: Mapping[str, Any]) -> RunForm:
    """A form whose caps follow the estimate, as long as nobody wrote others into them.

    A cap that equals what was suggested before was not touched.
    """
    values = {name: data.get(name, "") for name in _names(data)}
    form = RunForm(project, _posted(values))
    form.is_valid()
    if not form.is_complete:
        return form
    found = forecast(project, form.wishes())
    if found is None:
        return form
    for name, suggestion in _suggestions(found).items():
        before = values.get(f"suggested_{name}", "")
        if values.get(f"max_{name}", "") == before:
            values[f"max_{name}"] = suggestion
        values[f"suggested_{name}"] = suggestion
    form = RunForm(project, _posted(values))
    form.is_valid()
    return form


def _suggestions(found: Forecast) -> dict[str, str]:
    cost = found.suggested_cost
    return {
        "calls": str(found.suggested_calls),
        "cost": "" if cost is None else f"{cost / MICRO:.2f}",
    }


def _names(data: Mapping[str, Any]) -> list[str]:
    return [name for name in data if name != "csrfmiddlewaretoken"]


def _posted(values: Mapping[str, Any]) -> QueryDict:
    data = QueryDict(mutable=True)
    for name, value in values.items():
        data[name] = "" if value is None else str(value)
    return data


def _as_data(project: Project, values: dict[str, Any]) -> dict[str, Any]:
    """Initial values with the metric that suits them."""
    form = RunForm(project, _posted({**values, "metric": ""}))
    if not values.get("metric"):
        wished = form.suggested_metric
        values["metric"] = (wished.pk or SUGGESTED) if wished is not None else ""
    return values


def _fresh(project: Project, query: Mapping[str, str]) -> dict[str, Any]:
    program = _program(project, query.get("program", ""))
    dataset = _dataset(project, program, query.get("dataset", ""))
    values: dict[str, Any] = {
        "program": program.pk if program else "",
        "dataset": dataset.pk if dataset else "",
        "optimizer": "mipro",
        "effort": Effort.LIGHT.value,
        "seed": 0,
        **_default_models(project),
    }
    return values | _preset(program, "mipro")


def _again(launch: Launch) -> dict[str, Any]:
    """The same run once more, whatever it has become since."""
    spec = queries.spec_of(launch.run)
    task = spec.models[Role.TASK]
    models = {
        f"model_{role.value}": f"{ref.provider}:{ref.model}"
        for role, ref in spec.models.items()
        if role is Role.TASK or ref != task
    }
    return {
        "program": launch.program_id,
        "dataset": launch.dataset_id or "",
        "metric": launch.metric_id or "",
        "optimizer": spec.optimizer,
        "effort": spec.settings.effort.value,
        "seed": spec.seed,
        **models,
        **{name: getattr(spec.settings, name) for name in OWN_SETTINGS},
    }


def _preset(program: Program | None, optimizer: str) -> dict[str, Any]:
    if program is None:
        return {}
    settings = OPTIMIZERS[optimizer].settings(Effort.LIGHT, program.core)
    return {name: getattr(settings, name) for name in OWN_SETTINGS}


def _program(project: Project, wanted: str) -> Program | None:
    """The wanted one, or else the last that was worked on and can run."""
    if wanted.isdigit():
        found = project.programs.filter(pk=int(wanted)).first()
        if found is not None:
            return found
    latest = list(project.programs.order_by("-updated_at")[:20])
    return next((p for p in latest if not p.core.problems()), latest[0] if latest else None)


def _dataset(project: Project, program: Program | None, wanted: str) -> Dataset | None:
    """The wanted one, or else the newest that has the program's inputs."""
    if wanted.isdigit():
        found = project.datasets.filter(pk=int(wanted)).first()
        if found is not None:
            return found
    newest = list(project.datasets.order_by("-created_at")[:20])
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
