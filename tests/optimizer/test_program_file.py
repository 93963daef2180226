"""The program file: what is written is read back, and every fault is told with its place."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given

from optimizer import codec
from optimizer.core.problems import Refused
from optimizer.core.programs.demo import Demo
from optimizer.core.programs.program import Program
from optimizer.files.program_file import FORMAT, read, schema, write
from tests.core.programs import CLASSIFY, MULTI_HOP, ONE_STEP, TWO_STEPS, layered_programs
from tests.fakes.telling import places

DOCS = Path(__file__).parents[2] / "docs"
LEAST: dict[str, Any] = {
    "name": "Intents",
    "inputs": [{"name": "message"}],
    "modules": [
        {
            "name": "classify",
            "signature": {"inputs": [{"name": "message"}], "outputs": [{"name": "intent"}]},
        }
    ],
    "calls": [{"name": "classify", "module": "classify", "inputs": {"message": "input.message"}}],
    "outputs": {"intent": "classify.intent"},
}


def changed(**keys: Any) -> str:
    return json.dumps({**LEAST, **keys})


def faults(text: str) -> list[str]:
    with pytest.raises(Refused) as refused:
        read(text)
    return [f"{place}: {said}" if place else said for place, said in places(refused.value)]


@given(layered_programs())
def test_what_is_written_is_read_back(program: Program) -> None:
    assert read(write(program)) == program


@pytest.mark.parametrize("program", [ONE_STEP, TWO_STEPS, MULTI_HOP], ids=lambda p: p.name)
def test_the_schema_accepts_what_is_written(program: Program) -> None:
    jsonschema.validate(json.loads(write(program)), schema())


def test_a_file_may_leave_out_all_that_has_a_default() -> None:
    program = read(json.dumps(LEAST))

    assert program.problems() == []
    assert program.format == FORMAT
    jsonschema.validate(LEAST, schema())


def test_values_of_demos_keep_their_types() -> None:
    values = {
        "a": "1", "b": 1, "c": 1.5, "d": True, "e": ["x"], "f": None, "g": [1, {"h": [None, 2.5]}],
    }  # fmt: skip
    module = {**LEAST["modules"][0], "demos": [{"values": values}]}
    demo = read(changed(modules=[module])).modules[0].demos[0]

    assert demo == Demo(values)
    assert [type(v) for v in demo.values.values()] == [type(v) for v in values.values()]


def test_a_draft_with_problems_can_be_read() -> None:
    assert read(changed(calls=[], outputs={})).problems()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "line 1, column 1: this is not JSON: Expecting value."),
        ('{"name": "x",\n "inputs": [}', "line 2, column 13: this is not JSON: Expecting value."),
        ("[1, 2]", "A program file is one JSON object: { … }."),
        ("[" * 100_000, "This is not JSON that a program could be written in."),
        ("1" * 5000, "This is not JSON that a program could be written in."),
        ('{"name": "a", "name": "b"}', "The key “name” is written twice in one object."),
        (changed(format="promptlab/program@9"), "format: \"promptlab/program@9\" is not known; "
         "this reads “promptlab/program@1”."),
        (changed(name="a\0b"), "name: it holds a character that cannot be stored "
         "(\\u0000 or a half pair)."),
        (changed(name="a\ud800"), "name: it holds a character that cannot be stored "
         "(\\u0000 or a half pair)."),
        (changed(name=5), "name: use a text."),
        (changed(inputs={"message": "text"}), "inputs: use a list: [ … ]."),
        (changed(inputs=["message"]), "inputs[0]: use an object: { … }."),
        (changed(inputs=[{"name": "m", "type": "string"}]), "inputs[0].type: input should be "
         "'text', 'integer', 'number', 'boolean', 'choice', 'list', 'date' or 'object'."),
        (changed(inputs=[{"name": "m", "typ": "text"}]), "inputs[0].typ: no such key; the keys "
         "here are choices, description, fields, items, label, name, nullable, type."),
        (changed(instructions="Do it."), "instructions: no such key; the keys here are calls, "
         "description, format, inputs, modules, name, outputs."),
        (changed(inputs=[{"name": "my text"}]), "inputs[0].name: “my text” is not a field name: "
         "use letters, digits and _ (64 at most), and begin with a letter."),
        (changed(inputs=[{"name": "m"}] * 2), "inputs[1].name: “m” is already the name of another "
         "one: rename one."),
        (changed(modules=LEAST["modules"] * 2), "modules[1].name: “classify” is already the name "
         "of another one: rename one."),
        (changed(calls=[{**LEAST["calls"][0], "name": "a/b"}]), "calls[0].name: “a/b” is not a "
         "call name: use letters, digits and _ (64 at most), and begin with a letter."),
        (changed(outputs={"": "classify.intent"}), "outputs.: “” is not an output name: use "
         "letters, digits and _ (64 at most), and begin with a letter."),
        (changed(outputs=["classify.intent"]), "outputs: use an object: { … }."),
        (changed(modules=[{"name": "classify"}]), "modules[0].signature: it is missing."),
        (changed(inputs=[{"name": "m", "description": float("nan")}]),
         "inputs[0].description: it is not a finite number."),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_place(text: str, fault: str) -> None:
    assert faults(text) == [fault]


def test_all_faults_are_told_at_once() -> None:
    found = faults(changed(name=None, calls=[{"name": "classify"}], outputs={"intent": 1}))

    assert found == [
        "name: use a text.",
        "calls[0].module: it is missing.",
        "calls[0].inputs: it is missing.",
        "outputs.intent: use a text.",
    ]


def test_a_byte_order_mark_does_no_harm() -> None:
    assert read("\ufeff" + json.dumps(LEAST)).name == "Intents"


def test_the_documented_schema_is_the_real_one() -> None:
    """When this fails: python -m optimizer.files.program_file > docs/program.schema.json"""
    assert json.loads((DOCS / "program.schema.json").read_text()) == schema()


def test_every_example_of_the_documentation_is_a_sound_program() -> None:
    blocks = re.findall(
        r"```json\n(\{.*?\n\})\n```", (DOCS / "program-format.md").read_text(), re.S
    )

    assert len(blocks) >= 2
    for block in blocks:
        jsonschema.validate(json.loads(block), schema())
        assert read(block).problems() == []
        assert read(block).warnings() == []


def test_the_documentation_names_every_key() -> None:
    text = (DOCS / "program-format.md").read_text()

    for shape in (schema(), *schema()["$defs"].values()):
        for key in shape.get("properties", {}):
            assert f"`{key}`" in text


def test_the_schema_knows_the_program_s_json() -> None:
    assert codec.to_json(ONE_STEP)["modules"][0]["name"] == CLASSIFY.name
    assert set(codec.to_json(ONE_STEP)) == set(schema()["properties"])
