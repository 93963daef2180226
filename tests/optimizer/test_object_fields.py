"""Fields of an object as lines and as a JSON schema."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer import codec
from optimizer.core.programs.signature import Field, FieldType
from optimizer.files.object_fields import fields_in, text_of
from tests.core.programs import fields
from tests.fakes.telling import refused

LINES = """\
item
price: number   # in euros, without tax
paid: date?
state: open | closed
labels: list of red | green?
notes: list of text
"""
OF_LINES = (
    Field("item"),
    Field("price", FieldType.NUMBER, "in euros, without tax"),
    Field("paid", FieldType.DATE, nullable=True),
    Field("state", FieldType.CHOICE, choices=("open", "closed")),
    Field("labels", FieldType.LIST, "", ("red", "green"), True, FieldType.CHOICE),
    Field("notes", FieldType.LIST),
)


def test_lines_are_fields() -> None:
    assert fields_in(LINES) == OF_LINES


def test_a_schema_as_pydantic_writes_it_is_fields() -> None:
    schema = {
        "$defs": {"Person": {"type": "object", "properties": {
            "name": {"type": "string", "title": "Name"},
            "born": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
        }, "required": ["name"], "title": "Person"}},
        "title": "Team", "type": "object", "required": ["lead", "people", "mood"],
        "properties": {
            "lead": {"$ref": "#/$defs/Person", "description": "who leads"},
            "people": {"type": "array", "items": {"$ref": "#/$defs/Person"}},
            "mood": {"enum": ["good", "bad", None]},
            "size": {"type": ["integer", "null"]},
        },
    }  # fmt: skip
    person = (Field("name"), Field("born", FieldType.DATE, nullable=True))

    assert fields_in(json.dumps(schema)) == (
        Field("lead", FieldType.OBJECT, "who leads", fields=person),
        Field("people", FieldType.LIST, items=FieldType.OBJECT, fields=person),
        Field("mood", FieldType.CHOICE, choices=("good", "bad"), nullable=True),
        Field("size", FieldType.INTEGER, nullable=True),
    )


@given(st.lists(fields(), min_size=1, max_size=3, unique_by=lambda field: field.name))
def test_what_is_shown_is_read_back(some: list[Field]) -> None:
    bare = tuple(replace(field, label="") for field in some)
    assert fields_in(text_of(bare)) == bare


def test_a_label_is_a_schema_s_title() -> None:
    labelled = (Field("n", label="数"), Field("m", FieldType.INTEGER))
    assert fields_in(text_of(labelled)) == labelled


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("price: money", "Line 1: “money” is no type"),
        ("a\n: number", "Line 2, “: number”, is no field"),
        ("{", "It begins like a JSON schema but is no JSON"),
        ('{"type": "string"}', "The JSON schema is not that of an object."),
        ('{"type": "object"}', "The object at the schema has no properties."),
        ('{"properties": {"a": {"properties": {"b": {"type": "file"}}}}}', "At a.b: type"),
        ('{"properties": {"a": {"oneOf": []}}}', "At a: “oneOf” cannot be"),
        ('{"properties": {"a": {"type": "array", "items": {"type": "array"}}}}', "At a is a list"),
        ('{"properties": {"a": {"$ref": "#/x"}}}', "At a: there is no “#/x”"),
        ('{"properties": {"a": {"$ref": "#/properties/a"}}}', "At a: “$ref” cannot be"),
        ('{"properties": {"a": 5}}', "At a there is no schema"),
        ('{"properties": {"a": {"enum": [1]}}}', "At a: choices must be texts."),
    ],
)
def test_what_is_no_field_is_told_with_its_place(text: str, told: str) -> None:
    with refused(told):
        fields_in(text)


def test_a_schema_that_holds_itself_is_refused() -> None:
    whole = '{"properties": {"a": {"$ref": "#"}, "b": {"$ref": "#/properties/b"}}}'
    with refused("At "):
        fields_in(whole)
    with refused("objects in objects"):
        fields_in('{"properties": {"a": {"$ref": "#/$defs/n"}}, "$defs": {"n": {"properties": '
                  '{"n": {"$ref": "#/$defs/n"}}}}}')  # fmt: skip


def test_a_file_keeps_the_shape_of_a_field() -> None:
    for field in OF_LINES:
        assert codec.from_json(Field, codec.to_json(field)) == field
    assert codec.to_json(Field("x", FieldType.OBJECT, fields=OF_LINES[:1]))["fields"] == [
        {"name": "item", "type": "text", "description": "", "choices": []}
    ]
