"""What promptlab hands out as JSON is read back as the same program, by page, API and command."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optimizer.core.modules.chain_of_thought import ChainOfThought
from optimizer.core.problems import Refused
from optimizer.core.programs.calls import Call
from optimizer.core.programs.program import Demo, Module, Program
from optimizer.files import program_file
from promptlab.accounts.models import User
from promptlab.accounts.tokens import create_token
from promptlab.programs.models import Program as ProgramRow
from promptlab.releases import services as releases
from promptlab.releases.formats import FORMATS
from promptlab.reviews.models import Version
from promptlab.runs.models import ProjectRun
from tests.core.programs import layered_programs, modules, values_of
from tests.fakes.telling import all_told, places, refused, told
from tests.fakes.toy_kinds import Again, toy_kinds
from tests.promptlab.approving import approve
from tests.promptlab.releases.contents import content_of, nearest_demos, one_choice

__all__ = ["toy_kinds"]

ClientOf = Callable[[User], Client]
DUMP = Path(__file__).parents[2] / "data" / "release-0.1.0.sql.gz"
HERE = "/p/support-triage/programs"
API = "/api/v1/projects/support-triage"
NOT_TAKEN = "Not taken: its number, run, dataset, metric, models, scores and approval."


def canonical(program: Program) -> str:
    return content_of(program).canonical()


@st.composite
def optimized(draw: st.DrawFn) -> Program:
    """A program of one module of any kind, with demos of any values and phrases that stay."""
    module = draw(modules())
    fields = (*module.signature.inputs, *module.signature.outputs)
    demos = [
        Demo({f.name: draw(values_of(f)) for f in fields}, draw(st.booleans()))
        for _ in range(draw(st.integers(0, 2)))
    ]
    made: Module = replace(module, demos=tuple(demos), frozen_demos=draw(st.booleans()))
    if draw(st.booleans()):
        made = Again(made.name, made.signature, demos=made.demos, times=draw(st.integers(1, 4)))
    wires = {f.name: f"input.{f.name}" for f in module.signature.inputs}
    outputs = {f.name: f"call.{f.name}" for f in module.signature.outputs}
    calls = (Call("call", module.name, wires),)
    return Program("drawn", module.signature.inputs, (made,), calls, outputs)


@pytest.mark.usefixtures("toy_kinds")
def test_a_version_of_any_kind_is_read_as_the_program_that_was_approved() -> None:
    @settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=40)
    @given(optimized())
    def same(program: Program) -> None:
        read = program_file.read_file(canonical(program))
        assert read.program == program
        assert read.version == 4
        assert all_told(read.told)[0].endswith(NOT_TAKEN)
        demos = [d.values for d in program.modules[0].demos]
        again = [d.values for d in read.program.modules[0].demos]
        assert [{k: type(v) for k, v in d.items()} for d in demos] == [
            {k: type(v) for k, v in d.items()} for d in again
        ]

    same()


@given(layered_programs())
def test_calls_and_wires_of_a_version_are_read_back(program: Program) -> None:
    assert program_file.read(canonical(program)) == program


def test_demos_that_are_chosen_for_each_input_are_read_back_with_their_pool() -> None:
    drawn = nearest_demos()
    program = program_file.read(canonical(drawn).replace("draft reply", "draft_reply"))
    assert [m.demos for m in program.modules] == [m.demos for m in drawn.modules]
    assert program_file.read(canonical(program)) == program


def as_file(text: str, way: str, kept: Program) -> str:
    """The same program in each of the shapes that it is handed out in."""
    version = {"number": 4, "sha256": "0" * 64, "content": json.loads(text)}
    answer = {"id": 3, "name": "x", "revision": 2, "problems": [], "warnings": []}
    shapes = {
        "version": text,
        "indented": "\ufeff" + json.dumps(json.loads(text), indent=2),
        "api version": json.dumps({"program": {"id": 3, "name": "x"}, **version}),
        "api program": json.dumps({**answer, "program": json.loads(text)["program"]}),
        "program": program_file.write(kept),
    }
    return shapes[way]


@pytest.mark.parametrize("way", ["version", "indented", "api version", "api program", "program"])
def test_every_json_that_holds_a_program_is_read(way: str) -> None:
    program = one_choice()
    read = program_file.read_file(as_file(canonical(program), way, program))
    assert read.program == program
    assert bool(read.told) == ("program" not in way)


def test_a_version_of_the_release_0_1_0_is_read() -> None:
    said = gzip.decompress(DUMP.read_bytes()).decode()
    (text,) = [
        line.partition("'")[2].partition("', '")[0].replace("''", "'")
        for line in said.splitlines()
        if "promptlab/version@1" in line
    ]
    program = program_file.read(text)
    assert [m.name for m in program.modules] == ["extract", "decide"]
    assert isinstance(program.modules[0], ChainOfThought)
    assert program.problems() == []


def altered(change: Callable[[Any], object]) -> str:
    found = json.loads(canonical(one_choice()))
    change(found)
    return json.dumps(found)


@pytest.mark.parametrize(
    ("change", "place", "words"),
    [
        (lambda v: v["program"]["modules"][0].update(kind="agent"), "program.modules[0].kind",
         "again"),
        (lambda v: v["program"]["modules"][0].update(tools=[]), "program.modules[0].tools",
         "no such key"),
        (lambda v: v.update(format="promptlab/version@9"), "format", "promptlab/version@1"),
        (lambda v: v.pop("program"), "program", "it is missing"),
        (lambda v: v.update(program=[]), "program", "use an object"),
        (lambda v: v["program"].update(inputs=[{"name": "a b"}]), "program.inputs[0].name",
         "not a field name"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("toy_kinds")
def test_a_fault_of_a_version_is_told_at_its_place(
    change: Callable[[Any], object], place: str, words: str
) -> None:
    with pytest.raises(Refused) as caught:
        program_file.read(altered(change))
    ((where, said),) = places(caught.value)
    assert where == place
    assert words in said


def test_keys_that_no_version_has_are_told() -> None:
    read = program_file.read_file(altered(lambda v: v.update(tags=["a"], owner="b")))
    assert told(read.told[1]).endswith("owner, tags.")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (FORMATS["dspy"].write(content_of(one_choice()), "0" * 64), "Canonical JSON"),
        (json.dumps({"number": 3, "modules": {"a": {"instruction": "Do.", "demos": []}}}),
         "prompts without the program"),
        (json.dumps({"status": "finished", "best": {"prompts": {"a": {"instruction": "Do."}}}}),
         "prompts without the program"),
    ],
)  # fmt: skip
def test_prompts_without_their_program_are_refused_with_what_to_take(text: str, words: str) -> None:
    with refused(words):
        program_file.read(text)


@pytest.fixture
def version(finished: ProjectRun, bob: User) -> Version:
    assert finished.run.best_candidate is not None
    return approve(finished, finished.run.best_candidate, bob, "Fine.")


@pytest.fixture
def downloaded(version: Version) -> bytes:
    return releases.file_of(version, FORMATS["json"])


@pytest.mark.parametrize("way", ["file", "text"])
def test_the_page_makes_a_program_of_a_downloaded_version(
    version: Version, downloaded: bytes, way: str, erin: User, client_of: ClientOf
) -> None:
    name = FORMATS["json"].file_name(version.content)
    given = SimpleUploadedFile(name, downloaded) if way == "file" else downloaded.decode()
    answer = client_of(erin).post(f"{HERE}/new/?from=file", {way: given, "name": ""}, follow=True)
    assert answer.status_code == 200
    assert "scores and approval" in answer.content.decode()
    made = ProgramRow.objects.latest("pk")
    assert made.name == "Support triage 2"  # the program that it was made from is there
    assert replace(made.core, name="Support triage") == version.content.program


def test_the_api_makes_a_program_of_what_it_hands_out(version: Version, erin: User) -> None:
    _token, secret = create_token(erin, "test")
    api = Client(headers={"Authorization": f"Bearer {secret}"})
    at = f"{API}/versions/{version.program_id}/{version.number}"
    for text in (api.get(at).content, api.get(f"{at}/export").content):
        answer = api.post(f"{API}/programs?name=again", text, "application/json")
        assert answer.status_code == 201
        assert answer.json()["notes"][0].endswith(NOT_TAKEN)
        made = ProgramRow.objects.get(pk=answer.json()["id"])
        assert replace(made.core, name="Support triage") == version.content.program
        saved = api.get(f"{API}/programs/{made.pk}").content
        twice = api.post(f"{API}/programs?name=twice", saved, "application/json").json()
        assert twice["notes"] == []
        assert {**twice["program"], "name": "again"} == answer.json()["program"]
        ProgramRow.objects.filter(name__in=["again", "twice"]).delete()
    unnamed = api.post(f"{API}/programs", api.get(at).content, "application/json")
    assert unnamed.json()["name"] == "Support triage 2"


def test_a_version_is_saved_over_the_program_that_it_came_from(
    version: Version, downloaded: bytes, erin: User
) -> None:
    _token, secret = create_token(erin, "test")
    api = Client(headers={"Authorization": f"Bearer {secret}"})
    at = f"{API}/programs/{version.program_id}?revision=1"
    answer = api.put(at, downloaded, "application/json")
    assert answer.status_code == 200
    assert answer.json()["notes"]
    assert ProgramRow.objects.get(pk=version.program_id).core == version.content.program


@pytest.mark.django_db
def test_the_command_takes_a_version_as_its_program(tmp_path: Path) -> None:
    program, dataset = tmp_path / "triage-v4.json", tmp_path / "rows.jsonl"
    program.write_text(canonical(one_choice()), encoding="utf-8")
    rows = [{"message": f"message {i}", "intent": ("refund", "delivery")[i % 2]} for i in range(40)]
    dataset.write_text("".join(json.dumps(row) + "\n" for row in rows))
    out, err = StringIO(), StringIO()
    call_command(
        "optimize", "--program", str(program), "--dataset", str(dataset), "--metric",
        "exact_match", "--model", "openai/tiny", "--api-base", "http://127.0.0.1:9/v1",
        "--estimate", "--json", stdout=out, stderr=err,
    )  # fmt: skip
    assert json.loads(out.getvalue())["calls"]
    assert NOT_TAKEN in err.getvalue()
