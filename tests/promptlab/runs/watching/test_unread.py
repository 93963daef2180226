"""A run that waits as nothing of its baseline could be read: what its page shows and offers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from optimizer.jobs import controls
from promptlab.accounts.models import User
from promptlab.accounts.roles import Role
from promptlab.runs.models import ProjectRun
from promptlab.runs.watching.live import LiveRun
from tests.promptlab.runs.scene import Scene, say_nothing
from tests.promptlab.runs.watching.test_run_page import page_of, texts

ClientOf = Callable[[User], Client]
SAID = "I <b>cannot</b> say {{ that }}"


@pytest.fixture
def mute(scene: Scene) -> ProjectRun:
    return say_nothing(scene.start(), SAID)


def part(html: str) -> str:
    start = html.index('id="run-unread"')
    return html[start : html.index('id="run-verdict"', start)]


def test_its_page_says_how_many_and_why_and_shows_what_came(
    mute: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    page = page_of(client_of(carol), mute)
    assert "Of the 40 examples that the baseline was scored on, none has a reply" in texts(page)
    assert "40 × find_clues: The reply is no JSON object" in texts(page)
    shown = part(page)
    assert "I &lt;b&gt;cannot&lt;/b&gt; say {{ that }}" in shown
    assert "The reply could not be read. find_clues: The reply is no JSON object" in texts(shown)


def test_who_may_edit_resumes_it_anyway_and_then_nothing_of_it_is_shown(
    mute: ProjectRun, erin: User, client_of: ClientOf
) -> None:
    client = client_of(erin)
    assert "Resume anyway" in texts(page_of(client, mute))
    answer = client.post(f"/p/support-triage/runs/{mute.number}/resume/")
    assert answer.status_code in (302, 204, 200)
    page = page_of(client, mute)
    assert "Resume anyway" not in page
    assert "What came" not in part(page)


def test_an_open_page_hears_of_it(scene: Scene) -> None:
    project_run = scene.start()
    page = LiveRun(project_run.project, project_run.number, {})
    page.changes(Role.EDITOR)
    say_nothing(project_run, SAID)
    frame = page.changes(Role.EDITOR)
    assert "Resume anyway" in frame
    assert "What came" in frame
    controls.cancel(project_run.run_id)
    assert "What came" not in page.changes(Role.EDITOR)
