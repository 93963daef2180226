"""How the API refuses, and what it says of itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from promptlab.accounts.models import Project, User
from tests.api.conftest import HERE, JSON, ApiOf


def test_the_schema_is_open_and_names_every_operation_once() -> None:
    answer = Client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    schema = answer.json()
    operations = [o for methods in schema["paths"].values() for o in methods.values()]
    names = [o["operationId"] for o in operations]
    assert len(set(names)) == len(names)
    assert all(o["summary"] and o["tags"] for o in operations)
    assert all("Refusal" in str(o["responses"]["4XX"]) for o in operations)
    assert all(o["security"] == [{"BearerToken": []}] for o in operations)


def test_the_schema_refers_to_nothing_that_is_missing() -> None:
    schema = Client().get("/api/v1/openapi.json").json()
    known = set(schema["components"]["schemas"])

    def names(part: Any) -> set[str]:
        if isinstance(part, dict):
            own = {part["$ref"].rpartition("/")[2]} if "$ref" in part else set()
            return own.union(*(names(inner) for inner in part.values()))
        return set().union(*(names(inner) for inner in part)) if isinstance(part, list) else set()

    assert names(schema) <= known


@pytest.mark.parametrize("address", ["/api/v1/nothing", "/api/v1/projects/a/b/c", f"{HERE}/%00"])
def test_an_address_that_means_nothing_leads_to_the_schema(
    alice: User, api_of: ApiOf, address: str
) -> None:
    answer = api_of(alice).get(address)
    assert answer.status_code == 404
    assert "/api/v1/openapi.json" in answer.json()["detail"]


def test_a_method_that_an_address_does_not_have_is_refused(alice: User, api_of: ApiOf) -> None:
    answer = api_of(alice).delete(f"{HERE}/datasets")
    assert answer.status_code == 405
    assert "GET" in answer["Allow"]


@pytest.mark.parametrize("body", ["", "{", "[]", '"text"', "null", "{'name': 1}", b"\xff"])
def test_a_body_that_cannot_be_read_is_refused_in_words(
    erin: User, api_of: ApiOf, body: Any
) -> None:
    answer = api_of(erin).post(f"{HERE}/metrics", body, JSON)
    assert answer.status_code in (400, 422)
    assert len(answer.json()["detail"]) > 10


def test_half_a_surrogate_pair_is_refused_in_words(erin: User, api_of: ApiOf) -> None:
    body = '{"name": "\\ud800", "kind": "contains", "output": "a", "expected": "b"}'
    answer = api_of(erin).post(f"{HERE}/metrics", body, JSON)
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["field"] == "name"


def test_a_body_that_is_too_large_is_refused(erin: User, api_of: ApiOf) -> None:
    answer = api_of(erin).post(f"{HERE}/programs", " " * 3_000_000 + "{}", JSON)
    assert answer.status_code == 413
    assert "too large" in answer.json()["detail"]


def test_nothing_of_an_unauthorised_body_is_read(project: Project) -> None:
    answer = Client().post(f"{HERE}/programs", " " * 3_000_000, JSON)
    assert answer.status_code == 401


@pytest.mark.parametrize("number", [0, 2**31, 2**63, 10**30])
def test_numbers_of_any_size_lead_to_nothing(carol: User, api_of: ApiOf, number: int) -> None:
    client = api_of(carol)
    for noun in ("datasets", "programs", "metrics", "runs"):
        assert client.get(f"{HERE}/{noun}/{number}").status_code == 404
    assert client.get(f"{HERE}/versions/{number}/{number}").status_code == 404
    assert client.get(f"{HERE}/versions?program={number}").json()["items"] == []


def test_answers_are_never_kept_by_caches_or_run_by_browsers(carol: User, api_of: ApiOf) -> None:
    answer = api_of(carol).get(f"{HERE}/runs")
    assert answer["Content-Type"].startswith(JSON)
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "no-store"


def test_the_reference_page_lists_every_operation(
    carol: User, client_of: Callable[[User], Client]
) -> None:
    page = client_of(carol).get("/api/v1/")
    assert page.status_code == 200
    schema = Client().get("/api/v1/openapi.json").json()
    text = page.content.decode()
    for path, methods in schema["paths"].items():
        assert all(f"<code>{method.upper()} {path}</code>" in text for method in methods)
    assert "<script>" not in text
    assert "cdn" not in text


def test_the_reference_page_asks_strangers_to_sign_in(project: Project) -> None:
    assert Client().get("/api/v1/")["Location"].startswith("/login/")
