"""Datasets over the API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from promptlab.accounts.models import User
from promptlab.datasets.models import Dataset, Upload
from promptlab.datasets.turns import Busy
from tests.api.conftest import HERE, JSON, ApiOf
from tests.promptlab.runs.scene import Scene

CSV = "message,label\n" + "".join(f"message {n},{('ham', 'spam')[n % 2]}\n" for n in range(20))


def upload(
    client: Client, text: str | bytes = CSV, file_name: str = "messages.csv", **fields: Any
) -> HttpResponse:
    content = text.encode() if isinstance(text, str) else text
    values = {k: v if isinstance(v, str) else json.dumps(v) for k, v in fields.items()}
    file = SimpleUploadedFile(file_name, content)
    return client.post(f"{HERE}/datasets", {"name": "Messages", **values, "file": file})


def test_an_editor_uploads_a_file_and_columns_are_guessed(erin: User, api_of: ApiOf) -> None:
    answer = upload(api_of(erin))
    assert answer.status_code == 201
    found = answer.json()
    assert found["name"] == "Messages"
    assert found["source_name"] == "messages.csv"
    assert found["count"] == 20
    assert found["splits"] == {"train": 8, "validation": 8, "test": 4}
    assert [(c["name"], c["role"], c["type"]) for c in found["columns"]] == [
        ("message", "input", "text"), ("label", "expected", "choice"),
    ]  # fmt: skip
    assert found["columns"][1]["choices"] == ["ham", "spam"]
    assert not Upload.objects.exists()


def test_a_mapping_names_fields_and_a_split_is_dealt_by_its_shares(
    erin: User, api_of: ApiOf
) -> None:
    mapping = [
        {"column": "message", "role": "input", "field": "text"},
        {"column": "label", "role": "expected", "type": "text"},
    ]
    split = {"train": 50, "validation": 50, "test": 0, "seed": 3}
    found = upload(api_of(erin), mapping=mapping, split=split).json()
    assert [(c["field"], c["type"]) for c in found["columns"]] == [
        ("text", "text"), ("label", "text"),
    ]  # fmt: skip
    assert found["splits"] == {"train": 10, "validation": 10, "test": 0}
    assert found["seed"] == 3


def test_while_others_are_read_a_file_is_to_be_sent_again(
    erin: User, api_of: ApiOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def no_turn(*_: object) -> Iterator[int]:
        raise Busy("2 files are being read")
        yield 0

    monkeypatch.setattr("promptlab.datasets.uploads.turn", no_turn)
    answer = upload(api_of(erin))
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "Nothing was kept: send yours again." in answer.json()["detail"]
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("fields", "place", "told"),
    [
        ({"mapping": [{"column": "text", "role": "input"}]}, "mapping.text", "no such column"),
        ({"mapping": [{"column": "label", "role": "expected"}]}, "mapping", "at least one column"),
        ({"mapping": "{broken"}, "mapping", "JSON"),
        ({"mapping": [{"column": "label"}]}, "mapping[0].role", "missing"),
        ({"mapping": [{"column": "label", "rule": "input"}]}, "mapping[0].rule", "no such key"),
        ({"split": {"train": 90, "validation": 90}}, "split", "add up to 100"),
        ({"split": {"column": "fold"}}, "mapping.fold", "no such column"),
        ({"name": ""}, "name", "at least 1 character"),
        ({"name": "x" * 81}, "name", "at most 80"),
        ({"name": "a\0b"}, "name", "cannot be stored"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(
    erin: User, api_of: ApiOf, fields: dict[str, Any], place: str, told: str
) -> None:
    answer = upload(api_of(erin), **fields)
    assert answer.status_code == 422
    problems = {p["field"]: p["message"] for p in answer.json()["problems"]}
    assert told in problems[place]
    assert not Dataset.objects.exists()
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "empty"),
        (b"message,label\n", "no rows"),
        (b"message,label\nonly one,ham\n", "At least 2"),
    ],
)
def test_a_file_that_is_no_dataset_is_refused_with_the_reason(
    erin: User, api_of: ApiOf, content: bytes, told: str
) -> None:
    answer = upload(api_of(erin), content)
    assert answer.status_code == 422
    assert told in answer.json()["detail"]


def test_unusable_rows_are_skipped_or_told_one_by_one(erin: User, api_of: ApiOf) -> None:
    text = CSV + "no label,\n"
    assert upload(api_of(erin), text).json()["left_out"] == 1
    answer = upload(api_of(erin), text, name="Strict", skip_unusable="false")
    assert answer.status_code == 422
    told = {p["field"]: p["message"] for p in answer.json()["problems"]}
    assert told["rows[22].label"] == "Line 22, column “label”, has no expected value."
    assert "1 row cannot be used" in told["unusable"]


def test_a_name_that_is_taken_is_a_conflict(erin: User, api_of: ApiOf) -> None:
    client = api_of(erin)
    assert upload(client).status_code == 201
    answer = upload(client)
    assert answer.status_code == 409
    assert answer.json()["problems"][0]["field"] == "name"


def test_what_is_there_already_is_told_before_the_file_is_read(
    erin: User, api_of: ApiOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = api_of(erin)
    assert upload(client).status_code == 201
    monkeypatch.setattr("promptlab.datasets.uploads.read_apart", None)  # nothing may be read
    assert upload(client).json()["problems"][0]["field"] == "name"
    known = upload(client, name="Another", again="false")
    assert (known.status_code, known.json()["problems"][0]["field"]) == (409, "file")


def test_a_file_must_come_with_the_request(erin: User, api_of: ApiOf) -> None:
    answer = api_of(erin).post(f"{HERE}/datasets", {"name": "Nothing"})
    assert answer.status_code == 422
    assert answer.json()["problems"] == [{"field": "file", "message": "It is missing."}]


def test_members_list_datasets_and_page_through_examples(
    carol: User, scene: Scene, api_of: ApiOf
) -> None:
    client = api_of(carol)
    page = client.get(f"{HERE}/datasets").json()
    assert page["count"] == 1
    assert page["items"][0]["splits"] == {"train": 20, "validation": 20, "test": 10}
    one = client.get(f"{HERE}/datasets/{scene.dataset.pk}").json()
    assert one["splits"] == page["items"][0]["splits"]
    rows = f"{HERE}/datasets/{scene.dataset.pk}/examples"
    first = client.get(f"{rows}?split=validation&limit=3").json()
    assert first["count"] == 20
    assert len(first["items"]) == 3
    assert set(first["items"][0]) == {"id", "split", "inputs", "expected", "metadata"}
    assert {e["split"] for e in first["items"]} == {"validation"}
    rest = client.get(f"{rows}?split=validation&limit=3&offset=19").json()
    assert len(rest["items"]) == 1
    found = client.get(f"{rows}?words=gift cards").json()
    assert 0 < found["count"] < 50


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("limit=0", "limit"), ("limit=201", "limit"), ("limit=x", "limit"), ("offset=-1", "offset"),
        ("split=dev", "split"), ("words=%00", "words"), ("offset=9999999999999999999", "offset"),
    ],
)  # fmt: skip
def test_bounds_of_a_list_are_told(
    carol: User, scene: Scene, api_of: ApiOf, query: str, place: str
) -> None:
    answer = api_of(carol).get(f"{HERE}/datasets/{scene.dataset.pk}/examples?{query}")
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["field"] == place


@pytest.mark.parametrize(
    ("kind", "content", "told"),
    [
        ("csv", b"message,label\na\x00b,ham\n", "Line 2 has a null byte"),
        ("csv", b"mess\x00age,label\na,ham\n", "The name of column 1 has a null byte"),
        ("jsonl", b'{"message": "a\\u0000", "label": "ham"}\n', "Line 1 has a null byte"),
        ("jsonl", b'{"message": "\\ud800", "label": "ham"}\n', "Line 1 has half a character"),
        ("jsonl", b'{"message": ["\\udfff"], "label": "ham"}\n', "Line 1 has half a character"),
        (
            "jsonl",
            b'{"\\ud800": "a", "label": "ham"}\n',
            "The name of column 1 has half a character",
        ),
        ("json", b'[{"message": 1e999, "label": "ham"}]', "has a number that is too large"),
        ("json", b'[{"message": NaN, "label": "ham"}]', "NaN, which is not a JSON number"),
        (
            "json",
            b'[{"message": ' + b'{"a":' * 993 + b"1" + b"}" * 993 + b"}]",
            "nested too deeply",
        ),
    ],
)
def test_what_cannot_be_stored_comes_into_no_dataset(
    erin: User, api_of: ApiOf, kind: str, content: bytes, told: str
) -> None:
    answer = upload(api_of(erin), content, f"messages.{kind}")
    assert answer.status_code == 422
    assert told in answer.json()["detail"]


def test_an_empty_cell_is_null_where_the_column_is_not_called_like_the_answer(
    erin: User, api_of: ApiOf
) -> None:
    slots = [{"text": f"for {n}", "people": n if n % 3 else None, "time": None} for n in range(12)]
    slots[0]["time"] = "noon"
    lines = "\n".join(map(json.dumps, slots))
    mapping = [
        {"column": "text", "role": "input"},
        {"column": "people", "role": "expected"},
        {"column": "time", "role": "expected", "type": "text"},
    ]

    whole = upload(api_of(erin), lines, "slots.jsonl", mapping=mapping).json()
    mapping[1]["nullable"] = False  # type: ignore[assignment]
    fewer = upload(api_of(erin), lines, "slots.jsonl", name="Fewer", mapping=mapping).json()

    assert (whole["count"], whole["left_out"]) == (12, 0)
    assert [c["nullable"] for c in whole["columns"]] == [False, True, True]
    assert (fewer["count"], fewer["left_out"]) == (8, 4)


def test_a_dataset_is_kept_up_by_programs(scene: Scene, erin: User, api_of: ApiOf) -> None:
    client, here = api_of(erin), f"{HERE}/datasets/{scene.dataset.pk}"
    new = {"inputs": {"message": "new"}, "expected": {"intent": "refund"}, "split": "test"}
    answer = client.post(f"{here}/examples", {"examples": [new], "note": "mail"}, JSON)
    assert answer.status_code == 201, answer.content
    (key,) = answer.json()["ids"]
    fixed = {"inputs": {"message": "newer"}, "expected": {"intent": "other"}, "seen": 2}
    assert client.put(f"{here}/examples/{key}", fixed, JSON).json()["version"] == 3
    assert client.put(f"{here}/examples/{key}", new | {"seen": 2}, JSON).status_code == 409
    (change,) = client.get(f"{here}/versions/3/changes").json()["items"]
    assert (change["before"]["inputs"], change["after"]["expected"]) == (
        {"message": "new"}, {"intent": "other"},
    )  # fmt: skip
    assert client.delete(f"{here}/examples/{key}").json()["version"] == 4
    listed = client.get(f"{here}/versions").json()["items"]
    assert [(v["number"], v["added"], v["changed"], v["removed"]) for v in listed[:3]] == [
        (4, 0, 0, 1), (3, 0, 1, 0), (2, 1, 0, 0),
    ]  # fmt: skip
    older = client.get(f"{here}/examples", {"version": 2, "split": "test", "words": "new"})
    assert [example["id"] for example in older.json()["items"]] == [key]
    lines = client.get(f"{here}/download/jsonl", {"version": 2}).content.decode().splitlines()
    assert len(lines) == 51
    assert client.get(f"{here}/versions/4/changes", {"against": 1}).json()["count"] == 0
    (other,) = client.get(f"{here}/versions/4/changes", {"against": 2}).json()["items"]
    assert (other["id"], other["after"]) == (key, None)
    assert client.get(f"{here}/versions/4/changes", {"against": 9}).status_code == 404
    assert client.post(f"{here}/versions/2/go_back").json()["version"] == 5
    assert client.post(f"{here}/versions/9/go_back").status_code == 404


def test_examples_that_do_not_fit_are_told_one_by_one(
    scene: Scene, erin: User, api_of: ApiOf
) -> None:
    here = f"{HERE}/datasets/{scene.dataset.pk}/examples"
    wrong = {"inputs": {"message": "x"}, "expected": {"intent": "nonsense"}}
    answer = api_of(erin).post(here, {"examples": [wrong]}, JSON)
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["field"] == "rows[1].intent"
