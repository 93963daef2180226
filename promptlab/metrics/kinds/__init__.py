"""Metric kinds as pages show them, one file each. Nothing else names one."""

from __future__ import annotations

from typing import Any

from promptlab.metrics.kinds.answer_length import ANSWER_LENGTH
from promptlab.metrics.kinds.choice_accuracy import CHOICE_ACCURACY
from promptlab.metrics.kinds.combined import COMBINED
from promptlab.metrics.kinds.contains import CONTAINS
from promptlab.metrics.kinds.custom_code import CUSTOM_CODE
from promptlab.metrics.kinds.date_match import DATE_MATCH
from promptlab.metrics.kinds.exact_match import EXACT_MATCH
from promptlab.metrics.kinds.json_fields import JSON_FIELDS
from promptlab.metrics.kinds.kind import MetricKind
from promptlab.metrics.kinds.llm_judge import LLM_JUDGE
from promptlab.metrics.kinds.mentions import MENTIONS
from promptlab.metrics.kinds.numeric import NUMERIC
from promptlab.metrics.kinds.regex import REGEX
from promptlab.metrics.kinds.retrieval_recall import RETRIEVAL_RECALL
from promptlab.metrics.kinds.set_f1 import SET_F1
from promptlab.metrics.kinds.similarity import SIMILARITY
from promptlab.metrics.kinds.token_f1 import TOKEN_F1
from promptlab.metrics.kinds.usage_limit import USAGE_LIMIT
from promptlab.ui.forms import Choice
from promptlab.ui.kinds import choices

_KINDS = (
    EXACT_MATCH, CHOICE_ACCURACY, NUMERIC, DATE_MATCH, CONTAINS, TOKEN_F1, SET_F1, JSON_FIELDS,
    RETRIEVAL_RECALL, SIMILARITY, REGEX, MENTIONS, ANSWER_LENGTH, USAGE_LIMIT, LLM_JUDGE,
    CUSTOM_CODE, COMBINED,
)  # fmt: skip
KINDS: dict[str, MetricKind] = {kind.name: kind for kind in _KINDS}
"""In the order in which forms offer them."""


def kind_choices() -> list[tuple[Any, Any]]:
    """The kinds that forms offer: the usual ones, then the others by their groups."""
    offered = [kind for kind in KINDS.values() if kind.offered]
    groups = {str(kind.group): kind.group for kind in offered if kind.group}
    usual: list[tuple[str, Choice]] = choices(kind for kind in offered if not kind.group)
    named = [
        (group, choices(kind for kind in offered if str(kind.group) == name))
        for name, group in groups.items()
    ]
    return [*usual, *named]
