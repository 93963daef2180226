"""What failed in a run: the rows to look at again."""

from __future__ import annotations

from optimizer.models import Run
from promptlab.accounts.models import Project
from promptlab.datasets.models import Dataset
from promptlab.runs.results.evidence import evaluated

OFFERED = 8
"""Runs whose failures are offered, the newest ones."""


def runs_with_failures(project: Project, dataset: Dataset) -> list[int]:
    """Numbers of the dataset's newest ended runs whose best candidate is not right everywhere."""
    ended = project.runs.filter(dataset=dataset, run__status__in=Run.ENDED)
    imperfect = ended.filter(run__best_score__mean__lt=1)
    return list(imperfect.order_by("-number").values_list("number", flat=True)[:OFFERED])


def failed_in(project: Project, number: int) -> frozenset[str]:
    """Ids of the examples that the run's best candidate did not get wholly right; nothing where
    there is no such run.
    """
    found = project.runs.filter(number=number).select_related("run__best_candidate").first()
    if found is None or found.run.best_candidate is None:
        return frozenset()
    best = evaluated(found.run, [found.run.best_candidate.number])
    seen = best[0].outcomes if best else {}
    return frozenset(key for key, one in seen.items() if one.score is None or one.score < 1)
