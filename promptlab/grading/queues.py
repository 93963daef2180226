"""Queues: answers of a run's candidates, mixed so that nobody sees whose they are."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from optimizer import codec
from optimizer.core.evaluation.program_metric import Level
from optimizer.core.problems import Refused
from optimizer.core.programs.example import Example
from optimizer.core.programs.signature import Value, written
from optimizer.models import Outcome, Run
from promptlab.accounts.models import User
from promptlab.grading.models import Grade, Item, Queue
from promptlab.metrics import feedback
from promptlab.runs.models import ProjectRun

LEVELS = (
    Level("good", 1.0, "right and complete"),
    Level("fair", 0.5, "right, but something is missing or superfluous"),
    Level("poor", 0.0, "wrong, or no answer"),
)
"""Where no judge's levels are graded by."""
MOST = 50
"""Examples of a queue: so many people get through."""


@dataclass(frozen=True)
class Wish:
    """What is to be graded. `training`: answers to training rows, which notes may be written on
    that instructions are written from; else those to validation rows.
    """

    way: Queue.Way
    output: str
    column: str = ""
    training: bool = False
    levels: tuple[Level, ...] = LEVELS
    candidates: tuple[int, ...] = field(default=(0,))
    examples: int = 30


def begin(project_run: ProjectRun, wish: Wish, by: User) -> Queue:
    """Make a queue of a run's answers; the mixture is another one each time.

    Raises:
        Refused: the run has no such answers.
    """
    items = _items(project_run.run, wish)
    if not items:
        raise Refused.because("queue.no_answers")
    with transaction.atomic():
        queue = Queue.objects.create(
            project_run=project_run, way=wish.way, output=wish.output, column=wish.column,
            levels=codec.to_json(wish.levels, tuple[Level, ...]), created_by=by,
        )  # fmt: skip
        random.SystemRandom().shuffle(items)
        Item.objects.bulk_create(
            Item(queue=queue, position=number, **item) for number, item in enumerate(items, 1)
        )
    return queue


def next_item(queue: Queue, by: User, wished: int | None = None) -> Item | None:
    """The item that was asked for, or the first without a grade of this person's."""
    if wished is not None:
        return queue.items.filter(position=wished).first()
    return queue.items.exclude(grades__by=by).first()


def give(item: Item, by: User, verdict: str, note: str = "") -> Grade:
    """Grade an item, or change one's mind.

    Raises:
        Refused: the queue has no such verdict.
    """
    if verdict not in verdicts_of(item.queue):
        raise Refused.because("queue.no_such_verdict", verdict=verdict[:40])
    dataset = item.queue.project_run.dataset
    if dataset is not None:
        feedback.note(dataset, item.example, by, f"item-{item.pk}", note)
    told = {"verdict": verdict, "note": note.strip()[:2000]}
    return Grade.objects.update_or_create(item=item, by=by, defaults=told)[0]


def levels_of(queue: Queue) -> tuple[Level, ...]:
    return codec.from_json(tuple[Level, ...], queue.levels)


def verdicts_of(queue: Queue) -> tuple[str, ...]:
    """What can be said of an item, in the order of the keys."""
    if queue.way == Queue.Way.COMPARE:
        return Grade.FIRST, Grade.SECOND, Grade.TIE
    return tuple(level.name for level in levels_of(queue))


def _items(run: Run, wish: Wish) -> list[dict[str, Any]]:
    stored = run.train if wish.training else run.validation
    rows = codec.from_json(tuple[Example, ...], stored.examples)
    answers = _answers(run, [row.id for row in rows], wish)
    chosen = [row for row in rows if row.id in answers][: min(wish.examples, MOST)]
    found = []
    for row in chosen:
        given = answers[row.id]
        told = {
            "example": row.id, "inputs": row.inputs,
            "expected": written(row.expected.get(wish.column)),
        }  # fmt: skip
        if wish.way == Queue.Way.GRADE:
            found += [told | {"candidate": n, "answer": text} for n, text in given.items()]
        elif len(given) == 2:
            found.append(told | _pair(list(given.items())))
    return found


def _pair(given: list[tuple[int, str]]) -> dict[str, Any]:
    """Two answers, which of them comes first left to chance."""
    random.SystemRandom().shuffle(given)
    (first, one), (second, two) = given
    return {"candidate": first, "answer": one, "other": second, "other_answer": two}


def _answers(run: Run, rows: Sequence[str], wish: Wish) -> dict[str, dict[int, str]]:
    """By example, each candidate's last answer."""
    outcomes = Outcome.objects.filter(
        exchange__run=run, exchange__candidate__number__in=wish.candidates, example__in=rows,
        score__isnull=False,
    ).order_by("exchange__seq")  # fmt: skip
    columns = ("example", "exchange__candidate__number", "data__outputs")
    found: dict[str, dict[int, str]] = {}
    for example, number, outputs in outcomes.values_list(*columns):
        told: Value = (outputs or {}).get(wish.output)
        found.setdefault(example, {})[number] = written(told)
    return found
