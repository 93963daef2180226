"""What the playground begins with: what an address names, or the project's first program."""

from __future__ import annotations

from django.http import QueryDict

from promptlab.accounts.models import Project
from promptlab.datasets.models import Dataset
from promptlab.programs.forms.trying import fitting_dataset
from promptlab.runs.evaluating.failures import failed_in
from promptlab.runs.playing import typed
from promptlab.runs.playing.bases import Base, base_of
from promptlab.ui.parameters import Parameters

FIRST = 3
"""Rows of a dataset that are there at first."""


def begun(project: Project, state: QueryDict, asked: Parameters) -> bool:
    """Add what the address names to what was typed: `?add=12.4` a column, `?failed=12` rows that
    the best of run 12 failed on. False: there was no room for a column.
    """
    fresh, fits = not typed.count(state, "columns"), True
    what = asked.text("add")
    base = base_of(project, what) if what else None
    if fresh and base is not None and base.run is not None:
        typed.add_column(state, f"p{base.owner.pk}")  # beside the program as it stands
    if base is not None:
        fits = typed.add_column(state, base.value)
    if not typed.count(state, "columns"):
        first = project.programs.order_by("-pk").first()
        if first is not None:
            typed.add_column(state, f"p{first.pk}")
    failed = asked.number("failed")
    if failed is not None:
        add_failures(project, state, failed)
    if fresh and not typed.count(state, "rows"):
        _first_rows(project, state, base_of(project, state.get("c0-what", "")))
    return fits


def add_failures(project: Project, state: QueryDict, number: int) -> None:
    """Rows that the best of a run did not get wholly right, as many as there is room for."""
    run = project.runs.filter(number=number).select_related("dataset").first()
    if run is None or run.dataset is None:
        return
    keys = failed_in(project, number)
    rows = run.dataset.examples.filter(key__in=keys).order_by("position")
    for key in rows.values_list("key", flat=True)[: typed.MOST_ROWS]:
        typed.add_row(state, f"{run.dataset.pk}:{key}")


def add_named(project: Project, state: QueryDict) -> bool:
    """The row that is named beside its button: by its id, or by its place from 1; False: none."""
    dataset = project.datasets.filter(pk=Parameters(state).number("from_dataset") or 0).first()
    named = Parameters(state).text("from_row")
    if dataset is None:
        return False
    rows = dataset.examples.order_by("position")
    row = rows.filter(key=named).first()
    place = Parameters(state).number("from_row")
    if row is None and place:
        row = rows[place - 1 : place].first()
    if row is None:
        return False
    typed.add_row(state, f"{dataset.pk}:{row.key}")
    return True


def _first_rows(project: Project, state: QueryDict, base: Base | None) -> None:
    dataset = fitting_dataset(project, base.program) if base else None
    if dataset is None or base is None:
        typed.add_row(state)
        return
    for key in dataset.examples.order_by("position").values_list("key", flat=True)[:FIRST]:
        typed.add_row(state, f"{dataset.pk}:{key}")
    state["from_dataset"] = str(dataset.pk)
    _suggest_metric(project, state, base, dataset)


def _suggest_metric(project: Project, state: QueryDict, base: Base, dataset: Dataset) -> None:
    """The newest metric that fits, if there is one."""
    expected = set(dataset.examples.values_list("expected", flat=True).first() or {})
    for metric in project.metrics.order_by("-pk")[:10]:
        if not metric.core.problems(base.program, expected):
            state["metric"] = str(metric.pk)
            return
