"""Metrics and providers over the API."""

from __future__ import annotations

from typing import Any

import pytest

from optimizer.lm import secrets
from optimizer.models import AllowedAddress, Provider
from promptlab.accounts.models import User
from promptlab.metrics.models import Metric
from tests.api.conftest import HERE, JSON, ApiOf
from tests.promptlab.runs.scene import Scene

WISH = {"name": "Right intent", "kind": "choice_accuracy", "output": "intent", "expected": "intent"}


def test_an_editor_creates_a_metric(erin: User, api_of: ApiOf) -> None:
    client = api_of(erin)
    answer = client.post(f"{HERE}/metrics", WISH | {"threshold": 0.8}, JSON)
    assert answer.status_code == 201
    made = answer.json()
    assert (made["name"], made["kind"], made["threshold"]) == ("Right intent", WISH["kind"], 0.8)
    assert client.get(f"{HERE}/metrics/{made['id']}").json() == made
    assert client.get(f"{HERE}/metrics").json()["items"] == [made]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"kind": "vibes"}, "kind"),
        ({"name": " "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"output": "two words"}, "output"),
        ({"threshold": 1.1}, "threshold"),
        ({"tolerance": -1}, "tolerance"),
        ({"tolerance": "NaN"}, "tolerance"),
        ({"treshold": 0.5}, "treshold"),
        ({"name": None}, "name"),
    ],
)
def test_what_is_wrong_with_a_metric_is_told_at_its_place(
    erin: User, api_of: ApiOf, change: dict[str, Any], place: str
) -> None:
    answer = api_of(erin).post(f"{HERE}/metrics", WISH | change, JSON)
    assert answer.status_code == 422
    assert place in [p["field"] for p in answer.json()["problems"]]
    assert not Metric.objects.exists()


def test_a_metric_is_checked_against_program_and_dataset(
    erin: User, scene: Scene, api_of: ApiOf
) -> None:
    beside = {"program": scene.program.pk, "dataset": scene.dataset.pk}
    answer = api_of(erin).post(f"{HERE}/metrics", WISH | beside | {"expected": "mood"}, JSON)
    assert answer.status_code == 422
    assert answer.json()["problems"] == [
        {"field": "expected", "message": "“mood” is not among them: intent."}
    ]
    assert api_of(erin).post(f"{HERE}/metrics", WISH | beside, JSON).status_code == 201


def test_a_name_that_is_taken_is_a_conflict(erin: User, api_of: ApiOf) -> None:
    client = api_of(erin)
    client.post(f"{HERE}/metrics", WISH, JSON)
    assert client.post(f"{HERE}/metrics", WISH, JSON).status_code == 409


def test_providers_are_listed_without_their_keys(carol: User, scene: Scene, api_of: ApiOf) -> None:
    Provider.objects.filter(pk=scene.provider.pk).update(
        secret=secrets.encrypt("sk-CANARY-0123456789"), secret_hint="…6789"
    )
    answer = api_of(carol).get(f"{HERE}/providers")
    found = {p["name"]: p for p in answer.json()["items"]}
    assert found["Scripted"]["models"] == ["scripted-1", "scripted-2"]
    assert found["Scripted"]["has_key"] is True
    assert found["Scripted"]["check"] == "works"
    assert found["Embedded model"]["has_key"] is False
    assert b"CANARY" not in answer.content
    assert b"6789" not in answer.content


def test_a_provider_that_may_not_be_called_says_why_and_no_run_starts_with_it(
    carol: User, erin: User, scene: Scene, api_of: ApiOf
) -> None:
    AllowedAddress.objects.all().delete()
    found = {p["name"]: p for p in api_of(carol).get(f"{HERE}/providers").json()["items"]}
    told = "The address 127.0.0.1:1 is local or private. An administrator of this installation"
    assert found["Scripted"]["objection"].startswith(told)
    assert found["Embedded model"]["objection"] == ""
    wish = {"program": scene.program.pk, "dataset": scene.dataset.pk}
    answer = api_of(erin).post(f"{HERE}/runs", wish, JSON)
    assert answer.status_code == 422
    assert [p["field"] for p in answer.json()["problems"]] == ["models.task"]
    assert told in answer.json()["detail"]


def test_the_replies_of_a_model_are_set_and_told(alice: User, scene: Scene, api_of: ApiOf) -> None:
    address = f"{HERE}/providers/{scene.provider.pk}/settings"
    wish = {"model": "scripted-2", "max_tokens": 4000, "temperature": 0.3}
    answer = api_of(alice).put(address, wish, JSON)
    assert answer.status_code == 200
    found = {model["name"]: model for model in answer.json()["offered"]}
    assert (found["scripted-2"]["max_tokens"], found["scripted-2"]["temperature"]) == (4000, 0.3)
    assert (found["scripted-1"]["max_tokens"], found["scripted-1"]["temperature"]) == (600, 0.0)
    again = api_of(alice).put(address, {"model": "scripted-2"}, JSON).json()["offered"]
    assert {model["max_tokens"] for model in again} == {600}
    assert api_of(alice).put(address, {"model": "nobody"}, JSON).status_code == 422
    assert api_of(alice).put(address, wish | {"max_tokens": 0}, JSON).status_code == 422


PARTS = [
    {"name": "Right", "kind": "choice_accuracy", "output": "intent", "expected": "intent"},
    {"name": "Short", "kind": "answer_length", "output": "intent", "most": 3, "counts": "must"},
    {"name": "Object", "kind": "json_fields", "output": "intent", "expected": "intent",
     "fields": "price: numeric ± 0.5, 2", "weight": 0},
]  # fmt: skip


def test_a_metric_of_several_parts_is_made_and_read_again(erin: User, api_of: ApiOf) -> None:
    client = api_of(erin)
    wish = {"name": "Right and short", "parts": PARTS, "objective": "product", "threshold": 0.5}
    answer = client.post(f"{HERE}/metrics", wish, JSON)
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert [(p["name"], p["metric"]["kind"], p["counts"]) for p in made["parts"]] == [
        ("Right", "choice_accuracy", "weighted"),
        ("Short", "answer_length", "must"),
        ("Object", "json_fields", "weighted"),
    ]
    (field,) = made["parts"][2]["metric"]["fields"]
    assert (field["name"], field["metric"]["tolerance"], field["weight"]) == ("price", 0.5, 2)
    core = Metric.objects.get().core
    assert (core.threshold, core.columns) == (0.5, {"intent": "intent"})

    again = PARTS[2] | {"fields": made["parts"][2]["metric"]["fields"]}
    wish = {"name": "The same fields", "parts": [PARTS[0], again]}
    assert client.post(f"{HERE}/metrics", wish, JSON).status_code == 201


@pytest.mark.parametrize(
    ("number", "change", "place"),
    [
        (0, {"output": "two words"}, "parts.0.output"),
        (1, {"least": 5}, "parts.1.most"),
        (2, {"fields": "price: taste"}, "parts.2.fields"),
        (2, {"name": "Right"}, "parts.2.name"),
    ],
)
def test_what_is_wrong_with_a_part_is_told_at_its_place(
    erin: User, api_of: ApiOf, number: int, change: dict[str, Any], place: str
) -> None:
    parts = [part | (change if at == number else {}) for at, part in enumerate(PARTS)]
    answer = api_of(erin).post(f"{HERE}/metrics", {"name": "Odd", "parts": parts}, JSON)
    assert answer.status_code == 422
    assert place in [p["field"] for p in answer.json()["problems"]]
    assert not Metric.objects.exists()
