"""Numeric: the last number of the answer is the expected one, give or take a tolerance."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Literal

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


class Decimal(StrEnum):
    """Which mark stands before the decimals: as the text itself suggests, or always this one."""

    GUESSED = "guessed"
    POINT = "point"
    COMMA = "comma"


@dataclass(frozen=True)
class Numeric(Comparison):
    """Right within `tolerance`, or within `relative` times the expected number, whichever is
    more.
    """

    kind: Literal["numeric"] = "numeric"
    relative: float = 0.0
    decimal: Decimal = Decimal.GUESSED

    newer: ClassVar[tuple[str, ...]] = ("relative", "decimal")

    @classmethod
    def suits(cls, given: Field, wanted: Field) -> bool:
        return not {given.type, wanted.type}.isdisjoint({FieldType.INTEGER, FieldType.NUMBER})

    def as_assertion(self) -> dict[str, Any] | None:
        room = f"Math.max({self.tolerance}, {self.relative} * Math.abs(wanted))"
        code = (
            f"const wanted = Number(context.vars[{json.dumps(self.expected)}]); "
            f"return Math.abs(Number(output) - wanted) <= {room} + 1e-9 * Math.abs(wanted);"
        )
        return {"type": "javascript", "value": code}

    def compared(self, given: Value, expected: Value) -> Score:
        got, wanted = self._number(given), self._number(expected)
        if wanted is None:
            return Score(0.0, f"expected {short(expected)} is not a number")
        if got is None:
            return Score(0.0, f"no number in {short(given)}")
        room = max(self.tolerance, self.relative * abs(wanted)) + 1e-9 * abs(wanted)
        return right_or_wrong(abs(got - wanted) <= room, given, expected)

    def _number(self, value: Value) -> float | None:
        if self.decimal is Decimal.GUESSED or not isinstance(value, str):
            return _last_number(value)
        return _last_number(_pointed(value, self.decimal))


_FIGURES = re.compile(r"\d[\d.,]*\d|\d")


def _pointed(text: str, decimal: Decimal) -> str:
    """The text with each figure's decimals behind a point, and nothing between its thousands."""
    mark, other = (",", ".") if decimal is Decimal.COMMA else (".", ",")

    def told(found: re.Match[str]) -> str:
        return found[0].replace(other, "").replace(mark, ".")

    return _FIGURES.sub(told, unicodedata.normalize("NFKC", text))


def _last_number(value: Value) -> float | None:
    """The number that a value is, or the last one that its text says."""
    if isinstance(value, float):
        return value
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
