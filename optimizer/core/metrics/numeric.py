"""Numeric: the last number of the answer is the expected one, give or take a tolerance."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from optimizer.core.evaluation.outcome import Score
from optimizer.core.metrics.comparison import Comparison, right_or_wrong, short
from optimizer.core.programs.signature import Field, FieldType, Value, written
from optimizer.core.programs.values import UnreadableValue, read_value

_SCALE = "thousand|million|billion|trillion"
_MENTION = re.compile(
    rf"""
    (?: (?<![\w.,/)\]]) [-+\u2212] )? [$€£¥]?
    (?: \d{{1,3}} [ ] \d{{1,2}} [/⁄] \d{{1,2}} (?![\d/])
      | \d{{1,3}} (?: [ '’\u00a0\u2009\u202f]\d{{3}} )+ (?!\d) (?: [.,]\d+ )?
      | \d[\d.,]*\d | \d | (?<![\d])\.\d+ )
    (?: [eE][-+]?\d+ )? (?: \s?[/⁄]\s?\d+ )? (?: \s (?:{_SCALE})s?\b )?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_TUPLE = re.compile(r"[(\[]\s*[-+\u2212]?\d[\d.]*(?:\s*,\s*[-+\u2212]?\d[\d.]*)+\s*[)\]]")


@dataclass(frozen=True)
class Numeric(Comparison):
    kind: Literal["numeric"] = "numeric"

    @classmethod
    def suits(cls, given: Field, wanted: Field) -> bool:
        return not {given.type, wanted.type}.isdisjoint({FieldType.INTEGER, FieldType.NUMBER})

    def compared(self, given: Value, expected: Value) -> Score:
        got, wanted = _last_number(given), _last_number(expected)
        if wanted is None:
            return Score(0.0, f"expected {short(expected)} is not a number")
        if got is None:
            return Score(0.0, f"no number in {short(given)}")
        right = abs(got - wanted) <= self.tolerance + 1e-9 * abs(wanted)
        return right_or_wrong(right, given, expected)


def _last_number(value: Value) -> float | None:
    """The number that a value is, or the last one that its text says."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    apart = re.sub(r"(?<=\d)(?=[¼-¾⅐-⅞])", " ", written(value))  # NFKC makes 21/2 of 2½
    text = unicodedata.normalize("NFKC", apart)
    whole = _number(text)
    if whole is not None:
        return whole
    apart = _TUPLE.sub(lambda found: found[0].replace(",", " , "), text)
    read = map(_number, reversed(_MENTION.findall(apart)))
    return next((number for number in read if number is not None), None)


def _number(text: str) -> float | None:
    try:
        return float(read_value("number", text))
    except UnreadableValue:
        return None
