"""Metric kinds as pages show them, one file each. Nothing else names one."""

from __future__ import annotations

from promptlab.metrics.kinds.choice_accuracy import CHOICE_ACCURACY
from promptlab.metrics.kinds.contains import CONTAINS
from promptlab.metrics.kinds.custom_code import CUSTOM_CODE
from promptlab.metrics.kinds.exact_match import EXACT_MATCH
from promptlab.metrics.kinds.kind import MetricKind
from promptlab.metrics.kinds.llm_judge import LLM_JUDGE
from promptlab.metrics.kinds.numeric import NUMERIC
from promptlab.metrics.kinds.retrieval_recall import RETRIEVAL_RECALL
from promptlab.metrics.kinds.set_f1 import SET_F1
from promptlab.metrics.kinds.similarity import SIMILARITY
from promptlab.metrics.kinds.token_f1 import TOKEN_F1
from promptlab.ui.forms import Choice
from promptlab.ui.kinds import choices

_KINDS = (
    EXACT_MATCH, CHOICE_ACCURACY, NUMERIC, CONTAINS, TOKEN_F1, SET_F1, RETRIEVAL_RECALL, SIMILARITY,
    LLM_JUDGE, CUSTOM_CODE,
)  # fmt: skip
KINDS: dict[str, MetricKind] = {kind.name: kind for kind in _KINDS}
"""In the order in which forms offer them."""


def kind_choices() -> list[tuple[str, Choice]]:
    return choices(KINDS.values())
