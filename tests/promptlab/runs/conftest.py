"""What tests of runs share."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from promptlab.accounts.models import User
from tests.promptlab.runs.new_run_form import NEW, Post, values_in
from tests.promptlab.runs.scene import Scene


@pytest.fixture
def filled(scene: Scene, erin: User, client_of: Callable[[User], Client]) -> Post:
    """What the new run's form holds when it is opened."""
    return values_in(client_of(erin).get(NEW).content.decode())
