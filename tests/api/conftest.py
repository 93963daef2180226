"""Callers of the API, each with a token of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from optimizer.core.conversation.spec import Effort, Settings
from optimizer.core.programs.lm import Role
from promptlab.accounts.models import Project, User
from promptlab.accounts.tokens import create_token
from promptlab.programs import improving
from promptlab.reviews import labels
from promptlab.runs.models import ProjectRun, RewriteCard
from tests.promptlab.approving import approve
from tests.promptlab.everything import begin_play
from tests.promptlab.runs.scene import Scene, play, set_scene

ApiOf = Callable[[User], Client]
HERE = "/api/v1/projects/support-triage"
JSON = "application/json"
SMALL = Settings(
    effort=Effort.CUSTOM, instructions=3, demo_sets=3, max_bootstrapped_demos=1,
    max_labeled_demos=1, trials=6, minibatch_size=8, full_every=3, max_validation=20,
)  # fmt: skip


@pytest.fixture
def api_of(db: None) -> ApiOf:
    """A program that calls with someone's token: `api_of(erin).get(f"{HERE}/datasets")`."""

    def with_token(user: User) -> Client:
        _token, secret = create_token(user, "test")
        return Client(headers={"Authorization": f"Bearer {secret}"})

    return with_token


@pytest.fixture
def scene(project: Project, erin: User) -> Scene:
    return set_scene(project, erin, examples=50)


@pytest.fixture
def finished(scene: Scene) -> ProjectRun:
    return play(scene.start(settings=SMALL))


@pytest.fixture
def halfway(scene: Scene) -> ProjectRun:
    return play(scene.start(settings=SMALL), until=3)


@pytest.fixture
def values(scene: Scene, finished: ProjectRun, bob: User) -> dict[str, Any]:
    """Parts of addresses at which there is something."""
    best = finished.run.best_candidate
    assert best is not None
    labels.promote(approve(finished, best, bob, "Fine."), "production", bob, None)
    example = finished.run.validation.examples[0]["id"]
    improvement = improving.start(
        scene.program, "find_clues", scene.run_request().models[Role.TASK], improving.Slots()
    )
    card = RewriteCard.objects.create(
        project=finished.project, project_run=finished, candidate=99, module="find_clues",
        task_kind="text", task_text="clues", model="scripted-1", before="Find.", after="Find all.",
        gain=0.1, low=0.02, high=0.18, n=40,
    )  # fmt: skip
    return {
        "project": "support-triage", "dataset": scene.dataset.pk, "program": scene.program.pk,
        "metric": scene.metric.pk, "number": 1, "candidate": best.number, "label": "production",
        "example": example, "prompt": scene.program.slug, "provider": scene.provider.pk,
        "format": "jsonl", "file": "training", "card": card.pk,
        "kind": "log", "module": "find_clues", "improvement": improvement.pk,
        "play": begin_play(scene).pk,
    }  # fmt: skip
