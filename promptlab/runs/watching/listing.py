"""Runs as their list shows them."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from optimizer.core.optimizers import optimizer_named
from optimizer.models import Run
from optimizer.sentences.optimizers import title_of
from promptlab.accounts.models import Project
from promptlab.runs import queries
from promptlab.runs.models import ProjectRun
from promptlab.runs.results.state import RunResult, listed_result
from promptlab.runs.watching.run_status import short_status
from promptlab.ui.tabs import Tab


@dataclass(frozen=True)
class RunRow:
    """One run of the list; `kind` is its chip's colour."""

    project_run: ProjectRun
    run: Run
    kind: str
    label: str
    result: RunResult
    optimizer: str
    model: str


@dataclass(frozen=True)
class Options:
    """What the list can be narrowed to, beside status."""

    programs: list[tuple[int, str]]
    people: list[tuple[int, str]]
    optimizers: list[tuple[str, str]]


def row_of(project_run: ProjectRun) -> RunRow:
    run = project_run.run
    kind, label = short_status(project_run, run)
    return RunRow(
        project_run, run, kind, label, listed_result(project_run),
        title_of(optimizer_named(run.optimizer)), getattr(project_run, "task_model", None) or "",
    )  # fmt: skip


def sorts() -> list[tuple[str, str]]:
    """What the list can be ordered by, in words."""
    told = {
        "": _("Newest first"), "gain": _("Score gained"), "score": _("Score"), "cost": _("Cost"),
        "calls": _("Calls"), "optimizer": _("Optimizer"), "model": _("Model"),
        "by": _("Who started it"),
    }  # fmt: skip
    return [(sort, told[sort]) for sort in ("", *queries.SORTS)]


def tabs(project: Project, narrow: queries.ListFilter, sort: str) -> list[Tab]:
    """All, running, awaiting review, and the ends; the state is in the address."""
    url = reverse("runs:list", args=[project.slug])
    shown = [
        ("", _("All")), ("running", _("Running")), ("waiting", _("Needs review")),
        ("evaluations", _("Evaluations")),
        (Run.Status.FINISHED.value, _("Finished")), (Run.Status.PAUSED.value, _("Paused")),
        (Run.Status.CANCELLED.value, _("Cancelled")), (Run.Status.FAILED.value, _("Failed")),
    ]  # fmt: skip
    rest = "".join(f"&{name}={value}" for name, value in _others(narrow, sort))
    return [
        Tab(str(label), f"{url}?status={value}{rest}", value == narrow.status)
        for value, label in shown
    ]


def _others(narrow: queries.ListFilter, sort: str) -> list[tuple[str, str | int]]:
    given = (
        ("program", narrow.program), ("optimizer", narrow.optimizer or None), ("by", narrow.by),
        ("sort", sort or None),
    )  # fmt: skip
    return [(name, value) for name, value in given if value is not None]


def used_optimizers(project: Project) -> list[str]:
    """Names of the optimizers of the project's runs."""
    return list(project.runs.order_by().values_list("run__optimizer", flat=True).distinct())


def choices(project: Project) -> Options:
    rows = project.runs.order_by("program_name").distinct()
    people = project.runs.order_by("started_by__name").distinct()
    return Options(
        list(dict(rows.values_list("program", "program__name")).items()),
        [
            (pk, name or email)
            for pk, name, email in people.values_list(
                "started_by", "started_by__name", "started_by__email"
            )
        ],
        sorted(
            ((name, title_of(optimizer_named(name))) for name in used_optimizers(project)),
            key=lambda each: each[1],
        ),
    )
