"""Reviews, versions and labels over the API."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from django.test import Client

from promptlab.accounts.models import Project, User
from promptlab.reviews.models import Version
from promptlab.runs.models import ProjectRun
from tests.api.conftest import HERE, JSON, ApiOf
from tests.promptlab.approving import approve
from tests.promptlab.runs.scene import Scene, play


def decide(client: Client, project_run: ProjectRun, decision: str, **wish: Any) -> Any:
    assert project_run.run.best_candidate is not None
    best = project_run.run.best_candidate.number
    address = f"{HERE}/runs/{project_run.number}/candidates/{best}"
    if decision == "approve" and "packet" not in wish:
        wish["packet"] = look_at_all(client, f"{address}/packets")
    return client.post(f"{address}/reviews", {"decision": decision, **wish}, JSON)


def look_at_all(client: Client, packets: str) -> int:
    """The number of the packet that was sent, now or before, all of which was looked at."""
    if client.get(f"{packets}/latest").status_code == 404:
        assert client.post(packets, {"note": "Ready."}, JSON).status_code == 201
    packet = client.get(f"{packets}/latest").json()
    for point in packet["points"]:
        seen = {"kind": point["kind"], "name": point["name"]}
        assert client.post(f"{packets}/latest/looks", seen, JSON).status_code == 200
    number: int = packet["number"]
    return number


def test_an_approval_makes_a_version(bob: User, finished: ProjectRun, api_of: ApiOf) -> None:
    answer = decide(api_of(bob), finished, "approve", note="Good.", seen=0)
    assert answer.status_code == 201
    made = answer.json()
    assert (made["review"]["decision"], made["review"]["by"]) == ("approve", "bob@example.org")
    assert (made["version"]["number"], made["version"]["run"]) == (1, 1)
    assert made["version"]["labels"] == ["latest"]
    run = api_of(bob).get(f"{HERE}/runs/1").json()
    assert (run["decision"], run["version"]) == ("approve", 1)


def test_a_run_tells_the_figures_of_its_version_and_not_those_of_its_best(
    bob: User, finished: ProjectRun, api_of: ApiOf
) -> None:
    other = finished.run.trials.filter(full=True, candidate__number__gt=0).exclude(
        candidate=finished.run.best_candidate
    )[0]
    before = api_of(bob).get(f"{HERE}/runs/1").json()
    assert (before["version_candidate"], before["version_score"]) == (None, None)
    approve(finished, other.candidate, bob, "It is shorter.")
    run = api_of(bob).get(f"{HERE}/runs/1").json()
    assert run["version_candidate"] == other.candidate.number != run["best_candidate"]
    assert run["version_score"]["mean"] == other.mean


def test_approving_twice_gives_the_same_version(
    bob: User, finished: ProjectRun, api_of: ApiOf
) -> None:
    first = decide(api_of(bob), finished, "approve", note="Fine.").json()["version"]
    assert decide(api_of(bob), finished, "approve", note="Fine.").json()["version"] == first
    assert Version.objects.count() == 1


def test_turning_down_needs_a_note_and_makes_no_version(
    bob: User, finished: ProjectRun, api_of: ApiOf
) -> None:
    refused = decide(api_of(bob), finished, "reject")
    assert refused.status_code == 409
    assert refused.json()["detail"].startswith("Say why")
    made = decide(api_of(bob), finished, "request_changes", note="Shorter demos.").json()
    assert made["version"] is None
    address = f"{HERE}/runs/1/candidates/{finished.run.best_candidate.number}/reviews"
    page = api_of(bob).get(address).json()
    assert [r["note"] for r in page["items"]] == ["Shorter demos."]


def test_a_decision_that_was_not_read_stands_in_the_way(
    bob: User, alice: User, finished: ProjectRun, api_of: ApiOf
) -> None:
    decide(api_of(alice), finished, "reject", note="No.")
    answer = decide(api_of(bob), finished, "approve", note="Fine.", seen=0)
    assert answer.status_code == 409
    assert "Alice decided meanwhile" in answer.json()["detail"]
    assert not Version.objects.exists()


def test_who_started_a_run_cannot_approve_it_where_two_are_wanted(
    alice: User, bob: User, project: Project, scene: Scene, api_of: ApiOf
) -> None:
    Project.objects.filter(pk=project.pk).update(requires_second_person=True)
    project_run = play(scene.start())
    ProjectRun.objects.update(started_by=bob)
    answer = decide(api_of(bob), project_run, "approve", note="Fine.")
    assert answer.status_code == 403
    assert "second person" in answer.json()["detail"]
    assert decide(api_of(alice), project_run, "approve", note="Fine.").status_code == 201


def test_a_run_that_goes_on_cannot_be_decided_about(
    bob: User, halfway: ProjectRun, api_of: ApiOf
) -> None:
    answer = api_of(bob).post(f"{HERE}/runs/1/candidates/0/reviews", {"decision": "approve"}, JSON)
    assert answer.status_code == 409
    assert "still going" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("wish", "place"),
    [
        ({"decision": "merge"}, "decision"),
        ({}, "decision"),
        ({"decision": "reject", "note": "x" * 4001}, "note"),
        ({"decision": "reject", "note": "a\0b"}, "note"),
        ({"decision": "reject", "reason": "x"}, "reason"),
    ],
)
def test_a_decision_out_of_bounds_is_told_at_its_place(
    bob: User, finished: ProjectRun, api_of: ApiOf, wish: dict[str, Any], place: str
) -> None:
    answer = api_of(bob).post(f"{HERE}/runs/1/candidates/0/reviews", wish, JSON)
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["field"] == place


@pytest.fixture
def version(bob: User, finished: ProjectRun, api_of: ApiOf) -> dict[str, Any]:
    found: dict[str, Any] = decide(api_of(bob), finished, "approve", note="Fine.").json()["version"]
    return found


def address_of(version: dict[str, Any]) -> str:
    return f"{HERE}/versions/{version['program']['id']}/{version['number']}"


def test_a_version_carries_its_content_and_its_digest(
    carol: User, version: dict[str, Any], api_of: ApiOf
) -> None:
    found = api_of(carol).get(address_of(version)).json()
    assert found["content"]["format"] == "promptlab/version@1"
    assert found["content"]["provenance"]["run"] == 1
    file = api_of(carol).get(f"{address_of(version)}/export")
    assert hashlib.sha256(file.content).hexdigest() == found["sha256"]
    assert json.loads(file.content) == found["content"]


@pytest.mark.parametrize(
    ("format", "name"),
    [
        ("json", "support-triage-v1.json"),
        ("python", "support_triage_v1.py"),
        ("dspy", "support-triage-v1.dspy.json"),
        ("dspy_module", "support_triage_v1_dspy.py"),
    ],
)
def test_a_version_is_exported_in_every_format(
    carol: User, version: dict[str, Any], api_of: ApiOf, format: str, name: str
) -> None:
    file = api_of(carol).get(f"{address_of(version)}/export?format={format}")
    assert file["Content-Disposition"] == f'attachment; filename="{name}"'
    assert len(file.content) > 200


def test_an_unknown_format_is_refused_with_those_there_are(
    carol: User, version: dict[str, Any], api_of: ApiOf
) -> None:
    answer = api_of(carol).get(f"{address_of(version)}/export?format=pickle")
    assert answer.status_code == 422
    assert "json, python, " in answer.json()["problems"][0]["message"]


def test_versions_are_listed_by_program(
    carol: User, version: dict[str, Any], api_of: ApiOf
) -> None:
    client = api_of(carol)
    assert client.get(f"{HERE}/versions").json() == {"items": [version], "count": 1}
    program = version["program"]["id"]
    assert client.get(f"{HERE}/versions?program={program}").json()["count"] == 1
    assert client.get(f"{HERE}/versions?program={program + 1}").json()["count"] == 0
    assert client.get(f"{HERE}/versions/{program}/2").status_code == 404


def label(version: dict[str, Any], name: str) -> str:
    return f"{HERE}/programs/{version['program']['id']}/labels/{name}"


def test_labels_are_promoted_and_rolled_back(
    bob: User, scene: Scene, version: dict[str, Any], api_of: ApiOf
) -> None:
    client = api_of(bob)
    first = client.put(label(version, "production"), {"version": 1, "replacing": None}, JSON)
    assert first.json() == {
        "name": "production", "version": 1, "previous": None, "moves_by_hand": True,
    }  # fmt: skip
    decide(client, play(scene.start()), "approve")
    moved = client.put(label(version, "production"), {"version": 2, "replacing": 1}, JSON)
    assert (moved.json()["version"], moved.json()["previous"]) == (2, 1)
    back = client.post(label(version, "production") + "/rollback", {"replacing": 2}, JSON)
    assert back.json()["version"] == 1
    moves = client.get(label(version, "moves")).json()["items"]
    told = [(m["label"], m["replaced"], m["version"], m["back"]) for m in moves]
    assert told[0] == ("production", 2, 1, True)
    assert told[1:] == [
        ("production", 1, 2, False), ("latest", 1, 2, False), ("production", None, 1, False),
        ("latest", None, 1, False),
    ]  # fmt: skip
    shown = client.get(f"{HERE}/programs/{version['program']['id']}/labels").json()
    assert {row["name"]: row["version"] for row in shown} == {
        "latest": 2, "production": 1, "staging": None,
    }  # fmt: skip


def test_a_label_that_was_moved_meanwhile_stays(
    bob: User, version: dict[str, Any], api_of: ApiOf
) -> None:
    client = api_of(bob)
    client.put(label(version, "production"), {"version": 1}, JSON)
    answer = client.put(label(version, "production"), {"version": 1, "replacing": None}, JSON)
    assert answer.status_code == 409
    assert "moved meanwhile" in answer.json()["detail"]


def test_labels_that_cannot_be_moved_are_told(
    bob: User, version: dict[str, Any], api_of: ApiOf
) -> None:
    client = api_of(bob)
    latest = client.put(label(version, "latest"), {"version": 1}, JSON)
    assert latest.status_code == 409
    assert "moved by approvals" in latest.json()["detail"]
    odd = client.put(label(version, "V1"), {"version": 1}, JSON)
    assert odd.status_code == 422
    assert "No label can be called “V1”" in odd.json()["detail"]
    assert client.post(label(version, "beta") + "/rollback", {}, JSON).status_code == 404
    assert client.put(label(version, "staging"), {"version": 9}, JSON).status_code == 404
    nowhere = client.post(label(version, "staging") + "/rollback", {}, JSON)
    assert nowhere.status_code == 409


def test_a_label_of_ones_own_is_removed(bob: User, version: dict[str, Any], api_of: ApiOf) -> None:
    client = api_of(bob)
    client.put(label(version, "canary"), {"version": 1}, JSON)
    assert client.delete(label(version, "canary") + "?replacing=2").status_code == 409
    assert client.delete(label(version, "canary")).status_code == 204
    assert client.delete(label(version, "canary")).status_code == 404
    (gone, *_before) = client.get(label(version, "moves")).json()["items"]
    assert (gone["label"], gone["version"], gone["replaced"]) == ("canary", None, 1)
    refused = client.delete(label(version, "latest"))
    assert refused.status_code == 409
    assert "every program has" in refused.json()["detail"]


def test_a_candidate_is_sent_looked_at_and_approved(
    bob: User, erin: User, finished: ProjectRun, api_of: ApiOf
) -> None:
    assert finished.run.best_candidate is not None
    best = finished.run.best_candidate.number
    here = f"{HERE}/runs/1/candidates/{best}/packets"
    assert api_of(bob).get(f"{here}/latest").status_code == 404
    nobody = api_of(erin).post(here, {"asked": "erin@example.org"}, JSON)
    assert nobody.status_code == 422  # an editor does not decide
    nothing = decide(api_of(bob), finished, "approve", note="Fine.", packet=1)
    assert nothing.status_code == 409
    assert "Send it to review first" in nothing.json()["detail"]
    sent = api_of(erin).post(here, {"note": "Shorter.", "asked": "bob@example.org"}, JSON)
    assert sent.status_code == 201
    assert (sent.json()["number"], sent.json()["asked"]) == (1, "bob@example.org")
    reviewer = api_of(bob)
    unsaid = decide(reviewer, finished, "approve", note="Fine.", packet=None)
    assert unsaid.json()["problems"][0]["field"] == "packet"
    assert "read packet 1" in unsaid.json()["detail"]
    refused = decide(reviewer, finished, "approve", note="Fine.", packet=1)
    assert refused.status_code == 409
    assert "Tick every changed module" in refused.json()["detail"]
    points = reviewer.get(f"{here}/latest").json()["points"]
    modules = [point["name"] for point in points if point["kind"] == "module"]
    for name in modules:
        seen = reviewer.post(f"{here}/latest/looks", {"kind": "module", "name": name}, JSON)
        assert seen.status_code == 200
    said = {"module": modules[0], "line": 1, "text": "Fine, @erin."}
    assert reviewer.post(f"{here}/latest/comments", said, JSON).status_code == 201
    assert reviewer.get(f"{here}/latest/comments").json()["items"][0]["by"] == "bob@example.org"
    passed = reviewer.post(f"{here}/latest/waiver", {"reason": "Wrong labels."}, JSON).json()
    assert all("bob@example.org" in point["looked_at"] for point in passed["points"])
    odd = reviewer.post(f"{here}/latest/looks", {"kind": "module", "name": "no such"}, JSON)
    assert odd.status_code == 409
    assert decide(reviewer, finished, "approve", note="Fine.", packet=1).status_code == 201
    assert reviewer.get(here).json()["count"] == 1


def test_a_page_for_people_outside_is_opened_and_closed(
    bob: User, erin: User, finished: ProjectRun, api_of: ApiOf
) -> None:
    assert finished.run.best_candidate is not None
    version = approve(finished, finished.run.best_candidate, bob, "Fine.")
    page = f"{HERE}/versions/{version.program_id}/1/page"
    client = api_of(erin)
    assert client.get(page).json() is None
    opened = client.put(page, {"prompts": False, "demos": True}, JSON).json()
    assert (opened["prompts"], opened["demos"]) == (False, False)
    assert Client().get(opened["path"]).status_code == 200
    assert client.get(page).json() == opened
    assert client.delete(page).status_code == 204
    assert Client().get(opened["path"]).status_code == 404
