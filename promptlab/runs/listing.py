"""Runs as their list shows them."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from optimizer.core.evaluation.stats import Estimate
from optimizer.models import Run
from promptlab.accounts.models import Project
from promptlab.runs import final, queries
from promptlab.runs.models import Launch
from promptlab.runs.page import Tab
from promptlab.runs.standing import gain_of, mean_of, short_status


@dataclass(frozen=True)
class RunRow:
    """One run of the list. Scores are of full evaluations, 0–1, `expected` that on new examples.

    `kept`: the run ended with the original prompt as the recommended one.
    """

    launch: Launch
    run: Run
    kind: str
    label: str
    best: float | None
    low: float | None
    high: float | None
    baseline: float | None
    gain: float | None
    n: int | None = None
    expected: Estimate | None = None
    kept: bool = False


@dataclass(frozen=True)
class Options:
    """What the list can be narrowed to, beside status."""

    programs: list[tuple[int, str]]
    people: list[tuple[int, str]]


def row_of(launch: Launch) -> RunRow:
    run = launch.run
    kind, label = short_status(launch, run)
    best, baseline = mean_of(run.best_score), mean_of(run.baseline_score)
    score = run.best_score or {}
    found = final.recommendation_of(run)
    return RunRow(
        launch, run, kind, label, best, score.get("low"), score.get("high"), baseline,
        gain_of(run),
        score.get("n"), final.expected_of(run), found is not None and found.kept,
    )  # fmt: skip


def tabs(project: Project, narrow: queries.ListFilter) -> list[Tab]:
    """All, running, awaiting review, and the ends; the state is in the address."""
    url = reverse("runs:list", args=[project.slug])
    shown = [
        ("", _("All")), ("running", _("Running")), ("waiting", _("Needs review")),
        (Run.Status.FINISHED.value, _("Finished")), (Run.Status.PAUSED.value, _("Paused")),
        (Run.Status.CANCELLED.value, _("Cancelled")), (Run.Status.FAILED.value, _("Failed")),
    ]  # fmt: skip
    rest = "".join(f"&{name}={value}" for name, value in _others(narrow))
    return [
        Tab(str(label), f"{url}?status={value}{rest}", value == narrow.status)
        for value, label in shown
    ]


def _others(narrow: queries.ListFilter) -> list[tuple[str, str]]:
    return [(n, v) for n, v in (("program", narrow.program), ("by", narrow.by)) if v.isdigit()]


def choices(project: Project) -> Options:
    rows = project.launches.order_by("program_name").distinct()
    people = project.launches.order_by("started_by__name").distinct()
    return Options(
        list(dict(rows.values_list("program", "program__name")).items()),
        [
            (pk, name or email)
            for pk, name, email in people.values_list(
                "started_by", "started_by__name", "started_by__email"
            )
        ],
    )
