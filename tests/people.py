"""The cast, the same in every test: who they are says what they may do.

alice is admin, bob reviewer, erin editor, carol viewer of the project “Support triage”; dave is an
outsider, who has a project of his own; olga administers the installation, is in no project, and has
no password yet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.test import Client

    from promptlab.accounts.models import Project, User

PASSWORD = "correct horse battery staple"


@pytest.fixture
def project(db: None) -> Project:
    from promptlab.accounts.models import Project

    return Project.objects.create(slug="support-triage", name="Support triage")


@pytest.fixture
def alice(project: Project) -> User:
    return _member(project, "alice", "admin")


@pytest.fixture
def bob(project: Project) -> User:
    return _member(project, "bob", "reviewer")


@pytest.fixture
def erin(project: Project) -> User:
    return _member(project, "erin", "editor")


@pytest.fixture
def carol(project: Project) -> User:
    return _member(project, "carol", "viewer")


@pytest.fixture
def dave(db: None) -> User:
    from promptlab.accounts.models import Project

    return _member(Project.objects.create(slug="daves-own", name="Dave's own"), "dave", "admin")


@pytest.fixture
def olga(db: None) -> User:
    from promptlab.accounts.models import User

    return User.objects.create_superuser("olga@example.org", name="Olga")


@pytest.fixture
def client_of(db: None) -> Callable[[User], Client]:
    """A browser in which someone is signed in: `client_of(alice).get(...)`."""
    from django.test import Client

    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return signed_in


def _member(project: Project, name: str, role: str) -> User:
    from promptlab.accounts.models import User

    user = User.objects.create_user(f"{name}@example.org", PASSWORD, name=name.capitalize())
    project.memberships.create(user=user, role=role)
    return user
