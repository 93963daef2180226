"""Looks at a sealed test split: how often runs have seen what it says."""

from __future__ import annotations

from django.db.models import Min, QuerySet

from optimizer.core.conversation.requests import Purpose
from optimizer.models import Exchange, Run


def look_of(run: Run) -> int | None:
    """The number of this run's look at its test split, 1 being the first ever.

    Counted among all runs of the namespace whose test split holds the very same examples, however
    they ended. None: the run has not looked.
    """
    mine = _answered(run).filter(run=run).aggregate(first=Min("pk"))["first"]
    if mine is None:
        return None
    return _answered(run).filter(pk__lte=mine).values("run").distinct().count()


def _answered(run: Run) -> QuerySet[Exchange]:
    """Answers on the test split of this run, of all its runs."""
    return Exchange.objects.filter(
        run__namespace=run.namespace,
        run__test=run.test_id,
        purpose=Purpose.TEST,
        answered_at__isnull=False,
        refused="",
    )
