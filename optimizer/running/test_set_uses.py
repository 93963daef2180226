"""Looks at a sealed test split: how often runs have seen what it says."""

from __future__ import annotations

from django.db import connection
from django.db.models import Min, QuerySet

from optimizer.core.conversation.requests import Purpose
from optimizer.models import Exchange, Run

SAME = 0.7
"""Of all the inputs that two test splits have, the share that is in both, above which one is the
other with a few rows added, corrected or taken out.
"""
_ALIKE = """
WITH inputs AS (
    SELECT sets.digest, md5((example -> 'inputs')::text) AS hash
    FROM optimizer_exampleset AS sets, jsonb_array_elements(sets.examples) AS example
    WHERE sets.digest = ANY(%(all)s) GROUP BY 1, 2
)
SELECT other.digest, count(mine.hash), count(*) FROM inputs AS other
LEFT JOIN inputs AS mine ON mine.digest = %(mine)s AND mine.hash = other.hash
GROUP BY other.digest
"""


def look_of(run: Run) -> int | None:
    """The number of this run's look at its test split, 1 being the first ever.

    Counted among all runs of the namespace whose test split holds the very same examples, or most
    of them, however they ended. None: the run has not looked.
    """
    mine = _answered(run).filter(run=run).aggregate(first=Min("pk"))["first"]
    if mine is None:
        return None
    looks = _answered(run).filter(pk__lte=mine)
    seen = set(looks.exclude(run__test=run.test_id).values_list("run__test", flat=True))
    same = {run.test_id, *(_alike(str(run.test_id), seen) if seen else ())}
    return looks.filter(run__test__in=same).values("run").distinct().count()


def _answered(run: Run) -> QuerySet[Exchange]:
    """Answers on test splits in this run's namespace."""
    return Exchange.objects.filter(
        run__namespace=run.namespace,
        run__test__isnull=False,
        purpose=Purpose.TEST,
        answered_at__isnull=False,
        refused="",
    )


def _alike(mine: str, others: set[str]) -> set[str]:
    """Those test splits, by their digests, that have most inputs of this one."""
    with connection.cursor() as cursor:
        cursor.execute(_ALIKE, {"all": [mine, *others], "mine": mine})
        found = {digest: (shared, size) for digest, shared, size in cursor.fetchall()}
    own = found.get(mine, (0, 0))[1]
    return {
        digest
        for digest, (shared, size) in found.items()
        if digest != mine and shared > SAME * (own + size - shared)
    }
