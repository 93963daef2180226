"""Feedback for runs: what rows, people and rules say, for whoever writes instructions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from optimizer import codec
from optimizer.core.metrics.feedback import FeedbackRule
from optimizer.core.programs.example import Example
from promptlab.accounts.models import User
from promptlab.datasets import queries as datasets
from promptlab.datasets.models import Dataset
from promptlab.metrics.models import ProgramFeedback, RowNote
from promptlab.programs.models import Program

MOST_RULES = 30


def with_feedback(dataset: Dataset, rows: Sequence[Example]) -> tuple[Example, ...]:
    """Rows with what their columns of feedback and people's notes say."""
    said: dict[str, list[str]] = defaultdict(list)
    for key, text in datasets.feedback(dataset).items():
        said[key].append(text)
    notes = RowNote.objects.filter(dataset=dataset).order_by("pk")
    for key, text in notes.values_list("key", "text"):
        said[key].append(text)
    return tuple(
        replace(row, feedback="\n".join(said[row.id])) if row.id in said else row for row in rows
    )


def note(dataset: Dataset, key: str, by: User, source: str, text: str) -> None:
    """Keep what somebody says of a row, in place of what they said there before."""
    mine = RowNote.objects.filter(dataset=dataset, key=key, by=by, source=source)
    if not text.strip():
        mine.delete()
        return
    kept = text.strip()[:2000]
    RowNote.objects.update_or_create(
        dataset=dataset, key=key, by=by, source=source, defaults={"text": kept}
    )


def rules_of(program: Program) -> tuple[FeedbackRule, ...]:
    stored = ProgramFeedback.objects.filter(program=program).values_list("rules", flat=True).first()
    return codec.from_json(tuple[FeedbackRule, ...], stored or [])


def set_rules(program: Program, rules: Sequence[FeedbackRule]) -> None:
    told = codec.to_json(tuple(rules), tuple[FeedbackRule, ...])
    ProgramFeedback.objects.update_or_create(program=program, defaults={"rules": told})
