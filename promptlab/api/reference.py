"""The page that lists every operation, drawn from the API's own schema."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from ninja import NinjaAPI


@dataclass(frozen=True)
class Part:
    """A parameter, or a key of the body."""

    name: str
    kind: str
    required: bool


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    summary: str
    description: str
    query: tuple[Part, ...]
    body: tuple[Part, ...]


@dataclass(frozen=True)
class Group:
    noun: str
    operations: tuple[Operation, ...]


@login_required
@require_safe
def reference(request: HttpRequest, api: NinjaAPI) -> HttpResponse:
    return render(request, "api/reference.html", {"groups": groups(api)})


@cache
def groups(api: NinjaAPI) -> tuple[Group, ...]:
    """Operations by noun, in the order in which the API is put together."""
    schema = api.get_openapi_schema(path_prefix="/api/v1/")
    found: dict[str, list[Operation]] = {}
    for path, methods in schema["paths"].items():
        for method, told in methods.items():
            operation = _operation(method, path, told, schema["components"]["schemas"])
            found.setdefault(told["tags"][0], []).append(operation)
    return tuple(Group(noun, tuple(operations)) for noun, operations in found.items())


def _operation(method: str, path: str, told: dict[str, Any], shapes: dict[str, Any]) -> Operation:
    query = [p for p in told["parameters"] if p["in"] == "query"]
    return Operation(
        method.upper(),
        path,
        told["summary"],
        told.get("description", "").replace("`", ""),
        tuple(Part(p["name"], _kind(p["schema"], shapes), p["required"]) for p in query),
        tuple(_body(told.get("requestBody", {}).get("content", {}), shapes)),
    )


def _body(content: dict[str, Any], shapes: dict[str, Any]) -> Iterable[Part]:
    for told in content.values():
        shape = shapes[_name(told["schema"])] if "$ref" in told["schema"] else told["schema"]
        for name, schema in shape.get("properties", {}).items():
            yield Part(name, _kind(schema, shapes), name in shape.get("required", ()))


def _kind(schema: dict[str, Any], shapes: dict[str, Any]) -> str:
    """A type in a word or two: `integer`, `list of ColumnIn`, `train, validation, test`."""
    if "$ref" in schema:
        name = _name(schema)
        return _kind(shapes[name], shapes) if "enum" in shapes[name] else name
    for several in ("anyOf", "allOf"):
        if several in schema:
            kinds = dict.fromkeys(_kind(option, shapes) for option in schema[several])
            return " or ".join(kind for kind in kinds if kind != "null")
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}), shapes)}"
    if schema.get("format") == "binary":
        return "file"
    if schema.get("contentMediaType"):
        return "JSON text"
    return str(schema.get("type", "any"))


def _name(schema: dict[str, Any]) -> str:
    return str(schema["$ref"]).rpartition("/")[2]
