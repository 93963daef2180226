"""Metric kinds, one file each. Nothing else names one."""

from __future__ import annotations

from optimizer.core.evaluation.metric import Metric
from optimizer.core.metrics.choice_accuracy import ChoiceAccuracy
from optimizer.core.metrics.contains import Contains
from optimizer.core.metrics.custom_code import CustomCode
from optimizer.core.metrics.exact_match import ExactMatch
from optimizer.core.metrics.llm_judge import LlmJudge
from optimizer.core.metrics.numeric import Numeric
from optimizer.core.metrics.retrieval_recall import RetrievalRecall
from optimizer.core.metrics.set_f1 import SetF1
from optimizer.core.metrics.similarity import Similarity
from optimizer.core.metrics.token_f1 import TokenF1
from optimizer.core.programs.signature import Field

_KINDS: tuple[type[Metric], ...] = (
    ExactMatch,
    ChoiceAccuracy,
    Numeric,
    Contains,
    TokenF1,
    SetF1,
    RetrievalRecall,
    Similarity,
    LlmJudge,
    CustomCode,
)
METRIC_KINDS: dict[str, type[Metric]] = {kind.kind: kind for kind in _KINDS}
"""By the name that files and rows have. The first one is meant where no other suits."""


def standard_kind() -> type[Metric]:
    return next(iter(METRIC_KINDS.values()))


def kind_for(given: Field, wanted: Field) -> type[Metric]:
    """The natural choice for an output and a column of these types."""
    suiting = (kind for kind in METRIC_KINDS.values() if kind.suits(given, wanted))
    return next(suiting, standard_kind())
