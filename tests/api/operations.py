"""Every operation of the API, as its own schema tells them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from promptlab.api.urls import api

JSON = "application/json"
Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Operation:
    """`query` and `parts` are names of parameters; `body` is the schema of JSON, {} for none."""

    name: str
    method: str
    path: str
    query: tuple[str, ...]
    parts: tuple[str, ...]
    body: Schema


@cache
def operations() -> tuple[Operation, ...]:
    schema = api.get_openapi_schema(path_prefix="/api/v1/")
    return tuple(
        _operation(method, path, told)
        for path, methods in schema["paths"].items()
        for method, told in methods.items()
    )


def example_of(schema: Schema, known: Mapping[str, Any]) -> Any:
    """A value of this shape; parts that are called like something known have its value."""
    if "default" in schema and schema["default"] is not None:
        return schema["default"]
    if "$ref" in schema:
        return example_of(_shapes()[schema["$ref"].rpartition("/")[2]], known)
    for several in ("anyOf", "allOf", "oneOf"):
        if several in schema:
            return example_of(schema[several][0], known)
    if "properties" in schema:
        return {
            name: known[name] if name in known else example_of(part, known)
            for name, part in schema["properties"].items()
        }
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "array":
        return [example_of(schema.get("items", {}), known)]
    plain = {"integer": 1, "number": 1.0, "string": "a", "boolean": False, "object": {}}
    return plain.get(schema.get("type", ""))


@cache
def _shapes() -> dict[str, Schema]:
    shapes: dict[str, Schema] = api.get_openapi_schema()["components"]["schemas"]
    return shapes


def _operation(method: str, path: str, told: Mapping[str, Any]) -> Operation:
    names = {
        place: tuple(p["name"] for p in told["parameters"] if p["in"] == place)
        for place in ("query", "path")
    }
    body = told.get("requestBody", {}).get("content", {}).get(JSON, {}).get("schema", {})
    return Operation(told["operationId"], method, path, names["query"], names["path"], body)
