"""Endpoints of somebody's own that give passages: what is sent, and where they are in the answer.

It stands alone, on `urls`: everything below the line of dashes is copied into the files that a
version is downloaded as.
"""

from __future__ import annotations

import json
from typing import Any

# ----------------------------------------------------------------------------------------------


class NoPassages(ValueError):
    """An endpoint's answer has no passages where they are to be; the message says what is wrong."""


def body_for(template: str, query: str, k: int) -> str:
    """A body of JSON, with the query in place of {query} in its texts, and the number k for "{k}".

    Raises:
        ValueError: the template is no JSON.
    """
    return json.dumps(_filled(json.loads(template), query, k), ensure_ascii=False)


def _filled(part: Any, query: str, k: int) -> Any:
    if isinstance(part, dict):
        return {name: _filled(inner, query, k) for name, inner in part.items()}
    if isinstance(part, list):
        return [_filled(inner, query, k) for inner in part]
    if isinstance(part, str):
        return k if part == "{k}" else part.replace("{query}", query)
    return part


def passages_in(answer: str, path: str, k: int) -> list[dict[str, Any]]:
    """The first `k` passages of an answer, a value by name each: a list at `path`, names with dots
    between; what a name stands behind in a list is taken of each item (`hits.hits._source`).

    Raises:
        NoPassages: there is no such list.
    """
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError):
        raise NoPassages("the answer is no JSON") from None
    for name in filter(None, path.split(".")):
        found = [_at(item, name) for item in found] if isinstance(found, list) else _at(found, name)
    if not isinstance(found, list):
        raise NoPassages(f"there is no list at “{path}” in the answer")
    return [item if isinstance(item, dict) else {"text": item} for item in found[:k]]


def _at(found: Any, name: str) -> Any:
    if not isinstance(found, dict) or name not in found:
        raise NoPassages(f"there is no “{name}” in the answer")
    return found[name]
