"""The fields of an object as people write them: a line each, or a JSON schema that is pasted.

item
price: number
paid_on: date?                  # may be null
state: open | closed
labels: list of red | green
notes: list of text
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from optimizer.core.problems import Refused
from optimizer.core.programs.signature import DEEPEST, Field, FieldType, object_schema
from optimizer.core.programs.thinking import folded

MOST = 200
"""Fields of one object."""
_LINE = re.compile(r"(?P<name>[^:#]+?)\s*(?::\s*(?P<type>[^#]*?))?\s*(?:#\s*(?P<told>.*))?")
_LIST_OF = "list of "
_PLAIN = (
    FieldType.TEXT,
    FieldType.INTEGER,
    FieldType.NUMBER,
    FieldType.BOOLEAN,
    FieldType.DATE,
)
_BY_TYPE = {
    "string": FieldType.TEXT,
    "integer": FieldType.INTEGER,
    "number": FieldType.NUMBER,
    "boolean": FieldType.BOOLEAN,
}
_NOT_READ = ("oneOf", "allOf", "not", "if", "patternProperties", "prefixItems")


def fields_in(text: str) -> tuple[Field, ...]:
    """The fields that lines or a JSON schema describe.

    Raises:
        Refused: a line or a part of the schema is none; the problem names it.
    """
    found = _of_schema(text) if text.lstrip().startswith("{") else _of_lines(text)
    if len(found) > MOST:
        raise Refused.because("parts.many", n=len(found), most=MOST)
    return found


def text_of(fields: tuple[Field, ...]) -> str:
    """The same as text: lines where they can say it, otherwise a JSON schema."""
    lines = "\n".join(map(_line, fields))
    try:
        if fields_in(lines) == fields:
            return lines
    except Refused:
        pass
    schema = object_schema(fields)
    _describe(schema, fields)
    return json.dumps(schema, ensure_ascii=False, indent=2)


# Lines


def _of_lines(text: str) -> tuple[Field, ...]:
    lines = [(n, line.strip()) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
    return tuple(_field_of(number, line) for number, line in lines)


def _field_of(number: int, line: str) -> Field:
    found = _LINE.fullmatch(line)
    if found is None:
        raise Refused.because("parts.line", line=number, given=line[:80])
    said = (found["type"] or FieldType.TEXT).strip()
    nullable = said.endswith("?")
    kind = said.removesuffix("?").strip()
    several = kind.startswith(_LIST_OF)
    field = Field(found["name"], description=(found["told"] or "").strip(), nullable=nullable)
    single = _single(kind.removeprefix(_LIST_OF))
    if single is None:
        types = ", ".join(_PLAIN)
        raise Refused.because("parts.type", line=number, given=kind[:80], types=types)
    kind_of, choices = single
    if several:
        return replace(field, type=FieldType.LIST, items=kind_of, choices=choices)
    return replace(field, type=kind_of, choices=choices)


def _single(kind: str) -> tuple[FieldType, tuple[str, ...]] | None:
    if "|" in kind:
        return FieldType.CHOICE, tuple(choice.strip() for choice in kind.split("|"))
    return (FieldType(kind), ()) if kind in _PLAIN else None


def _line(field: Field) -> str:
    kind = " | ".join(field.choices) or str(field.single)
    kind = f"{_LIST_OF}{kind}" if field.type is FieldType.LIST else kind
    kind += "?" if field.nullable else ""
    told = f" # {field.description}" if field.description else ""
    return f"{field.name}{'' if kind == FieldType.TEXT else f': {kind}'}{told}"


# A JSON schema


def _of_schema(text: str) -> tuple[Field, ...]:
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError) as error:
        why = getattr(error, "msg", str(error))
        raise Refused.because("parts.not_json", why=why) from None
    shape = _Schema(schema).field("", schema, ())
    if shape.type is not FieldType.OBJECT:
        raise Refused.because("parts.no_object")
    return shape.fields


class _Schema:
    """A JSON schema with what its parts may refer to."""

    def __init__(self, whole: Mapping[str, Any]) -> None:
        self.whole = whole

    def field(self, name: str, schema: Any, path: tuple[str, ...]) -> Field:
        schema, nullable = self._plain(schema, path)
        described = str(schema.get("description", ""))
        title = schema.get("title")
        label = title if isinstance(title, str) and folded(title) != folded(name) else ""
        field = Field(name, description=described, nullable=nullable, label=label if path else "")
        kind = schema.get("type")
        if "enum" in schema or "const" in schema:
            given = schema.get("enum", [schema.get("const")])
            texts = tuple(c for c in given if c is not None)
            if not all(isinstance(c, str) for c in texts):
                raise _refused("parts.enum", path)
            nullable = nullable or None in given
            return replace(field, type=FieldType.CHOICE, choices=texts, nullable=nullable)
        if kind == "array":
            item = self.field(name, schema.get("items", {"type": "string"}), (*path, "[]"))
            if item.type is FieldType.LIST:
                raise _refused("parts.list_of_lists", path)
            listed = replace(field, type=FieldType.LIST, items=item.type, choices=item.choices)
            return replace(listed, fields=item.fields)
        if kind == "object" or "properties" in schema:
            return replace(field, type=FieldType.OBJECT, fields=self._parts(schema, path))
        if kind == "string" and schema.get("format") == "date":
            return replace(field, type=FieldType.DATE)
        if kind not in _BY_TYPE:
            raise _refused("parts.schema_type", path, given=json.dumps(kind)[:80])
        return replace(field, type=_BY_TYPE[kind])

    def _parts(self, schema: Mapping[str, Any], path: tuple[str, ...]) -> tuple[Field, ...]:
        properties = schema.get("properties")
        if not isinstance(properties, dict) or not properties:
            raise _refused("parts.no_properties", path)
        if len(path) > 2 * DEEPEST:
            raise _refused("parts.deep", path, most=DEEPEST)
        needed = schema.get("required", list(properties))
        return tuple(
            replace(found, nullable=found.nullable or name not in needed)
            for name, inner in properties.items()
            for found in (self.field(name, inner, (*path, name)),)
        )

    def _plain(self, schema: Any, path: tuple[str, ...]) -> tuple[Mapping[str, Any], bool]:
        """A part without its references, and whether it may be null."""
        for _ in range(20):
            if not isinstance(schema, dict):
                raise _refused("parts.no_schema", path)
            if "$ref" not in schema:
                break
            schema = {**self._referred(schema["$ref"], path), **_told(schema)}
        unread = next((key for key in _NOT_READ if key in schema), None)
        if unread or "$ref" in schema:
            raise _refused("parts.not_read", path, key=unread or "$ref")
        kinds = schema.get("type")
        nullable = bool(schema.get("nullable"))
        if isinstance(kinds, list):
            nullable = nullable or "null" in kinds
            kinds = [kind for kind in kinds if kind != "null"]
            schema = {**schema, "type": kinds[0] if len(kinds) == 1 else kinds}
        others = schema.get("anyOf")
        if isinstance(others, list):
            present = [one for one in others if one != {"type": "null"}]
            if len(present) != 1:
                raise _refused("parts.not_read", path, key="anyOf")
            inner, inside = self._plain(present[0], path)
            return {**inner, **_told(schema)}, inside or len(present) < len(others)
        return schema, nullable

    def _referred(self, to: Any, path: tuple[str, ...]) -> dict[str, Any]:
        found: Any = self.whole
        for step in str(to).removeprefix("#").strip("/").split("/"):
            found = found.get(step) if isinstance(found, dict) else None
        if not isinstance(found, dict) or not str(to).startswith("#/"):
            raise _refused("parts.no_such_ref", path, to=str(to)[:80])
        return {key: value for key, value in found.items() if key != "title"}


def _told(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {key: schema[key] for key in ("description", "title") if key in schema}


def _refused(code: str, path: tuple[str, ...], **values: Any) -> Refused:
    where = ".".join(path).replace(".[]", "[]") or "the schema"
    return Refused.because(code, where=where, **values)


def _describe(schema: dict[str, Any], fields: tuple[Field, ...]) -> None:
    """Put descriptions into the schema of an object."""
    for field in fields:
        own = schema["properties"][field.name]
        inner = own["anyOf"][0] if field.nullable else own
        if field.type is FieldType.LIST:
            inner = inner["items"]
        if field.single is FieldType.OBJECT:
            _describe(inner, field.fields)
        if field.description:
            own["description"] = field.description
        if field.label:
            own["title"] = field.label
