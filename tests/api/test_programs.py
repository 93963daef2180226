"""Programs over the API: program files in and out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from optimizer.core.modules import MODULE_KINDS
from optimizer.files import program_file
from promptlab.accounts.models import User
from promptlab.programs.models import Program
from tests.api.conftest import HERE, JSON, ApiOf
from tests.core.programs import TWO_STEPS
from tests.promptlab.runs.scene import Scene

FILE = program_file.write(TWO_STEPS)


def create(client: Client, text: str = FILE, query: str = "") -> Any:
    return client.post(f"{HERE}/programs{query}", text, JSON)


def save(client: Client, program: int, revision: int, text: str = FILE) -> Any:
    return client.put(f"{HERE}/programs/{program}?revision={revision}", text, JSON)


def changed(**values: Any) -> str:
    return json.dumps(json.loads(FILE) | values)


def test_an_editor_creates_a_program_from_its_file_and_gets_the_same_file(
    erin: User, api_of: ApiOf
) -> None:
    client = api_of(erin)
    answer = create(client)
    assert answer.status_code == 201
    made = answer.json()
    assert made["name"] == "two steps"
    assert made["revision"] == 1
    assert made["problems"] == []
    assert made["program"] == json.loads(FILE)
    assert made["updated_by"] == "erin@example.org"
    file = client.get(f"{HERE}/programs/{made['id']}/file")
    assert file.content.decode() == FILE
    assert client.get(f"{HERE}/programs/{made['id']}").json() == made


def test_a_name_may_be_given_beside_the_file(erin: User, api_of: ApiOf) -> None:
    made = create(api_of(erin), query="?name=Another").json()
    assert made["name"] == made["program"]["name"] == "Another"


def test_a_draft_is_kept_with_its_problems(erin: User, api_of: ApiOf) -> None:
    made = create(api_of(erin), changed(outputs={"intent": "judge.nothing"})).json()
    assert made["problems"] == [
        {
            "kind": "outputs",
            "part": "",
            "message": "Output “intent” comes from “judge.nothing”, which does not exist.",
        }
    ]


@pytest.mark.parametrize(
    ("text", "place", "told"),
    [
        ("", "line 1, column 1", "not JSON"),
        ("[]", "", "one JSON object"),
        ("{broken", "line 1, column 2", "not JSON"),
        ('{"name": "a", "name": "b"}', "", "written twice"),
        (changed(modules="none"), "modules", "list"),
        (changed(module=[]), "module", "no such key"),
        (changed(name=""), "name", "1 to 80"),
        (changed(name="x" * 81), "name", "1 to 80"),
        (changed(name="a\u0000b"), "name", "cannot be stored"),
        (changed(inputs=[{"name": "two words"}]), "inputs[0].name", "letters"),
    ],
)
def test_every_fault_of_a_file_is_told_at_its_place(
    erin: User, api_of: ApiOf, text: str, place: str, told: str
) -> None:
    answer = create(api_of(erin), text)
    assert answer.status_code == 422
    problems = {p["field"]: p["message"] for p in answer.json()["problems"]}
    assert told in problems[place]
    assert not Program.objects.exists()


def test_a_body_that_is_not_utf_8_is_refused(erin: User, api_of: ApiOf) -> None:
    answer = api_of(erin).post(f"{HERE}/programs", b"\xff\xfe", JSON)
    assert answer.status_code == 422
    assert "UTF-8" in answer.json()["detail"]


def test_saving_moves_the_revision_on(erin: User, api_of: ApiOf) -> None:
    client = api_of(erin)
    made = create(client).json()
    saved = save(client, made["id"], 1, changed(description="Shorter first")).json()
    assert saved["revision"] == 2
    assert saved["program"]["description"] == "Shorter first"


def test_a_save_on_an_old_revision_is_a_conflict_and_changes_nothing(
    erin: User, alice: User, api_of: ApiOf
) -> None:
    made = create(api_of(erin)).json()
    save(api_of(alice), made["id"], 1, changed(description="alice's"))
    answer = save(api_of(erin), made["id"], 1, changed(description="erin's"))
    assert answer.status_code == 409
    assert answer.json()["problems"][0]["field"] == "revision"
    assert "at revision 2 now" in answer.json()["problems"][0]["message"]
    assert Program.objects.get().core.description == "alice's"


def test_another_name_in_the_file_renames_the_program_or_nothing_happens(
    erin: User, api_of: ApiOf
) -> None:
    client = api_of(erin)
    first = create(client).json()
    second = create(client, query="?name=Second").json()
    renamed = save(client, second["id"], 1, changed(name="Third")).json()
    assert renamed["name"] == renamed["program"]["name"] == "Third"
    taken = save(client, first["id"], 1, changed(name="Third", description="lost"))
    assert taken.status_code == 409
    assert Program.objects.get(pk=first["id"]).revision == 1


def test_the_list_says_what_programs_take_and_give(
    carol: User, scene: Scene, api_of: ApiOf
) -> None:
    page = api_of(carol).get(f"{HERE}/programs").json()
    assert page["count"] == 1
    row = page["items"][0]
    assert (row["id"], row["name"], row["modules"]) == (scene.program.pk, "Support triage", 2)
    assert (row["takes"], row["gives"], row["problems"]) == (["message"], ["intent"], 0)


def test_the_schema_knows_program_files_as_their_documentation_does(carol: User) -> None:
    known = Client().get("/api/v1/openapi.json").json()["components"]["schemas"]
    documented = json.loads(Path("docs/program.schema.json").read_text())
    kinds = [kind.__name__ for kind in MODULE_KINDS.values()]
    for name in (*kinds, "Call", "Signature", "Demo", "Field"):
        assert set(known[name]["properties"]) == set(documented["$defs"][name]["properties"])
    assert set(known["Program"]["properties"]) == set(documented["properties"])
