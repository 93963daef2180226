"""Metrics: list and create."""

from __future__ import annotations

import json
from typing import Any

from django.http import Http404, HttpRequest
from ninja import Path, Query, Router, Status

from promptlab.accounts.roles import Role
from promptlab.api.form_adapter import check, posted
from promptlab.api.paging import Page, Window
from promptlab.api.schemas.metrics import MetricIn, MetricOut
from promptlab.api.tokens import caller, project_of
from promptlab.metrics import services
from promptlab.metrics.forms import MetricForm

router = Router(tags=["metrics"])


@router.get("", response=Page[MetricOut], summary="List metrics by name")
def list_metrics(request: HttpRequest, project: Path[str], window: Query[Window]) -> Any:
    page = window.of(project_of(request, project).metrics.all())
    return page | {"items": [MetricOut.of(row) for row in page["items"]]}


@router.post("", response={201: MetricOut}, summary="Create a metric")
def create_metric(request: HttpRequest, project: Path[str], wish: MetricIn) -> Status[MetricOut]:
    found = project_of(request, project, Role.EDITOR)
    form = MetricForm(found, posted(_said(wish)))
    check(form)
    made = services.create_metric(found, caller(request), form.cleaned_data["name"], form.core)
    return Status(201, MetricOut.of(made))


def _said(wish: MetricIn) -> dict[str, Any]:
    """As the form has it; what a kind asks for may be an object or a list here."""
    return {name: _chosen(value) for name, value in wish.model_dump().items()}


def _chosen(value: Any) -> Any:
    """A model as forms name it; what is none goes to the form as it is, which refuses it."""
    if isinstance(value, dict) and value.keys() == {"provider", "model"}:
        return f"{value['provider']}:{value['model']}"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


@router.get("/{int:metric}", response=MetricOut, summary="Get a metric")
def get_metric(request: HttpRequest, project: Path[str], metric: int) -> MetricOut:
    found = project_of(request, project).metrics.filter(pk=metric).first()
    if found is None:
        raise Http404(f"There is no metric {metric} in this project.")
    return MetricOut.of(found)
