"""The page of one run."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from promptlab.accounts.models import User
from promptlab.runs.models import Launch

ClientOf = Callable[[User], Client]


def url(launch: Launch, rest: str = "") -> str:
    return f"/p/support-triage/runs/{launch.number}/{rest}"


def test_a_viewer_sees_a_finished_run(finished: Launch, carol: User, client_of: ClientOf) -> None:
    page = client_of(carol).get(url(finished))
    assert page.status_code == 200
    text = page.content.decode()
    assert "Score by trial" in text
    open("/tmp/run.html","w").write(text)
