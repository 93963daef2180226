"""Values that keep to a JSON schema: what models that are held to one may say."""

from __future__ import annotations

from typing import Any


def value_by(schema: dict[str, Any]) -> object:
    """The simplest value of a schema without choices at its top."""
    kind = schema.get("anyOf", [schema])[0]
    if kind.get("enum"):
        return kind["enum"][0]
    if kind.get("type") == "object":
        return {name: value_by(part) for name, part in kind["properties"].items()}
    if kind.get("type") == "array":
        items = kind.get("items", {})
        return ["a"] if items == {"type": "string"} else [value_by(items)]
    if kind.get("format") == "date":
        return "2024-02-29"
    return {"integer": 1, "number": 1.5, "boolean": True}.get(kind.get("type", ""), "a text")
