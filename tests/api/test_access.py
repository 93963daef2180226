"""Every operation × everybody: a new operation without a row here fails."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from promptlab.accounts.models import Project, User
from tests.api.conftest import JSON, ApiOf
from tests.api.operations import Operation, operations
from tests.promptlab.runs.scene import Scene, set_scene

LEAST_ROLE = {
    "list_projects": "",
    "get_project": "viewer",
    "get_spending": "viewer",
    "set_spending_cap": "admin",
    "list_datasets": "viewer",
    "upload_dataset": "editor",
    "get_dataset": "viewer",
    "list_examples": "viewer",
    "add_examples": "editor",
    "change_example": "editor",
    "remove_example": "editor",
    "list_dataset_versions": "viewer",
    "list_changes": "viewer",
    "go_back_to_version": "editor",
    "download_dataset": "viewer",
    "list_programs": "viewer",
    "create_program": "editor",
    "get_program": "viewer",
    "save_program": "editor",
    "get_file": "viewer",
    "list_prompts": "",
    "get_prompt": "viewer",
    "list_labels": "viewer",
    "list_label_moves": "viewer",
    "promote": "reviewer",
    "roll_back": "reviewer",
    "remove_label": "reviewer",
    "improve_instruction": "editor",
    "get_improvement": "viewer",
    "choose_improvement": "editor",
    "get_preferences": "viewer",
    "get_history": "viewer",
    "wish_of_history": "editor",
    "get_routing": "viewer",
    "get_router_file": "viewer",
    "list_rewrites": "viewer",
    "share_rewrite": "reviewer",
    "remove_rewrite": "editor",
    "list_metrics": "viewer",
    "create_metric": "editor",
    "get_metric": "viewer",
    "list_providers": "viewer",
    "set_model": "admin",
    "list_optimizers": "viewer",
    "list_runs": "viewer",
    "estimate_run": "editor",
    "measure_run": "editor",
    "start_run": "editor",
    "get_run": "viewer",
    "list_events": "viewer",
    "follow_events": "viewer",
    "list_trials": "viewer",
    "pause_run": "editor",
    "resume_run": "editor",
    "cancel_run": "editor",
    "set_limits": "editor",
    "list_candidates": "viewer",
    "get_candidate": "viewer",
    "list_outcomes": "viewer",
    "start_evaluation": "editor",
    "estimate_play": "editor",
    "start_play": "editor",
    "get_play": "viewer",
    "stop_play": "editor",
    "score_candidate": "editor",
    "edit_candidate": "editor",
    "get_outcome": "viewer",
    "list_packets": "viewer",
    "send_to_review": "editor",
    "get_packet": "viewer",
    "look_at_point": "reviewer",
    "waive_regressions": "reviewer",
    "list_comments": "viewer",
    "comment_on_line": "editor",
    "get_public_page": "editor",
    "open_public_page": "editor",
    "close_public_page": "editor",
    "list_reviews": "viewer",
    "decide": "reviewer",
    "list_versions": "viewer",
    "get_version": "viewer",
    "check_files": "viewer",
    "get_data": "viewer",
    "export_version": "viewer",
}
ROLES = ("viewer", "editor", "reviewer", "admin")
# What gets past the schemas, so that the roles are what answers.
BODIES: dict[str, Any] = {
    "add_examples": {"examples": [{"inputs": {}, "expected": {}}]},
    "change_example": {"inputs": {}, "expected": {}},
    "promote": {"version": 1},
    "roll_back": {},
    "create_metric": {"name": "m", "kind": "contains", "output": "a", "expected": "b"},
    "estimate_run": {"program": 1, "dataset": 1},
    "measure_run": {"program": 1, "dataset": 1},
    "start_run": {"program": 1, "dataset": 1},
    "start_evaluation": {"program": 1, "dataset": 1},
    "edit_candidate": {"modules": {}},
    "estimate_play": {"columns": [], "rows": []},
    "start_play": {"columns": [], "rows": []},
    "set_limits": {"calls": 9_000_000},
    "set_model": {"model": "scripted-1"},
    "set_spending_cap": {"calls": 9_000_000},
    "decide": {"decision": "reject", "note": "no"},
    "send_to_review": {},
    "look_at_point": {"kind": "module", "name": "find_clues"},
    "waive_regressions": {"reason": "Their labels are wrong."},
    "comment_on_line": {"module": "find_clues", "line": 1, "text": "Hm."},
    "open_public_page": {},
    "share_rewrite": {"shared": False},
    "improve_instruction": {},
    "choose_improvement": {"which": 0},
    "wish_of_history": {"module": "m", "wish": "pin", "text": "t", "taken_back": True},
}


def test_every_operation_has_its_row() -> None:
    names = [operation.name for operation in operations()]
    assert sorted(names) == sorted(LEAST_ROLE)


def ask(client: Client, operation: Operation, values: dict[str, Any]) -> int:
    name, address = operation.name, operation.path.format(**values)
    if name == "upload_dataset":
        from django.core.files.uploadedfile import SimpleUploadedFile

        file = SimpleUploadedFile("a.csv", b"a,label\n1,x\n2,y\n")
        return client.post(address, {"name": "n", "file": file}).status_code
    if name == "save_program":
        address += "?revision=1"
    call = getattr(client, operation.method)
    body = BODIES.get(name)
    if name in {"remove_example", "remove_rewrite"}:  # what is gone is found by nobody after
        with transaction.atomic():
            found = int(call(address).status_code)
            transaction.set_rollback(True)
        return found
    return int((call(address, body, JSON) if body is not None else call(address)).status_code)


def test_everybody_gets_what_their_role_allows(
    values: dict[str, Any],
    alice: User, bob: User, erin: User, carol: User, dave: User,
    api_of: ApiOf,
) -> None:  # fmt: skip
    members = {"viewer": carol, "editor": erin, "reviewer": bob, "admin": alice}
    clients = {role: api_of(user) for role, user in members.items()}
    outsider, nobody = api_of(dave), Client()
    wrong = []
    for operation in operations():
        least = LEAST_ROLE[operation.name]
        answers = {"nobody": ask(nobody, operation, values)}
        expected: dict[str, Any] = {"nobody": answers["nobody"] == 401}
        if least:
            answers["outsider"] = ask(outsider, operation, values)
            expected["outsider"] = answers["outsider"] == 404
            for role in ROLES:
                answers[role] = ask(clients[role], operation, values)
                allowed = ROLES.index(role) >= ROLES.index(least)
                expected[role] = (answers[role] not in (401, 403, 404)) == allowed
        wrong += [
            (operation.name, who, answers[who]) for who, right in expected.items() if not right
        ]
    assert wrong == []


def test_what_belongs_to_another_project_is_not_found(
    values: dict[str, Any], dave: User, api_of: ApiOf
) -> None:
    """Dave is admin of his own project; numbers of rows elsewhere lead nowhere in it."""
    set_scene(Project.objects.get(slug="daves-own"), dave)
    client, elsewhere = api_of(dave), values | {"project": "daves-own"}
    with_numbers = [o for o in operations() if o.path.count("{") > 1]
    answers = {o.name: ask(client, o, elsewhere) for o in with_numbers}
    assert {name: status for name, status in answers.items() if status != 404} == {}


@pytest.mark.parametrize("part", ["program", "dataset", "metric"])
def test_a_run_is_made_of_the_projects_own_things(
    values: dict[str, Any], dave: User, api_of: ApiOf, part: str
) -> None:
    own = set_scene(Project.objects.get(slug="daves-own"), dave)
    wish = {"program": own.program.pk, "dataset": own.dataset.pk, "metric": own.metric.pk}
    answer = api_of(dave).post("/api/v1/projects/daves-own/runs", wish | {part: values[part]}, JSON)
    assert answer.status_code == 422
    assert part in {p["field"] for p in answer.json()["problems"]}


def test_a_run_calls_the_projects_own_providers(
    scene: Scene, values: dict[str, Any], dave: User, api_of: ApiOf
) -> None:
    own = set_scene(Project.objects.get(slug="daves-own"), dave)
    wish = {
        "program": own.program.pk, "dataset": own.dataset.pk,
        "models": {"task": {"provider": scene.provider.pk, "model": "scripted-1"}},
    }  # fmt: skip
    answer = api_of(dave).post("/api/v1/projects/daves-own/runs", wish, JSON)
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["field"] == "models.task"
