"""Mentions: the answer holds the texts that it must, or none of those that it must not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from optimizer.core.evaluation.assertion import Assertion
from optimizer.core.evaluation.outcome import Score
from optimizer.core.metrics.comparison import short
from optimizer.core.metrics.rule import Rule
from optimizer.core.metrics.texts import holds, words_of
from optimizer.core.programs.signature import Value, written


class Wanted(StrEnum):
    ALL = "all"
    ANY = "any"
    NONE = "none"


_ASSERTED = re.compile(r"(not-)?i?contains(-all|-any)?")


@dataclass(frozen=True)
class Mentions(Rule):
    """`texts` are found as words in a row, whatever their case and punctuation. Of all of them the
    share that is there is the score; any and none are right or wrong.
    """

    kind: Literal["mentions"] = "mentions"
    texts: tuple[str, ...] = ()
    wanted: Wanted = Wanted.ALL

    @classmethod
    def of_assertion(cls, said: Assertion) -> Mentions | None:
        asserted = _ASSERTED.fullmatch(said.kind) if said.is_rule else None
        if asserted is None:
            return None
        some = Wanted.ANY if asserted[2] == "-any" else Wanted.ALL
        return cls(said.output, "", texts=said.texts, wanted=Wanted.NONE if asserted[1] else some)

    def ruled(self, given: Value) -> Score:
        said = written(given)
        words = words_of(said)
        there = [text for text in self.texts if holds(words, words_of(text)) or text == said]
        missing = [text for text in self.texts if text not in there]
        if self.wanted is Wanted.ALL:
            share = len(there) / len(self.texts) if self.texts else 1.0
            return Score(share, _listed("missing", missing) or "all are there")
        if self.wanted is Wanted.ANY:
            right = bool(there) or not self.texts
            return Score(float(right), _listed("found", there) or _listed("none of", missing))
        return Score(float(not there), _listed("must not stand there:", there) or "none is there")


def _listed(told: str, texts: list[str]) -> str:
    return f"{told} {', '.join(map(short, texts))}" if texts else ""
