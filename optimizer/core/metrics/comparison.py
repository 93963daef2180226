"""What metrics that compare an answer with the expected one have in common."""

from __future__ import annotations

import re
import string
from abc import abstractmethod
from dataclasses import dataclass

from optimizer.core.evaluation.metric import Metric
from optimizer.core.evaluation.outcome import Prediction, Score
from optimizer.core.programs.example import Example
from optimizer.core.programs.signature import Value, written
from optimizer.core.programs.steps import Steps


@dataclass(frozen=True)
class Comparison(Metric):
    """Asks nobody: the score follows from the two values."""

    def score(self, example: Example, prediction: Prediction) -> Steps[Score]:
        yield from ()
        given = prediction.outputs.get(self.output)
        return self.compared(given, example.expected.get(self.expected))

    @abstractmethod
    def compared(self, given: Value, expected: Value) -> Score: ...


def answers_in(expected: Value) -> list[str]:
    """The answers that are right: a list holds several."""
    return expected if isinstance(expected, list) else [written(expected)]


def right_or_wrong(right: bool, given: Value, expected: Value) -> Score:
    told = f"expected {short(expected)}, got {short(given)}"
    return Score(float(right), "as expected" if right else told)


def plain(value: Value) -> str:
    return normalized(written(value))


def normalized(text: str) -> str:
    """Lower case, without punctuation, articles and extra space (the SQuAD normalisation)."""
    lowered = "".join(c for c in text.lower() if c not in string.punctuation)
    bare = " ".join(re.sub(r"\b(a|an|the)\b", " ", lowered).split())
    # An answer may be all article or punctuation (“A” of A–D, “+”): then it stands as it is.
    return bare or " ".join(text.lower().split())


def short(value: Value) -> str:
    text = written(value)
    return f"“{text[:80]}{'…' if len(text) > 80 else ''}”"
