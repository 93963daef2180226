"""Events as they happen, requests that are made once, refusals in their standard form."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from django.test import Client

from optimizer.models import RunEvent
from promptlab.accounts.models import RequestKey, User
from promptlab.api import event_stream
from promptlab.api.urls import api
from promptlab.runs.models import ProjectRun
from tests.api.conftest import HERE, JSON, ApiOf
from tests.api.test_runs import wish_for
from tests.promptlab.runs.scene import Scene

committed = pytest.mark.django_db(transaction=True)
"""A stream reads in a thread of its own, which sees what is committed."""


def told(answer: Any, until: int | None = None) -> list[dict[str, Any]]:
    """The events of a stream, as many as are wanted."""

    async def read() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        parts = aiter(answer.streaming_content)
        async for part in parts:
            lines = [line for line in part.decode().splitlines() if line and line[:1] != ":"]
            if lines:
                found.append(dict(line.split(": ", 1) for line in lines))
            if until is not None and len(found) >= until:
                break
        await answer.streaming_content.aclose()
        return found

    return asyncio.run(read())


@committed
def test_a_run_is_followed_to_its_end(finished: ProjectRun, carol: User, api_of: ApiOf) -> None:
    client = api_of(carol)
    listed = client.get(f"{HERE}/runs/1/events?limit=200").json()["items"]
    answer = client.get(f"{HERE}/runs/1/events/stream")
    assert answer["Content-Type"] == "text/event-stream"
    *events, last = told(answer)
    assert [json.loads(event["data"]) for event in events[: len(listed)]] == listed
    assert [int(event["id"]) for event in events] == list(
        RunEvent.objects.filter(run=finished.run).order_by("seq").values_list("seq", flat=True)
    )
    assert (last["event"], json.loads(last["data"])) == ("ended", {"status": "finished"})


@committed
def test_who_was_cut_off_goes_on_behind_what_they_saw(
    finished: ProjectRun, carol: User, api_of: ApiOf
) -> None:
    client = api_of(carol)
    for seen, first in (("5", "6"), ("nonsense", "1"), ("", "1")):
        answer = client.get(f"{HERE}/runs/1/events/stream", headers={"Last-Event-ID": seen})
        assert told(answer, until=1)[0]["id"] == first
    answer = client.get(f"{HERE}/runs/1/events/stream?after=7")
    assert told(answer, until=1)[0]["id"] == "8"


@committed
def test_nothing_more_is_told_once_the_token_is_revoked(
    halfway: ProjectRun, carol: User, api_of: ApiOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "SILENCE", 0.01)
    client = api_of(carol)
    answer = client.get(f"{HERE}/runs/1/events/stream?after=100000")
    carol.api_tokens.get().delete()
    assert told(answer) == []
    assert client.get(f"{HERE}/runs/1/events/stream").status_code == 401


@committed
def test_a_membership_that_ends_ends_the_stream(
    halfway: ProjectRun, carol: User, api_of: ApiOf
) -> None:
    answer = api_of(carol).get(f"{HERE}/runs/1/events/stream")
    carol.memberships.all().delete()
    assert told(answer) == []


# --- Requests that are made once ----------------------------------------------------------------


def start(client: Client, scene: Scene, key: str, **changes: Any) -> Any:
    body = wish_for(scene, **changes)
    return client.post(f"{HERE}/runs", body, JSON, headers={"Idempotency-Key": key})


def test_a_run_is_started_once_however_often_it_is_sent(
    scene: Scene, erin: User, api_of: ApiOf
) -> None:
    client = api_of(erin)
    first, again = start(client, scene, "key 1"), start(client, scene, "key 1")
    assert [first.status_code, again.status_code] == [201, 201]
    assert first.json()["number"] == again.json()["number"] == 1
    assert ProjectRun.objects.count() == 1
    assert start(client, scene, "key 2").json()["number"] == 2


def test_a_key_belongs_to_one_request_and_one_person(
    scene: Scene, erin: User, bob: User, api_of: ApiOf
) -> None:
    assert start(api_of(erin), scene, "key").json()["number"] == 1
    other = start(api_of(erin), scene, "key", seed=9)
    assert other.status_code == 422
    assert "Another request came with this key" in other.json()["detail"]
    assert start(api_of(bob), scene, "key").json()["number"] == 2


def test_what_was_refused_may_be_sent_again_with_its_key(
    scene: Scene, erin: User, api_of: ApiOf
) -> None:
    refused = start(api_of(erin), scene, "key", limits={"calls": 1})
    assert refused.status_code == 422
    assert not RequestKey.objects.exists()
    assert start(api_of(erin), scene, "key").status_code == 201


@pytest.mark.parametrize("key", ["x" * 201, "a\tb"])
def test_a_key_that_is_none_is_refused(key: str, scene: Scene, erin: User, api_of: ApiOf) -> None:
    answer = start(api_of(erin), scene, key)
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["field"] == "Idempotency-Key"


# --- Forms --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("address", "status"), [(f"{HERE}/runs/99", 404), ("/api/v1/no", 404)])
def test_a_refusal_has_the_standard_form(
    address: str, status: int, scene: Scene, carol: User, api_of: ApiOf
) -> None:
    answer = api_of(carol).get(address)
    assert answer["Content-Type"] == "application/problem+json; charset=utf-8"
    body = answer.json()
    assert (body["status"], body["title"]) == (status, "Not Found")
    assert set(body) == {"title", "status", "detail", "problems"}


def test_every_body_has_an_example_that_is_one() -> None:
    schema = api.get_openapi_schema()
    shapes = schema["components"]["schemas"]
    without = []
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {}).get(JSON, {})
            name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
            if name and name != "Program":
                shown = shapes[name].get("examples", [])
                if not shown or not set(shapes[name].get("required", ())) <= set(shown[0]):
                    without.append((method, path, name))
    assert without == []


SPENDS = {
    "start_run", "start_evaluation", "score_candidate", "edit_candidate", "start_play",
    "improve_instruction",
}  # fmt: skip
"""What a call is paid for each time that it is sent."""


def test_whatever_starts_spending_takes_a_key() -> None:
    schema = json.loads(Client().get("/api/v1/openapi.json").content)
    takes = {
        operation["operationId"]
        for operations in schema["paths"].values()
        for operation in operations.values()
        if any(p["name"] == "Idempotency-Key" for p in operation.get("parameters", ()))
    }
    assert takes == SPENDS


def test_a_candidate_is_scored_once_however_often_it_is_sent(
    finished: ProjectRun, erin: User, api_of: ApiOf
) -> None:
    client = api_of(erin)
    best = finished.run.best_candidate
    assert best is not None
    path = f"/api/v1/projects/support-triage/runs/1/candidates/{best.number}/score"
    sent = [client.post(f"{path}?test=1", HTTP_IDEMPOTENCY_KEY="a") for _ in range(3)]
    assert [answer.status_code for answer in sent] == [201] * 3
    assert len({answer.json()["number"] for answer in sent}) == 1
    assert client.post(path, HTTP_IDEMPOTENCY_KEY="a").status_code == 422  # another request
