"""The server for assistants, asked by the protocol's own client."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from mcp import Client

from promptlab.accounts.models import User
from promptlab.api import mcp_server
from promptlab.api.mcp_server import server_for
from promptlab.reviews import labels
from promptlab.reviews.models import Label, Version
from promptlab.runs.models import ProjectRun
from tests.api.conftest import ApiOf
from tests.api.test_runs import wish_for
from tests.promptlab.runs.scene import Scene

Ask = Callable[[Client], Awaitable[Any]]


class Recorded:
    """The client's calls, answered by what the product said to the same calls before: the
    protocol's client has an event loop, in which no test reads the database.
    """

    def __init__(self, api: Any, cache: Any) -> None:
        self.api, self.answers = api, {}  # type: ignore[var-annotated]
        self.lab = mcp_server.client.Promptlab("http://127.0.0.1:1", "t", "support-triage", cache)
        self.lab.send = self.send

    def send(self, method: str, path: str, body: Any = None, headers: Any = None) -> Any:
        answer = self.answers[method, path]
        if answer.status_code >= 400:
            raise mcp_server.client.refusal_of(answer.status_code, answer.content)
        return answer.status_code, answer.content, dict(answer.items())

    def learn(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        given = {} if body is None else {"data": json.dumps(body)}
        answer = self.api.generic(
            method, f"/api/v1{path}", content_type="application/json", headers=headers, **given
        )
        self.answers[method, path] = answer
        return answer

    def ask(self, ask: Ask) -> Any:
        async def talk() -> Any:
            async with Client(server_for(self.lab)) as client:
                return await ask(client)

        return asyncio.run(talk())

    def tool(self, name: str, **arguments: Any) -> Any:
        return self.ask(lambda client: client.call_tool(name, arguments))


@pytest.fixture
def here(erin: User, api_of: ApiOf, tmp_path: Any) -> Recorded:
    return Recorded(api_of(erin), tmp_path)


AT = "/projects/support-triage"


def test_it_lists_estimates_and_starts_once(here: Recorded, scene: Scene) -> None:
    here.learn("GET", f"{AT}/programs?limit=100")
    found = here.tool("list_things", kind="programs")
    assert "Support triage" in found.content[0].text
    wish = wish_for(scene)
    here.learn("POST", f"{AT}/runs/estimate", wish)
    assert '"can_start"' in here.tool("estimate_run", wish=wish).content[0].text
    here.learn("POST", f"{AT}/runs", wish, **{"Idempotency-Key": "k"})
    assert not here.tool("start_run", wish=wish, key="k").is_error
    assert ProjectRun.objects.count() == 1


def test_it_watches_compares_and_proposes_and_never_approves(
    here: Recorded, finished: ProjectRun
) -> None:
    best = finished.run.best_candidate
    assert best is not None
    here.learn("GET", f"{AT}/runs/1")
    here.learn("GET", f"{AT}/runs/1/events?after=0&limit=200")
    assert "phase_started" in here.tool("watch_run", number=1).content[0].text
    candidate = f"{AT}/runs/1/candidates/{best.number}"
    here.learn("GET", f"{candidate}/outcomes?against=0&show=disagreements&limit=50")
    compared = here.tool("compare_candidates", number=1, candidate=best.number)
    assert '"verdict"' in compared.content[0].text
    here.learn("POST", f"{candidate}/packets", {"note": "Better."})
    sent = here.tool("propose_for_review", number=1, candidate=best.number, note="Better.")
    assert not sent.is_error
    assert not Version.objects.exists()
    assert not Label.objects.exists()
    tools = {tool.name for tool in here.ask(lambda client: client.list_tools()).tools}
    assert not [
        name for name in tools if "approve_" in name or "label" in name or "promote" in name
    ]


def test_a_refusal_is_told(here: Recorded, scene: Scene) -> None:
    here.learn("GET", f"{AT}/runs/9/events?after=0&limit=200")
    answer = here.tool("watch_run", number=9)
    assert answer.is_error
    assert "There is no run" in answer.content[0].text


def test_approved_versions_are_prompts(
    here: Recorded, finished: ProjectRun, bob: User, scene: Scene
) -> None:
    from tests.promptlab.approving import approve

    assert finished.run.best_candidate is not None
    version = approve(finished, finished.run.best_candidate, bob, "Fine.")
    labels.promote(version, "production", bob, None)
    here.learn("GET", "/prompts?limit=100")
    query = "format=prompts&project=support-triage&label=production"
    here.learn("GET", f"/prompts/{scene.program.slug}?{query}")
    (prompt,) = here.ask(lambda client: client.list_prompts()).prompts
    assert prompt.name == scene.program.slug
    assert [argument.name for argument in prompt.arguments] == ["message"]
    told = here.ask(lambda client: client.get_prompt(prompt.name, {"message": "Where is it?"}))
    assert "message: Where is it?" in told.messages[-1].content.text


def test_the_web_process_does_not_import_it() -> None:
    code = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'; "
        "django.setup(); import promptlab.urls; print('mcp' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
