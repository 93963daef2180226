"""Programs and metrics that runs were made from: shown with their last run, and kept."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from optimizer.core.problems import Conflict
from promptlab.accounts.models import Project, User
from promptlab.metrics import services as metrics
from promptlab.programs import queries, services
from promptlab.programs.models import Program
from tests.promptlab.runs.scene import Scene, play, set_scene

Browser = Callable[[User], Client]


@pytest.fixture
def scene(project: Project, erin: User) -> Scene:
    return set_scene(project, erin, examples=40)


def text_of(response: Any) -> str:
    return html.unescape(response.content.decode())


def test_the_list_and_the_page_lead_to_the_last_run(
    client_of: Browser, carol: User, scene: Scene
) -> None:
    first = scene.start()
    last = play(scene.start(seed=8))
    client = client_of(carol)
    listed = text_of(client.get(reverse("programs:list", args=[scene.project.slug])))
    page = text_of(
        client.get(reverse("programs:program", args=[scene.project.slug, scene.program.pk]))
    )

    assert queries.last_runs([scene.program])[scene.program.pk] == last
    for text in (listed, page):
        assert reverse("runs:run", args=[scene.project.slug, last.number]) in text
        assert reverse("runs:run", args=[scene.project.slug, first.number]) not in text
        assert f"{100 * last.run.best_score['mean']:.1f}" in text


def test_a_program_that_runs_were_made_from_is_kept(
    client_of: Browser, erin: User, scene: Scene
) -> None:
    scene.start()
    here = reverse("programs:delete", args=[scene.project.slug, scene.program.pk])
    page = text_of(client_of(erin).post(here, follow=True))

    assert "“Support triage” is kept: 1 run or version was made from it." in page
    assert Program.objects.filter(pk=scene.program.pk).exists()


def test_a_metric_that_runs_were_scored_with_is_kept(
    client_of: Browser, erin: User, scene: Scene
) -> None:
    scene.start()
    scene.start(seed=8)
    here = reverse("metrics:delete", args=[scene.project.slug, scene.metric.pk])
    page = text_of(client_of(erin).post(here, follow=True))
    listed = text_of(client_of(erin).get(reverse("metrics:list", args=[scene.project.slug])))

    assert "“Intent match” is kept: 2 runs were scored with it." in page
    assert '<td class="r" data-label="Runs">2</td>' in listed
    with pytest.raises(Conflict):
        metrics.delete_metric(scene.metric)


def test_a_run_keeps_its_own_copy_of_what_is_edited_afterwards(scene: Scene) -> None:
    project_run = scene.start()
    before = project_run.run.spec
    core = scene.program.core
    services.save_definition(scene.program, core.__class__("", (), (), (), {}), 1, scene.by)
    project_run.run.refresh_from_db()

    assert project_run.run.spec == before
    assert Program.objects.get(pk=scene.program.pk).core.problems()
