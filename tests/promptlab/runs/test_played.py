"""Runs that are written down again are as they were played."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.db.models import Model

from optimizer.models import Candidate, Exchange, Outcome, Run
from promptlab.accounts.models import Project, User
from promptlab.runs.models import ProjectRun
from tests.promptlab.runs import played, scene

ITS_OWN = {"id", "created_at", "namespace", "digest", "spec"}
"""Columns of a run that no play writes."""


def told(project_run: ProjectRun) -> list[dict[str, Any]]:
    """All that a run's rows say; times count from its start."""
    run = Run.objects.get(pk=project_run.run_id)
    rows = [row for model in played.ROWS for row in rows_of(model, run)]
    return [said_by(run, run, ITS_OWN), *(said_by(row, run, {"id"}) for row in rows)]


def rows_of(model: type[Model], run: Run) -> list[Model]:
    where = {"exchange__run": run} if model is Outcome else {"run": run}
    return list(model.objects.filter(**where).order_by("pk"))  # type: ignore[attr-defined]


def said_by(row: Model, run: Run, without: set[str]) -> dict[str, Any]:
    fields = [field for field in row._meta.concrete_fields if field.name not in without]
    return {field.name: plain(getattr(row, field.name), run) for field in fields}


def plain(value: object, run: Run) -> object:
    """Rows that are named become what names them within their run."""
    if isinstance(value, datetime):
        return value - run.started_at
    if isinstance(value, Candidate | Exchange):
        return value.run == run, value.digest
    return "the run" if value == run else value


@pytest.mark.parametrize(("optimizer", "until"), [("mipro", 3), ("racing", None)])
def test_a_run_that_is_written_down_again_is_as_it_was_played(
    project: Project, erin: User, dave: User, monkeypatch: pytest.MonkeyPatch,
    optimizer: str, until: int | None,
) -> None:  # fmt: skip
    monkeypatch.setattr(played, "PLAYED", {})
    first = scene.set_scene(project, erin)
    once = scene.play(first.start(optimizer=optimizer), until=until)
    monkeypatch.setattr(scene, "_play", pytest.fail)
    other = scene.set_scene(Project.objects.get(slug="daves-own"), dave)
    again = [
        scene.play(by.start(optimizer=optimizer, program=by.program), until=until)
        for by in (first, other)
    ]
    assert [told(each) for each in again] == [told(once)] * 2
