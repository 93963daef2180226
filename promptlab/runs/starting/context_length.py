"""Whether the longest examples fit into what the task model reads at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import TextField
from django.db.models.functions import Cast, Length

from optimizer.core.conversation.spec import RunSpec
from optimizer.core.optimizers.estimate import longest_prompt
from optimizer.core.problems import Problem, fine, warning
from optimizer.core.programs.lm import Role
from optimizer.costs.context import context_of
from optimizer.datasets.splitting import Split
from optimizer.models import Provider

if TYPE_CHECKING:
    from promptlab.runs.starting.planning import RunRequest

LONGEST = 3
"""Examples that are looked at: those with the most characters."""


def context_length(wanted: RunRequest, sketch: RunSpec) -> list[Problem]:
    """Nothing where nobody says what the model reads, or where there is no example."""
    task = wanted.models.get(Role.TASK)
    provider = Provider.objects.filter(pk=task.provider).first() if task else None
    window = context_of(provider, task.model) if provider and task else None
    if window is None or task is None:
        return []
    rows = wanted.rows(Split.TRAIN) | wanted.rows(Split.VALIDATION)
    size = Length(Cast("inputs", TextField()))
    examples = [wanted.example(row) for row in rows.order_by(size.desc())[:LONGEST]]
    if not examples:
        return []
    tokens = longest_prompt(sketch, examples) + task.max_tokens
    told = fine if tokens <= window else warning
    code = "data.within_context" if tokens <= window else "data.beyond_context"
    return [told(code, "models.task", tokens=tokens, window=window, model=task.model)]
