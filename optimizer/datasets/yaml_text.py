"""YAML as JSON: for files that other tools write so. Nothing of it is code, and none of it grows.

What is written once and meant many times (an anchor with its aliases) is counted as often as it is
meant, so that a few hundred bytes cannot become gigabytes.
"""

from __future__ import annotations

import json
import math
from typing import Any

import yaml

from optimizer.core.problems import Refused
from optimizer.datasets.table import FILE

EXTENSIONS = ("yaml", "yml")
MOST_VALUES = 2_000_000
MOST_NESTED = 60
MAX_CHARACTERS = 20 << 20


class _Plain(yaml.SafeLoader):
    """Dates stay the words that they are."""


_Plain.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def as_json(text: str) -> str:
    """The only document of a text as JSON.

    Raises:
        Refused: it is no YAML, holds what JSON cannot say, or is larger than it looks.
    """
    if len(text) > MAX_CHARACTERS:
        raise Refused.because("yaml.too_large", FILE)
    try:
        found = yaml.load(text.removeprefix("\ufeff"), _Plain)
        return json.dumps(_plain(found, _Budget(), 0), ensure_ascii=False, allow_nan=False)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else FILE
        raise Refused.because("yaml.broken", place, why=str(error.problem or "")) from None
    except (yaml.YAMLError, RecursionError, ValueError):
        raise Refused.because("yaml.unreadable", FILE) from None


class _Budget:
    """Counts values, each as often as it is meant."""

    def __init__(self) -> None:
        self.left = MOST_VALUES

    def take(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Refused.because("yaml.too_large", FILE)


def _plain(value: Any, budget: _Budget, depth: int) -> Any:
    budget.take()
    if depth > MOST_NESTED:
        raise Refused.because("yaml.too_large", FILE)
    if isinstance(value, dict):
        return {_key(k): _plain(v, budget, depth + 1) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one, budget, depth + 1) for one in value]
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise ValueError("a value that JSON has not")


def _key(key: Any) -> str:
    """As YAML wrote it: a number, or yes and no, that stands where a name does."""
    return key if isinstance(key, str) else json.dumps(key)
