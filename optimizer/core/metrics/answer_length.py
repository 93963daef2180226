"""Length: the answer is neither too short nor too long."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from optimizer.core.evaluation.outcome import Score
from optimizer.core.metrics.rule import Rule
from optimizer.core.metrics.texts import words_of
from optimizer.core.programs.signature import Value, written

_ENDS = re.compile(r"[.!?…](?=[\s\"'”’)\]]|$)|[。！？｡]")


class Unit(StrEnum):
    WORDS = "words"
    CHARACTERS = "characters"
    SENTENCES = "sentences"
    LINES = "lines"
    ITEMS = "items"


@dataclass(frozen=True)
class AnswerLength(Rule):
    """From `least` to `most` of its `unit`; 0 for `most`: no limit. Where a script has no spaces,
    each character is a word; empty lines do not count.
    """

    kind: Literal["answer_length"] = "answer_length"
    unit: Unit = Unit.WORDS
    least: int = 0
    most: int = 0

    def ruled(self, given: Value) -> Score:
        size = size_of(given, self.unit)
        told = f"{size} {self.unit.value.removesuffix('s') if size == 1 else self.unit.value}"
        if size < self.least:
            return Score(0.0, f"{told}, at least {self.least} are wanted")
        if self.most and size > self.most:
            return Score(0.0, f"{told}, at most {self.most} are wanted")
        return Score(1.0, told)


def size_of(value: Value, unit: Unit) -> int:
    """How long a value is; of items, what is no list has one unless it is empty."""
    text = written(value)
    if unit is Unit.ITEMS:
        return len(value) if isinstance(value, list | dict) else int(bool(text.strip()))
    if unit is Unit.CHARACTERS:
        return len(text)
    if unit is Unit.LINES:
        return sum(bool(line.strip()) for line in text.splitlines())
    if unit is Unit.SENTENCES:
        parts = [part for part in _ENDS.split(text) if part.strip(" \t\n\"'”’)]")]
        return len(parts)
    return len(words_of(text)) if text.strip() else 0
