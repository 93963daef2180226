"""Metric kinds, one file each. Nothing else names one."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.core.evaluation.metric import Metric
from optimizer.core.metrics.answer_length import AnswerLength
from optimizer.core.metrics.choice_accuracy import ChoiceAccuracy
from optimizer.core.metrics.combined import Combined
from optimizer.core.metrics.contains import Contains
from optimizer.core.metrics.custom_code import CustomCode
from optimizer.core.metrics.date_match import DateMatch
from optimizer.core.metrics.exact_match import ExactMatch
from optimizer.core.metrics.json_fields import JsonFields
from optimizer.core.metrics.llm_judge import LlmJudge
from optimizer.core.metrics.mentions import Mentions
from optimizer.core.metrics.numeric import Numeric
from optimizer.core.metrics.parts import Counts, Objective, Part
from optimizer.core.metrics.regex import Regex
from optimizer.core.metrics.retrieval_recall import RetrievalRecall
from optimizer.core.metrics.set_f1 import SetF1
from optimizer.core.metrics.similarity import Similarity
from optimizer.core.metrics.token_f1 import TokenF1
from optimizer.core.metrics.usage_limit import UsageLimit
from optimizer.core.programs.signature import Field

_KINDS: tuple[type[Metric], ...] = (
    ExactMatch,
    ChoiceAccuracy,
    Numeric,
    DateMatch,
    Contains,
    TokenF1,
    SetF1,
    JsonFields,
    RetrievalRecall,
    Similarity,
    Regex,
    Mentions,
    AnswerLength,
    UsageLimit,
    LlmJudge,
    CustomCode,
    Combined,
)
METRIC_KINDS: dict[str, type[Metric]] = {kind.kind: kind for kind in _KINDS}
"""By the name that files and rows have. The first one is meant where no other suits."""


def standard_kind() -> type[Metric]:
    return next(iter(METRIC_KINDS.values()))


def code_kind() -> type[Metric]:
    """The one that is somebody's own function."""
    return CustomCode


def kind_for(given: Field, wanted: Field) -> type[Metric]:
    """The natural choice for an output and a column of these types."""
    suiting = (kind for kind in METRIC_KINDS.values() if kind.suits(given, wanted))
    return next(suiting, standard_kind())


def combined(
    parts: Sequence[Part], objective: Objective = Objective.MEAN, threshold: float = 1.0
) -> Metric:
    """The metric of these parts."""
    return Combined("", "", threshold=threshold, parts=tuple(parts), objective=objective)


def parts_of(metric: Metric) -> tuple[Part, ...]:
    """Its parts with their names; of a metric that has none, itself as the only one."""
    if isinstance(metric, Combined):
        return metric.parts
    return (Part(metric.output, metric, counts=Counts.WEIGHTED),)


def objective_of(metric: Metric) -> Objective | None:
    """What makes one number of its parts, None where it has none."""
    return metric.objective if isinstance(metric, Combined) else None
