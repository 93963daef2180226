"""Similarity: how near the answer is to the expected text in an embedding model's vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from optimizer.core.evaluation.metric import Metric, NoScore
from optimizer.core.evaluation.outcome import Prediction, Score
from optimizer.core.metrics.comparison import answers_in
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import EmbeddingModel
from optimizer.core.programs.signature import written
from optimizer.core.programs.steps import Embed, Steps, embedded
from optimizer.core.programs.vectors import cosine, told_of


@dataclass(frozen=True)
class Similarity(Metric):
    """The cosine of two vectors of `embedding`; of several right answers the nearest counts.

    `least`: from this cosine on an answer is right and else wrong; 0: the cosine is the score.
    """

    kind: Literal["similarity"] = "similarity"
    embedding: EmbeddingModel | None = None
    least: float = 0.0

    @property
    def embedding_models(self) -> tuple[EmbeddingModel, ...]:
        return (self.embedding,) if self.embedding else ()

    def score(self, example: Example, prediction: Prediction) -> Steps[Score]:
        expected = example.expected.get(self.expected)
        answers = [said for answer in answers_in(expected) if (said := written(answer)).strip()]
        given = written(prediction.outputs.get(self.output))
        if self.embedding is None:
            raise NoScore("the metric names no embedding model")
        if not answers or not given.strip():
            return Score(float(not answers and not given.strip()), "one of the two says nothing")
        texts = tuple(map(told_of, (given, *answers)))
        ((own, *theirs),) = yield from embedded(Embed(texts, self.embedding))
        try:
            near = max(cosine(own, other) for other in theirs)
        except ValueError as error:
            raise NoScore(str(error)) from error
        value = float(near >= self.least) if self.least else min(max(near, 0.0), 1.0)
        return Score(value, f"similarity {near:.3f}")
