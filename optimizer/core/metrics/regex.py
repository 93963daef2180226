"""Regex: a pattern is found in the answer, or is all of it, or is nowhere in it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Literal

import re2

from optimizer.core.evaluation.assertion import Assertion
from optimizer.core.evaluation.metric import NoScore
from optimizer.core.evaluation.outcome import Score
from optimizer.core.metrics.comparison import short
from optimizer.core.metrics.rule import Rule
from optimizer.core.programs.signature import Value, written


class Found(StrEnum):
    """Where the pattern must be found."""

    SOMEWHERE = "somewhere"
    WHOLE = "whole"
    NOWHERE = "nowhere"


@dataclass(frozen=True)
class Regex(Rule):
    """`pattern` in the syntax of RE2: its time grows with the text only, whatever the pattern, for
    which it has no look-around and no references back.
    """

    kind: Literal["regex"] = "regex"
    pattern: str = ""
    found: Found = Found.SOMEWHERE

    @classmethod
    def of_assertion(cls, said: Assertion) -> Regex | None:
        where = {cls.kind: Found.SOMEWHERE, f"not-{cls.kind}": Found.NOWHERE}.get(said.kind)
        if where is None or not said.is_rule:
            return None
        return cls(said.output, "", pattern=said.texts[0], found=where)

    def as_assertion(self) -> dict[str, Any] | None:
        if self.found is Found.WHOLE:
            return {"type": "regex", "value": f"^(?:{self.pattern})$"}
        return {
            "type": "regex" if self.found is Found.SOMEWHERE else "not-regex",
            "value": self.pattern,
        }

    def ruled(self, given: Value) -> Score:
        try:
            pattern = compiled(self.pattern)
        except re2.error as error:
            raise NoScore(f"the pattern cannot be read: {error}") from error
        text = written(given)
        whole = self.found is Found.WHOLE
        there = (pattern.fullmatch(text) if whole else pattern.search(text)) is not None
        right = there is not (self.found is Found.NOWHERE)
        told = "is found" if there else "is not found"
        return Score(float(right), f"the pattern {told} in {short(given)}")


@lru_cache(maxsize=64)
def compiled(pattern: str) -> re2._Regexp:
    """Raises `re2.error` where RE2 cannot read it."""
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)
