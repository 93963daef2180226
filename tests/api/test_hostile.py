"""Whatever is sent, the answer is a refusal in words and never a failure."""

from __future__ import annotations

import json
from typing import Any

import pytest

from promptlab.accounts.models import User
from promptlab.api.urls import api
from promptlab.runs.models import Launch
from tests.api.conftest import JSON, ApiOf
from tests.promptlab.runs.scene import Scene

VALUES: list[Any] = [
    None, True, -1, 2**70, 1.5, "", "a\0b", "x" * 70_000, "‮<script>", [], [[[]]], {}, {"a": {}},
]  # fmt: skip
RAW = ["NaN", "Infinity", "1e999", '"\\ud800"', "[" * 2000 + "]" * 2000]
STARTING_POINT: dict[str, dict[str, Any]] = {
    "create_metric": {"name": "m", "kind": "contains", "output": "a", "expected": "b"},
    "decide": {"decision": "reject", "note": "no", "seen": 0},
    "promote": {"version": 1, "replacing": None},
    "roll_back": {"replacing": None},
    "set_limits": {"calls": 5000, "dollars": 2.0},
    "start_run": {
        "program": 0, "dataset": 0, "metric": 0, "optimizer": "mipro", "effort": "light", "seed": 0,
        "models": {"task": {"provider": 0, "model": "scripted-1"}},
        "limits": {"calls": 5000, "dollars": 2.0}, "settings": {"trials": 1},
    },
}  # fmt: skip


def bodies(body: dict[str, Any]) -> list[str]:
    """The body with each value, at any depth, replaced by each hostile one."""
    found: list[str] = [json.dumps(value) for value in VALUES] + RAW
    for key, value in body.items():
        inner = bodies(value) if isinstance(value, dict) else [json.dumps(v) for v in VALUES] + RAW
        rest = json.dumps({k: v for k, v in body.items() if k != key})[1:-1]
        found += [f"{{{json.dumps(key)}: {text}{', ' * bool(rest)}{rest}}}" for text in inner]
    return found


@pytest.mark.parametrize("name", list(STARTING_POINT))
def test_no_body_makes_a_call_fail(
    alice: User, scene: Scene, finished: Launch, api_of: ApiOf, name: str
) -> None:
    schema = api.get_openapi_schema(path_prefix="/api/v1/")
    method, path = next(
        (method, path)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        if operation["operationId"] == name
    )
    best = finished.run.best_candidate
    assert best is not None
    body = STARTING_POINT[name] | {
        key: row.pk
        for key, row in (
            ("program", scene.program), ("dataset", scene.dataset), ("metric", scene.metric)
        )
        if key in STARTING_POINT[name]
    }  # fmt: skip
    address = path.format(
        project="support-triage", program=scene.program.pk, number=1, candidate=best.number,
        label="production",
    )  # fmt: skip
    client = api_of(alice)
    for text in bodies(body):
        answer = getattr(client, method)(address, text, JSON)
        assert answer.status_code < 500, text[:200]
        assert answer.status_code < 400 or answer.json()["detail"], text[:200]


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
