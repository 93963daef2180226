"""Scenes and played runs, for all rooms that stand on runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from promptlab.accounts.models import Project, User
    from promptlab.runs.models import ProjectRun
    from tests.promptlab.everything import World
    from tests.promptlab.runs.scene import Scene


@pytest.fixture
def scene(project: Project, erin: User) -> Scene:
    """A program, data, a metric and a model, all of it erin's."""
    from tests.promptlab.runs.scene import set_scene

    return set_scene(project, erin)


@pytest.fixture
def queued(scene: Scene) -> ProjectRun:
    return scene.start()


@pytest.fixture
def halfway(queued: ProjectRun) -> ProjectRun:
    """A run that goes on: six trials are scored."""
    from tests.promptlab.runs.scene import play

    return play(queued, until=6)


@pytest.fixture
def finished(queued: ProjectRun) -> ProjectRun:
    """A run that ended with a candidate better than the baseline."""
    from tests.promptlab.runs.scene import play

    return play(queued)


@pytest.fixture
def world(
    scene: Scene, finished: ProjectRun,
    alice: User, bob: User, erin: User, carol: User, dave: User, olga: User,
) -> World:  # fmt: skip
    """One of everything, and everybody by what they are in the project."""
    from tests.promptlab.everything import furnish

    people = {
        "anonymous": None, "outsider": dave, "administrator": olga, "viewer": carol,
        "editor": erin, "reviewer": bob, "admin": alice,
    }  # fmt: skip
    return furnish(scene, finished, people)
