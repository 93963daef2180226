"""Approved prompts, fetched by name and label."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from django.test import Client

from promptlab.accounts.models import Project, User
from promptlab.programs import services as programs
from promptlab.programs.models import Program
from promptlab.releases.client import client_file
from promptlab.reviews import labels
from promptlab.reviews.models import Version
from promptlab.runs.models import ProjectRun
from tests.api.conftest import ApiOf
from tests.promptlab.approving import approve
from tests.promptlab.runs.scene import Scene

AT = "/api/v1/prompts"


@pytest.fixture
def version(finished: ProjectRun, bob: User) -> Version:
    assert finished.run.best_candidate is not None
    made = approve(finished, finished.run.best_candidate, bob, "Good.")
    labels.promote(made, "production", bob, None)
    return made


def test_a_prompt_is_fetched_by_its_name(version: Version, carol: User, api_of: ApiOf) -> None:
    client = api_of(carol)
    answer = client.get(f"{AT}/{version.program.slug}?label=production")
    assert answer.status_code == 200
    assert answer.content.decode() == version.canonical
    assert answer["ETag"] == f'"{version.sha256}"'
    assert answer["Promptlab-Version"] == "1"
    assert answer["Cache-Control"] == "private, no-cache"
    again = client.get(f"{AT}/{version.program.slug}", headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == answer["ETag"]
    other = client.get(f"{AT}/{version.program.slug}", headers={"If-None-Match": '"something"'})
    assert other.status_code == 200


def test_every_format_has_a_tag_of_its_own(version: Version, carol: User, api_of: ApiOf) -> None:
    answer = api_of(carol).get(f"{AT}/{version.program.slug}?version=1&format=python")
    assert b"def run(inputs" in answer.content
    assert answer["ETag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'


def test_the_name_stays_when_the_program_is_called_otherwise(
    version: Version, erin: User, carol: User, api_of: ApiOf
) -> None:
    slug, program = version.program.slug, Program.objects.get()
    programs.describe(program, "Quite another name", "", program.revision, erin)
    assert api_of(carol).get(f"{AT}/{slug}").status_code == 200
    (listed,) = api_of(carol).get(AT).json()["items"]
    assert listed == {
        "name": slug, "project": "support-triage",
        "program": {"id": program.pk, "name": "Quite another name"},
        "labels": {"latest": 1, "production": 1},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("?label=staging", "no version labelled “staging”. It has latest, production."),
        ("?version=9", "There is no such version."),
        ("?project=elsewhere", "There is no prompt “support-triage” in “elsewhere”"),
    ],
)
def test_what_is_not_there_is_told(
    query: str, told: str, version: Version, carol: User, api_of: ApiOf
) -> None:
    Program.objects.update(slug="support-triage")
    answer = api_of(carol).get(f"{AT}/support-triage{query}")
    assert answer.status_code == 404
    assert told in answer.json()["detail"]


def test_outsiders_find_no_prompt(version: Version, dave: User, api_of: ApiOf) -> None:
    client = api_of(dave)
    address = f"{AT}/{version.program.slug}"
    assert client.get(address).status_code == 404
    assert client.get(f"{address}?project=support-triage").status_code == 404
    assert client.get(AT).json()["count"] == 0
    assert Client().get(address).status_code == 401


def test_a_name_that_several_projects_have_needs_the_project(
    version: Version, scene: Scene, bob: User, api_of: ApiOf
) -> None:
    other = Project.objects.create(slug="other", name="Other")
    other.memberships.create(user=bob, role="viewer")
    programs.create_program(other, bob, scene.program.name, scene.program.core)
    client, address = api_of(bob), f"{AT}/{version.program.slug}"
    answer = client.get(address)
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["field"] == "project"
    assert "other, support-triage" in answer.json()["detail"]
    assert client.get(f"{address}?project=support-triage").status_code == 200


def test_the_client_is_downloaded_without_a_token() -> None:
    answer = Client().get("/api/v1/promptlab_client.py")
    assert answer.content.decode() == client_file()
    assert answer["Content-Disposition"] == 'attachment; filename="promptlab_client.py"'


def test_names_in_addresses_are_of_any_script_and_once_in_a_project(
    scene: Scene, erin: User
) -> None:
    made: list[Any] = [
        programs.create_program(scene.project, erin, name, scene.program.core).slug
        for name in ("返金の判定", "A  b/c", "a b c", "！！", "??")
    ]
    assert made == ["返金の判定", "a-bc", "a-b-c", "prompt", "prompt-2"]
