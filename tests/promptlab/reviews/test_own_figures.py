"""Beside a version stand its own figures, whoever was the best of its run."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.test import Client

from optimizer.models import Candidate, Trial
from promptlab.accounts.models import User
from promptlab.runs.models import ProjectRun
from tests.promptlab.approving import approve
from tests.promptlab.runs.scene import Scene

ClientOf = Callable[[User], Client]


def another_of(project_run: ProjectRun) -> Candidate:
    """One that was fully scored, too, with another score than the best."""
    best = project_run.run.best_score["mean"]
    fulls = Trial.objects.filter(run=project_run.run_id, full=True, candidate__number__gt=0)
    return fulls.exclude(mean=best).select_related("candidate")[0].candidate


def score_of(candidate: Candidate) -> str:
    trial = Trial.objects.filter(candidate=candidate, full=True).last()
    assert trial is not None
    assert trial.mean is not None
    return f"{100 * trial.mean:.1f}"


def row_in(html: str) -> str:
    (row,) = re.findall(r"<tr>(?:(?!</tr>).)*Approved as v1.*?</tr>", html, re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", row)).split())


def test_a_line_of_a_list_shows_what_the_version_scored(
    scene: Scene, finished: ProjectRun, bob: User, client_of: ClientOf
) -> None:
    other, best = another_of(finished), f"{100 * finished.run.best_score['mean']:.1f}"
    approve(finished, other, bob, "It is shorter.")
    browser = client_of(bob)
    for path in ("/p/support-triage/", "/p/support-triage/runs/"):
        row = row_in(browser.get(path).content.decode())
        row = row.replace("Instructions + demos (MIPRO) scripted-1 ", "")
        assert f"Approved as v1 Support triage tickets-2k {score_of(other)}" in row
        assert f" {best} " not in row
    page = browser.get(f"/p/support-triage/runs/{finished.number}/").content.decode()
    card = page[page.index('id="h-decision"') : page.index('id="h-verdict"')]
    assert f"Candidate {other.number}: <strong>{score_of(other)}</strong>" in card


def test_versions_of_before_have_their_own_figures_too(finished: ProjectRun, bob: User) -> None:
    approve(finished, another_of(finished), bob, "It is shorter.")
    written = ProjectRun.objects.get(pk=finished.pk).version_scores
    ProjectRun.objects.update(version_scores=None)
    migration = MigrationLoader(connection).get_migration("runs", "0004_version_scores")
    with connection.cursor() as cursor:
        cursor.execute(migration.operations[1].sql)
    assert ProjectRun.objects.get(pk=finished.pk).version_scores == json.loads(json.dumps(written))
