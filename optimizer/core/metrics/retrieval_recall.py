"""Retrieval recall and rank: whether what should be found is among the passages, and how early."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from optimizer.core.evaluation.outcome import Score
from optimizer.core.metrics.comparison import Comparison, answers_in, short
from optimizer.core.metrics.texts import holds, words_of
from optimizer.core.programs.signature import Field, FieldType, Value, written


class Measure(StrEnum):
    RECALL = "recall"
    RANK = "rank"


@dataclass(frozen=True)
class RetrievalRecall(Comparison):
    """Judges a list of passages by what should be among them, a title or some words each. `recall`:
    the share of it that some passage is or holds; `rank`: one divided by the place of the first
    passage that does (the reciprocal rank, whose mean is the MRR).
    """

    kind: Literal["retrieval_recall"] = "retrieval_recall"
    measure: Measure = Measure.RECALL

    def compared(self, given: Value, expected: Value) -> Score:
        passages = given if isinstance(given, list) else answers_in(given)
        wanted = [item for item in answers_in(expected) if item is not None]
        if not wanted:
            return Score(1.0, "nothing had to be found")
        places = {short(item): _place(passages, item) for item in wanted}
        missing = [told for told, place in places.items() if place is None]
        found = [place for place in places.values() if place is not None]
        if self.measure is Measure.RANK:
            first = min(found, default=None)
            told = f"first at place {first}" if first else f"not found: {', '.join(missing)}"
            return Score(1 / first if first else 0.0, told)
        score = len(found) / len(places)
        return Score(score, f"not found: {', '.join(missing)}" if missing else "all were found")

    def attainable(self, field: Field, expected: Value) -> bool:
        return field.type is FieldType.LIST


def _place(passages: list[Value], wanted: Value) -> int | None:
    """The place of the first passage that is the wanted one or holds its words, counted from 1."""
    words = words_of(written(wanted))
    places = (n for n, passage in enumerate(passages, 1) if _is(passage, words))
    return next(places, None)


def _is(passage: Value, words: tuple[str, ...]) -> bool:
    """An object is it by one of its parts, a text by all of it or by words in it."""
    if isinstance(passage, dict):
        return any(words_of(written(part)) == words for part in passage.values())
    told = words_of(written(passage))
    return told == words or holds(told, words)
