"""Candidates × models: what each model made of each candidate, and whether they agree on ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from django.utils.translation import gettext as _

from optimizer.core.conversation.spec import ModelRef, RunSpec
from optimizer.core.evaluation.ranks import agreement
from optimizer.core.evaluation.stats import Estimate
from optimizer.core.programs.lm import Role
from optimizer.models import Candidate, Run
from promptlab.runs.results.codes import short_name
from promptlab.runs.results.evidence import Evaluated, evaluated
from promptlab.ui.numbers import duration, money, score

MOST_ROWS = 30
"""Candidates that are shown."""
FEWEST_RANKED = 3
"""Candidates of which an order can be spoken."""
RIGHT = 1.0
"""The score of a draw that is wholly right."""


@dataclass(frozen=True)
class Cell:
    """A candidate with a model. `best`: of its model's; `flips`: its rank among the candidates is
    another than with the first model, beyond what the intervals leave open.
    """

    score: Estimate | None
    figures: str = ""
    best: bool = False
    flips: bool = False


@dataclass(frozen=True)
class MatrixRow:
    number: int
    cells: tuple[Cell, ...]

    @property
    def name(self) -> str:
        return short_name(self.number)


@dataclass(frozen=True)
class Matrix:
    models: tuple[str, ...]
    rows: tuple[MatrixRow, ...]
    told: str
    agreements: tuple[str, ...] = ()
    """How far each further model agrees with the first on which candidates are better."""


def matrix_of(run: Run, spec: RunSpec) -> Matrix | None:
    """None of a run with one model and one draw: its table of candidates says it. A few queries a
    model.
    """
    models = (spec.models[Role.TASK], *spec.further_task_models)
    if len(models) == 1 and spec.draws == 1:
        return None
    numbers = list(
        Candidate.objects.filter(run=run).order_by("number").values_list("number", flat=True)
    )[:MOST_ROWS]
    columns = [evaluated(run, numbers, model) for model in range(len(models))]
    cells = [_marked([_cell(one, spec.draws) for one in column]) for column in columns]
    first = [cell.score for cell in cells[0]] if cells else []
    flipped = [cells[0], *(_flips(column, first) for column in cells[1:])]
    rows = tuple(
        MatrixRow(number, tuple(column[at] for column in flipped))
        for at, number in enumerate(numbers)
    )
    agreements = tuple(_agreement(models, columns, at) for at in range(1, len(columns)))
    return Matrix(_names(models), rows, _told(flipped, spec.draws), tuple(filter(None, agreements)))


def _agreement(models: Sequence[ModelRef], columns: Sequence[Sequence[Evaluated]], at: int) -> str:
    """In a sentence, by the examples that all candidates have a score on with both models."""
    tables = [
        [{k: s.score for k, s in one.outcomes.items() if s.score is not None} for one in column]
        for column in (columns[0], columns[at])
    ]
    known = [table for column in tables for table in column]
    if len(columns[0]) < FEWEST_RANKED or len(columns[0]) != len(columns[at]):
        return ""
    shared = sorted(set.intersection(*map(set, known))) if all(known) else []
    first, other = (
        np.array([[table[key] for key in shared] for table in column]) for column in tables
    )
    found = agreement(first, other)
    if found is None:
        return ""
    return _(
        "%(model)s agrees with %(first)s on which candidates are better by τ = %(tau)s (%(low)s to "
        "%(high)s; 1: the same order, 0: none, −1: the opposite)."
    ) % {
        "model": models[at].model, "first": models[0].model, "tau": f"{found.tau:.2f}",
        "low": f"{found.low:.2f}", "high": f"{found.high:.2f}",
    }  # fmt: skip


def _names(models: Sequence[ModelRef]) -> tuple[str, ...]:
    return tuple(ref.model for ref in models)


def _cell(one: Evaluated, draws: int) -> Cell:
    if one.estimate is None:
        return Cell(None)
    cost, seconds = one.cost_of_thousand, one.seconds_each
    told = [
        _("%(cost)s a thousand") % {"cost": money(cost)} if cost else "",
        duration(seconds) if seconds else "",
        _any_and_all(one) if draws > 1 else "",
    ]
    return Cell(one.estimate, " · ".join(filter(None, told)))


def _any_and_all(one: Evaluated) -> str:
    """In how many examples some draw is right, and in how many all are."""
    if not one.draws:
        return ""
    n = len(one.draws)
    some = sum(any(s >= RIGHT for s in scores) for scores in one.draws.values())
    every = sum(bool(scores) and all(s >= RIGHT for s in scores) for scores in one.draws.values())
    told = {"some": score(some / n), "all": score(every / n)}
    return _("any draw right %(some)s, all %(all)s") % told


def _marked(cells: Sequence[Cell]) -> list[Cell]:
    means = [cell.score.mean for cell in cells if cell.score]
    most = max(means, default=None)
    several = len(means) > 1
    return [
        replace(cell, best=several and cell.score is not None and cell.score.mean == most)
        for cell in cells
    ]


def _flips(cells: Sequence[Cell], first: Sequence[Estimate | None]) -> list[Cell]:
    """A candidate flips where another is behind it with one model and ahead with the other."""
    found = []
    for at, cell in enumerate(cells):
        flips = any(
            _apart(first[at], first[other]) * _apart(cell.score, cells[other].score) < 0
            for other in range(len(cells))
        )
        found.append(replace(cell, flips=flips))
    return found


def _apart(one: Estimate | None, other: Estimate | None) -> float:
    if one is None or other is None:
        return 0.0
    return one.mean - other.mean


def _told(columns: Sequence[Sequence[Cell]], draws: int) -> str:
    flips = sum(cell.flips for column in columns for cell in column)
    told = []
    if flips:
        told.append(
            _("Where a rank differs, a candidate is ahead of another with one model and behind it "
              "with the other; intervals overlap unless they say otherwise.")
        )  # fmt: skip
    if draws > 1:
        told.append(
            _("Each score is the mean of %(n)s draws.") % {"n": draws}
        )  # fmt: skip
    return " ".join(told)
