"""Scenes and runs for the tests of this room."""

from __future__ import annotations

import pytest

from promptlab.accounts.models import Project, User
from promptlab.runs.models import Launch
from tests.promptlab.runs.scene import Scene, play, set_scene


@pytest.fixture
def scene(project: Project, erin: User) -> Scene:
    return set_scene(project, erin)


@pytest.fixture
def finished(scene: Scene) -> Launch:
    return play(scene.start())


@pytest.fixture
def halfway(scene: Scene) -> Launch:
    return play(scene.start(), until=6)
