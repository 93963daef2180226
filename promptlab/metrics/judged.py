"""One answer judged where a page is drawn: code may run, models are not asked."""

from __future__ import annotations

from collections.abc import Mapping

from optimizer.core.evaluation.metric import Metric, NoScore
from optimizer.core.evaluation.outcome import Prediction, Score
from optimizer.core.programs.example import Example
from optimizer.core.programs.signature import Value
from optimizer.sandbox.answers import without_models


def judged(
    metric: Metric, example: Example, outputs: Mapping[str, Value]
) -> tuple[Score | None, str]:
    """The score, or why there is none: "" where a model would have to be asked."""
    try:
        return without_models(metric.score(example, Prediction(dict(outputs)))), ""
    except NoScore as fault:
        return None, str(fault)
