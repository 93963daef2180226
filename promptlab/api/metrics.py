"""Metrics: list and create."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.http import Http404, HttpRequest
from ninja import Path, Query, Router, Status

from promptlab.accounts.roles import Role
from promptlab.api.form_adapter import check, posted
from promptlab.api.paging import Page, Window
from promptlab.api.schemas.metrics import MetricIn, MetricOut
from promptlab.api.tokens import caller, project_of
from promptlab.metrics import services
from promptlab.metrics.forms import MetricForm
from promptlab.metrics.kinds import KINDS
from promptlab.metrics.part_form import PartForm

router = Router(tags=["metrics"])


@router.get("", response=Page[MetricOut], summary="List metrics by name")
def list_metrics(request: HttpRequest, project: Path[str], window: Query[Window]) -> Any:
    page = window.of(project_of(request, project).metrics.all())
    return page | {"items": [MetricOut.of(row) for row in page["items"]]}


@router.post("", response={201: MetricOut}, summary="Create a metric")
def create_metric(request: HttpRequest, project: Path[str], wish: MetricIn) -> Status[MetricOut]:
    found = project_of(request, project, Role.EDITOR)
    form = MetricForm(found, posted(_said(wish)))
    check_parts(form)
    check(form)
    made = services.create_metric(found, caller(request), form.cleaned_data["name"], form.core)
    return Status(201, MetricOut.of(made))


def check_parts(form: MetricForm) -> None:
    """Refuse the request when a part is wrong, each fault at `parts.N.name`.

    Raises:
        Refused: with everything that is wrong.
    """
    form.full_clean()
    for number, part in reversed(list(enumerate(form.all_parts)) if form.several else []):
        own = (name for name in part.fields if name not in SHARED)
        check(part, {name: f"parts.{number}.{SPOKEN.get(name, name)}" for name in own})


SHARED = MetricForm.base_fields.keys() - PartForm.base_fields.keys()
SPOKEN = {"part": "name", "holds_from": "threshold"}
"""What fields of a part are called in JSON."""


def _said(wish: MetricIn) -> dict[str, Any]:
    """As the form has it; a model that a kind asks for is an object here."""
    said = wish.model_dump(mode="json")
    parts: list[dict[str, Any]] = said.pop("parts")
    found = _as_posted(said)
    if not parts:
        return found
    names = {spoken: field for field, spoken in SPOKEN.items()}
    for number, part in enumerate(parts):
        prefix = f"p{number}-" if number else ""
        found |= {f"{prefix}{names.get(n, n)}": v for n, v in _as_posted(part).items()}
    return found | {"name": said["name"], "threshold": said["threshold"], "parts": len(parts)}


def _as_posted(said: dict[str, Any]) -> dict[str, Any]:
    """With what a form has chosen before anybody chooses, where a kind lets one choose."""
    own = KINDS[said["kind"]].fields.items()
    chosen = {n: f.initial for n, f in own if isinstance(f, forms.ChoiceField) and f.initial}
    return chosen | {name: _chosen(value) for name, value in said.items()}


def _chosen(value: Any) -> Any:
    """A model as forms name it, objects and what is made of them as JSON; what a form does not know
    it refuses.
    """
    if isinstance(value, dict) and value.keys() == {"provider", "model"}:
        return f"{value['provider']}:{value['model']}"
    several = isinstance(value, list) and not any(isinstance(one, dict | list) for one in value)
    if isinstance(value, list | dict) and not several:
        return json.dumps(value, ensure_ascii=False)
    return value


@router.get("/{int:metric}", response=MetricOut, summary="Get a metric")
def get_metric(request: HttpRequest, project: Path[str], metric: int) -> MetricOut:
    found = project_of(request, project).metrics.filter(pk=metric).first()
    if found is None:
        raise Http404(f"There is no metric {metric} in this project.")
    return MetricOut.of(found)
