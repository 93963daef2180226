"""Whatever is sent, by whomever, the answer is a refusal in words and never a failure.

Operations, their parameters and the shapes of their bodies are read from the API's own schema, so
that a new one is tried without a word here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pytest
from django.db import transaction
from django.test import Client

from promptlab.accounts.models import User
from promptlab.accounts.tokens import create_token
from tests.api.conftest import ApiOf
from tests.api.operations import JSON, Operation, example_of, operations
from tests.fakes.odd_values import ESCAPES, RAW, TEXTS, VALUES, bodies
from tests.promptlab.runs.scene import Scene

ENCODED = [*(quote(text, safe="") for text in TEXTS), *ESCAPES]
IN_PATHS = [text for text in ENCODED if text and "%2F" not in text and len(text) < 6000]
DIGITS = [text for text in IN_PATHS if text.isascii() and text.isdecimal()]
STEP = 7
MOST_BODIES = 120
"""Bodies that one operation is sent, spread over all that there are."""


def failure(client: Client, operation: Operation, address: str, body: str = "") -> str:
    """What went wrong, in a line; "" for an answer that is one. What was done is undone."""
    with transaction.atomic():
        answer = client.generic(operation.method.upper(), address, body, JSON)
        transaction.set_rollback(True)
    told = f"{operation.name} {address[:200]} {body[:300]}: {answer.status_code}"
    if answer.status_code >= 500:
        return f"{told} {getattr(answer, 'exc_info', '')}"
    if answer.status_code >= 400 and not answer.json().get("detail"):
        return f"{told} without a word"
    return ""


def caller(user: User | None) -> Client:
    """A program with the user's token, or with none."""
    client = Client(raise_request_exception=False)
    if user is not None:
        secret = create_token(user, "test")[1]
        client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    return client


@pytest.fixture
def callers(
    alice: User, bob: User, erin: User, carol: User, dave: User, olga: User
) -> dict[str, Client]:
    people = {
        "admin": alice, "reviewer": bob, "editor": erin, "viewer": carol, "outsider": dave,
        "administrator": olga, "nobody": None,
    }  # fmt: skip
    return {who: caller(user) for who, user in people.items()}


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL", "django.request")


def test_no_query_makes_a_call_fail(callers: dict[str, Client], values: dict[str, Any]) -> None:
    failures = []
    for index, operation in enumerate(operations()):
        address = operation.path.format(**values)
        for position, (who, client) in enumerate(callers.items()):
            first = (position + STEP * index) % len(ENCODED)
            full = who == "admin" and operation.query
            for turn in range(index % 2, len(ENCODED), 2) if full else (first,):
                said = [
                    f"{name}={ENCODED[(turn + STEP * i) % len(ENCODED)]}"
                    for i, name in enumerate(operation.query)
                ]
                failures.append(failure(client, operation, f"{address}?{'&'.join(said)}"))
    assert [told for told in failures if told] == []


def test_no_number_is_too_large_for_a_query(
    callers: dict[str, Client], values: dict[str, Any]
) -> None:
    """Each parameter alone, so that no other one is what is refused."""
    failures = []
    for operation in operations():
        address = operation.path.format(**values)
        for name in operation.query:
            for number in (2**31, 2**63, 2**70, -(2**63) - 1):
                asked = f"{address}?{name}={number}"
                failures.append(failure(callers["admin"], operation, asked))
    assert [told for told in failures if told] == []


def test_no_part_of_an_address_makes_a_call_fail(
    callers: dict[str, Client], values: dict[str, Any]
) -> None:
    failures = []
    for index, operation in enumerate(operations()):
        body = json.dumps(example_of(operation.body, values)) if operation.body else ""
        for part in operation.parts:
            some = [*DIGITS, *IN_PATHS[index % 4 :: 4]]
            for value in IN_PATHS if part in ("example", "label") else dict.fromkeys(some):
                address = operation.path.format(**{**values, part: value})
                failures.append(failure(callers["admin"], operation, address, body))
    assert [told for told in failures if told] == []


@pytest.mark.parametrize(
    "operation", [o for o in operations() if o.body], ids=lambda operation: operation.name
)
def test_no_body_makes_a_call_fail(
    callers: dict[str, Client], values: dict[str, Any], scene: Scene, operation: Operation
) -> None:
    body = whole_program(callers, values) if names_a_program(operation) else None
    known = values | said_of(scene) | SAID_TO.get(operation.name, {})
    body = body or example_of(operation.body, known)
    address = operation.path.format(**values) + ("?revision=1" * ("revision" in operation.query))
    # The body that the others are made of is a good one, so that each is refused for its odd part.
    with transaction.atomic():
        good = callers["admin"].generic(operation.method.upper(), address, json.dumps(body), JSON)
        transaction.set_rollback(True)
    assert good.status_code in (200, 201, 202, 409), good.content
    odd = list(bodies(body))
    every = -(-len(odd) // MOST_BODIES)
    failures = [failure(callers["admin"], operation, address, text) for text in odd[::every]]
    assert [told for told in failures if told] == []


GOOD: dict[str, Any] = {"inputs": {"message": "new"}, "expected": {"intent": "refund"}}
PLAYED: dict[str, Any] = {
    "columns": [{"candidate": "1.0"}], "rows": [{"inputs": {"message": "Hm?"}}], "dollars": 0.5,
}  # fmt: skip
SAID_TO: dict[str, dict[str, Any]] = {
    "add_examples": {"examples": [GOOD]}, "change_example": {**GOOD, "seen": 0},
    "start_evaluation": {"models": [], "rows": "validation", "where": {}, "given": []},
    "edit_candidate": {"modules": {"classify_intent": {"instruction": "Name the {message}’s."}}},
    "comment_on_line": {"module": "find_clues", "line": 1, "text": "Hm."},
    "start_play": PLAYED, "estimate_play": PLAYED,
    "send_to_review": {"asked": None}, "look_at_point": {"kind": "module"},
}  # fmt: skip
"""What means something else to one operation than to others."""


def said_of(scene: Scene) -> dict[str, Any]:
    """What cannot be known from the schema: names of things in this project."""
    return {
        "models": {"task": {"provider": scene.provider.pk, "model": "scripted-1"}},
        "further_optimizers": [], "settings": {"trials": 4}, "limits": {"calls": 5000},
        "kind": "contains", "output": "intent", "expected": "intent", "note": "no", "seen": None,
        "decision": "reject", "replacing": None, "calls": 5000, "max_tokens": 600,
        "model": "scripted-1",
    }  # fmt: skip


def names_a_program(operation: Operation) -> bool:
    return str(operation.body.get("$ref", "")).endswith("/Program")


def whole_program(callers: Mapping[str, Client], values: Mapping[str, Any]) -> Any:
    path = f"/api/v1/projects/support-triage/programs/{values['program']}/file"
    return json.loads(callers["admin"].get(path).content)


@pytest.mark.parametrize(
    "text",
    [
        *[json.dumps(value) for value in VALUES], *RAW,
        '{"name": "a", "inputs": ' + "[" * 5000 + "]" * 5000 + "}",
        '{"\\ud800": "\\u0000"}',
        '{"name": "a", "inputs": [], "modules": [], "calls": [], "outputs": {"\\ud800": "b.c"}}',
        '{"name": "a", "inputs": [{"name": "x", "description": 1e999}]}',
    ],
    ids=lambda text: text[:30],
)  # fmt: skip
def test_no_file_makes_a_program_fail(erin: User, api_of: ApiOf, text: str) -> None:
    answer = api_of(erin).post("/api/v1/projects/support-triage/programs", text, JSON)
    assert answer.status_code == 422
    assert answer.json()["detail"]
