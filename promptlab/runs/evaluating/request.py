"""What somebody wants to have scored: a run request whose rows are chosen, and which searches
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet
from django.db.models.fields.json import KeyTextTransform

from optimizer.core.conversation.spec import ModelRef, RunSpec
from optimizer.core.optimizers.evaluation import as_evaluation
from optimizer.core.programs.candidate import Candidate
from optimizer.datasets.splitting import Split
from promptlab.datasets.models import DatasetExample
from promptlab.runs.starting.planning import RunRequest

PLACES = ("metadata", "inputs", "expected")


@dataclass(frozen=True)
class RowChoice:
    """Which rows are scored: those of some splits, of these those whose `column` has that value,
    of these those with one of the `keys`; None and "" choose all.
    """

    splits: tuple[Split, ...] = (Split.VALIDATION,)
    column: str = ""
    value: str = ""
    keys: frozenset[str] | None = None

    def of(self, rows: QuerySet[DatasetExample]) -> QuerySet[DatasetExample]:
        found = rows.filter(split__in=[split.value for split in self.splits])
        if self.column:
            told = {f"in_{place}": KeyTextTransform(self.column, place) for place in PLACES}
            is_it = (Q(**{name: self.value}) for name in told)
            found = found.alias(**told).filter(reduce(or_, is_it))
        return found if self.keys is None else found.filter(key__in=self.keys)


@dataclass(frozen=True)
class EvaluationRequest(RunRequest):
    """`given` are scored beside the program as it stands, each with every one of
    `further_task_models`, too, `draws` times. `tested`: the sealed test split is looked at.
    """

    given: tuple[Candidate, ...] = ()
    further_task_models: tuple[ModelRef, ...] = ()
    draws: int = 1
    chosen_rows: RowChoice = RowChoice()
    tested: bool = False

    def rows(self, split: Split) -> QuerySet[DatasetExample]:
        """No row makes demos: what is scored stands in the place of validation rows."""
        rows = self.dataset.examples.all()
        if split is Split.VALIDATION:
            return self.chosen_rows.of(rows)
        wanted = split is Split.TEST and self.tested
        return rows.filter(split=split.value) if wanted else rows.none()

    def counts(self) -> dict[Split, int]:
        return {split: self.rows(split).count() for split in Split}

    def completed(self, spec: RunSpec) -> RunSpec:
        return as_evaluation(
            replace(
                spec,
                given=self.given,
                further_task_models=self.further_task_models,
                draws=self.draws,
                feedback_rules=(),
                rewrites=(),
            )
        )
