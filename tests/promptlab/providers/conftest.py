"""A provider of the project that has a key."""

from __future__ import annotations

import pytest

from optimizer.models import Provider
from promptlab.accounts.models import Project, User
from promptlab.providers import services
from tests.promptlab.providers.connections import CANARY, endpoint


@pytest.fixture
def provider(project: Project, alice: User) -> Provider:
    return services.save_provider(project, alice, endpoint(), api_key=CANARY)
